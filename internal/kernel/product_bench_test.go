package kernel

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// The benchmarks of products report GFLOP/s over all goroutines and the share of the peak of FMALoop, measured before and
// after, with as many goroutines. With -cpu 1,2 they run on one core and on two, each core with rows of its own:
//
//	go test -run xxx -bench 'MatMul|Pack' -cpu 1,2 ./internal/kernel      (INKLING_ISA=avx2 for that instruction set)

var productShapes = []struct {
	name    string
	m, n, k int
	add     bool
}{
	{"input", 3200, 2048, 512, false},
	{"square", 1024, 1024, 1024, false},
	{"recurrent", 32, 2048, 512, true},
	{"recurrent8", 8, 2048, 512, true},
	{"backward", 32, 512, 2048, true},
	{"vector", 1, 2048, 512, false},
	{"logits", 3200, 65, 512, false},
}

func BenchmarkMatMul(b *testing.B) {
	for _, kind := range []Precision{Float32, BFloat16} {
		for _, s := range productShapes {
			var p Packed
			p.Pack(benchMatrix(s.k, s.n), s.n, s.k, s.n, kind)
			b.Run(fmt.Sprintf("%s/%s", precisionName(kind), s.name), func(b *testing.B) {
				benchProduct(b, s.m, s.n, s.k, func() func() {
					const pad = 16
					a, c := benchMatrix(s.m, s.k+pad), benchMatrix(s.m, s.n+pad)
					return func() { MatMul(c, s.n+pad, a, s.k+pad, s.m, &p, s.add) }
				})
			})
		}
	}
}

func BenchmarkMatMulTN(b *testing.B) {
	for _, kind := range []Precision{Float32, BFloat16} {
		for _, s := range [][3]int{{2048, 512, 3200}, {512, 2048, 3200}, {2048, 512, 512}} {
			for _, pad := range []int{0, 16} {
				m, n, k := s[0], s[1], s[2]
				b.Run(fmt.Sprintf("%s/%dx%dx%d/pad%d", precisionName(kind), m, n, k, pad), func(b *testing.B) {
					benchProduct(b, m, n, k, func() func() {
						x, y, c := benchMatrix(k, m+pad), benchMatrix(k, n+pad), benchMatrix(m, n)
						return func() { MatMulTN(c, n, x, m+pad, y, n+pad, m, n, k, kind) }
					})
				})
			}
		}
	}
}

func BenchmarkPack(b *testing.B) {
	const k, n = 512, 2048
	x := benchMatrix(k, n)
	for _, kind := range []Precision{Float32, BFloat16} {
		var p Packed
		b.Run(precisionName(kind)+"/N", func(b *testing.B) {
			b.SetBytes(4 * k * n)
			for b.Loop() {
				p.Pack(x, n, k, n, kind)
			}
		})
		b.Run(precisionName(kind)+"/T", func(b *testing.B) {
			b.SetBytes(4 * k * n)
			for b.Loop() {
				p.PackT(x, k, k, n, kind)
			}
		})
	}
}

func precisionName(kind Precision) string { return []string{"float32", "bfloat16"}[kind] }

func benchMatrix(rows, cols int) []float32 {
	x := make([]float32, rows*cols)
	for i := range x {
		x[i] = float32(i*7919%13) - 6
	}
	return x
}

// benchProduct times b.N products on every core at once.
func benchProduct(b *testing.B, m, n, k int, prepare func() func()) {
	peak := func() float64 {
		return together(func() func() float64 { return func() float64 { return FMALoop(1 << 18) } })
	}
	best := max(peak(), peak(), peak())
	rate := together(func() func() float64 {
		f := prepare()
		f()
		return func() float64 {
			for range b.N {
				f()
			}
			return float64(b.N) * 2 * float64(m) * float64(n) * float64(k)
		}
	})
	best = max(best, peak(), peak(), peak())
	b.ReportMetric(rate, "GFLOP/s")
	b.ReportMetric(100*rate/best, "%peak")
	b.ReportMetric(0, "ns/op")
}

// together prepares a function on every core, then runs them all at the same time: it returns 10⁹ operations a second.
func together(prepare func() func() float64) float64 {
	threads := runtime.GOMAXPROCS(0)
	flops := make([]float64, threads)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range threads {
		ready.Add(1)
		done.Go(func() {
			f := prepare()
			ready.Done()
			<-start
			flops[i] = f()
		})
	}
	ready.Wait()
	begin := time.Now()
	close(start)
	done.Wait()
	seconds := time.Since(begin).Seconds()
	total := 0.0
	for _, x := range flops {
		total += x
	}
	return total / seconds / 1e9
}
