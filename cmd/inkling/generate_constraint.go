package main

import (
	"io"
	"strings"
	"unicode/utf8"

	"inkling/constrain"
	"inkling/data"
	"inkling/decode"
)

// constraintFlags are what a text must be, whatever the decoder. They are about what is written, not the prompt.
type constraintFlags struct {
	Regex       *string  `help:"Only texts that match this as a whole: an expression in Go's syntax (RE2)." placeholder:"EXPR" group:"Only texts that"`
	Grammar     string   `help:"Only texts of the grammar in this file, in llama.cpp's notation (GBNF)." placeholder:"FILE" group:"Only texts that"`
	Lexicon     string   `help:"Only words that are in this file. A word is letters and digits, and apostrophes between them." placeholder:"FILE" group:"Only texts that"`
	Require     []string `help:"Only texts with this word, written like this; may be given several times." sep:"none" placeholder:"WORD" group:"Only texts that"`
	Forbid      []string `help:"Only texts without this word; may be given several times." sep:"none" placeholder:"WORD" group:"Only texts that"`
	ExactLength *int     `help:"Only texts of exactly N tokens, not characters, without one that ends them." placeholder:"N" group:"Only texts that"`
}

// mostLexicon is the size of the largest list of words, in bytes.
const mostLexicon = 16 << 20

// A constraint is what the flags demand, before it is known of which tokens.
type constraint struct {
	language *constrain.Language // of all flags but a grammar; nil: none of them
	length   int                 // exactly so many tokens; 0: any number
	grammar  *constrain.Grammar  // nil: none
}

// constraint reads the flags; nil without them. What is wrong with each is said before a model is loaded.
func (c *constraintFlags) constraint() (*constraint, error) {
	var made constraint
	and := func(l *constrain.Language, err error) error {
		if err == nil && made.language != nil {
			l, err = made.language.And(l)
		}
		made.language = l
		return err
	}
	others := c.Regex != nil || c.Lexicon != "" || len(c.Require)+len(c.Forbid) > 0 || c.ExactLength != nil
	switch {
	case c.Grammar != "" && others:
		return nil, usage("--grammar goes with no other demand on the text: write it into the grammar")
	case c.Grammar != "":
		text, err := readDemand(c.Grammar, 1<<20)
		if err != nil {
			return nil, err
		}
		if made.grammar, err = constrain.ParseGrammar(text); err != nil {
			return nil, badInput("%s: %w", c.Grammar, err)
		}
		return &made, nil
	case !others:
		return nil, nil
	}
	if err := check(bound{"--exact-length", c.ExactLength, 1, unbounded}); err != nil {
		return nil, err
	}
	set(&made.length, c.ExactLength)
	if c.Regex != nil {
		if err := and(constrain.Regex(*c.Regex)); err != nil {
			return nil, usage("--regex %s: %w", *c.Regex, err)
		}
	}
	if c.Lexicon != "" {
		text, err := readDemand(c.Lexicon, mostLexicon)
		if err != nil {
			return nil, err
		}
		if err := and(constrain.Lexicon(text)); err != nil {
			return nil, badInput("--lexicon %s: %w", c.Lexicon, err)
		}
	}
	for _, word := range c.Require {
		if err := and(constrain.Require(word)); err != nil {
			return nil, usage("--require %s: %w", word, err)
		}
	}
	if len(c.Forbid) > 0 {
		if err := and(constrain.Forbid(c.Forbid...)); err != nil {
			return nil, usage("--forbid %s: %w", strings.Join(c.Forbid, " "), err)
		}
	}
	if made.language == nil {
		made.language = constrain.Anything()
	}
	return &made, nil
}

// readDemand reads a file that says what a text must be.
func readDemand(name string, most int) (string, error) {
	in, name, err := openLines(name)
	if err != nil {
		return "", err
	}
	defer in.Close()
	raw, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	switch {
	case err != nil:
		return "", data.InWords(name, err)
	case len(raw) > most:
		return "", badInput("%s: more than %s: this is no such list", name, sizeOf(int64(most)))
	case !utf8.Valid(raw):
		return "", badInput("%s: not UTF-8 text: convert it", name)
	}
	return strings.TrimPrefix(string(raw), "\uFEFF"), nil
}

// over makes the automaton over a model's tokens, after those of the prompt.
func (c *constraint) over(vocab *data.Vocab, prompt []int) (decode.Constraint, error) {
	v := vocabulary(vocab, prompt)
	var err error
	var made decode.Constraint
	if c.grammar != nil {
		made, err = c.grammar.Over(v)
	} else {
		made, err = c.language.Over(v, c.length)
	}
	if err != nil {
		return nil, badInput("%w", err)
	}
	return made, nil
}

// vocabulary says what tokens add to a text. Two contexts are all there are: where a word brings the space before it, and where not.
func vocabulary(vocab *data.Vocab, prompt []int) *constrain.Vocabulary {
	v := &constrain.Vocabulary{Pieces: make([][]string, 1), After: make([]int, vocab.Size()), Ends: ends(vocab)}
	context := func(prev int) (n int) {
		if vocab.Kind == "word" && !vocab.Opens(prev) {
			n = 1
		}
		return n
	}
	if len(prompt) > 0 {
		v.First = context(prompt[len(prompt)-1])
	}
	if vocab.Kind == "word" {
		v.Pieces = append(v.Pieces, nil)
	}
	for id := range v.After {
		v.After[id] = context(id)
		opening, within := vocab.PieceAfter(-1, id), vocab.Piece(id)
		if id == vocab.Unknown || id == beginOf(vocab) {
			opening, within = "", ""
		}
		v.Pieces[0] = append(v.Pieces[0], opening)
		if len(v.Pieces) > 1 {
			v.Pieces[1] = append(v.Pieces[1], within)
		}
	}
	return v
}
