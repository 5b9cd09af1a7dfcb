package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// logProb is what the likelihoods of data have in common: y[i·k+j] = log p(x[i] | params[i·k+j]), [m,1] of x [n,d] and of params
// [m,width] with m = n·k, so that data meet k samples each without being copied. No gradient goes to x.
//
// row gives log p of one row and writes the derivative by its parameters to derivative, which may be the row of parameters
// itself: all of them are made in one pass, while what they share is at hand. So params is consumed where a gradient is
// wanted: the derivatives are written over it, and are scaled in Backward.
func logProb(tp *Tape, op string, params, x *Tensor, width int, row func(derivative, params, x []float32) float64) *Tensor {
	k := 0
	if x.Rows > 0 {
		k = params.Rows / x.Rows
	}
	if params.Cols != width || params.Rows != x.Rows*k {
		panic(fmt.Sprintf("tensor: %s of a %v under a %v: %d columns are needed, and a multiple of the rows", op, x, params, width))
	}
	y := tp.New(params.Rows, 1, params.Wanted())
	var unused []float32
	if !y.Wanted() {
		unused = tp.Scratch(width)
	}
	for i := range y.Rows {
		derivative := unused
		if y.Wanted() {
			derivative = params.Row(i)
		}
		y.Data[i] = float32(row(derivative, params.Row(i), x.Row(i/k)))
	}
	if y.Wanted() {
		tp.Record(func() {
			if !y.HasGrad() {
				return
			}
			params.Consume()
			for i, g := range y.Grad() {
				kernel.Scale(params.Row(i), g)
			}
		})
	}
	return y
}

func checkLevels(op string, levels int) {
	if levels < 2 {
		panic(fmt.Sprintf("tensor: %s of %d levels", op, levels))
	}
}

// checkUnit looks at all of x once, which costs little beside a likelihood: bytes that were not divided by 255 are an easy mistake.
func checkUnit(op string, x *Tensor) {
	for i := range x.Rows {
		for _, v := range x.Row(i) {
			if !(v >= 0 && v <= 1) {
				panic(fmt.Sprintf("tensor: %s of the value %g, which is not in [0, 1]", op, v))
			}
		}
	}
}
