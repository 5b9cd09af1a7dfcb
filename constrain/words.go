package constrain

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// What a word is: the longest run of letters, their marks and decimal digits, with apostrophes (' or ’) that have such characters on both
// sides. Words are compared as they are written, capitals and all.
var (
	letters     = merged(tables(unicode.L, unicode.M, unicode.Nd))
	apostrophes = []rune{'\'', '\'', '’', '’'}
	separators  = others(merged(append(apostrophes[:4:4], letters...)))
)

// tables are the characters of range tables.
func tables(list ...*unicode.RangeTable) (ranges []rune) {
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			ranges = append(ranges, lo, hi)
			return
		}
		for r := lo; r <= hi; r += stride {
			ranges = append(ranges, r, r)
		}
	}
	for _, t := range list {
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return ranges
}

func isLetter(r rune) bool     { return unicode.In(r, unicode.L, unicode.M, unicode.Nd) }
func isApostrophe(r rune) bool { return r == '\'' || r == '’' }

// Words are those of a text, in order.
func Words(text string) (words []string) {
	start, end := -1, 0 // the word that is being read, without an apostrophe that may be its last character
	for at, r := range text {
		switch {
		case isLetter(r):
			if start < 0 {
				start = at
			}
			end = at + utf8.RuneLen(r)
		case isApostrophe(r) && start >= 0 && end == at:
		case start >= 0:
			words = append(words, text[start:end])
			start = -1
		}
	}
	if start >= 0 {
		words = append(words, text[start:end])
	}
	return words
}

// single says what is wrong with what should be one word.
func single(word string) error {
	if w := Words(word); len(w) != 1 || w[0] != word || !utf8.ValidString(word) {
		return fmt.Errorf("%q is not one word, of letters, digits and apostrophes between them: for other strings write an expression", word)
	}
	return nil
}

// Lexicon is the language of texts of which each word is a word of the list, which is a text too; what is between words may be anything.
func Lexicon(list string) (*Language, error) {
	words := Words(list)
	if len(words) == 0 {
		return nil, errors.New("there are no words in it")
	}
	n := newNFA()
	gap, ended, quote := n.add(), n.add(), n.add()
	first := n.between(gap, ended, quote)
	children := map[letter]int32{}
	for _, word := range words {
		at := first
		for _, r := range word {
			next, ok := children[letter{at, r}]
			if !ok {
				next = n.add()
				children[letter{at, r}] = next
				n.text(at, string(r), next)
			}
			at = next
		}
		if node := &n.nodes[at]; !node.accepts {
			node.accepts, node.empty = true, append(node.empty, ended)
		}
		if len(n.nodes) > mostNodes {
			return nil, errTooLarge
		}
	}
	d, err := n.determinize(false)
	if err != nil {
		return nil, err
	}
	return &Language{d}, nil
}

// A letter is a step in the tree of words.
type letter struct {
	from int32
	r    rune
}

// between gives nodes what is between words: gap, of which a text may consist, ended after a word, and quote after a word and an
// apostrophe, which no letter may follow, since that would go on with the word. It gives the node of what a word begins with.
func (n *nfa) between(gap, ended, quote int32) (first int32) {
	first = n.add()
	for _, at := range []int32{gap, ended, quote} {
		n.nodes[at].accepts = true
		n.runes(at, separators, gap)
	}
	n.runes(gap, apostrophes, gap)
	n.runes(quote, apostrophes, gap)
	n.runes(ended, apostrophes, quote)
	n.nodes[gap].empty = append(n.nodes[gap].empty, first)
	return first
}

// Require is the language of texts that have a word.
func Require(word string) (*Language, error) {
	if err := single(word); err != nil {
		return nil, err
	}
	return found(false, word)
}

// Forbid is the language of texts that have none of some words.
func Forbid(words ...string) (*Language, error) {
	for _, w := range words {
		if err := single(w); err != nil {
			return nil, err
		}
	}
	return found(true, words...)
}

// found is the language of texts that have one of some words, or of the others. Texts go through nodes as they are, any word by other,
// so that there always is a way; and a word of the list by nodes of its own, to where the rest may be anything.
func found(none bool, words ...string) (*Language, error) {
	n := newNFA()
	gap, ended, quote, other, inner, rest := n.add(), n.add(), n.add(), n.add(), n.add(), n.add()
	first := n.between(gap, ended, quote)
	for _, at := range []int32{gap, ended, quote} {
		n.nodes[at].accepts = false
	}
	for _, at := range []int32{gap, other, inner, rest} {
		n.nodes[at].whole = true
	}
	n.runes(first, letters, other)
	n.runes(other, letters, other)
	n.runes(other, separators, gap)
	n.runes(other, apostrophes, inner)
	n.runes(inner, letters, other)
	n.runes(inner, separators, gap)
	n.runes(inner, apostrophes, gap)

	last, after := n.add(), n.add() // of the word, and after it an apostrophe
	n.nodes[last].accepts, n.nodes[after].accepts, n.nodes[rest].accepts = true, true, true
	n.runes(last, separators, rest)
	n.runes(last, apostrophes, after)
	n.runes(after, separators, rest)
	n.runes(after, apostrophes, rest)
	n.runes(rest, []rune{0, unicode.MaxRune}, rest)
	for _, word := range words {
		n.text(first, word, last)
	}
	d, err := n.determinize(none)
	if err != nil {
		return nil, err
	}
	return &Language{d}, nil
}
