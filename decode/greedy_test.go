package decode

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
)

// Greedy search, done by looking at all continuations of each length.
func TestGreedyByBruteForce(t *testing.T) {
	for seed := range uint64(50) {
		m := newMarkov(5, 0.5, seed)
		prefix := []int{int(seed) % 5}
		hyps, err := Greedy{}.Decode(context.Background(), m, Request{Prefix: prefix, Length: 12})
		if err != nil {
			t.Fatal(err)
		}
		var want []int
		for range 12 {
			best, token := math.Inf(-1), -1
			for next := range 5 {
				if _, lp := m.logProb(prefix, append(slices.Clone(want), next)); lp > best {
					best, token = lp, next
				}
			}
			want = append(want, token)
		}
		if !slices.Equal(hyps[0].Tokens, want) {
			t.Fatalf("seed %d: %v, by brute force %v", seed, hyps[0].Tokens, want)
		}
	}
}

func TestGreedyTakesTheFirstOfEquals(t *testing.T) {
	m := newMarkov(4, 1, 1)
	for _, row := range m.table {
		copy(row, []float32{-2, -1, -1, -3})
	}
	hyps, err := Greedy{}.Decode(context.Background(), m, Request{Length: 5})
	if err != nil || !slices.Equal(hyps[0].Tokens, []int{1, 1, 1, 1, 1}) {
		t.Errorf("%v %v", hyps, err)
	}
	if _, err := (Greedy{}).Decode(context.Background(), m, Request{Length: 5, N: 2}); err == nil || !strings.Contains(err.Error(), "same text all 2 times") {
		t.Errorf("two greedy hypotheses: %v", err)
	}
}
