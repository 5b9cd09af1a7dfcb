package tensor_test

import (
	"slices"
	"testing"

	"inkling/tensor"
)

// TestSparseRows: a sparse parameter has gradients of the rows that were touched, in the order of the first touch, and
// of no others; Reset forgets them, and rows that are touched again begin at zero.
func TestSparseRows(t *testing.T) {
	p := tensor.NewParam("p", 1000, 2)
	p.Sparse = true
	tp := tensor.NewTape()
	for range 2 {
		tp.Reset(1, 1, 0)
		if rows := tp.TouchedRows(p); len(rows) != 0 {
			t.Errorf("rows %v touched after Reset", rows)
		}
		y := tensor.Embedding(tp, p, []int{7, 3, 7, 999})
		tp.Backward(tensor.Sum(tp, y), 2)
		order := slices.Sorted(slices.Values(tp.TouchedRows(p)))
		if !slices.Equal(order, []int{3, 7, 999}) {
			t.Errorf("touched %v", order)
		}
		for row, want := range map[int]float32{3: 2, 7: 4, 999: 2} {
			if g := tp.RowGrad(p, row); g[0] != want || g[1] != want {
				t.Errorf("gradient of row %d is %v, want %v", row, g, want)
			}
		}
		if g := tp.TouchedRowGrad(p, 7); len(g) != 2 || g[0] != 4 {
			t.Errorf("gradient of row 7 is %v", g)
		}
		if g := tp.TouchedRowGrad(p, 8); g != nil {
			t.Errorf("row 8 has a gradient %v", g)
		}
		if n := len(tp.TouchedRows(p)); n != 3 {
			t.Errorf("%d rows touched", n)
		}
	}
	if _, gradients := tp.Floats(); gradients > 1000+64 {
		t.Errorf("%d floats for the gradients of three rows", gradients)
	}
	for name, bad := range map[string]func(){
		"whole gradient":   func() { tp.ParamGrad(p) },
		"use":              func() { tp.Use(p) },
		"row past the end": func() { tensor.Embedding(tp, p, []int{1000}) },
		"negative row":     func() { tensor.Embedding(tp, p, []int{-1}) },
		"touched of dense": func() { tp.TouchedRows(tensor.NewParam("dense", 2, 2)) },
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

// TestRand: the numbers an op draws are those of (seed, step, shard), and each op of a tape draws others.
func TestRand(t *testing.T) {
	tp := tensor.NewTape()
	draw := func(step uint64, shard int) [2]uint64 {
		tp.Reset(1, step, shard)
		return [2]uint64{tp.Rand().Uint64(), tp.Rand().Uint64()}
	}
	a := draw(5, 0)
	if a[0] == a[1] {
		t.Error("two ops drew the same")
	}
	if draw(6, 0) == a || draw(5, 1) == a || draw(5, 0) != a {
		t.Error("numbers do not go with step and shard")
	}
}
