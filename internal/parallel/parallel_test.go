package parallel

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// TestFor: each number once, by workers that exist, no two of which are the same goroutine at the same time.
func TestFor(t *testing.T) {
	for _, c := range [][2]int{{0, 3}, {-1, 3}, {1, 5}, {2, 1}, {3, 0}, {4, 1000}, {9, 7}} {
		workers, n := c[0], c[1]
		calls := make([]atomic.Int32, n)
		busy := make([]atomic.Bool, max(1, min(workers, n)))
		For(workers, n, func(worker, i int) {
			if busy[worker].Swap(true) {
				t.Errorf("%v: worker %d is two", c, worker)
			}
			calls[i].Add(1)
			runtime.Gosched()
			busy[worker].Store(false)
		})
		for i := range calls {
			if calls[i].Load() != 1 {
				t.Errorf("%v: %d is done %d times", c, i, calls[i].Load())
			}
		}
	}
}

// TestForIsParallel: so many are at work at once as are asked for; with fewer this would wait for ever.
func TestForIsParallel(t *testing.T) {
	var all sync.WaitGroup
	all.Add(4)
	For(4, 4, func(int, int) { all.Done(); all.Wait() })
}

// TestTry: the error is that of the lowest number, all below it are done, and soon none above it is begun.
func TestTry(t *testing.T) {
	const n = 10_000
	for _, workers := range []int{1, 2, 8} {
		for _, first := range []int{0, 3, 700} {
			done := make([]atomic.Bool, n)
			err := Try(workers, n, func(_, i int) error {
				if i >= first && i%7 == first%7 {
					return fmt.Errorf("%d", i)
				}
				runtime.Gosched()
				done[i].Store(true)
				return nil
			})
			if err == nil || err.Error() != fmt.Sprint(first) {
				t.Fatalf("%d workers: error %v, want that of %d", workers, err, first)
			}
			for i := range first {
				if !done[i].Load() {
					t.Errorf("%d workers: %d, below %d, is not done", workers, i, first)
				}
			}
			if workers == 1 && done[first+1].Load() {
				t.Error("more is begun after an error")
			}
		}
	}
	if err := Try(3, 100, func(int, int) error { return nil }); err != nil {
		t.Error(err)
	}
	// A lower number that fails later takes the place of a higher one.
	late, gone := errors.New("late"), make(chan bool)
	err := Try(2, 2, func(_, i int) error {
		if i == 0 {
			<-gone
			return late
		}
		defer close(gone)
		return errors.New("early")
	})
	if err != late {
		t.Errorf("error %v, want that of the lowest", err)
	}
}
