package tensor

import "inkling/internal/kernel"

// ReLU is max(x, 0), the rectifier (Nair & Hinton 2010); its derivative at 0 is taken to be 0, as PyTorch does.
func ReLU(tp *Tape, x *Tensor) *Tensor {
	y := tp.New(x.Rows, x.Cols, x.Wanted())
	for i := range y.Rows {
		kernel.ReLU(y.Row(i), x.Row(i))
	}
	y.whenGrad(func(i int) { kernel.ReLUBackward(x.GradRow(i), y.GradRow(i), y.Row(i)) })
	return y
}
