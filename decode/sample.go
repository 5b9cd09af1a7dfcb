package decode

import (
	"context"
	"math/rand/v2"
)

func init() {
	register(Kind{"sample", "tokens at random, with the model's probabilities, changed by filters", Sample{}})
}

// Sample draws each token at random with its probability. Its zero value draws from the model as it
// is; each option is a filter, and they are applied in the order in which they stand here.
type Sample struct {
	RepeatPenalty float64 `json:"repeat_penalty,omitempty"` // above 1 makes tokens that were there lately less likely; 0: 1, none
	RepeatLast    int     `json:"repeat_last,omitempty"`    // how many tokens back that looks, prefix included; 0: 64
	TopK          int     `json:"top_k,omitempty"`          // leaves the k likeliest tokens; 0: all
	TopP          float64 `json:"top_p,omitempty"`          // leaves the likeliest with this probability together; 0: 1, all
	MinP          float64 `json:"min_p,omitempty"`          // leaves those at least so likely, as a share of the likeliest; 0: all
	Temperature   float64 `json:"temp,omitempty"`           // below 1 prefers likely tokens more, above 1 less; 0: 1
}

// Check says which option is out of range.
func (s Sample) Check() error {
	for _, f := range s.filters() {
		if err := f.Check(); err != nil {
			return err
		}
	}
	return nil
}

func (s Sample) filters() (list []Filter) {
	for _, kind := range filters {
		if f := kind.of(s); f != nil {
			list = append(list, f)
		}
	}
	return list
}

// likeliest is how many of the likeliest tokens are all that can be drawn, whatever the others are; 0 if others can be.
func (s Sample) likeliest() int {
	if s.TopK < 1 || repeatPenaltyOf(s) != nil {
		return 0
	}
	return s.TopK
}

// Decode is that of [Decoder]. Sample i is a function of the model, the prefix, the seed and i: how
// many others there are, when they end and how long they may be does not change it. (A model with [TopK] is another
// function: candidates are drawn from in another order.)
func (s Sample) Decode(ctx context.Context, m Model, req Request) ([]Hypothesis, error) {
	if err := req.Check(m.VocabSize()); err != nil {
		return nil, err
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	chain := s.filters()
	var c Candidates
	return run(ctx, m, req, s.likeliest(), func(random *rand.Rand, tokens []int, logp []float32, soFar []int) int {
		c.fill(tokens, logp, soFar, m.VocabSize())
		for _, f := range chain {
			f.Apply(&c)
		}
		return c.draw(random.Float64()) // one a token, always
	})
}
