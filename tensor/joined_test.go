package tensor_test

import (
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

// TestJoinedGradients: rows of two parameters, in any order, of which the one may be sparse; two uses share the scratch.
func TestJoinedGradients(t *testing.T) {
	for _, sparse := range []bool{false, true} {
		for _, n := range []int{1, 5} {
			for _, d := range []int{1, 5, 33} {
				w, b, w2, b2 := param("w", 9, d), param("b", 9), param("w2", 2, d), param("b2", 2)
				w.Sparse = sparse
				j := tensor.Join(tensor.RowsOf{W: w, B: b, IDs: []int{8, 0, 3}}, tensor.RowsOf{W: w2, B: b2, IDs: []int{1, 0}})
				gradcheck.Check(t, []*tensor.Param{w, b, w2, b2}, []shape{{n, d}, {2, d}}, func(tp *tensor.Tape, in []*T) []*T {
					scratch := tp.Scratch(j.ScratchFloats())
					return []*T{j.Linear(tp, in[0], scratch), j.Linear(tp, in[1], scratch)}
				})
			}
		}
	}
}

// TestJoinedIsLinear: the columns that Linear gives, in both precisions, before and after a change of either parameter.
func TestJoinedIsLinear(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		const n, d, v = 7, 21, 13
		w, b, ids := param("w", v, d), param("b", v), []int{3, 12, 0}
		j := tensor.Join(tensor.RowsOf{W: w, B: b, IDs: ids})
		for _, changed := range []*tensor.Param{nil, w, b} {
			if changed != nil {
				copy(changed.Value, values(9, len(changed.Value)))
				changed.Changed()
			}
			for _, p := range []tensor.Precision{tensor.Float32, tensor.BFloat16} {
				tp := tensor.NewInference()
				tp.Precision = p
				x := tp.Const(n, d, values(4, n*d))
				all, some := tensor.Linear(tp, x, w, b), j.Linear(tp, x, nil)
				for i := range n {
					for k, id := range ids {
						if got, want := some.Row(i)[k], all.Row(i)[id]; got != want {
							t.Errorf("precision %v: [%d,%d] is %g, Linear has %g", p, i, k, got, want)
						}
					}
				}
			}
		}
	})
}
