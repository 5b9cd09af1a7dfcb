package vae

import (
	"math/rand/v2"

	"inkling/tensor"
)

// The methods of this file take and give rows one after another. Any number of goroutines may use a model so at the same time, as long as
// nobody trains it.

// rowsAtOnce is how many examples are taken at a time, so that memory is bounded whatever one asks for: as many as have a million numbers,
// and at most 256.
func (m *Model) rowsAtOnce() int { return max(1, min(256, (1<<20)/m.Config.Inputs())) }

// Top is how many variables the last stochastic layer has, from which all else is drawn.
func (m *Model) Top() int { return m.Config.Latent[len(m.Config.Latent)-1] }

// Prior fills z with draws from p(z).
func (m *Model) Prior(z []float32, rnd *rand.Rand) { normal(z, rnd) }

// Encode is the last layer's z of each example in x: the mean of q, and a draw from it where rnd is not nil. Layers below are drawn likewise.
func (m *Model) Encode(x []float32, rnd *rand.Rand) (z []float32) {
	if m.Config.Point {
		rnd = nil
	}
	return m.inRows(x, m.Config.Inputs(), func(tp *tensor.Tape, t *tensor.Tensor) *tensor.Tensor {
		for _, e := range m.encoders {
			t = pick(tp, e.apply(tp, t), rnd)
		}
		return t
	})
}

// Decode is the expectation of x given each row of the last layer's z, or a draw from p(x|z) where rnd is not nil. Layers between are at
// their means, or drawn.
func (m *Model) Decode(z []float32, rnd *rand.Rand) (x []float32) {
	return m.decode(z, rnd, rnd)
}

// Generate draws n examples: z from the prior, layers between drawn, and of x the expectation, as pictures are shown.
func (m *Model) Generate(n int, rnd *rand.Rand) (x []float32) {
	z := make([]float32, n*m.Top())
	m.Prior(z, rnd)
	return m.decode(z, rnd, nil)
}

func (m *Model) decode(z []float32, between, last *rand.Rand) []float32 {
	d := m.Config.Inputs()
	return m.inRows(z, m.Top(), func(tp *tensor.Tape, t *tensor.Tensor) *tensor.Tensor {
		for l := len(m.decoders) - 1; l > 0; l-- {
			t = pick(tp, m.decoders[l].apply(tp, t), between)
		}
		params := m.decoders[0].apply(tp, t)
		x := tp.New(t.Rows, d, false)
		for i := range x.Rows {
			if last == nil {
				m.like.mean(m.Config, x.Row(i), params.Row(i))
			} else {
				m.like.sample(m.Config, x.Row(i), params.Row(i), last)
			}
		}
		return x
	})
}

// pick is the means of Gaussians, or draws from them.
func pick(tp *tensor.Tape, q *tensor.Tensor, rnd *rand.Rand) *tensor.Tensor {
	noise := tp.Scratch(q.Rows * q.Cols / 2)
	if rnd == nil {
		clear(noise)
	} else {
		normal(noise, rnd)
	}
	return tensor.Reparametrize(tp, q, noise, 1)
}

// inRows applies f to some rows after the others.
func (m *Model) inRows(in []float32, width int, f func(tp *tensor.Tape, t *tensor.Tensor) *tensor.Tensor) (out []float32) {
	tp, rows := tensor.NewInference(), len(in)/width
	for len(in) > 0 {
		tp.Reset(0, 0, 0)
		n := min(len(in)/width, m.rowsAtOnce())
		y := f(tp, tp.Const(n, width, in[:n*width]))
		if out == nil {
			out = make([]float32, 0, rows*y.Cols)
		}
		for i := range n {
			out = append(out, y.Row(i)...)
		}
		in = in[n*width:]
	}
	return out
}

// Posterior is q(z|x) of the first layer for each example: means and log deviations side by side, 2·Latent[0] numbers.
func (m *Model) Posterior(x []float32) []float32 {
	return m.inRows(x, m.Config.Inputs(), func(tp *tensor.Tape, t *tensor.Tensor) *tensor.Tensor { return m.encoders[0].apply(tp, t) })
}
