package decode

import (
	"context"
	"fmt"
	"math/rand/v2"
)

func init() {
	register(Kind{"greedy", "the likeliest next token, again and again", Greedy{}})
}

// Greedy takes the likeliest next token each time, of equally likely ones the first. It cannot take a
// choice back, so the sequence need not be the likeliest.
type Greedy struct{}

// Decode is that of [Decoder]. There is only one answer, so N may not be larger.
func (Greedy) Decode(ctx context.Context, m Model, req Request) ([]Hypothesis, error) {
	if err := req.Check(m.VocabSize()); err != nil {
		return nil, err
	}
	if req.N > 1 {
		return nil, fmt.Errorf("greedy search writes the same text all %d times: ask for one, or sample", req.N)
	}
	return run(ctx, m, req, 1, func() chooser { return first })
}

// first is the likeliest token.
func first(_ *rand.Rand, tokens []int, logp []float32, _ []int) int {
	if tokens != nil {
		return tokens[0]
	}
	best := 0
	for token, x := range logp {
		if x > logp[best] {
			best = token
		}
	}
	return best
}
