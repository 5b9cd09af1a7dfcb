package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// rowGrads are the gradients of the rows of a sparse parameter that were touched since Reset. Memory and time go with
// what is touched, but for one int32 a row.
type rowGrads struct {
	place []int32   // of each row: its place among the touched, counted from 1; 0: not touched
	rows  []int     // the touched, in the order of the first touch
	grads []float32 // theirs, one after the other
}

// row is the gradient of a row.
func (g *rowGrads) row(r, cols int) []float32 {
	if g.place[r] == 0 {
		g.rows = append(g.rows, r)
		g.place[r] = int32(len(g.rows))
		if n := len(g.rows) * cols; n > cap(g.grads) {
			grown := kernel.Floats(2 * n)
			copy(grown, g.grads)
			g.grads = grown[:n]
		} else {
			g.grads = g.grads[:n]
			clear(g.grads[n-cols:])
		}
	}
	at := int(g.place[r]-1) * cols
	return g.grads[at : at+cols]
}

func (g *rowGrads) reset() {
	for _, r := range g.rows {
		g.place[r] = 0
	}
	g.rows, g.grads = g.rows[:0], g.grads[:0]
}

// RowGrad is this tape's gradient of a row of p since Reset, of any parameter that trains. It is to be used at once: that
// of a sparse one may move when another row is asked for.
func (tp *Tape) RowGrad(p *Param, row int) []float32 {
	if !p.Sparse {
		return tp.ParamGrad(p)[row*p.Cols : (row+1)*p.Cols]
	}
	return tp.rowGradsOf(p).row(row, p.Cols)
}

// TouchedRowGrad is RowGrad of a row of a sparse parameter that has a gradient on this tape since Reset, and nil of one that has
// none. Many goroutines may ask as long as none touches a row.
func (tp *Tape) TouchedRowGrad(p *Param, row int) []float32 {
	g := tp.rows[p]
	if g == nil || g.place[row] == 0 {
		return nil
	}
	return g.row(row, p.Cols)
}

// TouchedRows are the rows of a sparse parameter that have a gradient on this tape since Reset, each once, in the order
// in which they first got one. The list is good until the next row is touched.
func (tp *Tape) TouchedRows(p *Param) []int {
	if !p.Sparse {
		panic(fmt.Sprintf("tensor: TouchedRows of %s, which is not sparse", p.Name))
	}
	return tp.rowGradsOf(p).rows
}

// RowGradFloats is the most memory, in floats, that a tape holds for the gradients themselves of a sparse parameter of so
// many rows and columns, of which a step touches some.
func RowGradFloats(rows, cols, touched int) int64 {
	return 2 * int64(min(rows, touched)) * int64(cols)
}

// RowPlaceFloats is what it holds beside these to find them, once for each parameter.
func RowPlaceFloats(rows int) int64 { return int64(rows) }

func (tp *Tape) rowGradsOf(p *Param) *rowGrads {
	g := tp.rows[p]
	if g == nil {
		g = &rowGrads{place: make([]int32, p.Rows)}
		tp.rows[p] = g
	}
	return g
}
