package data

import "slices"

// Bytes gives the vocabulary of the 256 bytes, and a text in it. A token's id is the byte's value,
// whatever the text, and there is no unknown symbol: any sequence of bytes is read and given back
// unchanged.
func Bytes(text string) (*Vocab, []int) { return learned(byteLearner{}, text) }

func newBytes() *Vocab {
	tokens := make([]string, 256)
	for b := range tokens {
		tokens[b] = string([]byte{byte(b)})
	}
	return newVocab("byte", tokens, -1, byteCoder{})
}

type byteCoder struct{}

func (byteCoder) bytes() int64 { return 0 }

func (byteCoder) encode(dst []int, text string, _ *Report) []int {
	dst = slices.Grow(dst, len(text))
	for i := range len(text) {
		dst = append(dst, int(text[i]))
	}
	return dst
}

func (byteCoder) cut(text string, allowed func(at int) bool) int {
	n := len(text)
	for n > 0 && !allowed(n) {
		n--
	}
	return n
}
