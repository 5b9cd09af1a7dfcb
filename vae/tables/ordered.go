package tables

import (
	"context"
	"runtime"

	"inkling/tensor"
)

// job is a piece of work whose result has its place in an order.
type job[J, R any] struct {
	of   J
	done chan R
}

// ordered calls work for what next gives, on all cores, each with a tape that records nothing, and emit with the results, in the order of next,
// which has no more when more is false. Few are held at a time, however many there are.
func ordered[J, R any](ctx context.Context, next func() (of J, more bool, err error), work func(tp *tensor.Tape, of J) R, emit func(R) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := runtime.GOMAXPROCS(0)
	todo, order := make(chan job[J, R], workers), make(chan job[J, R], 4*workers)
	for range workers {
		go func() {
			tp := tensor.NewInference()
			for j := range todo {
				tp.Reset(0, 0, 0)
				j.done <- work(tp, j.of)
			}
		}()
	}
	var failed error
	go func() {
		defer close(order)
		defer close(todo)
		for {
			of, more, err := next()
			if err != nil || !more {
				failed = err
				return
			}
			j := job[J, R]{of, make(chan R, 1)}
			for _, c := range []chan job[J, R]{order, todo} {
				select {
				case c <- j:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	for j := range order {
		select {
		case r := <-j.done:
			if err := emit(r); err != nil {
				cancel(err)
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if failed != nil {
		return failed
	}
	return ctx.Err()
}
