package vae

import (
	"math/rand/v2"
	"testing"

	"inkling/tensor"
)

// BenchmarkStep is forward and backward of one shard, by the network and objective, of 64 examples of 784 numbers on one core. GFLOP are
// the products really done: four operations a weight of the first layer, whose input needs no gradient, and six of others.
//
//	go test ./vae -run xxx -bench Step -cpu 1
func BenchmarkStep(b *testing.B) {
	for _, c := range []struct {
		name string
		Config
		Objective
	}{
		{"784-400-20 relu", Config{Latent: []int{20}, Hidden: [][]int{{400}}, Activation: "relu"}, Objective{}},
		{"784-200-200-50", Config{Latent: []int{50}, Hidden: [][]int{{200, 200}}}, Objective{}},
		{"784-200-200-50 iwae 5", Config{Latent: []int{50}, Hidden: [][]int{{200, 200}}}, Objective{Name: "iwae"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.Height, c.Width = 28, 28
			m, err := New(c.Config)
			if err != nil {
				b.Fatal(err)
			}
			if err := c.Objective.Complete(); err != nil {
				b.Fatal(err)
			}
			const rows = 64
			x := make([]float32, rows*784)
			rnd := rand.New(rand.NewPCG(1, 1))
			for i := range x {
				x[i] = float32(rnd.IntN(2))
			}
			fit := Fit{Model: m, Objective: c.Objective}
			tp := tensor.NewTape()
			flops := 0.0
			for i, n := range append(m.encoders(), m.decoders()...) {
				for k, p := range n.params() {
					each := 6.0 // two of each product: forward, of the weights' gradient, of the input's
					switch {
					case k%2 == 1:
						continue // a bias
					case i == 0 && k == 0:
						each = 4
					}
					samples := 1
					if i > 0 {
						samples = c.Objective.K
					}
					flops += each * float64(len(p.Value)) * float64(rows*samples)
				}
			}
			b.ResetTimer()
			for i := range b.N {
				tp.Reset(1, uint64(i), 0)
				tp.Backward(fit.Loss(tp, Batch{Rows: rows, X: x}, nil), 1)
				for _, p := range m.Params() {
					p.Changed()
				}
			}
			b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
