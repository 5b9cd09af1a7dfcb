package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// Rows is a copy of rows [from, to) of x.
func Rows(tp *Tape, x *Tensor, from, to int) *Tensor {
	if from < 0 || to < from || to > x.Rows {
		panic(fmt.Sprintf("tensor: Rows %d to %d of a %v", from, to, x))
	}
	y := tp.New(to-from, x.Cols, x.Wanted())
	for i := range y.Rows {
		copy(y.Row(i), x.Row(from+i))
	}
	y.whenGrad(func(i int) { kernel.Add(x.GradRow(from+i), y.GradRow(i)) })
	return y
}

// Cols is a copy of columns [from, to) of x.
func Cols(tp *Tape, x *Tensor, from, to int) *Tensor {
	if from < 0 || to < from || to > x.Cols {
		panic(fmt.Sprintf("tensor: Cols %d to %d of a %v", from, to, x))
	}
	y := tp.New(x.Rows, to-from, x.Wanted())
	for i := range y.Rows {
		copy(y.Row(i), x.Row(i)[from:to])
	}
	y.whenGrad(func(i int) { kernel.Add(x.GradRow(i)[from:to], y.GradRow(i)) })
	return y
}

// ConcatRows puts tensors of equal width under one another.
func ConcatRows(tp *Tape, parts ...*Tensor) *Tensor {
	rows, wanted := 0, false
	for _, p := range parts {
		if p.Cols != parts[0].Cols {
			panic(fmt.Sprintf("tensor: ConcatRows of a %v and a %v", parts[0], p))
		}
		rows += p.Rows
		wanted = wanted || p.Wanted()
	}
	y := tp.New(rows, parts[0].Cols, wanted)
	at := 0
	for _, p := range parts {
		first := at
		for i := range p.Rows {
			copy(y.Row(first+i), p.Row(i))
		}
		if p.Wanted() {
			tp.Record(func() {
				if y.HasGrad() {
					for i := range p.Rows {
						kernel.Add(p.GradRow(i), y.GradRow(first+i))
					}
				}
			})
		}
		at += p.Rows
	}
	return y
}

// ConcatCols puts tensors of equal height beside one another.
func ConcatCols(tp *Tape, parts ...*Tensor) *Tensor {
	cols, wanted := 0, false
	for _, p := range parts {
		if p.Rows != parts[0].Rows {
			panic(fmt.Sprintf("tensor: ConcatCols of a %v and a %v", parts[0], p))
		}
		cols += p.Cols
		wanted = wanted || p.Wanted()
	}
	y := tp.New(parts[0].Rows, cols, wanted)
	at := 0
	for _, p := range parts {
		from, to := at, at+p.Cols
		for i := range y.Rows {
			copy(y.Row(i)[from:to], p.Row(i))
		}
		if p.Wanted() {
			y.whenGrad(func(i int) { kernel.Add(p.GradRow(i), y.GradRow(i)[from:to]) })
		}
		at = to
	}
	return y
}

// LastRows is a view of the last n rows of x: it shares the value, and no gradient flows through it.
func LastRows(tp *Tape, x *Tensor, n int) *Tensor {
	return tp.newTensor(n, x.Cols, x.Stride, x.Data[(x.Rows-n)*x.Stride:], false)
}
