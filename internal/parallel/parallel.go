// Package parallel shares numbered work out among goroutines: each takes the next that is free, so that pieces may take
// as long as they like.
package parallel

import (
	"sync"
	"sync/atomic"
)

// For calls f for 0 … n−1 from at most so many goroutines, the caller's among them, and returns when all is done. worker, below workers and n,
// says which goroutine it is, for what each has of its own. Numbers are begun in order. One worker, or less, is the caller alone.
func For(workers, n int, f func(worker, i int)) {
	workers = min(workers, n)
	if workers <= 1 {
		for i := range n {
			f(0, i)
		}
		return
	}
	var shared struct { // one allocation
		next, worker atomic.Int64
		done         sync.WaitGroup
	}
	work := func() {
		worker := int(shared.worker.Add(1)) - 1
		for i := int(shared.next.Add(1)) - 1; i < n; i = int(shared.next.Add(1)) - 1 {
			f(worker, i)
		}
	}
	for range workers - 1 {
		shared.done.Go(work)
	}
	work()
	shared.done.Wait()
}

// Try does so until one fails. The error is that of the lowest number that has one, however they are timed: all below it are done, and of
// those above it none is begun that was not.
func Try(workers, n int, f func(worker, i int) error) error {
	var mu sync.Mutex
	var first error
	var lowest atomic.Int64
	lowest.Store(int64(n))
	For(workers, n, func(worker, i int) {
		if int64(i) > lowest.Load() {
			return
		}
		if err := f(worker, i); err != nil {
			mu.Lock()
			defer mu.Unlock()
			if int64(i) < lowest.Load() {
				lowest.Store(int64(i))
				first = err
			}
		}
	})
	return first
}
