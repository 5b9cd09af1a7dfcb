package tensor_test

import (
	"slices"
	"testing"

	"inkling/tensor"
)

// TestGatherWindows puts rows side by side by hand: two lanes, three wide, with nothing before the first token of the
// one and two of the other.
func TestGatherWindows(t *testing.T) {
	tp := tensor.NewTape()
	table := tensor.NewParam("table", 4, 2)
	copy(table.Value, []float32{10, 11, 20, 21, 30, 31, 40, 41})
	ids := []int{-1, -1, 3, -1, 0, 1, 2, 2} // of the first lane −1 3 0 2, of the second −1 −1 1 2
	y := tensor.GatherWindows(tp, table, ids, 3, 2)
	for i, want := range [][]float32{{0, 0, 40, 41, 10, 11}, {0, 0, 0, 0, 20, 21}, {40, 41, 10, 11, 30, 31}, {0, 0, 20, 21, 30, 31}} {
		if y.Rows != 4 || !slices.Equal(y.Row(i), want) {
			t.Errorf("row %d of %d is %v, want %v", i, y.Rows, y.Row(i), want)
		}
	}
	for _, bad := range []func(){
		func() { tensor.GatherWindows(tp, table, []int{0, 4}, 1, 1) },
		func() { tensor.GatherWindows(tp, table, []int{0, -2}, 1, 1) },
		func() { tensor.GatherWindows(tp, table, []int{0, 1, 2}, 1, 2) },
		func() { tensor.GatherWindows(tp, table, []int{0, 1}, 4, 1) },
		func() { tensor.GatherWindows(tp, table, []int{0, 1}, 0, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			bad()
		}()
	}
}
