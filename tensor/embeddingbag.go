package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// EmbeddingBag is y[i] = Σ_j weight[j]·W[ids[j]] over the j from starts[i] up to starts[i+1], [n, cols] of a parameter W [V, cols] and n+1
// starts: the product of sparse rows with a matrix, at the cost of what is in them. weight nil means all one; a row without ids is 0.
// Backward adds to the rows of W that were named and to no others, and so W may be sparse.
func EmbeddingBag(tp *Tape, w *Param, starts, ids []int, weight []float32) *Tensor {
	if len(starts) == 0 || starts[len(starts)-1] != len(ids) || weight != nil && len(weight) != len(ids) {
		panic(fmt.Sprintf("tensor: EmbeddingBag of %d ids with %d weights, and starts %.60s", len(ids), len(weight), fmt.Sprint(starts)))
	}
	at := func(j int) float32 {
		if weight == nil {
			return 1
		}
		return weight[j]
	}
	y := tp.New(len(starts)-1, w.Cols, tp.Trains(w))
	for i := range y.Rows {
		row := y.Row(i)
		clear(row)
		for j := starts[i]; j < starts[i+1]; j++ {
			if id := ids[j]; id < 0 || id >= w.Rows {
				panic(fmt.Sprintf("tensor: EmbeddingBag of row %d of %s of %d", id, w.Name, w.Rows))
			}
			kernel.Axpy(row, at(j), w.Row(ids[j]))
		}
	}
	y.whenGrad(func(i int) {
		for j := starts[i]; j < starts[i+1]; j++ {
			kernel.Axpy(tp.RowGrad(w, ids[j]), at(j), y.GradRow(i))
		}
	})
	return y
}
