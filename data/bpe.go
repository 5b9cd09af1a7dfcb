package data

import (
	"fmt"
	"strings"
)

// Byte-level byte-pair encoding (Sennrich, Haddow, Birch 2016; Radford et al. 2019). A text is cut into
// pieces (pieces.go), and in each piece the bytes are merged two by two, in the order in which the
// merges were learned. All 256 bytes are tokens, so any text, UTF-8 or not, is read and given back
// unchanged, and nothing is unknown.
//
// Most pieces of a text are single tokens: these are found in one look-up, in a table of the tokens
// that their own bytes merge to. The others are merged, and remembered while the text is encoded. A
// table of all pieces ever seen would be faster for many short texts, but would change as it is used.

type bpeCoder struct {
	tokens   []string // all but added ones
	alphabet [256]uint32
	merges   *mergeTable
	rules    []uint64 // the pairs that are merged, by rank
	whole    *index   // of the tokens that are whole pieces
	prefix   bool     // a text is read with a space before it, if it has none
}

// newBPE makes a vocabulary of tokens, with the byte values among them, and merges by rank. The merges
// must be of tokens to tokens, and no two of the same.
func newBPE(tokens []string, rules []uint64, merges *mergeTable, prefix bool) *Vocab {
	c := &bpeCoder{tokens: tokens, rules: rules, merges: merges, prefix: prefix}
	for id := len(tokens) - 1; id >= 0; id-- {
		if len(tokens[id]) == 1 {
			c.alphabet[tokens[id][0]] = uint32(id)
		}
	}
	c.whole = newIndex(tokens, len(tokens))
	var s pieceScratch
	for id, token := range tokens {
		if merged := c.piece(token, &s); len(merged) == 1 && merged[0] == uint32(id) {
			c.whole.put(id)
		}
	}
	return newVocab("bpe", tokens, -1, c)
}

func (c *bpeCoder) bytes() int64 {
	return c.whole.bytes() + c.merges.bytes() + 8*int64(len(c.rules)) + 4*256
}

// pieceScratch is memory for encoding piece after piece.
type pieceScratch struct {
	ids  []uint32
	long scratch
}

// piece gives the tokens of a piece, which are valid until the next call.
func (c *bpeCoder) piece(text string, s *pieceScratch) []uint32 {
	s.ids = s.ids[:0]
	for i := range len(text) {
		s.ids = append(s.ids, c.alphabet[text[i]])
	}
	return c.merges.merge(s.ids, &s.long)
}

const (
	maxPiece     = 1 << 30 // bytes; a longer one is cut, so that positions fit into 31 bits
	cachedPiece  = 64      // bytes of the longest piece that is remembered
	cachedPieces = 1 << 15 // how many are
)

func (c *bpeCoder) encode(dst []int, text string, _ *Report) []int {
	if c.prefix && !strings.HasPrefix(text, " ") && text != "" {
		text = " " + text
	}
	var s pieceScratch
	cache := newIndex(nil, 64)
	var tokens []uint32 // of all cached pieces
	var ends []uint32   // where those of each end
	for len(text) > 0 {
		n := min(nextPiece(text), maxPiece)
		piece := text[:n]
		text = text[n:]
		if id := c.whole.find(piece); id >= 0 {
			dst = append(dst, id)
			continue
		}
		var ids []uint32
		if number := cache.find(piece); number >= 0 {
			start := uint32(0)
			if number > 0 {
				start = ends[number-1]
			}
			ids = tokens[start:ends[number]]
		} else {
			ids = c.piece(piece, &s)
			if n <= cachedPiece && len(ends) < cachedPieces {
				cache.add(piece)
				tokens = append(tokens, ids...)
				ends = append(ends, uint32(len(tokens)))
			}
		}
		for _, id := range ids {
			dst = append(dst, int(id))
		}
	}
	return dst
}

func (c *bpeCoder) cut(text string, allowed func(at int) bool) int {
	return cutPieces(text, func(at int) bool {
		return allowed(at) && (!c.prefix || text[at] == ' ')
	})
}

// CheckBPESize says which vocabularies [TrainBPE] makes, if the size is none of them.
func CheckBPESize(size int) error {
	if size < 257 || size > maxVocab {
		return fmt.Errorf("a vocabulary of %d tokens: byte-level BPE has 256 for the bytes and at least one merge, so choose 257 to %d", size, maxVocab)
	}
	return nil
}
