package tensor_test

import (
	"slices"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

func TestLinearRowsAndRowDotsGradients(t *testing.T) {
	for _, sparse := range []bool{false, true} {
		for _, n := range []int{1, 2, 17} {
			for _, d := range []int{1, 5, 33} {
				for _, v := range []int{1, 2, 9} {
					w, b := param("w", v, d), param("b", v)
					w.Sparse = sparse
					gradcheck.Check(t, []*tensor.Param{w, b}, []shape{{n, d}}, func(tp *tensor.Tape, in []*T) []*T {
						return []*T{
							tensor.LinearRows(tp, in[0], w, b, []int{v - 1, 0, v - 1, v / 2}, n),
							tensor.RowDots(tp, in[0], w, b, []int{n - 1, 0, 0}, []int{v / 2, v / 2, v - 1}),
						}
					})
				}
			}
		}
	}
}

// TestLinearRowsIsLinear: the columns that Linear gives, in both precisions, and nothing where nothing is asked for.
func TestLinearRowsIsLinear(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		const n, d, v = 7, 21, 13
		w, b, ids := param("w", v, d), param("b", v), []int{3, 12, 3, 0}
		for _, p := range []tensor.Precision{tensor.Float32, tensor.BFloat16} {
			tp := tensor.NewInference()
			tp.Precision = p
			x := tp.Const(n, d, values(4, n*d))
			all, some := tensor.Linear(tp, x, w, b), tensor.LinearRows(tp, x, w, b, ids, 0)
			for i := range n {
				want := make([]float32, len(ids))
				for k, id := range ids {
					want[k] = all.Row(i)[id]
				}
				if !slices.Equal(some.Row(i), want) {
					t.Errorf("precision %v: row %d is %v, of Linear %v", p, i, some.Row(i), want)
				}
			}
			if none := tensor.LinearRows(tp, x, w, b, nil, 3); none.Rows != n || none.Cols != 0 {
				t.Errorf("by no rows: %v", none)
			}
		}
	})
}

// TestScratchIsKept: steps that are alike take memory once.
func TestScratchIsKept(t *testing.T) {
	const n, d, v = 40, 64, 300
	w, b, ids, x := param("w", v, d), param("b", v), make([]int, 50), values(4, n*d)
	w.Sparse = true
	tp := tensor.NewTape()
	skip := 33 // the first has most
	step := func() {
		skip = (skip + 7) % 40 // sizes differ
		tp.Reset(1, 1, 0)
		drawn := append(tp.ScratchInts(len(ids)), ids...)
		y := tensor.LinearRows(tp, tp.Leaf(n, d, x), w, b, drawn[:len(ids)-skip], len(ids))
		tp.Backward(tensor.Sum(tp, y), 1)
	}
	step()
	before, _ := tp.Floats()
	if allocations := testing.AllocsPerRun(20, step); allocations > 8 {
		t.Errorf("%g allocations a step", allocations)
	}
	if after, _ := tp.Floats(); after != before {
		t.Errorf("%d floats after the first step, %d after many", before, after)
	}
}
