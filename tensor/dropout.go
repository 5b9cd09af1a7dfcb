package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// Dropout (Srivastava et al. 2014) sets each element to zero with probability p and multiplies
// the rest by 1/(1−p). On a tape made for inference, and for p = 0, it is x itself.
func Dropout(tp *Tape, x *Tensor, p float32) *Tensor {
	if p < 0 || p >= 1 {
		panic(fmt.Sprintf("tensor: Dropout with probability %g", p))
	}
	if p == 0 || !tp.Recording() {
		return x
	}
	y := tp.New(x.Rows, x.Cols, x.Wanted())
	mask := tp.New(x.Rows, x.Cols, false)
	key, offset := tp.Random(x.Rows * x.Cols)
	for i := range y.Rows {
		kernel.RandomMask(mask.Row(i), p, key, offset+uint64(i*x.Cols))
		kernel.Mul(y.Row(i), x.Row(i), mask.Row(i))
	}
	y.whenGrad(func(i int) { kernel.MulAdd(x.GradRow(i), y.GradRow(i), mask.Row(i)) })
	return y
}
