package tensor

import (
	"fmt"
	"math"

	"inkling/internal/kernel"
)

// SumCols is the sum of each row, [n, 1].
func SumCols(tp *Tape, x *Tensor) *Tensor {
	y := tp.New(x.Rows, 1, x.Wanted())
	for i := range y.Rows {
		y.Row(i)[0] = kernel.Sum(x.Row(i))
	}
	y.whenGrad(func(i int) {
		dx, g := x.GradRow(i), y.GradRow(i)[0]
		for j := range dx {
			dx[j] += g
		}
	})
	return y
}

// WeightedSum is Σ_i weight[i]·Σ_j x[i, j], a scalar. weight may still change before Backward, which reads it then: it is a constant
// to differentiate by, not a value.
func WeightedSum(tp *Tape, x *Tensor, weight []float32) *Tensor {
	if len(weight) != x.Rows {
		panic(fmt.Sprintf("tensor: WeightedSum of a %v with %d weights", x, len(weight)))
	}
	total := 0.0
	for i, w := range weight {
		total += float64(w) * float64(kernel.Sum(x.Row(i)))
	}
	y := tp.New(1, 1, x.Wanted())
	y.Data[0] = float32(total)
	y.whenGrad(func(int) {
		g := y.Grad()[0]
		for i, w := range weight {
			dx := x.GradRow(i)
			for j := range dx {
				dx[j] += g * w
			}
		}
	})
	return y
}

// LogMeanExp is log (1/k) Σ_j e^x[i·k+j] of a column x [n·k, 1]: [n, 1]. The gradient goes to each by its share of the sum, which is
// written to shares (n·k long) unless that is nil.
func LogMeanExp(tp *Tape, x *Tensor, k int, shares []float32) *Tensor {
	n := x.Rows / k
	if x.Cols != 1 || x.Rows != n*k || shares != nil && len(shares) != x.Rows {
		panic(fmt.Sprintf("tensor: LogMeanExp of a %v by %d, with %d shares", x, k, len(shares)))
	}
	if shares == nil {
		shares = tp.Scratch(x.Rows)
	}
	y := tp.New(n, 1, x.Wanted())
	for i := range n {
		group := shares[i*k : (i+1)*k]
		for j := range group {
			group[j] = x.Row(i*k + j)[0]
		}
		y.Row(i)[0] = kernel.Softmax(group, group) - float32(math.Log(float64(k)))
	}
	y.whenGrad(func(i int) {
		g := y.GradRow(i)[0]
		for j := i * k; j < (i+1)*k; j++ {
			x.GradRow(j)[0] += g * shares[j]
		}
	})
	return y
}

// Detach is x as a constant: the same value, and no gradient flows back.
func Detach(tp *Tape, x *Tensor) *Tensor {
	return tp.newTensor(x.Rows, x.Cols, x.Stride, x.Data, false)
}

// ScaleGrad is x, but row i of its gradient is multiplied by weight[i] on the way back. weight may still change before Backward.
func ScaleGrad(tp *Tape, x *Tensor, weight []float32) *Tensor {
	if len(weight) != x.Rows {
		panic(fmt.Sprintf("tensor: ScaleGrad of a %v with %d weights", x, len(weight)))
	}
	y := tp.newTensor(x.Rows, x.Cols, x.Stride, x.Data, x.Wanted())
	y.whenGrad(func(i int) { kernel.Axpy(x.GradRow(i), weight[i], y.GradRow(i)) })
	return y
}
