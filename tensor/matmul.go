package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// MatMul is x·y, [m,k]·[k,n], for operands that both change from step to step; Linear, whose
// weights are packed once a step, is the faster one where it fits.
func MatMul(tp *Tape, x, y *Tensor) *Tensor {
	if x.Cols != y.Rows {
		panic(fmt.Sprintf("tensor: MatMul of a %v by a %v", x, y))
	}
	z := tp.New(x.Rows, y.Cols, x.Wanted() || y.Wanted())
	packed := tp.ScratchPacked()
	packed.Pack(y.Data, y.Stride, y.Rows, y.Cols, tp.Precision)
	kernel.MatMul(z.Data, z.Stride, x.Data, x.Stride, x.Rows, packed, false)
	if z.Wanted() {
		tp.Record(func() {
			if !z.HasGrad() {
				return
			}
			if x.Wanted() {
				packed.PackT(y.Data, y.Stride, y.Cols, y.Rows, tp.Precision)
				kernel.MatMul(x.Grad(), x.Stride, z.Grad(), z.Stride, z.Rows, packed, true)
			}
			if y.Wanted() {
				kernel.MatMulTN(y.Grad(), y.Stride, x.Data, x.Stride, z.Grad(), z.Stride, y.Rows, y.Cols, x.Rows, tp.Precision)
			}
		})
	}
	return z
}
