package vae

import (
	"context"
	"math/rand/v2"
	"runtime"

	"inkling/tensor"
)

// Draws say how examples are drawn from a model.
type Draws struct {
	Temperature float64 // times which the deviation of the last layer's prior is taken; 0: every z is its mean
	Data        bool    // draw x from p(x|z), and do not take its expectation
	Seed        uint64
}

// Draw gives n examples to emit, in order and some at a time, so that memory is bounded however many they are. All cores are used; what is
// drawn is a function of n and d alone. An error of emit ends it.
func (m *Model) Draw(ctx context.Context, n int, d Draws, emit func(x []float32) error) error {
	return m.inOrder(ctx, n, func(from, to int) []float32 {
		rnd := rand.New(rand.NewPCG(d.Seed, uint64(from)))
		z := make([]float32, (to-from)*m.Top())
		m.Prior(z, rnd)
		for i := range z {
			z[i] *= float32(d.Temperature)
		}
		if d.Data {
			return m.decode(z, rnd, rnd)
		}
		return m.decode(z, rnd, nil)
	}, emit)
}

// Encodings gives the means and log deviations of q(z|x) of the last layer, side by side, of all examples to emit, as Draw does. Layers
// below are at their means.
func (m *Model) Encodings(ctx context.Context, e Examples, emit func(q []float32) error) error {
	return m.inOrder(ctx, e.Len(), func(from, to int) []float32 {
		return beside([]*tensor.Tensor{m.climb(tensor.NewInference(), e.Batch(from, to), nil)})
	}, emit)
}

// inOrder calls f for blocks of 0 … n−1, on all cores, and emit with what it gives, in order.
func (m *Model) inOrder(ctx context.Context, n int, f func(from, to int) []float32, emit func([]float32) error) error {
	size := m.rowsAtOnce()
	blocks := (n + size - 1) / size
	wave := make([][]float32, min(blocks, 2*runtime.GOMAXPROCS(0)))
	for first := 0; first < blocks; first += len(wave) {
		wave = wave[:min(len(wave), blocks-first)]
		err := each(ctx, len(wave), func(_ *tensor.Tape, i int) {
			from := (first + i) * size
			wave[i] = f(from, min(n, from+size))
		})
		if err != nil {
			return err
		}
		for _, rows := range wave {
			if err := emit(rows); err != nil {
				return err
			}
		}
	}
	return nil
}
