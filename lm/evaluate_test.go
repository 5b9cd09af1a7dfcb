package lm

import (
	"context"
	"math"
	"testing"

	"inkling/data"
	"inkling/tensor"
)

// TestEvaluateIsOnePass compares evaluation in lanes with a single pass, token by token.
func TestEvaluateIsOnePass(t *testing.T) {
	check := func(t *testing.T, m *Model) {
		for _, n := range []int{0, 1, 2, 3, 50, 3000} {
			tokens := randomTokens(n, 9, 1)
			want, dst, s := 0.0, make([]float32, 9), m.Start()
			for i, token := range tokens {
				if i > 0 {
					m.LogProbs(dst, s)
					want -= float64(dst[token])
				}
				s = m.Next(s, token)
			}
			for _, workers := range []int{1, 2, 5} {
				got, count, err := m.Evaluate(context.Background(), data.List(tokens), -1, tensor.Float32, workers)
				if err != nil || count != max(n-1, 0) || math.Abs(got-want) > 1e-4*max(want, 1) {
					t.Errorf("%d tokens, %d workers: %g nats over %d (%v), one pass says %g", n, workers, got, count, err, want)
				}
			}
		}
	}
	every(t, 9, check)
	m, err := New(Config{Hidden: 16, Layers: 2, Dropout: 0.5, Counts: make([]int64, 9), Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := m.Evaluate(ctx, make(data.List, 100), -1, tensor.Float32, 1); err == nil {
		t.Error("evaluation goes on after its context ended")
	}
}
