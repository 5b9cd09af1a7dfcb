package tensor_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/tensor"
)

func values(seed uint64, n int) []float32 {
	r := rand.New(rand.NewPCG(seed, 9))
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Float32()*1.6 - 0.8
	}
	return x
}

func TestFrozenParamsGetNoGradient(t *testing.T) {
	w := param("w", 3, 4)
	w.Frozen = true
	tp := tensor.NewTape()
	x := tp.Leaf(2, 4, values(1, 8))
	tp.Backward(tensor.Sum(tp, tensor.Linear(tp, x, w)), 1)
	if slices.ContainsFunc(tp.ParamGrad(w), func(v float32) bool { return v != 0 }) {
		t.Error("a frozen parameter got a gradient")
	}
	if !slices.ContainsFunc(x.Grad(), func(v float32) bool { return v != 0 }) {
		t.Error("no gradient passed through a frozen parameter")
	}
}

func TestConstGetsNoGradient(t *testing.T) {
	tp := tensor.NewTape()
	x, y := tp.Const(1, 2, []float32{1, 2}), tp.Leaf(1, 2, []float32{3, 4})
	tp.Backward(tensor.Sum(tp, tensor.Mul(tp, x, y)), 1)
	if x.HasGrad() || !slices.Equal(y.Grad(), []float32{1, 2}) {
		t.Errorf("const has gradient %v, leaf has %v", x.HasGrad(), y.Grad())
	}
}

func TestInferenceRecordsNothing(t *testing.T) {
	w := param("w", 3, 4)
	tp := tensor.NewInference()
	x := tp.Leaf(2, 4, values(1, 8))
	y := tensor.Dropout(tp, tensor.Linear(tp, x, w), 0.5)
	if y.Wanted() || slices.ContainsFunc(y.Data, func(v float32) bool { return v == 0 }) {
		t.Error("an inference tape wants gradients or drops out")
	}
}

func TestResetReplaysTheRandomStream(t *testing.T) {
	tp := tensor.NewTape()
	drop := func(seed, step uint64, shard int) []float32 {
		tp.Reset(seed, step, shard)
		x := tp.Leaf(4, 64, slices.Repeat([]float32{1}, 256))
		a, b := tensor.Dropout(tp, x, 0.5), tensor.Dropout(tp, x, 0.5)
		if slices.Equal(a.Data, b.Data) {
			t.Fatal("two dropouts of one step are alike")
		}
		return slices.Concat(a.Data, b.Data)
	}
	first := drop(1, 2, 3)
	for _, other := range [][]float32{drop(2, 2, 3), drop(1, 3, 3), drop(1, 2, 4)} {
		if slices.Equal(first, other) {
			t.Error("another seed, step or shard gives the same dropout")
		}
	}
	if !slices.Equal(first, drop(1, 2, 3)) {
		t.Error("the same seed, step and shard give another dropout")
	}
}

// TestSteadyStateAllocations holds a training step of an LSTM to a few closures.
func TestSteadyStateAllocations(t *testing.T) {
	whh, wih, b := param("whh", 64, 16), param("wih", 64, 16), param("b", 64)
	tp := tensor.NewTape()
	data := values(1, 40*16)
	step := func() {
		tp.Reset(1, 1, 0)
		x := tp.Const(40, 16, data)
		h, _ := tensor.LSTM(tp, tensor.Linear(tp, x, wih, b), whh, nil, nil, 4)
		h = tensor.Dropout(tp, h, 0.1)
		tp.Backward(tensor.Sum(tp, h), 1)
	}
	step()
	if n := testing.AllocsPerRun(10, step); n > 20 {
		t.Errorf("%g allocations a step", n)
	}
}
