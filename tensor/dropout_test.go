package tensor_test

import (
	"math"
	"slices"
	"testing"

	"inkling/tensor"
)

// TestVariationalDropout: a lane has one mask for all steps, lanes have masks of their own, the mean is kept.
func TestVariationalDropout(t *testing.T) {
	const lanes, steps, cols, p = 8, 5, 300, 0.3
	tp := tensor.NewTape()
	tp.Reset(1, 2, 0)
	y := tensor.VariationalDropout(tp, tp.Const(lanes*steps, cols, slices.Repeat([]float32{1}, lanes*steps*cols)), p, lanes)
	dropped := 0
	for r := range y.Rows {
		if !slices.Equal(y.Row(r), y.Row(r%lanes)) {
			t.Fatalf("step %d of lane %d has another mask than the first", r/lanes, r%lanes)
		}
		if r > 0 && r < lanes && slices.Equal(y.Row(r), y.Row(0)) {
			t.Errorf("lanes 0 and %d have the same mask", r)
		}
		for _, v := range y.Row(r) {
			if v == 0 {
				dropped++
			} else if math.Abs(float64(v)-1/(1-p)) > 1e-6 {
				t.Fatalf("%g is neither 0 nor 1/(1−p)", v)
			}
		}
	}
	if share := float64(dropped) / (lanes * steps * cols); math.Abs(share-p) > 0.04 {
		t.Errorf("a share of %.3f is dropped, want %.1f", share, p)
	}

	first := slices.Clone(y.Data)
	if again := tensor.VariationalDropout(tp, tp.Const(lanes*steps, cols, slices.Repeat([]float32{1}, lanes*steps*cols)), p, lanes); slices.Equal(again.Data, first) {
		t.Error("the next one of the same step has the same mask")
	}
	// For a single step it is the common kind, and draws no more than that.
	tp.Reset(1, 2, 0)
	x := tp.Const(lanes, cols, slices.Repeat([]float32{1}, lanes*cols))
	if !slices.Equal(tensor.Dropout(tp, x, p).Data, first[:lanes*y.Stride]) {
		t.Error("its mask is not that of a step of the common kind")
	}
}

func TestVariationalDropoutInference(t *testing.T) {
	tp := tensor.NewInference()
	if x := tp.Const(4, 3, values(1, 12)); tensor.VariationalDropout(tp, x, 0.5, 2) != x {
		t.Error("an inference tape drops out")
	}
}
