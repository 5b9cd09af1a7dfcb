package lm

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"inkling/data"
	"inkling/tensor"
)

// Judge reads what Evaluate reads, of running text and of lists.
func TestJudgeIsEvaluate(t *testing.T) {
	ctx := context.Background()
	every(t, 9, func(t *testing.T, m *Model) {
		running := data.List(randomTokens(3000, 8, 3))
		items := data.List{8}
		for i, token := range running[:800] {
			if items = append(items, token); token == 0 && i%3 == 0 {
				items = append(items, 8)
			}
		}
		for _, c := range []struct {
			tokens data.Tokens
			begin  int
		}{{running, -1}, {items, 8}, {data.List{1}, -1}, {data.List{}, -1}} {
			want, n, err := m.Evaluate(ctx, c.tokens, c.begin, tensor.Float32, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, workers := range []int{1, 3} {
				j, err := m.Judge(ctx, c.tokens, c.begin, workers)
				if err != nil || j.Tokens != n || math.Abs(j.Nats-want) > 1e-4*math.Max(want, 1) {
					t.Errorf("%d tokens, begin %d: %+v (%v), want %g nats over %d", c.tokens.Len(), c.begin, j, err, want, n)
				}
				if n > 2*leastStretch && !(j.StandardError > 0) {
					t.Errorf("a standard error of %g", j.StandardError)
				}
			}
		}
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := m.Judge(ctx, running, -1, 1); err == nil {
			t.Error("judging goes on after its context ended")
		}
	})
}

// Items are read from a fresh state: what is before one does not matter to it.
func TestItemsAreApart(t *testing.T) {
	m, err := New(Config{Hidden: 16, Counts: make([]int64, 9), Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	stir(m)
	one, two := []int{8, 1, 2, 3, 7}, []int{8, 5, 5, 7}
	cost := func(items ...[]int) float64 {
		var tokens data.List
		for _, item := range items {
			tokens = append(tokens, item...)
		}
		j, err := m.Judge(context.Background(), tokens, 8, 1)
		if err != nil {
			t.Fatal(err)
		}
		return j.Nats
	}
	if both, apart := cost(one, two), cost(one)+cost(two); math.Abs(both-apart) > 1e-5 {
		t.Errorf("two items cost %g together and %g apart", both, apart)
	}
	want := 0.0
	for _, logp := range alone(m, one) {
		want -= logp
	}
	if got := cost(one); math.Abs(got-want) > 1e-5 {
		t.Errorf("an item costs %g, token by token %g", got, want)
	}
}

// Of a list the stretches are its items, whole.
func TestStandardErrorOfItems(t *testing.T) {
	m, err := New(Config{Hidden: 16, Counts: make([]int64, 9), Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	stir(m)
	r := rand.New(rand.NewPCG(7, 7))
	var tokens data.List
	var want moments
	for range 200 { // more than are read side by side
		item := []int{8}
		for range r.IntN(40) {
			item = append(item, r.IntN(7))
		}
		item = append(item, 7)
		tokens = append(tokens, item...)
		s, n := 0.0, float64(len(item)-1)
		for _, logp := range alone(m, item) {
			s -= logp
		}
		want.add(moments{1, s, n, s * s, s * n, n * n})
	}
	for _, workers := range []int{1, 3} {
		j, err := m.Judge(context.Background(), tokens, 8, workers)
		if w := want.judgement(); err != nil || j.Tokens != w.Tokens || math.Abs(j.StandardError-w.StandardError) > 1e-5*w.StandardError {
			t.Errorf("%+v, want %+v; %v", j, w, err)
		}
	}
}

// The standard error is what texts of one source differ by: of 200 texts whose nats come in correlated runs, the
// spread of their means is what each of them foretells.
func TestStandardError(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	const texts, stretches = 200, 60
	var means, foretold []float64
	for range texts {
		var sum moments
		for range stretches {
			n := float64(100 + r.IntN(200))
			s := n * (2 + r.NormFloat64())
			sum.add(moments{1, s, n, s * s, s * n, n * n})
		}
		j := sum.judgement()
		means, foretold = append(means, j.Nats/float64(j.Tokens)), append(foretold, j.StandardError)
	}
	mean, square, expected := 0.0, 0.0, 0.0
	for i, m := range means {
		mean += m / texts
		expected += foretold[i] / texts
	}
	for _, m := range means {
		square += (m - mean) * (m - mean) / (texts - 1)
	}
	if spread := math.Sqrt(square); math.Abs(spread-expected) > 0.15*spread {
		t.Errorf("means spread by %g, and the standard error is %g", spread, expected)
	}
	if j := (moments{1, 3, 2, 9, 6, 4}).judgement(); !math.IsNaN(j.StandardError) || j.Nats != 3 || j.Tokens != 2 {
		t.Errorf("of one stretch: %+v", j)
	}
	two := moments{1, 1, 1, 1, 1, 1}
	two.add(moments{1, 3, 1, 9, 3, 1})
	if j := two.judgement(); math.Abs(j.StandardError-1) > 1e-12 { // √(2/1 · (1² + 1²)) / 2
		t.Errorf("of two stretches of a token: %+v", j)
	}
}
