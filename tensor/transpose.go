package tensor

import "inkling/internal/kernel"

// Transpose is y = xᵀ, with the sum of the biases [x.Rows] added to every row of y: it turns the
// input weights [out,in] of a layer into the table that one-hot inputs pick rows from.
func Transpose(tp *Tape, x *Tensor, biases ...*Param) *Tensor {
	wanted := x.Wanted()
	for _, b := range biases {
		if b.Cols != x.Rows {
			panic("tensor: Transpose with bias " + b.Name + " of another length")
		}
		wanted = wanted || tp.Trains(b)
	}
	y := tp.New(x.Cols, x.Rows, wanted)
	transpose(y.Data, y.Stride, x.Data, x.Stride, x.Rows, x.Cols, false)
	for _, b := range biases {
		for i := range y.Rows {
			kernel.Add(y.Row(i), b.Value)
		}
	}
	if wanted {
		tp.Record(func() {
			if !y.HasGrad() {
				return
			}
			addColumnSums(tp, y, biases)
			if x.Wanted() {
				transpose(x.Grad(), x.Stride, y.Grad(), y.Stride, y.Rows, y.Cols, true)
			}
		})
	}
	return y
}

// transpose sets or adds src [rows,cols] transposed to dst, in blocks that fit the first cache.
func transpose(dst []float32, ldd int, src []float32, lds, rows, cols int, add bool) {
	const block = 16
	for i0 := 0; i0 < rows; i0 += block {
		for j0 := 0; j0 < cols; j0 += block {
			for i := i0; i < min(i0+block, rows); i++ {
				for j, v := range src[i*lds+j0 : i*lds+min(j0+block, cols)] {
					if add {
						dst[(j0+j)*ldd+i] += v
					} else {
						dst[(j0+j)*ldd+i] = v
					}
				}
			}
		}
	}
}
