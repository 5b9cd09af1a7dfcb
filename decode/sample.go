package decode

import (
	"context"
	"math/rand/v2"
)

func init() {
	register(Kind{"sample", "tokens at random, with the model's probabilities, changed by filters", Sample{}})
}

// Sample draws each token at random with its probability. Its zero value draws from the model as it
// is; the options are those of filters, which are applied in the order of Samplers.
type Sample struct {
	LogitBias        map[int]float64 `json:"logit_bias,omitempty"`        // nats added to log p of these tokens; −∞ forbids one
	RepeatPenalty    float64         `json:"repeat_penalty,omitempty"`    // above 1 makes tokens that were there lately less likely; 0: 1, none
	RepeatLast       int             `json:"repeat_last,omitempty"`       // how many tokens back that looks, prefix included; 0: 64
	FrequencyPenalty float64         `json:"frequency_penalty,omitempty"` // nats that a token loses for each time that it was written
	PresencePenalty  float64         `json:"presence_penalty,omitempty"`  // nats that it loses if it was written at all
	NoRepeatNGram    int             `json:"no_repeat_ngram,omitempty"`   // no so many tokens in a row twice, prefix included; 0: any
	TopK             int             `json:"top_k,omitempty"`             // leaves the k likeliest tokens; 0: all
	Typical          float64         `json:"typical,omitempty"`           // leaves those of the most expected surprise with this probability together; 0: 1, all
	TopP             float64         `json:"top_p,omitempty"`             // leaves the likeliest with this probability together; 0: 1, all
	MinP             float64         `json:"min_p,omitempty"`             // leaves those at least so likely, as a share of the likeliest; 0: all
	Temperature      float64         `json:"temp,omitempty"`              // below 1 prefers likely tokens more, above 1 less; 0: 1
	Mirostat         float64         `json:"mirostat,omitempty"`          // bits of surprise a token that texts shall have, in place of TopK, Typical, TopP and MinP; 0: any
	MirostatRate     float64         `json:"mirostat_rate,omitempty"`     // how much of an error it corrects with each token; 0: 0.1

	// Samplers names filters of [Filters], each at most once, in the order in which they are applied; nil: in that of Filters.
	Samplers []string `json:"samplers,omitempty"`
}

// Check says which option is out of range, or contradicts another.
func (s Sample) Check() error {
	_, err := s.chain()
	return err
}

// enough is how many of the likeliest tokens are all that can be drawn, whatever the others are; 0 if others can be.
func enough(chain []Filter) int {
	if len(chain) > 0 {
		if k, ok := chain[0].(topK); ok {
			return int(k)
		}
	}
	return 0
}

// Decode is that of [Decoder]. Sample i is a function of the model, the prefix, the seed and i: how
// many others there are, when they end and how long they may be does not change it. (A model with [TopK] is another
// function: candidates are drawn from in another order.)
func (s Sample) Decode(ctx context.Context, m Model, req Request) ([]Hypothesis, error) {
	if err := req.Check(m.VocabSize()); err != nil {
		return nil, err
	}
	chain, err := s.chain()
	if err != nil {
		return nil, err
	}
	if err := logitBias(s.LogitBias).fits(m.VocabSize()); err != nil {
		return nil, err
	}
	var c Candidates
	return run(ctx, m, req, enough(chain), func() chooser {
		filters, watchers := own(chain)
		return func(random *rand.Rand, tokens []int, logp []float32, soFar []int) int {
			c.fill(tokens, logp, soFar, len(req.Prefix), m.VocabSize())
			for _, f := range filters {
				if f.Apply(&c); len(c.List) == 0 {
					return none
				}
			}
			token := c.draw(random.Float64()) // one a token, always
			for _, w := range watchers {
				w.Drawn(token)
			}
			return token
		}
	})
}
