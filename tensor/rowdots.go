package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// RowDots is y[j] = x[row[j]]·W[ids[j]] + b[ids[j]], [len(ids),1]: of the product with W [V,d] some elements only.
// Backward adds to those rows of W alone.
func RowDots(tp *Tape, x *Tensor, w, b *Param, row, ids []int) *Tensor {
	if x.Cols != w.Cols || b.Cols != w.Rows || len(row) != len(ids) {
		panic(fmt.Sprintf("tensor: RowDots of a %v by %s of %d×%d and %s of %d, for %d rows and %d ids", x, w.Name, w.Rows, w.Cols, b.Name, b.Cols, len(row), len(ids)))
	}
	y := tp.New(len(ids), 1, x.Wanted() || tp.Trains(w) || tp.Trains(b))
	for j, id := range ids {
		if id < 0 || id >= w.Rows || row[j] < 0 || row[j] >= x.Rows {
			panic(fmt.Sprintf("tensor: RowDots of row %d of a %v and row %d of %s of %d", row[j], x, id, w.Name, w.Rows))
		}
		y.Data[j] = kernel.Dot(x.Row(row[j]), w.Row(id)) + b.Value[id]
	}
	y.whenGrad(func(j int) {
		g, r, id := y.GradRow(j)[0], row[j], ids[j]
		if g == 0 { // padding
			return
		}
		if x.Wanted() {
			kernel.Axpy(x.GradRow(r), g, w.Row(id))
		}
		if tp.Trains(w) {
			kernel.Axpy(tp.RowGrad(w, id), g, x.Row(r))
		}
		if tp.Trains(b) {
			tp.ParamGrad(b)[id] += g
		}
	})
	return y
}
