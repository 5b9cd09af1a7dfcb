package tensor_test

import (
	"math"
	"slices"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

// TestEmbeddingBag: values are those of the product with dense rows, and gradients those of finite differences, of rows without ids, of ids
// that are named twice, and of weights that are given and that are not.
func TestEmbeddingBag(t *testing.T) {
	starts, ids, weight := []int{0, 3, 3, 4, 8}, []int{4, 0, 4, 2, 1, 0, 3, 4}, []float32{2, -1, 0.5, 3, 1, 0.25, -2, 1}
	for _, cols := range []int{1, 7, 33} {
		for _, sparse := range []bool{false, true} {
			for _, weight := range [][]float32{weight, nil} {
				w := tensor.NewParam("w", 6, cols)
				w.Sparse = sparse
				for i := range w.Value {
					w.Value[i] = float32(math.Sin(float64(3 * i)))
				}
				f := func(tp *tensor.Tape, _ []*T) *T { return tensor.EmbeddingBag(tp, w, starts, ids, weight) }
				y := f(tensor.NewInference(), nil)
				for i := range y.Rows {
					for c := range cols {
						want := 0.0
						for j := starts[i]; j < starts[i+1]; j++ {
							by := 1.0
							if weight != nil {
								by = float64(weight[j])
							}
							want += by * float64(w.Row(ids[j])[c])
						}
						if got := float64(y.Row(i)[c]); math.Abs(got-want) > 1e-5 {
							t.Errorf("%d columns: row %d has %g in column %d, want %g", cols, i, got, c, want)
						}
					}
				}
				gradcheck.Check(t, []*tensor.Param{w}, nil, func(tp *tensor.Tape, in []*T) []*T { return []*T{f(tp, in)} })
			}
		}
	}
}

// TestEmbeddingBagTouches no rows but those that were named, and refuses what it cannot be meant to do.
func TestEmbeddingBagTouches(t *testing.T) {
	w := tensor.NewParam("w", 100, 2)
	w.Sparse = true
	tp := tensor.NewTape()
	tp.Reset(1, 0, 0)
	tp.Backward(tensor.Sum(tp, tensor.EmbeddingBag(tp, w, []int{0, 2, 3}, []int{7, 99, 7}, nil)), 1)
	if rows := slices.Sorted(slices.Values(tp.TouchedRows(w))); !slices.Equal(rows, []int{7, 99}) {
		t.Errorf("touched %v", rows)
	}
	if g := tp.RowGrad(w, 7); g[0] != 2 {
		t.Errorf("the gradient of a row that two bags name is %v", g)
	}
	for name, bad := range map[string]func(){
		"a row past the end":  func() { tensor.EmbeddingBag(tp, w, []int{0, 1}, []int{100}, nil) },
		"a negative row":      func() { tensor.EmbeddingBag(tp, w, []int{0, 1}, []int{-1}, nil) },
		"too few weights":     func() { tensor.EmbeddingBag(tp, w, []int{0, 2}, []int{1, 2}, []float32{1}) },
		"ids behind the last": func() { tensor.EmbeddingBag(tp, w, []int{0, 1}, []int{1, 2}, nil) },
		"no starts":           func() { tensor.EmbeddingBag(tp, w, nil, nil, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: accepted", name)
				}
			}()
			bad()
		}()
	}
}
