package softmax

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"inkling/tensor"
)

// BenchmarkStep is loss and gradient of a shard's words, drawn by Zipf's law, as every kind does them.
func BenchmarkStep(b *testing.B) {
	const dim, rows = 512, 560
	for _, v := range []int{10_000, 44_000} {
		for _, c := range []struct {
			kind string
			o    Options
		}{
			{"full", Options{}}, {"nce", Options{}}, {"negative", Options{}}, {"sampled", Options{}}, {"sampled", Options{Samples: 2048}},
			{"ove", Options{}}, {"ove", Options{Block: 16}}, {"ove", Options{Samples: 512}},
		} {
			for _, precision := range []tensor.Precision{tensor.Float32, tensor.BFloat16} {
				if precision == tensor.BFloat16 && !tensor.HasBFloat16() {
					continue
				}
				b.Run(fmt.Sprintf("V=%d/%s/samples=%d,block=%d/%v", v, c.kind, c.o.Samples, c.o.Block, precision), func(b *testing.B) {
					s := spec(v, dim)
					for i := range s.Counts {
						s.Counts[i] = int64(1e6 / (i + 1))
					}
					s.Options = c.o
					out, err := New(c.kind, s)
					if err != nil {
						b.Fatal(err)
					}
					r, t := rand.New(rand.NewPCG(1, 7)), Targets{Row: count(rows), Word: make([]int, rows)}
					for i := range t.Word {
						t.Word[i] = min(int(math.Exp(r.Float64()*math.Log(float64(v)))), v-1)
					}
					h, tp := vector(rows*dim, 1), tensor.NewTape()
					tp.Precision = precision
					b.ReportAllocs()
					for step := range b.N {
						tp.Reset(1, uint64(step), 0)
						tp.Backward(out.Loss(tp, tp.Leaf(rows, dim, h), t), 1)
						for _, p := range out.Params() {
							p.Changed()
						}
					}
					o, _ := Settle(c.kind, s, false)
					s.Options = o
					plan, _ := PlanOf(c.kind, s, false)
					b.ReportMetric(6*plan.Training*rows*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
		}
	}
}
