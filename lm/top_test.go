package lm

import (
	"math"
	"slices"
	"testing"

	"inkling/softmax"
)

// TestTopK: where an output layer finds the likeliest tokens by itself, they are the likeliest.
func TestTopK(t *testing.T) {
	const vocab, k = 60, 5
	able := 0
	for _, kind := range softmax.Kinds() {
		m, err := New(Config{Hidden: 8, Output: kind.Name, Counts: make([]int64, vocab), Seed: 4})
		if err != nil {
			t.Fatal(err)
		}
		states := []any{m.Next(m.Start(), 1), m.Next(m.Start(), 2)}
		tokens, logp, all := make([]int, 2*k), make([]float32, 2*k), make([]float32, vocab)
		if !m.TopK(tokens, logp, states) {
			continue
		}
		able++
		for i, s := range states {
			m.LogProbs(all, s)
			sorted := slices.Clone(all)
			slices.Sort(sorted)
			for j := range k {
				if p := float64(logp[i*k+j]); math.Abs(p-float64(sorted[vocab-1-j])) > 1e-4 || math.Abs(p-float64(all[tokens[i*k+j]])) > 1e-4 {
					t.Errorf("%s: likeliest %d is %d with %g, want %g", kind.Name, j, tokens[i*k+j], p, sorted[vocab-1-j])
				}
			}
		}
	}
	if able == 0 {
		t.Error("no output layer finds the likeliest tokens")
	}
}
