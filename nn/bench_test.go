package nn

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// BenchmarkTraining is forward and backward of 2×512 over 100 steps of 32 lanes of one-hot tokens on every core, as the
// shards of a batch are, without output layer and optimizer. GFLOP are the products really done; the share is of the
// float32 peak measured before and after:
//
//	go test ./nn -run xxx -bench Training -cpu 1,2
func BenchmarkTraining(b *testing.B) {
	const hidden, layers, lanes, steps, vocab = 512, 2, 32, 100, 65
	ids := make([]int, lanes*steps)
	for i := range ids {
		ids[i] = (i*i + i/3) % vocab
	}
	for _, c := range Cells {
		for _, norm := range []bool{false, true} {
			for kind, precision := range []string{"float32", "bfloat16"} {
				name := c.Name()
				if norm {
					name += "+norm"
				}
				b.Run(name+"/"+precision, func(b *testing.B) {
					stack := Stack{Cell: c, In: vocab, Hidden: hidden, Layers: layers, Norm: norm}
					r, flops := stack.New("rnn", random()), 0
					for _, m := range stack.Products(true) {
						flops += 6 * m[0] * m[1] * len(ids)
					}
					share(b, flops, func() func() {
						tp, carry := tensor.NewTape(), make([]float32, r.Floats(lanes))
						tp.Precision = tensor.Precision(kind)
						return func() {
							tp.Reset(1, 1, 0)
							h, _ := r.FromTokens(tp, r.Table(tp, nil), ids, r.Load(tp, carry, lanes), lanes, Dropout{})
							tp.Backward(tensor.Sum(tp, h), 1)
						}
					})
				})
			}
		}
	}
}

// share times b.N calls on every core at once and reports 10⁹ operations a second, and their share of the peak.
func share(b *testing.B, flops int, prepare func() func()) {
	peak := func() float64 {
		return together(func() func() float64 { return func() float64 { return kernel.FMALoop(1 << 22) } })
	}
	best := max(peak(), peak(), peak())
	rate := together(func() func() float64 {
		f := prepare()
		f()
		return func() float64 {
			for range b.N {
				f()
			}
			return float64(b.N) * float64(flops)
		}
	})
	best = max(best, peak(), peak(), peak())
	b.ReportMetric(rate, "GFLOP/s")
	b.ReportMetric(100*rate/best, "%peak")
}

// together prepares a function on every core, then runs them all at the same time: 10⁹ operations a second.
func together(prepare func() func() float64) float64 {
	flops := make([]float64, runtime.GOMAXPROCS(0))
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range flops {
		ready.Add(1)
		done.Go(func() {
			f := prepare()
			ready.Done()
			<-start
			flops[i] = f()
		})
	}
	ready.Wait()
	began := time.Now()
	close(start)
	done.Wait()
	seconds, total := time.Since(began).Seconds(), 0.0
	for _, x := range flops {
		total += x
	}
	return total / seconds / 1e9
}
