// Package constrain makes what a text must be, an expression, a grammar, words, into what may follow token by token. What it makes satisfies the
// interface Constraint of package decode, which it does not know.
//
// All begins with automata over the bytes of UTF-8 text. A [Language] is a regular one: an expression ([Regex]), texts of some words
// ([Lexicon]), texts with or without a word ([Require], [Forbid]), and what several of these have in common ([Language.And]). A
// [Grammar] is free of context. Over a [Vocabulary] either becomes an automaton over tokens, whatever their pieces are: whole words, or
// bytes that are part of a character.
//
// Memory is bounded: what would come to too many states is an error that says so. Of what is made it is known, before anything is searched
// for, whether a text of these tokens satisfies it, and of each beginning with how many tokens more.
package constrain

import (
	"errors"
)

// A Language is a set of texts, as a deterministic automaton over their bytes.
type Language struct{ d *dfa }

// Anything is the language of all texts.
func Anything() *Language { return &Language{anything()} }

// And is the language of the texts that are in both. The error says that there is none, or that the automaton, whose states are pairs of theirs, is
// too large.
func (l *Language) And(m *Language) (*Language, error) {
	d, err := intersect(l.d, m.d)
	if err != nil {
		return nil, err
	}
	if d.empty() {
		return nil, errors.New("no text satisfies all of the constraints at once: they contradict each other")
	}
	return &Language{d}, nil
}

// Contains says whether a text is in the language.
func (l *Language) Contains(text string) bool {
	state := l.d.read(0, text)
	return state >= 0 && l.d.accepts[state]
}
