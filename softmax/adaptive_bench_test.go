package softmax

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// zipf is a vocabulary whose words occur as those of a text do.
func zipf(v, dim int) Spec {
	s := Spec{Dim: dim, Counts: make([]int64, v), Rand: rand.New(rand.NewPCG(1, 1))}
	for w := range s.Counts {
		s.Counts[w] = int64(math.Ceil(1e8 / (float64(w) + 2.7) / 12))
	}
	return s
}

// drawWords draws from counts.
func drawWords(counts []int64, n int) []int {
	sum, words := make([]float64, len(counts)), make([]int, n)
	total := 0.0
	for w, c := range counts {
		total += float64(c)
		sum[w] = total
	}
	rnd := rand.New(rand.NewPCG(2, 2))
	for i := range words {
		u := rnd.Float64() * total
		for words[i] < len(counts)-1 && sum[words[i]] < u {
			words[i]++
		}
	}
	return words
}

// BenchmarkTraining is a step of a shard without the optimizer: weights packed, loss and gradients. Metrics are the
// operations of products a second, and what they are of the machine's peak.
func BenchmarkTraining(b *testing.B) {
	const dim, rows = 512, 560
	peak := 0.0
	for range 20 {
		began := time.Now()
		flops := kernel.FMALoop(1 << 20)
		peak = max(peak, flops/time.Since(began).Seconds())
	}
	for _, v := range []int{33_278, 44_000, 267_735} {
		for _, kind := range []string{"full", "adaptive"} {
			if kind == "full" && v > 44_000 {
				continue
			}
			b.Run(fmt.Sprintf("%s/%d", kind, v), func(b *testing.B) {
				s := zipf(v, dim)
				out, err := New(kind, s)
				if err != nil {
					b.Fatal(err)
				}
				s.Options, _ = Settle(kind, s, false)
				plan, _ := PlanOf(kind, s, false)
				words, h, row := drawWords(s.Counts, rows), vector(rows*dim, 1), count(rows)
				tp := tensor.NewTape()
				b.ReportAllocs()
				step := func() {
					for _, p := range out.Params() {
						p.Changed()
					}
					tp.Reset(1, 1, 0)
					tp.Backward(out.Loss(tp, tp.Leaf(rows, dim, h), Targets{Row: row, Word: words}), 1)
				}
				step()
				for b.Loop() {
					step()
				}
				rate := 6 * plan.Training * rows * float64(b.N) / b.Elapsed().Seconds()
				b.ReportMetric(rate/1e9, "GFLOP/s")
				b.ReportMetric(100*rate/peak, "%peak")
				b.Log(Describe(kind, s), s.Options)
			})
		}
	}
}
