package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// Linear is y = x·Wᵀ + Σ biases: x [n,in], W [out,in] as PyTorch keeps it, each bias [out].
// Cost 2·n·in·out operations forward and twice that backward.
func Linear(tp *Tape, x *Tensor, w *Param, biases ...*Param) *Tensor {
	if x.Cols != w.Cols {
		panic(fmt.Sprintf("tensor: Linear of a %v by %s of %d×%d", x, w.Name, w.Rows, w.Cols))
	}
	wanted := x.Wanted() || tp.Trains(w)
	for _, b := range biases {
		if b.Cols != w.Rows {
			panic(fmt.Sprintf("tensor: Linear with %d outputs and bias %s of %d", w.Rows, b.Name, b.Cols))
		}
		wanted = wanted || tp.Trains(b)
	}
	y := tp.New(x.Rows, w.Rows, wanted)
	if len(biases) == 0 {
		kernel.MatMul(y.Data, y.Stride, x.Data, x.Stride, x.Rows, w.Packed(true, tp.Precision), false)
	} else {
		sum := tp.Scratch(w.Rows)
		copy(sum, biases[0].Value)
		for _, b := range biases[1:] {
			kernel.Add(sum, b.Value)
		}
		for i := range y.Rows {
			copy(y.Row(i), sum)
		}
		kernel.MatMul(y.Data, y.Stride, x.Data, x.Stride, x.Rows, w.Packed(true, tp.Precision), true)
	}
	if !wanted {
		return y
	}
	tp.Record(func() {
		if !y.HasGrad() {
			return
		}
		dy := y.Grad()
		if tp.Trains(w) {
			kernel.MatMulTN(tp.ParamGrad(w), w.Cols, dy, y.Stride, x.Data, x.Stride, w.Rows, w.Cols, x.Rows, tp.Precision)
		}
		addColumnSums(tp, y, biases)
		if x.Wanted() {
			kernel.MatMul(x.Grad(), x.Stride, dy, y.Stride, y.Rows, w.Packed(false, tp.Precision), true)
		}
	})
	return y
}

// addColumnSums adds the sum over rows of y's gradient to the gradient of each bias.
func addColumnSums(tp *Tape, y *Tensor, biases []*Param) {
	if len(biases) == 0 {
		return
	}
	sum := tp.Scratch(y.Cols)
	clear(sum)
	for i := range y.Rows {
		kernel.Add(sum, y.GradRow(i))
	}
	for _, b := range biases {
		if tp.Trains(b) {
			kernel.Add(tp.ParamGrad(b), sum)
		}
	}
}
