package decode

import (
	"cmp"
	"context"
	"math"
	"reflect"
	"slices"
	"testing"
)

// topped is the same model, offering TopK.
type topped struct {
	*batched
	able  bool
	calls int
	most  int // tokens that were asked for
}

func (t *topped) TopK(tokens []int, logp []float32, states []State) bool {
	if len(tokens) != len(logp) || len(tokens)%len(states) != 0 {
		panic("TopK of different lengths")
	}
	if !t.able {
		return false
	}
	k := len(tokens) / len(states)
	t.calls, t.most = t.calls+1, max(t.most, k)
	all := make([]float32, t.vocab)
	for i, s := range states {
		t.LogProbs(all, s)
		order := likeliest(all)
		for j, token := range order[:k] {
			tokens[i*k+j], logp[i*k+j] = token, all[token]
		}
	}
	return true
}

func likeliest(logp []float32) []int {
	order := make([]int, len(logp))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logp[b], logp[a]) })
	return order
}

// TestTopKOfModel: greedy search and sampling from the k likeliest ask a model for these and no more, and get what
// they would have got from all; what needs all tokens asks for all.
func TestTopKOfModel(t *testing.T) {
	for seed := range uint64(10) {
		for _, able := range []bool{true, false} {
			m := newMarkov(len(pieces), 1, seed)
			req := Request{Length: 20, Prefix: []int{1}, Seed: seed, LogProbs: true}
			top := &topped{batched: &batched{markov: m}, able: able}
			want, err := Greedy{}.Decode(context.Background(), m, req)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Greedy{}.Decode(context.Background(), top, req)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("greedy %+v, without TopK %+v: %v", got, want, err)
			}
			if able != (top.calls == 20) || top.most > 1 {
				t.Fatalf("greedy asked %d times, for %d tokens", top.calls, top.most)
			}

			req.N, top.calls = 40, 0
			for _, s := range []Sample{{}, {TopP: 0.9}, {TopK: 3, RepeatPenalty: 1.1}, {TopK: len(pieces)}, {TopK: 3, FrequencyPenalty: 1}, {TopK: 3, NoRepeatNGram: 4}, {TopK: 3, LogitBias: map[int]float64{1: 1}}, {TopK: 3, Temperature: 2, Samplers: []string{"temperature", "top_k"}}, {Mirostat: 2}, {Typical: 0.9}} {
				want, _ := s.Decode(context.Background(), m, req)
				if got, err := s.Decode(context.Background(), top, req); err != nil || top.calls > 0 || !reflect.DeepEqual(got, want) {
					t.Fatalf("%+v asked %d times for the likeliest, or samples otherwise: %v", s, top.calls, err)
				}
			}
			hyps, err := Sample{TopK: 3, Typical: 0.98, TopP: 0.95, Temperature: 0.8}.Decode(context.Background(), top, req)
			if err != nil || able != (top.calls > 0) || able && top.most != 3 {
				t.Fatalf("top 3 asked %d times, for %d tokens: %v", top.calls, top.most, err)
			}
			for _, h := range hyps {
				each, sum := m.logProb(req.Prefix, h.Tokens)
				if !slices.Equal(h.LogProbs, each) || math.Abs(h.LogProb-sum) > 1e-9 {
					t.Fatalf("log-probabilities %v, by the model %v", h.LogProbs, each)
				}
				var s State = m.Next(m.Start(), 1)
				for _, token := range h.Tokens {
					if !slices.Contains(likeliest(m.table[s.(int)])[:3], token) {
						t.Fatalf("token %d is not of the 3 likeliest", token)
					}
					s = m.Next(s, token)
				}
			}
		}
	}
}

// TestTopKFrequencies: the k likeliest tokens are drawn as often as their probabilities say.
func TestTopKFrequencies(t *testing.T) {
	m := newMarkov(len(pieces), 1, 3)
	const n = 20_000
	hyps, err := Sample{TopK: 3, Temperature: 2}.Decode(context.Background(), &topped{batched: &batched{markov: m}, able: true}, Request{Length: 1, N: n})
	if err != nil {
		t.Fatal(err)
	}
	drawn, row := map[int]float64{}, m.table[0]
	for _, h := range hyps {
		drawn[h.Tokens[0]]++
	}
	best, total := likeliest(row)[:3], 0.0
	for _, token := range best {
		total += math.Exp(float64(row[token]) / 2)
	}
	for _, token := range best {
		p := math.Exp(float64(row[token])/2) / total
		if off := math.Abs(drawn[token]/n - p); off > 5*math.Sqrt(p*(1-p)/n) {
			t.Errorf("token %d: drawn %g of the time, want %g", token, drawn[token]/n, p)
		}
	}
}
