package data

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Vocab is a numbering of tokens, 0 to Size()−1, and the way a text is cut into them. It is made
// by [Chars], [Bytes] or [ReadTokenizer] and not changed afterwards; many goroutines may use it.
type Vocab struct {
	Kind    string   // "char" or "byte"
	Tokens  []string // the bytes each token stands for
	Counts  []int64  // of each token in the training text; all zero if the file it was read from did not tell
	Unknown int      // the token that stands for all others; −1 if there are no others

	coder coder
}

// A coder cuts a text into tokens: one per kind of vocabulary.
type coder interface {
	// encode adds to rep what it could not read; rep may be nil.
	encode(text string, rep *Report) []int
	// bytes is the memory of its tables.
	bytes() int64
}

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
func (v *Vocab) Encode(text string) []int { return v.coder.encode(text, nil) }

// EncodeReport is Encode, and tells what could not be read.
func (v *Vocab) EncodeReport(text string) (ids []int, rep Report) {
	ids = v.coder.encode(text, &rep)
	return ids, rep
}

// Decode gives the text of tokens. With characters an unknown token reads U+FFFD; bytes give back
// exactly what was encoded, valid UTF-8 or not.
func (v *Vocab) Decode(ids []int) string {
	n := 0
	for _, id := range ids {
		n += len(v.Piece(id))
	}
	var b strings.Builder
	b.Grow(n)
	for _, id := range ids {
		b.WriteString(v.Tokens[id])
	}
	return b.String()
}

// Piece gives the bytes of one token, which need not be whole characters.
func (v *Vocab) Piece(id int) string {
	if id < 0 || id >= len(v.Tokens) {
		panic(fmt.Sprintf("data: token %d of a vocabulary of %d", id, len(v.Tokens)))
	}
	return v.Tokens[id]
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
