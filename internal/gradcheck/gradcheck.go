// Package gradcheck compares gradients with finite differences. Every op, layer and loss goes
// through it.
package gradcheck

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"inkling/tensor"
)

// Shape is rows and columns of an input.
type Shape [2]int

// Func is what is checked: it makes tensors of inputs (as leaves) and of parameters it knows.
type Func func(tp *tensor.Tape, in []*tensor.Tensor) []*tensor.Tensor

// A difference may be tolerance of the gradient. Elements near zero are held to that share of small times the
// operand's largest gradient instead, and to the noise of the differences themselves: the outputs are float32, so
// what they add up to is known to some units of 2⁻²⁴, and divided by 2·step. Nothing is held to an absolute
// number, so that an operand whose gradients are all small is checked as closely as one whose gradients are large.
const (
	step      = 4e-3 // of the central difference: its error is O(step²) + O(2⁻²⁴/step)
	tolerance = 3e-3
	small     = 0.05
	noise     = 4 * 0x1p-24 / (2 * step) // times the size of the terms of the sum
)

// Check differentiates Σ r·f(in), r random, by every element of every input and parameter. All
// gradients start from random values instead of zero, so that an op that assigns where it should
// add is found out.
func Check(t testing.TB, params []*tensor.Param, shapes []Shape, f Func) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	inputs := make([][]float32, len(shapes))
	for i, s := range shapes {
		inputs[i] = random(rnd, s[0]*s[1])
	}
	tp := tensor.NewTape()
	var weights [][]float32 // r
	size := 0.0             // of the terms of the sum: the root of the sum of their squares
	run := func() (float64, []*tensor.Tensor, []*tensor.Tensor) {
		tp.Reset(7, 0, 0)
		leaves := make([]*tensor.Tensor, len(shapes))
		for i, s := range shapes {
			leaves[i] = tp.Leaf(s[0], s[1], inputs[i])
		}
		outs := f(tp, leaves)
		if weights == nil {
			for _, o := range outs {
				weights = append(weights, random(rnd, o.Rows*o.Cols))
			}
		}
		sum, squares := 0.0, 0.0
		for k, o := range outs {
			for i := range o.Rows {
				for j, v := range o.Row(i) {
					term := float64(v) * float64(weights[k][i*o.Cols+j])
					sum, squares = sum+term, squares+term*term
				}
			}
		}
		size = math.Sqrt(squares)
		return sum, leaves, outs
	}

	_, leaves, outs := run()
	var checks []operand
	for i, l := range leaves {
		checks = append(checks, operand{fmt.Sprintf("input %d", i), inputs[i], l.Grad(), func() {}})
	}
	for _, p := range params {
		if p.Sparse {
			checks = append(checks, operand{p.Name, p.Value, make([]float32, len(p.Value)), p.Changed})
			continue
		}
		checks = append(checks, operand{p.Name, p.Value, tp.ParamGrad(p), p.Changed})
	}
	starts := make([][]float32, len(checks))
	for i, c := range checks {
		starts[i] = random(rnd, len(c.grad))
		copy(c.grad, starts[i])
	}
	sparse(tp, params, checks[len(leaves):], func(row, grad []float32) { copy(row, grad) })
	for k, o := range outs {
		for i := range o.Rows {
			for j, g := 0, o.GradRow(i); j < o.Cols; j++ {
				g[j] += weights[k][i*o.Cols+j]
			}
		}
	}
	tp.Unwind()
	sparse(tp, params, checks[len(leaves):], func(row, grad []float32) { copy(grad, row) })
	analytic := make([][]float32, len(checks))
	for i, c := range checks {
		analytic[i] = make([]float32, len(c.grad))
		for j := range c.grad {
			analytic[i][j] = c.grad[j] - starts[i][j]
		}
	}

	for i, c := range checks {
		largest := 0.0
		for _, g := range analytic[i] {
			largest = max(largest, math.Abs(float64(g)))
		}
		for j := range c.value {
			old := c.value[j]
			c.value[j] = old + step
			c.changed()
			up, _, _ := run()
			c.value[j] = old - step
			c.changed()
			down, _, _ := run()
			c.value[j] = old
			c.changed()
			want, got := (up-down)/(2*step), float64(analytic[i][j])
			if !(math.Abs(want-got) <= tolerance*max(math.Abs(want), small*largest)+noise*size) {
				t.Fatalf("%s, element %d: gradient %.6g, by differences %.6g, largest %.6g", c.name, j, got, want, largest)
			}
		}
	}
}

// sparse calls f with each row's gradient of the sparse parameters, and its place in the operand's.
func sparse(tp *tensor.Tape, params []*tensor.Param, operands []operand, f func(row, grad []float32)) {
	for i, p := range params {
		for r := 0; p.Sparse && r < p.Rows; r++ {
			f(tp.RowGrad(p, r), operands[i].grad[r*p.Cols:(r+1)*p.Cols])
		}
	}
}

type operand struct {
	name        string
	value, grad []float32
	changed     func()
}

func random(rnd *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = rnd.Float32()*2 - 1
	}
	return x
}
