package main

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"inkling/internal/kernel"
)

// together runs f(0) … f(threads−1) side by side and returns the seconds until the last is done.
func together(threads int, f func(thread int)) float64 {
	var wg sync.WaitGroup
	began := time.Now()
	for t := 1; t < threads; t++ {
		wg.Go(func() { f(t) })
	}
	f(0)
	wg.Wait()
	return time.Since(began).Seconds()
}

// peak is the speed of multiply-adds that touch no memory.
func (b *benchCmd) peak(a *app) row {
	const wanted = 20e6 // operations in one call: well below a millisecond, since kernels are not preempted
	n := 1000
	for flops := kernel.FMALoop(n); flops < wanted && n < 1<<30; flops = kernel.FMALoop(n) {
		n *= 2
	}
	threads := runtime.GOMAXPROCS(0)
	flops := make([]float64, threads)
	var speeds []float64
	_, spread, _ := b.repeat(a, func() float64 {
		took := together(threads, func(t int) {
			flops[t] = 0
			for began := time.Now(); time.Since(began) < 100*time.Millisecond; {
				flops[t] += kernel.FMALoop(n)
			}
		})
		sum := 0.0
		for _, f := range flops {
			sum += f
		}
		speeds = append(speeds, sum/took/1e9)
		return took / sum
	})
	best := 0.0
	for _, s := range speeds {
		best = max(best, s)
	}
	return row{Name: "peak", Value: best, Unit: "GFLOP/s", GFLOPS: best, Threads: threads, Spread: spread, Dtype: "float32"}
}

// memory is how fast arrays far larger than the caches are read (a sum) and changed (y += a·x: two
// reads and a write an element).
func (b *benchCmd) memory(a *app) ([]row, error) {
	const floats = 16 << 20 // of each array: 64 MiB
	threads := runtime.GOMAXPROCS(0)
	x, y := make([]float32, floats), make([]float32, floats)
	for i := range x { // so that every page is there
		x[i], y[i] = 1, 1
	}
	part := func(v []float32, t int) []float32 { return v[t*floats/threads : (t+1)*floats/threads] }
	const piece = 1 << 16 // floats in one call of a kernel
	var rows []row
	for _, m := range []struct {
		form  string
		bytes float64
		f     func(t int)
	}{
		{"read", 4 * floats, func(t int) {
			for v := part(x, t); len(v) > 0; v = v[min(piece, len(v)):] {
				kernel.Sum(v[:min(piece, len(v))])
			}
		}},
		{"update", 12 * floats, func(t int) {
			v, w := part(x, t), part(y, t)
			for ; len(v) > 0; v, w = v[min(piece, len(v)):], w[min(piece, len(v)):] {
				kernel.Axpy(w[:min(piece, len(v))], 1e-9, v[:min(piece, len(v))])
			}
		}},
	} {
		took, spread, _ := b.repeat(a, func() float64 { return together(threads, m.f) })
		rows = append(rows, row{Name: "memory", Value: m.bytes / took / 1e9, Unit: "GB/s", Threads: threads, Spread: spread, Form: m.form})
	}
	return rows, nil
}

// matmul is the products of training, or the one that was asked for.
func (b *benchCmd) matmul(a *app) ([]row, error) {
	cases := []row{
		{M: 1024, N: 1024, K: 1024, Form: "nn"},
		{M: 1024, N: 1024, K: 1024, Form: "nt"},
		{M: 1024, N: 1024, K: 1024, Form: "tn"},
		{M: 3200, N: 2048, K: 512, Form: "nn"},                // the input of an LSTM layer of 512: a shard of 32 lanes, 100 steps
		{M: 32, N: 2048, K: 512, Form: "nn", Packed: true},    // a step of its recurrence
		{M: 2048, N: 512, K: 3200, Form: "tn", Packed: false}, // the gradient of its weights
	}
	if b.M > 0 {
		cases = []row{{M: b.M, N: b.N, K: b.K, Form: b.Form, Packed: b.Packed}}
	}
	var rows []row
	for _, dtype := range b.dtypes() {
		for _, r := range cases {
			r.Name, r.Unit, r.Dtype = "matmul", "GFLOP/s", dtype
			rows = append(rows, b.product(a, r))
		}
	}
	return rows, nil
}

// product measures one product. The columns of the right operand and of the result are shared out
// among the threads, and each packs its own part, which is part of the time. With Packed, each thread
// multiplies rows of its own by an operand packed before.
func (b *benchCmd) product(a *app, r row) row {
	precision := precisions[r.Dtype]
	r.Threads = runtime.GOMAXPROCS(0)
	rowsA, lda, rowsB, ldb := r.operands()
	ldc := stride(r.N)
	left, right := randoms(rowsA*lda), randoms(rowsB*ldb)
	c := make([][]float32, r.Threads)
	for t := range c {
		if t == 0 || r.Packed {
			c[t] = make([]float32, r.M*ldc)
		} else {
			c[t] = c[0]
		}
	}
	packed := make([]kernel.Packed, r.Threads)
	pack := func(t, from, to int) {
		switch {
		case r.Form == "nt":
			packed[t].PackT(right[from*ldb:], ldb, r.K, to-from, precision)
		default:
			packed[t].Pack(right[from:], ldb, r.K, to-from, precision)
		}
	}
	work := func(t int) {
		from, to := columns(r.N, t, r.Threads)
		switch {
		case from == to:
		case r.Form == "tn":
			kernel.MatMulTN(c[0][from:], ldc, left, lda, right[from:], ldb, r.M, to-from, r.K, precision)
		default:
			pack(t, from, to)
			kernel.MatMul(c[0][from:], ldc, left, lda, r.M, &packed[t], false)
		}
	}
	flops := 2 * float64(r.M) * float64(r.N) * float64(r.K)
	if r.Packed {
		pack(0, 0, r.N)
		flops *= float64(r.Threads)
		work = func(t int) { kernel.MatMul(c[t], ldc, left, lda, r.M, &packed[0], false) }
	}
	// Short products are repeated, so that what is timed takes about 50 ms.
	calls := 1
	if took := together(r.Threads, work); took < 0.05 {
		calls = max(1, int(0.05/max(took, 1e-6)))
	}
	took, spread, _ := b.repeat(a, func() float64 {
		return together(r.Threads, func(t int) {
			for range calls {
				work(t)
			}
		})
	})
	r.GFLOPS, r.Spread = flops*float64(calls)/took/1e9, spread
	r.Value = r.GFLOPS
	return r
}

// operands are the rows and strides of the left and the right operand as they are stored.
func (r row) operands() (rowsA, lda, rowsB, ldb int) {
	rowsA, lda, rowsB, ldb = r.M, stride(r.K), r.K, stride(r.N)
	switch r.Form {
	case "tn":
		rowsA, lda = r.K, stride(r.M)
	case "nt":
		rowsB, ldb = r.N, stride(r.K)
	}
	return rowsA, lda, rowsB, ldb
}

// productMemory is what product holds, in bytes: the operands, the right one packed, and the result,
// which each thread has of its own with Packed.
func (r row) productMemory() int64 {
	rowsA, lda, rowsB, ldb := r.operands()
	results := 1
	if r.Packed {
		results = r.Threads
	}
	return 4 * (int64(rowsA)*int64(lda) + int64(rowsB)*int64(ldb) + int64(r.K)*int64(stride(r.N)) + int64(results)*int64(r.M)*int64(stride(r.N)))
}

// columns of the result that fall to a thread: whole panels, so that none is packed half empty.
func columns(n, t, threads int) (from, to int) {
	const panel = 64
	at := func(t int) int { return min(n, (t*n/threads+panel-1)/panel*panel) }
	if t == threads-1 {
		return at(t), n
	}
	return at(t), at(t + 1)
}

// stride is that of tensor.Tape: rows of a power of two would all fall into the same few sets of the cache.
func stride(cols int) int { return (cols+15)&^15 + 16 }

func randoms(n int) []float32 {
	r, v := rand.New(rand.NewPCG(1, 2)), make([]float32, n)
	for i := range v {
		v[i] = r.Float32() - 0.5
	}
	return v
}
