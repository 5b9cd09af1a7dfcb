package data

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Vocab is a numbering of tokens, 0 to Size()−1, and the way a text is cut into them. It is made
// by [Chars], [Bytes], [Words], [TrainBPE] or [ReadTokenizer] and not changed afterwards; many
// goroutines may use it.
type Vocab struct {
	Kind    string   // "char", "byte", "word" or "bpe"
	Tokens  []string // the bytes each token stands for; for Begin and End, which stand for none, their names
	Counts  []int64  // of each token in the training text; all zero if the file it was read from did not tell
	Unknown int      // the token that stands for all others; −1 if there are no others

	// The tokens before and after an item, where a text is a list of items; −1 if there are none. They are
	// never found in a text. See [Vocab.WithItems].
	Begin, End int

	added   *addedTokens // found in a text before anything else; nil: none
	outside int          // how many tokens at the end are none of the coder's
	coder   coder
}

// A coder cuts a text into tokens: one per kind of vocabulary.
type coder interface {
	// encode appends the tokens of a text, and adds to rep what it could not read; rep may be nil.
	encode(dst []int, text string, rep *Report) []int
	// cut is [Vocab.Cut], at a place that is allowed.
	cut(text string, allowed func(at int) bool) int
	// bytes is the memory of its tables.
	bytes() int64
}

const (
	beginName = "<|begin|>"
	endName   = "<|end|>"
)

func newVocab(kind string, tokens []string, unknown int, c coder) *Vocab {
	return &Vocab{Kind: kind, Tokens: tokens, Unknown: unknown, Begin: -1, End: -1, coder: c}
}

// WithItems gives the vocabulary with the tokens Begin and End after all others, for texts that are
// lists of items, each to be scored and generated as a whole. Their counts are zero: how many items
// there were is known to who puts the tokens around them, and may be set before the vocabulary is
// used. A vocabulary that has them is given back as it is.
func (v *Vocab) WithItems() *Vocab {
	if v.hasItems() {
		return v
	}
	w := *v
	w.Begin, w.End, w.outside = v.Size(), v.Size()+1, v.outside+2
	w.Tokens = append(slices.Clip(v.Tokens), beginName, endName)
	w.Counts = append(slices.Clip(v.Counts), 0, 0)
	return &w
}

func (v *Vocab) hasItems() bool { return v.Begin >= 0 && v.End != v.Begin }

// Size is the number of tokens.
func (v *Vocab) Size() int { return len(v.Tokens) }

// Bytes is the memory that the vocabulary takes, within a few percent.
func (v *Vocab) Bytes() int64 {
	n := v.coder.bytes()
	for _, t := range v.Tokens {
		n += 16 + 8 + int64(max(len(t), 8)) // the string and its count, and what the allocator rounds it up to
	}
	return n
}

// Encode gives the tokens of a text. What the vocabulary does not know becomes Unknown.
func (v *Vocab) Encode(text string) []int { return v.encode([]int{}, text, nil) }

// AppendEncode appends the tokens of a text to dst.
func (v *Vocab) AppendEncode(dst []int, text string) []int { return v.encode(dst, text, nil) }

// AppendReport is AppendEncode, and adds to rep what could not be read.
func (v *Vocab) AppendReport(dst []int, text string, rep *Report) []int {
	return v.encode(dst, text, rep)
}

// EncodeReport is Encode, and tells what could not be read.
func (v *Vocab) EncodeReport(text string) (ids []int, rep Report) {
	ids = v.encode([]int{}, text, &rep)
	return ids, rep
}

func (v *Vocab) encode(dst []int, text string, rep *Report) []int {
	if v.added == nil {
		return v.coder.encode(dst, text, rep)
	}
	v.added.split(text, func(at int, section string, id int) {
		if id >= 0 {
			dst = append(dst, id)
			return
		}
		clean := rep != nil && rep.Invalid == 0
		dst = v.coder.encode(dst, section, rep)
		if clean && rep.Invalid > 0 {
			rep.InvalidAt += at
		}
	})
	return dst
}

// Cut is where a text that goes on may be cut: the tokens of text[:n] and then those of all that
// follows are the tokens of the whole, whatever comes after the text. It is 0 if there is no such
// place. For bytes, characters and words between white space n is the largest there is; for words of
// Unicode and BPE it is the largest that a few characters around it prove, such as the end of the last
// word that is followed by a space.
func (v *Vocab) Cut(text string) int {
	return v.coder.cut(text, func(at int) bool { return v.added.mayCut(text, at) })
}

// Decode gives the text of tokens: the pieces one after another, each as [Vocab.PieceAfter] the one
// before. Bytes and BPE give back exactly what was encoded, valid UTF-8 or not. With characters an
// unknown token reads U+FFFD; words stand a space apart, and none around line ends, whatever white
// space there was.
func (v *Vocab) Decode(ids []int) string {
	n := 0
	for _, id := range ids {
		n += len(v.Piece(id))
	}
	var b strings.Builder
	b.Grow(n)
	prev := -1
	for _, id := range ids {
		b.WriteString(v.PieceAfter(prev, id))
		prev = id
	}
	return b.String()
}

// Piece gives the bytes of one token, which need not be whole characters: of a word with the space
// before it, of Begin and End none.
func (v *Vocab) Piece(id int) string {
	if id < 0 || id >= len(v.Tokens) {
		panic(fmt.Sprintf("data: token %d of a vocabulary of %d", id, len(v.Tokens)))
	}
	if v.hasItems() && (id == v.Begin || id == v.End) {
		return ""
	}
	if words, ok := v.coder.(*wordCoder); ok {
		if id < len(words.ends) {
			return words.piece(id)
		}
		return " " + v.Tokens[id]
	}
	return v.Tokens[id]
}

// PieceAfter is Piece as it reads after the token prev, or at the start of a text if prev is −1: a word
// has no space before it at the start of a text, of a line and of an item.
func (v *Vocab) PieceAfter(prev, id int) string {
	piece := v.Piece(id)
	if v.Kind != "word" || !v.Opens(prev) {
		return piece
	}
	return strings.TrimPrefix(piece, " ")
}

// Opens says whether what comes after the token prev, −1 if there is none, is at the start of a text, of a line or of an item.
func (v *Vocab) Opens(prev int) bool {
	return prev < 0 || v.Tokens[prev] == lineEnd || v.hasItems() && prev == v.Begin
}

// count adds up how often each token occurs in the training text.
func (v *Vocab) count(ids []int) {
	v.Counts = make([]int64, len(v.Tokens))
	for _, id := range ids {
		v.Counts[id]++
	}
}

// byFrequency sorts tokens from frequent to rare, and equally frequent ones by their bytes, which for
// characters in UTF-8 is the order of code points.
func byFrequency(tokens []string, count func(token string) int64) {
	slices.SortFunc(tokens, func(a, b string) int {
		return cmp.Or(cmp.Compare(count(b), count(a)), strings.Compare(a, b))
	})
}
