package decode

import (
	"errors"
	"fmt"
	"math"
	"sort"
)

// A Request says what is to be written.
type Request struct {
	Prefix []int  // what the model reads first
	Length int    // the most tokens to write; at least 1
	N      int    // how many hypotheses; 0: 1
	Seed   uint64 // of all that is random

	// Ends are tokens that end a hypothesis, such as that of the end of an item. They belong to it, and
	// what they cost to its log-probability.
	Ends []int

	// Piece gives the bytes of a token as they read after the one before, −1 if there is none; they need not
	// be whole characters. Stop, Stream and Hypothesis.Text need it; it may be nil without them.
	Piece func(prev, token int) string
	// Stop ends a hypothesis where one of these strings is complete in the text that was written. The
	// first to be complete counts, and of several complete at the same byte the longest. Borders
	// between tokens do not matter, and the prefix is not looked at.
	Stop []string
	// Stream, if not nil, is given the text piece by piece while it is written: whole characters, and
	// never what may yet become a stop string. The pieces of a sample add up to Hypothesis.Text. It
	// is called from the goroutine of Decode; samples are written side by side.
	Stream func(sample int, piece string)

	// Constraint, if not nil, is what sequences must satisfy.
	Constraint Constraint
	// Nodes is the most sequences that a search expands, which bounds its memory; 0: a million.
	Nodes int

	LogProbs bool // fill Hypothesis.LogProbs
}

// Check says what is wrong with a request to a model of so many tokens.
func (r Request) Check(vocab int) error {
	if r.Piece == nil && (len(r.Stop) > 0 || r.Stream != nil) {
		panic("decode: Request.Stop and Request.Stream need Request.Piece")
	}
	if r.Length < 1 {
		return fmt.Errorf("a text of %d tokens: ask for at least 1", r.Length)
	}
	if r.N < 0 {
		return fmt.Errorf("%d samples: ask for at least 1", r.N)
	}
	if r.Nodes < 0 {
		return fmt.Errorf("a search of %d nodes: allow at least 1", r.Nodes)
	}
	for _, stop := range r.Stop {
		if stop == "" {
			return errors.New("an empty stop string would end every text before it begins: leave it out")
		}
	}
	for _, token := range r.Ends {
		if token < 0 || token >= vocab {
			return fmt.Errorf("token %d is to end a text, and the model has %d: the tokenizer is not the one it was trained with", token, vocab)
		}
	}
	for _, token := range r.Prefix {
		if token < 0 || token >= vocab {
			return fmt.Errorf("token %d in the prompt, and the model has %d: the tokenizer is not the one it was trained with", token, vocab)
		}
	}
	if r.Constraint == nil {
		return nil
	}
	switch c, start := r.Constraint, r.Constraint.Start(); {
	case c.More(start, r.Length):
		return nil
	case c.More(start, math.MaxInt32):
		least := sort.Search(math.MaxInt32, func(left int) bool { return c.More(start, left) })
		return fmt.Errorf("no text of %d tokens satisfies the constraint: allow at least %d", r.Length, least)
	case c.Accepts(start):
		return errors.New("only the empty text satisfies the constraint: demand less")
	}
	return errors.New("no text satisfies the constraint, however long: demand less")
}
