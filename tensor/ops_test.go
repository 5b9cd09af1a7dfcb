package tensor_test

import (
	"fmt"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

type (
	T     = tensor.Tensor
	shape = gradcheck.Shape
)

func one(t *T) []*T { return []*T{t} }

// TestGradients holds every op against finite differences, at odd sizes and with axes of size one.
func TestGradients(t *testing.T) {
	for _, n := range []int{1, 2, 3, 17} {
		for _, m := range []int{1, 5, 33} {
			ops := []struct {
				name   string
				shapes []shape
				f      func(tp *tensor.Tape, in []*T) *T
			}{
				{"Add", []shape{{n, m}, {n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Add(tp, in[0], in[1]) }},
				{"Add itself", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Add(tp, in[0], in[0]) }},
				{"Mul", []shape{{n, m}, {n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Mul(tp, in[0], in[1]) }},
				{"Mul itself", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Mul(tp, in[0], in[0]) }},
				{"Scale", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Scale(tp, in[0], -1.5) }},
				{"Tanh", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Tanh(tp, in[0]) }},
				{"Sigmoid", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Sigmoid(tp, in[0]) }},
				{"ReLU", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T {
					return tensor.ReLU(tp, farFromZero(tp, in[0]))
				}},
				{"BernoulliLogProb", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T {
					return tensor.BernoulliLogProb(tp, tensor.Scale(tp, in[0], 3), observed(tp, 1, n, m))
				}},
				{"BernoulliLogProb, 3 samples", []shape{{3 * n, m}}, func(tp *tensor.Tape, in []*T) *T {
					return tensor.BernoulliLogProb(tp, tensor.Scale(tp, in[0], 3), observed(tp, 1, n, m))
				}},
				{"DiscretizedLogisticLogProb", []shape{{n, 2 * m}}, func(tp *tensor.Tape, in []*T) *T {
					return tensor.DiscretizedLogisticLogProb(tp, tensor.Scale(tp, in[0], 2), observed(tp, 7, n, m), 8)
				}},
				{"DiscretizedLogisticLogProb, 2 samples of bytes", []shape{{2 * n, 2 * m}}, func(tp *tensor.Tape, in []*T) *T {
					return tensor.DiscretizedLogisticLogProb(tp, tensor.Scale(tp, in[0], 2), observed(tp, 255, n, m), 256)
				}},
				{"GaussianLogProbRows", []shape{{n, 2 * m}}, func(tp *tensor.Tape, in []*T) *T {
					return tensor.GaussianLogProbRows(tp, tensor.Scale(tp, in[0], 1), observed(tp, 12, n, m), -6)
				}},
				{"GaussianLogProbRows, 2 samples", []shape{{2 * n, 2 * m}}, func(tp *tensor.Tape, in []*T) *T {
					return tensor.GaussianLogProbRows(tp, tensor.Scale(tp, in[0], 1), observed(tp, 12, n, m), -6)
				}},
				{"CategoricalLogProb", []shape{{n, 2 * m}}, func(tp *tensor.Tape, in []*T) *T {
					return tensor.CategoricalLogProb(tp, tensor.Scale(tp, in[0], 3), observed(tp, 1, n, m), 2)
				}},
				{"CategoricalLogProb, 3 samples of 5 levels", []shape{{3 * n, 5 * m}}, func(tp *tensor.Tape, in []*T) *T {
					return tensor.CategoricalLogProb(tp, tensor.Scale(tp, in[0], 3), observed(tp, 4, n, m), 5)
				}},
				{"Sum", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Sum(tp, in[0]) }},
				{"Rows", []shape{{n + 2, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Rows(tp, in[0], 1, n+1) }},
				{"Cols", []shape{{n, m + 2}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Cols(tp, in[0], 1, m+1) }},
				{"ConcatRows", []shape{{n, m}, {1, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.ConcatRows(tp, in[0], in[1], in[0]) }},
				{"ConcatCols", []shape{{n, m}, {n, 1}}, func(tp *tensor.Tape, in []*T) *T { return tensor.ConcatCols(tp, in[0], in[1], in[0]) }},
				{"SumCols", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.SumCols(tp, in[0]) }},
				{"WeightedSum", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.WeightedSum(tp, in[0], ramp(n)) }},
				{"LogMeanExp", []shape{{3 * n, 1}}, func(tp *tensor.Tape, in []*T) *T { return tensor.LogMeanExp(tp, in[0], 3, nil) }},
				{"ScaleGrad by one", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T {
					return tensor.Mul(tp, tensor.ScaleGrad(tp, in[0], ones(n)), in[0])
				}},
				{"Reparametrize", []shape{{n, 2 * m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Reparametrize(tp, in[0], ramp(3*n*m), 3) }},
				{"GaussianKL", []shape{{n, 2 * m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.GaussianKL(tp, in[0]) }},
				{"GaussianLogProb", []shape{{2 * n, m}, {n, 2 * m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.GaussianLogProb(tp, in[0], in[1]) }},
				{"NormalLogProb", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.NormalLogProb(tp, in[0]) }},
				{"FreeBits of none", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.FreeBits(tp, in[0], -100) }},
				{"AddLanes", []shape{{3 * n, m}, {n, m}}, func(tp *tensor.Tape, in []*T) *T {
					return tensor.AddLanes(tp, tensor.Scale(tp, in[0], 1), in[1]) // AddLanes writes over it
				}},
				{"AddLanes to what is constant", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T {
					return tensor.AddLanes(tp, tp.Const(2*n, m, ramp(2*n*m)), in[0])
				}},
				{"Transpose", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Transpose(tp, in[0]) }},
				{"MatMul", []shape{{n, m}, {m, 3}}, func(tp *tensor.Tape, in []*T) *T { return tensor.MatMul(tp, in[0], in[1]) }},
				{"Gather", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Gather(tp, in[0], []int{n - 1, 0, n / 2, 0}) }},
				{"Dropout", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.Dropout(tp, in[0], 0.4) }},
				{"VariationalDropout", []shape{{3 * n, m}}, func(tp *tensor.Tape, in []*T) *T { return tensor.VariationalDropout(tp, in[0], 0.4, n) }},
				{"CrossEntropy", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T {
					x := tensor.Scale(tp, in[0], 2) // CrossEntropy consumes it
					return tensor.CrossEntropy(tp, x, []int{0, n - 1, 0}, []int{m - 1, m / 2, 0}, []float32{1, 0.5, 2})
				}},
				{"CrossEntropy, some weights zero", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T {
					x := tensor.Scale(tp, in[0], 2)
					return tensor.CrossEntropy(tp, x, []int{0, n - 1}, []int{m - 1, m / 2}, []float32{0, 1})
				}},
				{"CrossEntropy, no weights", []shape{{n, m}}, func(tp *tensor.Tape, in []*T) *T {
					x := tensor.Scale(tp, in[0], 2)
					return tensor.CrossEntropy(tp, x, []int{n - 1}, []int{0}, nil)
				}},
			}
			for _, op := range ops {
				t.Run(fmt.Sprintf("%s/%dx%d", op.name, n, m), func(t *testing.T) {
					gradcheck.Check(t, nil, op.shapes, func(tp *tensor.Tape, in []*T) []*T { return one(op.f(tp, in)) })
				})
			}
		}
	}
}

// farFromZero is ±(x²+0.1): differences across a kink at zero would be no derivatives.
func farFromZero(tp *tensor.Tape, x *T) *T {
	tenth, sign := make([]float32, x.Rows*x.Cols), make([]float32, x.Rows*x.Cols)
	for i := range sign {
		tenth[i], sign[i] = 0.1, float32(i%2*2-1)
	}
	return tensor.Mul(tp, tensor.Add(tp, tensor.Mul(tp, x, x), tp.Const(x.Rows, x.Cols, tenth)), tp.Const(x.Rows, x.Cols, sign))
}

// observed are data [n,m] that take all values j/top, from 0 to 1.
func observed(tp *tensor.Tape, top, n, m int) *T {
	x := make([]float32, n*m)
	for i := range x {
		x[i] = float32((i*7919+i/7+top)%(top+1)) / float32(top)
	}
	return tp.Const(n, m, x)
}

func TestLinearGradients(t *testing.T) {
	for _, n := range []int{1, 3, 18} {
		for _, in := range []int{1, 6} {
			for _, out := range []int{1, 7} {
				w, b1, b2 := param("w", out, in), param("b1", out), param("b2", out)
				gradcheck.Check(t, []*tensor.Param{w, b1, b2}, []shape{{n, in}}, func(tp *tensor.Tape, x []*T) []*T {
					return []*T{tensor.Linear(tp, x[0], w, b1, b2), tensor.Linear(tp, x[0], w)}
				})
			}
		}
	}
}

func TestEmbeddingGradients(t *testing.T) {
	for _, sparse := range []bool{false, true} {
		for _, n := range []int{1, 2, 5} {
			table := param("table", n, 3)
			table.Sparse = sparse
			gradcheck.Check(t, []*tensor.Param{table}, nil, func(tp *tensor.Tape, _ []*T) []*T {
				return []*T{
					tensor.Embedding(tp, table, []int{n - 1, 0, n / 2, 0}),
					tensor.GatherWindows(tp, table, []int{-1, 0, n - 1, -1, n / 2, 0, n - 1, n - 1}, 3, 2),
				}
			})
		}
	}
}

func TestTransposeBiasAndUseGradients(t *testing.T) {
	w, b := param("w", 5, 3), param("b", 5)
	gradcheck.Check(t, []*tensor.Param{w, b}, nil, func(tp *tensor.Tape, _ []*T) []*T {
		return one(tensor.Gather(tp, tensor.Transpose(tp, tp.Use(w), b), []int{2, 0, 2}))
	})
}

func TestLSTMGradients(t *testing.T) {
	for _, c := range []struct{ lanes, time, hidden int }{{1, 1, 1}, {1, 4, 3}, {3, 1, 2}, {2, 3, 5}, {3, 2, 17}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			whh := param("whh", 4*c.hidden, c.hidden)
			shapes := []shape{{c.lanes * c.time, 4 * c.hidden}, {c.lanes, c.hidden}, {c.lanes, c.hidden}}
			gradcheck.Check(t, []*tensor.Param{whh}, shapes, func(tp *tensor.Tape, in []*T) []*T {
				h, cell := tensor.LSTM(tp, tensor.Scale(tp, in[0], 1), whh, in[1], in[2], c.lanes)
				return []*T{h, cell}
			})
		})
	}
}

// TestLSTMIsItsComposition compares the fused op with the same thing made of plain ops: values and all gradients. In
// bfloat16 both round the same operands. Their sums differ in the last bit, which now and then rounds an operand the
// other way, by 2⁻⁸ of one term among many: less than the tolerance.
func TestLSTMIsItsComposition(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		lstmIsItsComposition(t, tensor.Float32)
		lstmIsItsComposition(t, tensor.BFloat16)
	})
}

func lstmIsItsComposition(t *testing.T, precision tensor.Precision) {
	const lanes, steps, hidden = 3, 5, 19
	whh := param("whh", 4*hidden, hidden)
	pre, h0, c0 := values(1, lanes*steps*4*hidden), values(2, lanes*hidden), values(3, lanes*hidden)

	run := func(layer func(tp *tensor.Tape, pre, h0, c0 *T) (h, c *T)) [][]float32 {
		tp := tensor.NewTape()
		tp.Precision = precision
		x := tp.Leaf(lanes*steps, 4*hidden, pre)
		h, c := tp.Leaf(lanes, hidden, h0), tp.Leaf(lanes, hidden, c0)
		y, last := layer(tp, x, h, c)
		loss := tensor.Add(tp, tensor.Sum(tp, tensor.Mul(tp, y, y)), tensor.Sum(tp, last))
		tp.Backward(loss, 0.7)
		return [][]float32{{loss.Item()}, x.Grad(), h.Grad(), c.Grad(), tp.ParamGrad(whh)}
	}
	fused := run(func(tp *tensor.Tape, pre, h0, c0 *T) (*T, *T) {
		return tensor.LSTM(tp, tensor.Scale(tp, pre, 1), whh, h0, c0, lanes)
	})
	plain := run(func(tp *tensor.Tape, pre, h, c *T) (*T, *T) {
		var all []*T
		for s := range steps {
			gates := tensor.Add(tp, tensor.Rows(tp, pre, s*lanes, (s+1)*lanes), tensor.Linear(tp, h, whh))
			gate := func(k int) *T { return tensor.Cols(tp, gates, k*hidden, (k+1)*hidden) }
			i, f, g, o := tensor.Sigmoid(tp, gate(0)), tensor.Sigmoid(tp, gate(1)), tensor.Tanh(tp, gate(2)), tensor.Sigmoid(tp, gate(3))
			c = tensor.Add(tp, tensor.Mul(tp, f, c), tensor.Mul(tp, i, g))
			h = tensor.Mul(tp, o, tensor.Tanh(tp, c))
			all = append(all, h)
		}
		return tensor.ConcatRows(tp, all...), c
	})
	for k := range fused {
		for i, want := range plain[k] {
			if got := fused[k][i]; abs(got-want) > 1e-4*max(1, abs(want)) {
				t.Fatalf("precision %d, result %d, element %d: fused %g, composed %g", precision, k, i, got, want)
			}
		}
	}
}

func abs(x float32) float32 { return max(x, -x) }

func param(name string, shape ...int) *tensor.Param {
	p := tensor.NewParam(name, shape...)
	copy(p.Value, values(uint64(len(name)+len(p.Value)), len(p.Value)))
	return p
}
