package data

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Report tells what of a text a vocabulary could not read.
type Report struct {
	Unseen    int      // characters or words that are not in the vocabulary, each read as the unknown symbol
	First     []rune   // the first few of the characters, each once
	Words     []string // the first few of the words, each once
	Invalid   int      // bytes that are no UTF-8, each read as U+FFFD, or as a part of an unknown word
	InvalidAt int      // where the first of them stands, in bytes
}

const (
	reportRunes = 5  // characters or words that are named
	reportWord  = 40 // characters of a word
)

func (r *Report) unseen(c rune) {
	if r == nil {
		return
	}
	r.Unseen++
	if len(r.First) < reportRunes && !slices.Contains(r.First, c) {
		r.First = append(r.First, c)
	}
}

// unseenWord adds a word, or, if it is no text, its bytes that are none.
func (r *Report) unseenWord(at int, word string) {
	if r == nil {
		return
	}
	if !utf8.ValidString(word) {
		for i, c := range word {
			if c == utf8.RuneError && !strings.HasPrefix(word[i:], unknownChar) {
				r.invalid(at + i)
			}
		}
		return
	}
	r.Unseen++
	if len(r.Words) < reportRunes && !slices.Contains(r.Words, word) {
		r.Words = append(r.Words, word)
	}
}

func (r *Report) invalid(at int) {
	if r == nil {
		return
	}
	if r.Invalid == 0 {
		r.InvalidAt = at
	}
	r.Invalid++
}

// CheckUTF8 tells of the bytes of a text that are no UTF-8.
func CheckUTF8(text string) (rep Report) {
	for at, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[at:], unknownChar) {
			rep.invalid(at)
		}
	}
	return rep
}

// Lines puts the report in words, one line for each kind of trouble, none if there was none.
func (r Report) Lines() []string {
	var lines []string
	if r.Unseen > 0 && len(r.Words) > 0 {
		names := make([]string, len(r.Words))
		for i, word := range r.Words {
			names[i] = strconv.Quote(word)
			if runes := []rune(word); len(runes) > reportWord {
				names[i] = strconv.Quote(string(runes[:reportWord])) + "…"
			}
		}
		lines = append(lines, fmt.Sprintf("%s not in the vocabulary, read as the unknown word: first %s",
			amount(r.Unseen, "word is", "words are"), strings.Join(names, ", ")))
	} else if r.Unseen > 0 {
		names := make([]string, len(r.First))
		for i, c := range r.First {
			names[i] = fmt.Sprintf("%q (%U)", c, c)
		}
		lines = append(lines, fmt.Sprintf("%s not in the vocabulary, read as the unknown symbol: first %s",
			amount(r.Unseen, "character is", "characters are"), strings.Join(names, ", ")))
	}
	if r.Invalid > 0 {
		lines = append(lines, fmt.Sprintf("%s not UTF-8, read as U+FFFD; the first is byte %d of the text",
			amount(r.Invalid, "byte is", "bytes are"), r.InvalidAt+1))
	}
	return lines
}

func amount(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// add adds what a later part of a text, which begins at some byte of it, could not be read of.
func (r *Report) add(later Report, at int) {
	if later.Invalid > 0 && r.Invalid == 0 {
		r.InvalidAt = at + later.InvalidAt
	}
	r.Invalid += later.Invalid
	r.Unseen += later.Unseen
	for _, c := range later.First {
		if len(r.First) < reportRunes && !slices.Contains(r.First, c) {
			r.First = append(r.First, c)
		}
	}
	for _, w := range later.Words {
		if len(r.Words) < reportRunes && !slices.Contains(r.Words, w) {
			r.Words = append(r.Words, w)
		}
	}
}
