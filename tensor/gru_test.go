package tensor_test

import (
	"fmt"
	"slices"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

func TestGRUGradients(t *testing.T) {
	for _, c := range []struct{ lanes, time, hidden int }{{1, 1, 1}, {1, 4, 3}, {3, 1, 2}, {2, 3, 5}, {3, 2, 17}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			whh, bhh := param("whh", 3*c.hidden, c.hidden), param("bhh", 3*c.hidden)
			shapes := []shape{{c.lanes * c.time, 3 * c.hidden}, {c.lanes, c.hidden}}
			for _, given := range []bool{true, false} {
				gradcheck.Check(t, []*tensor.Param{whh, bhh}, shapes[:1+btoi(given)], func(tp *tensor.Tape, in []*T) []*T {
					var h0 *T
					if given {
						h0 = in[1]
					}
					return one(tensor.GRU(tp, tensor.Scale(tp, in[0], 1), whh, bhh, h0, c.lanes))
				})
			}
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestGRUIsItsComposition compares the fused op with the same thing made of plain ops: values and all gradients; see
// TestLSTMIsItsComposition on bfloat16.
func TestGRUIsItsComposition(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		gruIsItsComposition(t, tensor.Float32)
		gruIsItsComposition(t, tensor.BFloat16)
	})
}

func gruIsItsComposition(t *testing.T, precision tensor.Precision) {
	const lanes, steps, hidden = 3, 5, 19
	whh, bhh := param("whh", 3*hidden, hidden), param("bhh", 3*hidden)
	pre, h0 := values(1, lanes*steps*3*hidden), values(2, lanes*hidden)
	ones := slices.Repeat([]float32{1}, lanes*hidden)

	run := func(layer func(tp *tensor.Tape, pre, h0 *T) *T) [][]float32 {
		tp := tensor.NewTape()
		tp.Precision = precision
		x, h := tp.Leaf(lanes*steps, 3*hidden, pre), tp.Leaf(lanes, hidden, h0)
		y := layer(tp, x, h)
		loss := tensor.Sum(tp, tensor.Mul(tp, y, y))
		tp.Backward(loss, 0.7)
		return [][]float32{{loss.Item()}, x.Grad(), h.Grad(), tp.ParamGrad(whh), tp.ParamGrad(bhh)}
	}
	fused := run(func(tp *tensor.Tape, pre, h0 *T) *T {
		return tensor.GRU(tp, tensor.Scale(tp, pre, 1), whh, bhh, h0, lanes)
	})
	plain := run(func(tp *tensor.Tape, pre, h *T) *T {
		var all []*T
		for s := range steps {
			x, u := tensor.Rows(tp, pre, s*lanes, (s+1)*lanes), tensor.Linear(tp, h, whh, bhh)
			part := func(of *T, k int) *T { return tensor.Cols(tp, of, k*hidden, (k+1)*hidden) }
			r := tensor.Sigmoid(tp, tensor.Add(tp, part(x, 0), part(u, 0)))
			z := tensor.Sigmoid(tp, tensor.Add(tp, part(x, 1), part(u, 1)))
			n := tensor.Tanh(tp, tensor.Add(tp, part(x, 2), tensor.Mul(tp, r, part(u, 2))))
			closed := tensor.Add(tp, tp.Const(lanes, hidden, ones), tensor.Scale(tp, z, -1))
			h = tensor.Add(tp, tensor.Mul(tp, closed, n), tensor.Mul(tp, z, h))
			all = append(all, h)
		}
		return tensor.ConcatRows(tp, all...)
	})
	for k := range fused {
		for i, want := range plain[k] {
			if got := fused[k][i]; abs(got-want) > 1e-4*max(1, abs(want)) {
				t.Fatalf("precision %d, result %d, element %d: fused %g, composed %g", precision, k, i, got, want)
			}
		}
	}
}

// A tape for inference keeps one step of what the state says, and gives the same bits.
func TestGRUInference(t *testing.T) {
	const lanes, steps, hidden = 3, 5, 19
	whh, bhh := param("whh", 3*hidden, hidden), param("bhh", 3*hidden)
	run := func(tp *tensor.Tape) []float32 {
		return flat(tensor.GRU(tp, tp.Const(lanes*steps, 3*hidden, values(1, lanes*steps*3*hidden)), whh, bhh, nil, lanes))
	}
	if !slices.Equal(run(tensor.NewInference()), run(tensor.NewTape())) {
		t.Error("inference gives other values than training")
	}
}

// Each of the weights, the bias, the input and the state may be the only one that learns.
func TestGRUFrozen(t *testing.T) {
	const lanes, steps, hidden = 2, 3, 4
	whh, bhh := param("whh", 3*hidden, hidden), param("bhh", 3*hidden)
	run := func(which int) (grads [][]float32) {
		whh.Frozen, bhh.Frozen = which != 0 && which != 4, which != 1 && which != 4
		tp := tensor.NewTape()
		leaf := func(k, rows, cols int) *T {
			x := values(uint64(k), rows*cols)
			if which == k || which == 4 {
				return tp.Leaf(rows, cols, x)
			}
			return tp.Const(rows, cols, x)
		}
		x, h := leaf(2, lanes*steps, 3*hidden), leaf(3, lanes, hidden)
		y := tensor.GRU(tp, tensor.Scale(tp, x, 1), whh, bhh, h, lanes)
		tp.Backward(tensor.Sum(tp, tensor.Mul(tp, y, y)), 1)
		return [][]float32{tp.ParamGrad(whh), tp.ParamGrad(bhh), x.Grad(), h.Grad()}
	}
	all := run(4)
	for which := range 4 {
		for k, g := range run(which) {
			if want := all[k]; k == which && !slices.Equal(g, want) {
				t.Errorf("operand %d alone has another gradient", k)
			} else if k != which && slices.ContainsFunc(g, func(v float32) bool { return v != 0 }) {
				t.Errorf("operand %d has a gradient, and only %d learns", k, which)
			}
		}
	}
}

// TestBFloat16GRU: see TestBFloat16LSTM. The state passes the products of three gates and not four, and one of them twice.
func TestBFloat16GRU(t *testing.T) {
	const lanes, steps, hidden = 3, 4, 37
	bound := 2 * rounding * 2 // √(4·steps)
	onEvery(t, func(t *testing.T) {
		whh, bhh := param("whh", 3*hidden, hidden), param("bhh", 3*hidden)
		for i := range whh.Value {
			whh.Value[i] *= 0.2
		}
		run := func(p tensor.Precision) [][]float32 {
			tp := tensor.NewTape()
			tp.Precision = p
			x, h := tp.Leaf(lanes*steps, 3*hidden, values(1, lanes*steps*3*hidden)), tp.Leaf(lanes, hidden, values(2, lanes*hidden))
			y := tensor.GRU(tp, tensor.Scale(tp, x, 1), whh, bhh, h, lanes)
			value := flat(y)
			setGrad(y, values(7, lanes*steps*hidden))
			tp.Unwind()
			return [][]float32{value, flatGrad(x), flatGrad(h), tp.ParamGrad(whh), tp.ParamGrad(bhh)}
		}
		f32, bf16 := run(tensor.Float32), run(tensor.BFloat16)
		for k, name := range []string{"h", "dpre", "dh0", "dW", "db"} {
			moved, norm := 0.0, 0.0
			for i, v := range f32[k] {
				d := float64(bf16[k][i]) - float64(v)
				moved, norm = moved+d*d, norm+float64(v)*float64(v)
			}
			if share := moved / norm; !(share <= bound*bound) || share == 0 {
				t.Errorf("%s moved by %.2g of its square, want some, but at most %.2g", name, share, bound*bound)
			}
		}
	})
}

func TestGRUPanics(t *testing.T) {
	whh, bhh := param("whh", 6, 2), param("bhh", 6)
	tp := tensor.NewTape()
	c := func(rows, cols int) *T { return tp.Const(rows, cols, make([]float32, rows*cols)) }
	for name, f := range map[string]func(){
		"gates of another width": func() { tensor.GRU(tp, c(4, 8), whh, bhh, nil, 2) },
		"lanes that do not fit":  func() { tensor.GRU(tp, c(4, 6), whh, bhh, nil, 3) },
		"no lanes":               func() { tensor.GRU(tp, c(4, 6), whh, bhh, nil, 0) },
		"four gates of weights":  func() { tensor.GRU(tp, c(4, 6), param("whh", 8, 2), bhh, nil, 2) },
		"another bias":           func() { tensor.GRU(tp, c(4, 6), whh, param("bhh", 5), nil, 2) },
		"another state":          func() { tensor.GRU(tp, c(4, 6), whh, bhh, c(1, 2), 2) },
		"norm of another width":  func() { tensor.LayerNorm(tp, c(4, 3), param("g", 4), param("b", 3)) },
		"norm, another bias":     func() { tensor.LayerNorm(tp, c(4, 3), param("g", 3), param("b", 2)) },
		"norm of nothing":        func() { tensor.LayerNorm(tp, c(4, 0), param("g", 0), param("b", 0)) },
		"dropout, odd lanes":     func() { tensor.VariationalDropout(tp, c(4, 3), 0.5, 3) },
		"dropout, no lanes":      func() { tensor.VariationalDropout(tp, c(4, 3), 0.5, 0) },
		"dropout of everything":  func() { tensor.VariationalDropout(tp, c(4, 3), 1, 2) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
