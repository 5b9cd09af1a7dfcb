package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// Dropout (Srivastava et al. 2014) sets each element to zero with probability p and multiplies
// the rest by 1/(1−p). On a tape made for inference, and for p = 0, it is x itself.
func Dropout(tp *Tape, x *Tensor, p float32) *Tensor {
	return dropout(tp, x, p, x.Rows)
}

// VariationalDropout (Gal & Ghahramani 2016) drops the same elements of every step of a sequence: one mask
// [lanes, cols] is drawn, for all of x [time·lanes, cols]. What is dropped is missing along the whole sequence, and cannot
// be had from the step before or after; as a posterior over weights, the same rows of the next layer's matrix are gone.
func VariationalDropout(tp *Tape, x *Tensor, p float32, lanes int) *Tensor {
	if lanes < 1 || x.Rows%lanes != 0 {
		panic(fmt.Sprintf("tensor: VariationalDropout of a %v in %d lanes", x, lanes))
	}
	return dropout(tp, x, p, lanes)
}

// dropout draws a mask for the first so many rows, and applies it to them and to each such block after them.
func dropout(tp *Tape, x *Tensor, p float32, rows int) *Tensor {
	if !(p >= 0 && p < 1) {
		panic(fmt.Sprintf("tensor: dropout with probability %g", p))
	}
	if p == 0 || !tp.Recording() {
		return x
	}
	y := tp.New(x.Rows, x.Cols, x.Wanted())
	mask := tp.New(rows, x.Cols, false)
	key, offset := tp.Random(rows * x.Cols)
	for i := range y.Rows {
		if i < rows {
			kernel.RandomMask(mask.Row(i), p, key, offset+uint64(i*x.Cols))
		}
		kernel.Mul(y.Row(i), x.Row(i), mask.Row(i%rows))
	}
	y.whenGrad(func(i int) { kernel.MulAdd(x.GradRow(i), y.GradRow(i), mask.Row(i%rows)) })
	return y
}
