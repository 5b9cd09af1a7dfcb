package tensor

import (
	"fmt"
	"math"

	"inkling/internal/kernel"
)

// normEps is added to the variance: PyTorch's default.
const normEps = 1e-5

// LayerNorm (Ba et al. 2016) brings each row of x [n, m] to mean 0 and variance 1, then scales and shifts its
// columns by gain and bias [m]:
//
//	x̂ = (x − mean)/√(variance + 10⁻⁵);  y = x̂·gain + bias
//
// Backward, with d = dy·gain: dx += (d − mean(d) − x̂·mean(d·x̂))/√(variance + 10⁻⁵). The mean is taken off before
// the squares are summed: E[x²] − E[x]² loses everything for a row far from zero. Each is a few passes over a row
// that lies in the first cache; one op keeps x̂ and y where plain ones would keep eight matrices.
func LayerNorm(tp *Tape, x *Tensor, gain, bias *Param) *Tensor {
	if x.Cols < 1 || gain.Cols != x.Cols || bias.Cols != x.Cols {
		panic(fmt.Sprintf("tensor: LayerNorm of a %v with %s of %d and %s of %d", x, gain.Name, gain.Cols, bias.Name, bias.Cols))
	}
	y := tp.New(x.Rows, x.Cols, x.Wanted() || tp.Trains(gain) || tp.Trains(bias))
	standard := y // x̂; kept for backward alone
	if y.Wanted() {
		standard = tp.New(x.Rows, x.Cols, false)
	}
	inverse := tp.Scratch(x.Rows) // 1/√(variance + ε)
	n := float32(x.Cols)
	for i := range y.Rows {
		s := standard.Row(i)
		kernel.Normalize(s, x.Row(i), kernel.Sum(x.Row(i))/n, 1)
		inverse[i] = float32(1 / math.Sqrt(float64(kernel.Dot(s, s)/n)+normEps))
		kernel.Scale(s, inverse[i])
		kernel.Mul(y.Row(i), s, gain.Value)
		kernel.Add(y.Row(i), bias.Value)
	}
	if !y.Wanted() {
		return y
	}
	tp.Record(func() {
		if !y.HasGrad() {
			return
		}
		d := tp.Scratch(x.Cols)
		for i := range y.Rows {
			s, dy := standard.Row(i), y.GradRow(i)
			if tp.Trains(gain) {
				kernel.MulAdd(tp.ParamGrad(gain), dy, s)
			}
			if x.Wanted() {
				kernel.Mul(d, dy, gain.Value)
				mean := kernel.Sum(d) / n
				kernel.Axpy(d, -kernel.Dot(d, s)/n, s)
				kernel.Normalize(d, d, mean, inverse[i])
				kernel.Add(x.GradRow(i), d)
			}
		}
		addColumnSums(tp, y, []*Param{bias})
	})
	return y
}
