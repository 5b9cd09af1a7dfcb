package tensor_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

// Two columns are ±1 but for ε, and their gradients all but zero: not there.
func TestLayerNormGradients(t *testing.T) {
	for _, n := range []int{1, 3} {
		for _, m := range []int{3, 5, 33} {
			gain, bias := param("gain", m), param("bias", m)
			t.Run(fmt.Sprintf("%dx%d", n, m), func(t *testing.T) {
				gradcheck.Check(t, []*tensor.Param{gain, bias}, []shape{{n, m}}, func(tp *tensor.Tape, in []*T) []*T {
					return one(tensor.LayerNorm(tp, tensor.Scale(tp, in[0], 2), gain, bias))
				})
			})
		}
	}
}

// A row of one is its own mean: the result is the bias and hangs on nothing else.
func TestLayerNormOfOne(t *testing.T) {
	gain, bias := param("gain", 1), param("bias", 1)
	tp := tensor.NewTape()
	x := tp.Leaf(2, 1, []float32{3, -4})
	y := tensor.LayerNorm(tp, x, gain, bias)
	if !slices.Equal(y.Data, []float32{bias.Value[0], bias.Value[0]}) {
		t.Errorf("values %v, want %g", y.Data, bias.Value[0])
	}
	tp.Backward(tensor.Sum(tp, y), 1)
	if !slices.Equal(x.Grad(), []float32{0, 0}) || tp.ParamGrad(gain)[0] != 0 || tp.ParamGrad(bias)[0] != 2 {
		t.Errorf("gradients %v, %v, %v", x.Grad(), tp.ParamGrad(gain), tp.ParamGrad(bias))
	}
}

// The value in float64, also of rows far from zero; the same on a tape for inference, and x is left alone.
func TestLayerNormValue(t *testing.T) {
	const rows = 3
	onEvery(t, func(t *testing.T) {
		for _, cols := range []int{2, 17, 300} {
			gain, bias := param("gain", cols), param("bias", cols)
			for _, shift := range []float32{0, 100} {
				data := values(5, rows*cols)
				for i := range data {
					data[i] += shift
				}
				before, tp := slices.Clone(data), tensor.NewTape()
				got := flat(tensor.LayerNorm(tp, tp.Const(rows, cols, data), gain, bias))
				for i := range rows {
					mean, square := 0.0, 0.0
					for _, v := range data[i*cols : (i+1)*cols] {
						mean += float64(v) / float64(cols)
					}
					for _, v := range data[i*cols : (i+1)*cols] {
						square += (float64(v) - mean) * (float64(v) - mean) / float64(cols)
					}
					for j, v := range data[i*cols : (i+1)*cols] {
						inverse := 1 / math.Sqrt(square+1e-5)
						want := (float64(v)-mean)*inverse*float64(gain.Value[j]) + float64(bias.Value[j])
						rounded := 0x1p-22 * (4 + inverse*float64(shift)) // the mean, to some units in its last place
						if g := float64(got[i*cols+j]); !(math.Abs(g-want) <= rounded) {
							t.Fatalf("%d columns about %g, row %d, column %d: %g, want %g", cols, shift, i, j, g, want)
						}
					}
				}
				inference := tensor.NewInference()
				if !slices.Equal(got, flat(tensor.LayerNorm(inference, inference.Leaf(rows, cols, data), gain, bias))) {
					t.Fatal("inference gives other values than training")
				}
				if !slices.Equal(data, before) {
					t.Fatal("the operand was changed")
				}
			}
		}
	})
}
