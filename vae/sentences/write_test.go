package sentences

import (
	"context"
	"math"
	"slices"
	"testing"

	"inkling/decode"
	"inkling/tensor"
)

// TestTextIsTheDecoder: token by token, alone and many side by side, a text has the probability that training gives it.
func TestTextIsTheDecoder(t *testing.T) {
	for _, cell := range []string{"lstm", "gru"} {
		for _, output := range []string{"full", "tree"} {
			m := toy(t, func(c *Config) { c.Cell, c.Output = cell, output })
			z := latents(len(some), 3)
			want := logLikelihoods(m, some, z, tensor.NewInference())
			for i, tokens := range some {
				text := m.At(z[i*3 : i*3+3])
				logp, both := make([]float32, words), make([]float32, 2*words)
				s, nats := text.Next(text.Start(), 0), 0.0
				for at, token := range tokens {
					text.LogProbs(logp, s)
					nats += float64(logp[token])
					states := []any{text.Start(), s}
					text.LogProbsBatch(both, states)
					if !slices.Equal(both[words:], logp) {
						t.Fatalf("%s %s: step %d: beside another state it says something else", cell, output, at)
					}
					text.NextBatch(states, states, []int{0, token})
					s = text.Next(s, token)
					text.LogProbs(logp, s)
					text.LogProbs(both[:words], states[1])
					if !slices.Equal(both[:words], logp) {
						t.Fatalf("%s %s: step %d: a state made beside another is another", cell, output, at)
					}
				}
				near(t, cell+" "+output+": log p(x|z)", nats, float64(want[i]))
			}
		}
	}
}

// TestEveryDecoder writes with all there are, and the searches that prove what they find agree.
func TestEveryDecoder(t *testing.T) {
	m := toy(t)
	text := m.At(latents(1, 3))
	best := map[string]float64{}
	for _, k := range decode.Kinds() {
		found, err := k.Default.Decode(context.Background(), text, decode.Request{Prefix: []int{0}, Length: 4, Ends: []int{1}})
		if k.Name == "viterbi" && err != nil {
			continue // which is for models that remember a few tokens only, as it says
		}
		if err != nil || len(found) == 0 {
			t.Errorf("%s: %v, %v", k.Name, found, err)
			continue
		}
		if c := found[0].Certificate; c != nil && c.Exact {
			best[k.Name] = found[0].LogProb
		}
	}
	if len(best) < 2 {
		t.Fatalf("only %v are certified", best)
	}
	for name, nats := range best {
		if math.Abs(nats-best["exact"]) > 1e-5 {
			t.Errorf("%s is certified with %g nats, exact with %g", name, nats, best["exact"])
		}
	}
}
