package tensor

import "inkling/internal/kernel"

// Add is x + y, of equal shapes.
func Add(tp *Tape, x, y *Tensor) *Tensor {
	sameShape("Add", x, y)
	z := tp.New(x.Rows, x.Cols, x.Wanted() || y.Wanted())
	for i := range z.Rows {
		copy(z.Row(i), x.Row(i))
		kernel.Add(z.Row(i), y.Row(i))
	}
	z.whenGrad(func(i int) {
		if x.Wanted() {
			kernel.Add(x.GradRow(i), z.GradRow(i))
		}
		if y.Wanted() {
			kernel.Add(y.GradRow(i), z.GradRow(i))
		}
	})
	return z
}

// Mul is x·y element by element, of equal shapes.
func Mul(tp *Tape, x, y *Tensor) *Tensor {
	sameShape("Mul", x, y)
	z := tp.New(x.Rows, x.Cols, x.Wanted() || y.Wanted())
	for i := range z.Rows {
		kernel.Mul(z.Row(i), x.Row(i), y.Row(i))
	}
	z.whenGrad(func(i int) {
		if x.Wanted() {
			kernel.MulAdd(x.GradRow(i), z.GradRow(i), y.Row(i))
		}
		if y.Wanted() {
			kernel.MulAdd(y.GradRow(i), z.GradRow(i), x.Row(i))
		}
	})
	return z
}

// Scale is a·x.
func Scale(tp *Tape, x *Tensor, a float32) *Tensor {
	z := tp.New(x.Rows, x.Cols, x.Wanted())
	for i := range z.Rows {
		copy(z.Row(i), x.Row(i))
		kernel.Scale(z.Row(i), a)
	}
	z.whenGrad(func(i int) { kernel.Axpy(x.GradRow(i), a, z.GradRow(i)) })
	return z
}

// Tanh is tanh x; its derivative is 1 − y².
func Tanh(tp *Tape, x *Tensor) *Tensor {
	y := tp.New(x.Rows, x.Cols, x.Wanted())
	for i := range y.Rows {
		kernel.Tanh(y.Row(i), x.Row(i))
	}
	y.whenGrad(func(i int) { kernel.TanhBackward(x.GradRow(i), y.GradRow(i), y.Row(i)) })
	return y
}

// Sigmoid is 1/(1+e^−x); its derivative is y·(1−y).
func Sigmoid(tp *Tape, x *Tensor) *Tensor {
	y := tp.New(x.Rows, x.Cols, x.Wanted())
	for i := range y.Rows {
		kernel.Sigmoid(y.Row(i), x.Row(i))
	}
	y.whenGrad(func(i int) { kernel.SigmoidBackward(x.GradRow(i), y.GradRow(i), y.Row(i)) })
	return y
}

// Sum is the sum of all elements, as a scalar.
func Sum(tp *Tape, x *Tensor) *Tensor {
	total := 0.0
	for i := range x.Rows {
		total += float64(kernel.Sum(x.Row(i)))
	}
	y := tp.New(1, 1, x.Wanted())
	y.Data[0] = float32(total)
	if y.Wanted() {
		tp.Record(func() {
			if !y.HasGrad() {
				return
			}
			for i := range x.Rows {
				dx := x.GradRow(i)
				for j := range dx {
					dx[j] += y.Grad()[0]
				}
			}
		})
	}
	return y
}

// whenGrad records back for each row of z, to run if a gradient reaches z.
func (t *Tensor) whenGrad(back func(row int)) {
	if t.wanted {
		t.tape.Record(func() {
			if t.HasGrad() {
				for i := range t.Rows {
					back(i)
				}
			}
		})
	}
}
