package lm

import (
	"slices"
	"testing"

	"inkling/decode"
)

var _ decode.Batch = (*Model)(nil)

// TestBatchIsSingleSteps: many states at once give the bits of one after the other, whatever their number.
func TestBatchIsSingleSteps(t *testing.T) {
	const vocab = 13
	check := func(t *testing.T, m *Model) {
		for _, n := range []int{1, 2, 3, 4, 5, 14, 15, 33} {
			single, batch, tokens := make([]decode.State, n), make([]decode.State, n), make([]int, n)
			for i := range n {
				single[i], batch[i] = m.Start(), m.Start()
			}
			want, got := make([]float32, n*vocab), make([]float32, n*vocab)
			for step := range 4 {
				for i := range n {
					tokens[i] = (i*5 + step*3) % vocab
					single[i] = m.Next(single[i], tokens[i])
					m.LogProbs(want[i*vocab:(i+1)*vocab], single[i])
				}
				m.NextBatch(batch, batch, tokens)
				m.LogProbsBatch(got, batch)
				if !slices.Equal(got, want) {
					t.Fatalf("%d states, step %d: the batch differs", n, step)
				}
			}
		}
	}
	every(t, vocab, check)
	m, err := New(Config{Hidden: 70, Layers: 2, Counts: make([]int64, vocab), Seed: 6})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m)
}

// TestStatesAreValues: a state that others were made of is what it was.
func TestStatesAreValues(t *testing.T) {
	every(t, 5, func(t *testing.T, m *Model) {
		s := m.Next(m.Start(), 2)
		before := slices.Clone(s.(*state).floats)
		m.Next(s, 3)
		next := []decode.State{s, s}
		m.NextBatch(next, next, []int{1, 4})
		m.LogProbsBatch(make([]float32, 10), next)
		if !slices.Equal(before, s.(*state).floats) {
			t.Error("a state was changed")
		}
	})
}
