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

// A token that ends a text is its last, belongs to it and to what it costs, and spells what it spells.
func TestEnds(t *testing.T) {
	m := newMarkov(5, 1, 4)
	for _, row := range m.table {
		copy(row, []float32{-3, -2, -1, -4, -5})
	}
	m.table[m.Next(m.Next(0, 2), 2).(int)][4] = -0.5
	hyps, err := Greedy{}.Decode(context.Background(), m, Request{Length: 9, Ends: []int{3, 4}, Piece: piece})
	if err != nil || !slices.Equal(hyps[0].Tokens, []int{2, 2, 4}) || hyps[0].FinishReason != FinishStop || hyps[0].LogProb != -2.5 || hyps[0].Text != piece(-1, 2)+piece(2, 2)+piece(2, 4) {
		t.Errorf("%+v, %v", hyps, err)
	}
	if _, err := (Greedy{}).Decode(context.Background(), m, Request{Length: 5, Ends: []int{5}}); err == nil || !strings.Contains(err.Error(), "token 5 is to end a text") {
		t.Errorf("%v", err)
	}
}

// A piece is asked for with the token before it, of the prefix too.
func TestPieceAfter(t *testing.T) {
	m := newMarkov(4, 1, 1)
	for _, row := range m.table {
		copy(row, []float32{-2, -1, -1, -3})
	}
	for prefix, want := range map[int]int{0: -1, 1: 3} {
		var before []int
		_, err := Greedy{}.Decode(context.Background(), m, Request{Prefix: []int{0, 3}[:2*prefix], Length: 3, Piece: func(prev, _ int) string {
			before = append(before, prev)
			return "x"
		}})
		if err != nil || !slices.Equal(before, []int{want, 1, 1}) {
			t.Errorf("asked for pieces after %v: %v", before, err)
		}
	}
}
