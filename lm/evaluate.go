package lm

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"inkling/data"
	"inkling/tensor"
)

// Evaluation reads held-out text in evalLanes lanes, windows of evalTime tokens; a lane has read as many
// tokens before it is scored as the architecture remembers.
const (
	evalLanes = 64
	evalTime  = 16
)

// Evaluate is the summed loss of a text in nats and the number of tokens it is over. Of running text, begin being −1,
// these are all but the first, and state is carried through the text; of a list, each of whose items begins with the
// token begin and is read from a fresh state, all that follow it. workers is the number of cores to use. It fails if
// ctx ends, or if the tokens cannot be read.
func (m *Model) Evaluate(ctx context.Context, tokens data.Tokens, begin int, precision tensor.Precision, workers int) (nats float64, n int, err error) {
	windows, err := m.evaluation(tokens, begin)
	if err != nil {
		return 0, 0, err
	}
	return m.evaluate(ctx, windows, precision, workers)
}

func (m *Model) evaluate(ctx context.Context, windows iter.Seq2[data.Window, error], precision tensor.Precision, workers int) (nats float64, n int, err error) {
	if workers < 1 {
		panic(fmt.Sprintf("lm: Evaluate with %d workers", workers))
	}
	tapes, carries := make([]*tensor.Tape, workers), make([][]float32, workers)
	sums := make([]float64, workers)
	for i := range tapes {
		tapes[i] = tensor.NewInference()
		tapes[i].Precision = precision
	}
	step := uint64(0)
	for w, err := range windows {
		if err != nil {
			return 0, 0, err
		}
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		var wg sync.WaitGroup
		for i := range workers {
			wg.Go(func() {
				part := w.Shard(i, workers)
				if part.Lanes == 0 {
					return
				}
				if carries[i] == nil {
					carries[i] = make([]float32, m.CarryFloats(part))
				}
				tapes[i].Reset(0, step, i)
				sums[i] += float64(m.Loss(tapes[i], part, carries[i]).Item())
			})
		}
		wg.Wait()
		step++
		n += int(w.Weight())
	}
	for _, s := range sums {
		nats += s
	}
	return nats, n, nil
}
