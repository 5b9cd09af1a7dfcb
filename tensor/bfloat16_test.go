package tensor_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// A bfloat16 has 8 bits of mantissa, so rounding to nearest moves a number by rounding = 2⁻⁸ of itself at most, and
// the product of two by twice that (and its square). A sum of products therefore moves by that share of Σ|a|·|b|;
// the sums themselves, in float32, add some 2⁻²⁴ a term, which slack covers.
const (
	rounding = 0x1p-8
	product  = 2*rounding + rounding*rounding
	slack    = 0x1p-17
)

// onEvery runs f on every instruction set of this machine. Operands packed for one do not serve another, so f makes
// its own parameters.
func onEvery(t *testing.T, f func(t *testing.T)) {
	before := kernel.ISA()
	for _, name := range kernel.Available() {
		t.Run(name, func(t *testing.T) {
			if err := kernel.Use(name); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := kernel.Use(before); err != nil {
					t.Fatal(err)
				}
			}()
			f(t)
		})
	}
}

// result is a matrix without padding, float32 and bfloat16, and Σ|a|·|b| of the products it is made of.
type result struct {
	name      string
	f32, bf16 []float32
	size      []float64
}

// check demands that every element is within the bound, and that some were rounded at all.
func (r result) check(t *testing.T) {
	t.Helper()
	for i := range r.f32 {
		if d := math.Abs(float64(r.bf16[i]) - float64(r.f32[i])); !(d <= (product+slack)*r.size[i]) {
			t.Errorf("%s, element %d: %g in float32, %g in bfloat16, bound %g", r.name, i, r.f32[i], r.bf16[i], product*r.size[i])
			return
		}
	}
	if slices.Equal(r.f32, r.bf16) {
		t.Errorf("%s is the same in bfloat16: nothing was rounded", r.name)
	}
}

// sizes is Σ_k |a(i,k)|·|b(k,j)| as [m,n].
func sizes(m, n, k int, a, b func(i, j int) float32) []float64 {
	s := make([]float64, m*n)
	for i := range m {
		for j := range n {
			for l := range k {
				s[i*n+j] += math.Abs(float64(a(i, l)) * float64(b(l, j)))
			}
		}
	}
	return s
}

func at(x []float32, cols int) func(i, j int) float32 {
	return func(i, j int) float32 { return x[i*cols+j] }
}

func turned(f func(i, j int) float32) func(i, j int) float32 {
	return func(i, j int) float32 { return f(j, i) }
}

func flat(t *T) (x []float32) {
	for i := range t.Rows {
		x = append(x, t.Row(i)...)
	}
	return x
}

// setGrad starts the gradient of t.
func setGrad(t *T, g []float32) {
	for i := range t.Rows {
		copy(t.GradRow(i), g[i*t.Cols:])
	}
}

func TestBFloat16LinearAndMatMul(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for _, c := range []struct{ n, in, out int }{{1, 3, 2}, {5, 33, 17}, {34, 70, 65}, {3, 300, 260}} {
			x, y, dz := values(1, c.n*c.in), values(2, c.out*c.in), values(3, c.n*c.out)
			w, b := tensor.NewParam("w", c.out, c.in), tensor.NewParam("b", c.out)
			copy(w.Value, y)
			copy(b.Value, values(4, c.out))
			linear := func(p tensor.Precision) (z, dx, dw, db []float32) {
				tp := tensor.NewTape()
				tp.Precision = p
				leaf := tp.Leaf(c.n, c.in, x)
				out := tensor.Linear(tp, leaf, w, b)
				z = flat(out)
				setGrad(out, dz)
				tp.Unwind()
				return z, flatGrad(leaf), tp.ParamGrad(w), tp.ParamGrad(b)
			}
			z, dx, dw, db := linear(tensor.Float32)
			z16, dx16, dw16, db16 := linear(tensor.BFloat16)
			ax, aw, ad := at(x, c.in), at(y, c.in), at(dz, c.out)
			zSize := sizes(c.n, c.out, c.in, ax, turned(aw))
			for i := range zSize {
				zSize[i] += slack / product * math.Abs(float64(b.Value[i%c.out]))
			}
			result{"Linear", z, z16, zSize}.check(t)
			result{"Linear, dx", dx, dx16, sizes(c.n, c.in, c.out, ad, aw)}.check(t)
			result{"Linear, dW", dw, dw16, sizes(c.out, c.in, c.n, turned(ad), ax)}.check(t)
			if !slices.Equal(db, db16) {
				t.Error("the gradient of the bias is no product and was rounded")
			}

			y = values(5, c.in*c.out) // [in,out] now
			matMul := func(p tensor.Precision) (z, dx, dy []float32) {
				tp := tensor.NewTape()
				tp.Precision = p
				l, r := tp.Leaf(c.n, c.in, x), tp.Leaf(c.in, c.out, y)
				out := tensor.MatMul(tp, l, r)
				z = flat(out)
				setGrad(out, dz)
				tp.Unwind()
				return z, flatGrad(l), flatGrad(r)
			}
			ay := at(y, c.out)
			z, dx, dy := matMul(tensor.Float32)
			z16, dx16, dy16 := matMul(tensor.BFloat16)
			result{"MatMul", z, z16, sizes(c.n, c.out, c.in, ax, ay)}.check(t)
			result{"MatMul, dx", dx, dx16, sizes(c.n, c.in, c.out, ad, turned(ay))}.check(t)
			result{"MatMul, dy", dy, dy16, sizes(c.in, c.out, c.n, turned(ax), ad)}.check(t)
		}
	})
}

func flatGrad(t *T) (x []float32) {
	for i := range t.Rows {
		x = append(x, t.GradRow(i)...)
	}
	return x
}

// TestBFloat16LSTM: a result hangs on one product a step there and one a step back, with two rounded operands each.
// The errors are independent, as often up as down, and the layer is a contraction (its weights are small), so their
// squares add up: in norm a result moves by less than √(2·2·steps) roundings.
func TestBFloat16LSTM(t *testing.T) {
	const lanes, steps, hidden = 3, 4, 37
	names := []string{"h", "c", "dpre", "dh0", "dc0", "dW"}
	bound := math.Sqrt(4*steps) * rounding
	dh, dc := values(7, lanes*steps*hidden), values(8, lanes*hidden)
	pre, h0, c0 := values(1, lanes*steps*4*hidden), values(2, lanes*hidden), values(3, lanes*hidden)
	onEvery(t, func(t *testing.T) {
		whh, rnd := tensor.NewParam("whh", 4*hidden, hidden), rand.New(rand.NewPCG(3, 4))
		for i := range whh.Value {
			whh.Value[i] = float32(rnd.NormFloat64() / (2 * math.Sqrt(hidden)))
		}
		run := func(p tensor.Precision) [][]float32 {
			tp := tensor.NewTape()
			tp.Precision = p
			x := tp.Leaf(lanes*steps, 4*hidden, pre)
			h, c := tp.Leaf(lanes, hidden, h0), tp.Leaf(lanes, hidden, c0)
			y, last := tensor.LSTM(tp, tensor.Scale(tp, x, 1), whh, h, c, lanes)
			values := [][]float32{flat(y), flat(last)}
			setGrad(y, dh)
			setGrad(last, dc)
			tp.Unwind()
			return append(values, flatGrad(x), flatGrad(h), flatGrad(c), tp.ParamGrad(whh))
		}
		f32, bf16 := run(tensor.Float32), run(tensor.BFloat16)
		for k, name := range names {
			moved, norm := 0.0, 0.0
			for i, v := range f32[k] {
				d := float64(bf16[k][i]) - float64(v)
				moved, norm = moved+d*d, norm+float64(v)*float64(v)
			}
			if share := math.Sqrt(moved / norm); !(share <= bound) || share == 0 {
				t.Errorf("%s moved by %.2g of itself, want some, but at most %.2g", name, share, bound)
			}
		}
	})
}
