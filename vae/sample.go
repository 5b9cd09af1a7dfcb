package vae

import (
	"math/rand/v2"

	"inkling/tensor"
)

// The methods of this file take and give rows one after another; those that take or give x are for pictures. Any number of goroutines may use a model so at the same time, as long as
// nobody trains it.

// rowsAtOnce is how many examples are taken at a time, so that memory is bounded whatever one asks for: as many as have a million numbers,
// and at most 256; of other data than pictures, as many as Judge does.
func (m *Model) rowsAtOnce() int {
	if m.pictures == nil {
		return judgedAtOnce
	}
	return rowsAtOnce(m.Config.Inputs())
}

func rowsAtOnce(inputs int) int { return max(1, min(256, (1<<20)/inputs)) }

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
		return pick(tp, m.climb(tp, Batch{Rows: t.Rows, X: t.Data}, rnd), rnd)
	})
}

// climb is what q of the last layer is made of, with layers below at the means of theirs, or drawn.
func (m *Model) climb(tp *tensor.Tape, b Batch, rnd *rand.Rand) *tensor.Tensor {
	q := m.encoder.Encode(tp, b)
	for _, n := range m.up {
		q = n.apply(tp, pick(tp, q, rnd))
	}
	return q
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
	return m.inRows(z, m.Top(), func(tp *tensor.Tape, t *tensor.Tensor) *tensor.Tensor {
		return m.pictures.show(tp, m.descend(tp, t, between), last)
	})
}

// descend is the first layer's z given that of the last, with layers between at their means, or drawn.
func (m *Model) descend(tp *tensor.Tape, z *tensor.Tensor, rnd *rand.Rand) *tensor.Tensor {
	for l := len(m.down) - 1; l >= 0; l-- {
		z = pick(tp, m.down[l].apply(tp, z), rnd)
	}
	return z
}

// Descend is the same for rows of z one after another, as many as are decoded at a time: what decoders of other data than pictures write from.
func (m *Model) Descend(tp *tensor.Tape, z []float32, rnd *rand.Rand) *tensor.Tensor {
	return m.descend(tp, tp.Const(len(z)/m.Top(), m.Top(), z), rnd)
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
func (m *Model) Posterior(b Batch) []float32 {
	return beside([]*tensor.Tensor{m.encoder.Encode(tensor.NewInference(), b)})
}
