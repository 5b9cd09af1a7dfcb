package softmax

import (
	"math"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

// TestTreeIsAProductOfTurns holds probabilities against the formula in float64.
func TestTreeIsAProductOfTurns(t *testing.T) {
	const v, dim = 40, 5
	out := make1(t, Kind{Name: "tree"}, spec(v, dim)).(*tree)
	h, got := vector(dim, 2), make([]float32, v)
	out.LogProbs(got, h)
	for w := range got {
		p := 1.0
		for e := range out.Path(w) {
			s := float64(out.bias.Value[e.Node])
			for i, u := range out.weight.Row(int(e.Node)) {
				s += float64(u) * float64(h[i])
			}
			right := 1 / (1 + math.Exp(-s))
			if e.Side == 1 {
				p *= right
			} else {
				p *= 1 - right
			}
		}
		if math.Abs(float64(got[w])-math.Log(p)) > 1e-5 {
			t.Errorf("word %d: log-probability %g, by the formula %g", w, got[w], math.Log(p))
		}
	}
}

// TestTreeBeginsAtFrequencies: where h says nothing, words are as likely as in the text.
func TestTreeBeginsAtFrequencies(t *testing.T) {
	s, got := zipf(300, 4), make([]float32, 300)
	make1(t, Kind{Name: "tree"}, s).LogProbs(got, make([]float32, 4))
	for w, p := range frequencies(s.Counts) {
		if math.Abs(float64(got[w])-math.Log(p)) > 1e-4 {
			t.Errorf("word %d: %g, want %g", w, got[w], math.Log(p))
		}
	}
}

// TestDeepTree: paths of dozens of turns, each of them very unlikely, give finite losses and gradients that are right.
func TestDeepTree(t *testing.T) {
	s := fibonacci(80)
	out := make1(t, Kind{Name: "tree"}, Spec{Dim: 3, Counts: s, Rand: spec(2, 3).Rand}).(*tree)
	if n := out.Length(0); n < 75 {
		t.Fatalf("a path of %d", n)
	}
	h, all := []float32{30, -30, 30}, make([]float32, len(s))
	for i := range out.weight.Value {
		out.weight.Value[i] *= 3
	}
	out.weight.Changed()
	out.LogProbs(all, h)
	sum, least := 0.0, 0.0
	for _, l := range all {
		sum += math.Exp(float64(l))
		least = min(least, float64(l))
	}
	if math.Abs(sum-1) > 1e-4 || least > -300 || math.IsInf(least, 0) {
		t.Errorf("probabilities of e^%g and more sum to %g", least, sum)
	}
	got := make([]float32, len(s))
	words := count(len(s))
	tp := tensor.NewInference()
	rows := make([]float32, 0, 3*len(s))
	for range s {
		rows = append(rows, h...)
	}
	out.Scores(tp, got, tp.Const(len(s), 3, rows), words)
	for w, l := range all {
		if math.Abs(float64(got[w]-l)) > 1e-4*(1+math.Abs(float64(l))) {
			t.Errorf("word %d has %g, by LogProbs %g", w, got[w], l)
		}
	}
	targets := Targets{Row: []int{0, 1, 1}, Word: []int{0, 79, 40}, Weight: []float32{0.1, 1, 0.01}}
	gradcheck.Check(t, nil, []gradcheck.Shape{{2, 3}}, func(tp *tensor.Tape, in []*tensor.Tensor) []*tensor.Tensor {
		return []*tensor.Tensor{out.Loss(tp, in[0], targets)}
	})
}

// fibonacci counts make the deepest tree: each node has one word and all that are rarer.
func fibonacci(n int) []int64 {
	counts := []int64{1, 1}
	for len(counts) < n {
		counts = append(counts, counts[len(counts)-1]+counts[len(counts)-2])
	}
	for i := range counts {
		counts[i]-- // frequencies count each word once more
	}
	return counts
}
