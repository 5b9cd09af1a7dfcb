package data

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// documentWords calls each with the words of a document that say what it is about: what stands between the word boundaries of Unicode Standard
// Annex 29, cut at points and other marks within, if there is a letter in it. Numbers and punctuation are left out. An apostrophe or a low
// line within a word belongs to it. A word is good until the next.
func documentWords(text string, lower bool, each func(word []byte)) {
	var buf []byte
	unicodeWords(text, func(_ int, segment string) {
		for segment != "" {
			n := strings.IndexFunc(segment, func(r rune) bool { return !inWord(r) })
			if n < 0 {
				n = len(segment)
			}
			word := strings.Trim(segment[:n], "'’_")
			if segment = segment[n:]; segment != "" {
				_, size := utf8.DecodeRuneInString(segment)
				segment = segment[size:]
			}
			if len(word) > maxWord || strings.IndexFunc(word, unicode.IsLetter) < 0 {
				continue
			}
			if lower {
				buf = appendLower(buf[:0], word)
			} else {
				buf = append(buf[:0], word...)
			}
			each(buf)
		}
	})
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '\'' || r == '’' || r == '_'
}

// bagWords calls each with the words and counts of a document that is a bag already: word:count, with white space between, as in the format of SVMlight. What stands in front
// without a colon is a label, and from # on a comment: both are passed over.
func bagWords(text string, lower bool, each func(word []byte, count int64)) error {
	text, _, _ = strings.Cut(text, "#")
	var buf []byte
	for i, field := range strings.Fields(text) {
		colon := strings.LastIndexByte(field, ':')
		if i == 0 && colon < 0 {
			continue
		}
		if colon < 1 {
			return fmt.Errorf("has %.60q, which is no word:count", field)
		}
		word := field[:colon]
		count, err := strconv.ParseFloat(field[colon+1:], 64)
		switch {
		case err != nil && !errors.Is(err, strconv.ErrRange):
			return fmt.Errorf("has %.60q, whose count is no number", field)
		case count < 0:
			return fmt.Errorf("has %.60q: a word occurs no less than 0 times", field)
		case count != math.Trunc(count) || count > MaxCount:
			return fmt.Errorf("has %.60q: counts are whole numbers of at most %d", field, MaxCount)
		case len(word) > maxWord || !isDocumentWord(word):
			return fmt.Errorf("has %.60q, which is no word", word)
		case count == 0:
			continue
		}
		if lower {
			buf = appendLower(buf[:0], word)
		} else {
			buf = append(buf[:0], word...)
		}
		each(buf, int64(count))
	}
	return nil
}

// MaxCount is the most often that a word may occur in a document.
const MaxCount = math.MaxInt32

// isDocumentWord says whether a string may be a word of a bag, and be saved as one.
func isDocumentWord(word string) bool {
	return word != "" && len(word) <= 2*maxWord && utf8.ValidString(word) && strings.IndexFunc(word, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) < 0
}
