package softmax

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"inkling/internal/kernel"
	"inkling/nn"
	"inkling/tensor"
)

// BenchmarkTraining is what a step of training costs an output layer: loss and backward of rows of one target each,
// drawn by frequency, the gradient's norm, plain gradient descent, and what of the weights is packed anew. Metrics are the
// operations of products a second, and what they are of the machine's peak.
func BenchmarkTraining(b *testing.B) {
	peak := 0.0
	for range 20 {
		began := time.Now()
		flops := kernel.FMALoop(1 << 20)
		peak = max(peak, flops/time.Since(began).Seconds())
	}
	for _, size := range []struct{ vocab, dim, rows int }{{10_000, 200, 700}, {10_000, 512, 560}, {44_000, 512, 560}, {267_735, 512, 560}} {
		kinds := Kinds()
		adaptive, _ := kindNamed("adaptive")
		for i, kind := range append(kinds, adaptive) {
			s, name, tied := zipf(size.vocab, size.dim), kind.Name, i == len(kinds)
			if tied {
				name += "/tied"
			}
			s.Options, _ = Settle(kind.Name, s, tied)
			plan, err := PlanOf(kind.Name, s, tied)
			if err != nil {
				b.Fatal(err)
			}
			if plan.Training*float64(size.rows) > 2e10 {
				continue // it would take memory and minutes
			}
			b.Run(fmt.Sprintf("V=%d,dim=%d,rows=%d/%s", size.vocab, size.dim, size.rows, name), func(b *testing.B) {
				if tied {
					s.Tied = nn.Uniform(tensor.NewParam("embed.weight", size.vocab, size.dim), 0.1, s.Rand)
				}
				out, err := New(kind.Name, s)
				if err != nil {
					b.Fatal(err)
				}
				params := out.Params()
				if tied {
					params = append(params, s.Tied)
				}
				tp, h := tensor.NewTape(), vector(size.rows*size.dim, 1)
				targets := Targets{Row: count(size.rows), Word: drawn(s, size.rows)}
				step := uint64(0)
				one := func() {
					step++
					tp.Reset(1, step, 0)
					tp.Backward(out.Loss(tp, tp.Leaf(size.rows, size.dim, h), targets), 1)
					for _, p := range params {
						normed(tp, p)
						descend(tp, p, 1e-6)
					}
				}
				one()
				b.ReportAllocs()
				for b.Loop() {
					one()
				}
				rate := 6 * plan.Training * float64(size.rows) * float64(b.N) / b.Elapsed().Seconds()
				b.ReportMetric(rate/1e9, "GFLOP/s")
				b.ReportMetric(100*rate/peak, "%peak")
			})
		}
	}
}

// normed is the square of the norm of a gradient.
func normed(tp *tensor.Tape, p *tensor.Param) (sum float32) {
	if !p.Sparse {
		return kernel.Dot(tp.ParamGrad(p), tp.ParamGrad(p))
	}
	for _, r := range tp.TouchedRows(p) {
		g := tp.RowGrad(p, r)
		sum += kernel.Dot(g, g)
	}
	return sum
}

// zipf are counts of a language, or nearly: the word of rank r is as frequent as 1/r.
func zipf(vocab, dim int) Spec {
	s := spec(vocab, dim)
	for i := range s.Counts {
		s.Counts[i] = int64(10*vocab/(i+1)) + 1
	}
	return s
}

// drawn are words as frequent as in the counts.
func drawn(s Spec, n int) []int {
	p, rnd, words := frequencies(s.Counts), rand.New(rand.NewPCG(3, 3)), make([]int, n)
	for i := range words {
		u := rnd.Float64()
		for u -= p[0]; u > 0 && words[i] < len(p)-1; u -= p[words[i]] {
			words[i]++
		}
	}
	return words
}
