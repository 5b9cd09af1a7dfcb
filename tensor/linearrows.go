package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// LinearRows is y[i,k] = x[i]·W[ids[k]] + b[ids[k]], [m,len(ids)] of x [m,d]: Linear by some rows of W [V,d] and of b [V] only.
// The rows are copied next to each other and packed, which costs little beside the product when x has more than a few rows.
// Backward adds to those rows of W alone. A row may be named twice. The memory taken is that of so many ids as there are at
// most: steps that have more or fewer find it in the same places then.
func LinearRows(tp *Tape, x *Tensor, w, b *Param, ids []int, most int) *Tensor {
	if x.Cols != w.Cols || b.Cols != w.Rows {
		panic(fmt.Sprintf("tensor: LinearRows of a %v by %s of %d×%d and %s of %d", x, w.Name, w.Rows, w.Cols, b.Name, b.Cols))
	}
	n, d := len(ids), w.Cols
	most = max(most, n)
	y := tp.New(x.Rows, most, x.Wanted() || tp.Trains(w) || tp.Trains(b))
	y.Cols = n
	rows, bias := tp.Scratch(most * d)[:n*d], tp.Scratch(most)[:n]
	for k, id := range ids {
		if id < 0 || id >= w.Rows {
			panic(fmt.Sprintf("tensor: LinearRows by row %d of %s of %d", id, w.Name, w.Rows))
		}
		copy(rows[k*d:(k+1)*d], w.Row(id))
		bias[k] = b.Value[id]
	}
	for i := range y.Rows {
		copy(y.Row(i), bias)
	}
	packed := tp.ScratchPacked()
	packed.PackT(rows, d, d, n, tp.Precision)
	kernel.MatMul(y.Data, y.Stride, x.Data, x.Stride, x.Rows, packed, true)
	if !y.Wanted() {
		return y
	}
	tp.Record(func() {
		if !y.HasGrad() {
			return
		}
		if x.Wanted() {
			packed.Pack(rows, d, n, d, tp.Precision)
			kernel.MatMul(x.Grad(), x.Stride, y.Grad(), y.Stride, y.Rows, packed, true)
		}
		if tp.Trains(w) { // over the copy of the rows, which is needed no longer
			clear(rows)
			kernel.MatMulTN(rows, d, y.Grad(), y.Stride, x.Data, x.Stride, n, d, x.Rows, tp.Precision)
			for k, id := range ids {
				kernel.Add(tp.RowGrad(w, id), rows[k*d:(k+1)*d])
			}
		}
		if tp.Trains(b) {
			clear(bias)
			for i := range y.Rows {
				kernel.Add(bias, y.GradRow(i))
			}
			for k, id := range ids {
				tp.ParamGrad(b)[id] += bias[k]
			}
		}
	})
	return y
}
