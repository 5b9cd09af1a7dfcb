package tables

import (
	"fmt"
	"math/rand/v2"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// A head is what the decoder's numbers mean for one column: p(cell|z), over the cells that training knows. Vocabularies have layers of softmax/
// in place of one.
type head interface {
	width() int           // numbers of the decoder
	begin(bias []float32) // sets the bias, so that the column begins as it is distributed

	// logProb is log p(code) in nats for the decoder's numbers, and unless d is nil their derivatives of it, which are assigned.
	logProb(d, params []float32, code int32) float64
	sample(params []float32, rnd *rand.Rand) int32
	likely(params []float32) int32 // the likeliest category, the middle of the likeliest component of numbers
}

// newHead is that of a column; nil of a vocabulary. It has memory of its own: one for each tape.
func newHead(c *Column, components int) head {
	switch {
	case c.Numeric():
		return newMixture(c, components)
	case c.Category():
		return &categories{c: c, p: make([]float32, c.classes())}
	}
	return nil
}

// headWidth is how many numbers of the decoder a column takes beside those of vocabularies.
func headWidth(c *Column, components int) int {
	if c.Type == Vocabulary {
		return 0
	}
	return newHead(c, components).width()
}

// columnsLogProb is log p(cell|z) of each column, [n·k, columns], of rows of which k rows of params belong to each: what is of a vocabulary has
// only what is left of things never seen, since its layer adds the rest. Gradients go to params.
func columnsLogProb(tp *tensor.Tape, columns []*Column, heads []head, params *tensor.Tensor, rows *Rows) *tensor.Tensor {
	const op = "columnsLogProb"
	k := 0
	if rows.N > 0 {
		k = params.Rows / rows.N
	}
	if params.Rows != rows.N*k || len(rows.Codes) != len(columns) {
		panic(fmt.Sprintf("tables: %s of %d rows of %d columns by a %v", op, rows.N, len(rows.Codes), params))
	}
	y := tp.New(params.Rows, len(columns), params.Wanted())
	var derivative *tensor.Tensor
	if y.Wanted() {
		derivative = tp.New(params.Rows, params.Cols, false)
	}
	familiar := make([]float64, len(columns))
	for j, c := range columns {
		familiar[j] = c.familiar()
	}
	for i := range y.Rows {
		p, row, at := params.Row(i), y.Row(i), 0
		for j, c := range columns {
			code, h := rows.Codes[j][i/k], heads[j]
			width := 0
			if h != nil {
				width = h.width()
			}
			var d []float32
			if derivative != nil {
				d = derivative.Row(i)[at : at+width]
			}
			switch {
			case !c.known(code):
				row[j] = float32(c.strangeLogProb(code))
				clear(d)
			case h == nil:
				row[j] = float32(familiar[j])
			default:
				row[j] = float32(familiar[j] + h.logProb(d, p[at:at+width], code))
			}
			at += width
		}
		if derivative != nil {
			clear(derivative.Row(i)[at:])
		}
	}
	if y.Wanted() {
		tp.Record(func() {
			if !y.HasGrad() {
				return
			}
			for i := range y.Rows {
				d, g, at := derivative.Row(i), y.GradRow(i), 0
				for j, h := range heads {
					if h != nil {
						kernel.Axpy(params.GradRow(i)[at:at+h.width()], g[j], d[at:at+h.width()])
						at += h.width()
					}
				}
			}
		})
	}
	return y
}
