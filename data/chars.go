package data

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const unknownChar = "\uFFFD"

// Chars makes the vocabulary of a text's characters, Unicode code points, and gives the text in it.
// Ids run from the most frequent character to the rarest, equally frequent ones by code point. U+FFFD
// is always among them, as the unknown symbol: it stands for characters that the text did not have
// and for each byte that is no UTF-8, in this text and in others. [Vocab.EncodeReport] of the same
// text tells whether it had such bytes.
func Chars(text string) (*Vocab, []int) { return learned(newCharLearner(), text) }

// newChars makes a vocabulary of the given characters, in this order; U+FFFD must be one of them.
func newChars(chars string) *Vocab {
	n, last := 0, rune(0)
	for _, r := range chars {
		n, last = n+1, max(last, r)
	}
	tokens, ids := make([]string, 0, n), make([]int32, last+1)
	for at, r := range chars {
		tokens = append(tokens, chars[at:at+utf8.RuneLen(r)])
		ids[r] = int32(len(tokens))
	}
	c := &charCoder{ids: ids, unknown: int(ids[utf8.RuneError]) - 1}
	return newVocab("char", tokens, c.unknown, c)
}

type charCoder struct {
	ids     []int32 // by code point, one more than the id; 0: none
	unknown int
}

func (c *charCoder) bytes() int64 { return 4 * int64(cap(c.ids)) }

// cut stands before a character that the end of the text may cut off.
func (c *charCoder) cut(text string, allowed func(at int) bool) int {
	n := len(text)
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		if at := len(text) - back; utf8.RuneStart(text[at]) && !utf8.FullRuneInString(text[at:]) {
			n = at
		}
	}
	for n > 0 && !allowed(n) {
		_, size := utf8.DecodeLastRuneInString(text[:n])
		n -= size
	}
	return n
}

func (c *charCoder) encode(dst []int, text string, rep *Report) []int {
	dst = slices.Grow(dst, utf8.RuneCountInString(text))
	for at, r := range text {
		id := c.unknown
		switch {
		case int(r) < len(c.ids) && c.ids[r] > 0:
			id = int(c.ids[r]) - 1
			if r == utf8.RuneError && !strings.HasPrefix(text[at:], unknownChar) {
				rep.invalid(at)
			}
		default:
			rep.unseen(r)
		}
		dst = append(dst, id)
	}
	return dst
}
