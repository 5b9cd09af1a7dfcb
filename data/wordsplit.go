package data

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// The ways to cut a text into words. In each a line end is a word of its own, other white space is
// none, and a word is a part of the text, found without looking at more than the text around it.

const lineEnd = "\n"

// spaceWords calls each with whatever stands between white space, and where it begins.
func spaceWords(text string, each func(at int, word string)) {
	start := -1 // of the word; −1: not within one
	for at := 0; at < len(text); {
		r, size := rune(text[at]), 1
		if r > ' ' && r < utf8.RuneSelf {
			if start < 0 {
				start = at
			}
			at++
			continue
		}
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[at:])
		}
		if !unicode.IsSpace(r) {
			if start < 0 {
				start = at
			}
		} else {
			if start >= 0 {
				each(start, text[start:at])
				start = -1
			}
			if r == '\n' {
				each(at, lineEnd)
			}
		}
		at += size
	}
	if start >= 0 {
		each(start, text[start:])
	}
}

// unicodeWords calls each with the segments between the word boundaries of Unicode Standard Annex 29:
// words with the apostrophes and points within them, numbers, and each punctuation mark by itself. A
// mark that combines with a white space before it is left without the space. Bytes that are no UTF-8,
// on which the annex is silent, are a word, as many as stand together.
func unicodeWords(text string, each func(at int, word string)) {
	for at := 0; at < len(text); {
		valid := validPrefix(text[at:])
		validWords(at, text[at:at+valid], each)
		at += valid
		start := at
		for at < len(text) {
			if r, size := utf8.DecodeRuneInString(text[at:]); r != utf8.RuneError || size > 1 {
				break
			}
			at++
		}
		if at > start {
			each(start, text[start:at])
		}
	}
}

// validPrefix is the length of the front of a text that is UTF-8.
func validPrefix(text string) int {
	if utf8.ValidString(text) {
		return len(text)
	}
	for at, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[at:], unknownChar) {
			return at
		}
	}
	return len(text)
}

// validWords is unicodeWords for a part of a text, from a place on, that is UTF-8.
func validWords(at int, text string, each func(at int, word string)) {
	for segments := words.FromString(text); segments.Next(); {
		word := segments.Value()
		start := at
		at += len(word)
		if c := word[0]; c > ' ' && c < utf8.RuneSelf {
			each(start, word)
			continue
		}
		if word == " " {
			continue
		}
		if strings.HasSuffix(word, lineEnd) {
			each(at-1, lineEnd)
			continue
		}
		word = strings.TrimLeftFunc(word, parts)
		if strings.TrimLeftFunc(word, unicode.IsSpace) != "" {
			each(at-len(word), word)
		}
	}
}

// parts says whether a character is white space that is in no word. The narrow space U+202F is in
// numbers, as in 10 000, and joins what stands on both its sides.
func parts(r rune) bool { return unicode.IsSpace(r) && r != '\u202F' }

// cutWords gives the last allowed place behind a character that is white space, or before one that is
// of a script without spaces.
func cutWords(text string, space, apart func(rune) bool, allowed func(at int) bool) int {
	for n := len(text); n > 0; {
		r, size := utf8.DecodeLastRuneInString(text[:n])
		if space(r) && allowed(n) {
			return n
		}
		n -= size
		if apart(r) && n > 0 && allowed(n) {
			return n
		}
	}
	return 0
}

func noRune(rune) bool { return false }

// ideograph says whether a character is one of those in Chinese and Japanese that are words by
// themselves, with a boundary before each, wherever it stands.
func ideograph(r rune) bool { return '\u4E00' <= r && r <= '\u9FFF' || '\u3041' <= r && r <= '\u3096' }
