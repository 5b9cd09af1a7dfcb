package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// Embedding is y[i] = row ids[i] of a parameter [V, n], as [len(ids), n]. Backward adds to those rows only, and so it is
// what sparse parameters are for.
func Embedding(tp *Tape, table *Param, ids []int) *Tensor {
	y := tp.New(len(ids), table.Cols, tp.Trains(table))
	for i, id := range ids {
		if id < 0 || id >= table.Rows {
			panic(fmt.Sprintf("tensor: Embedding of row %d from %s of %d", id, table.Name, table.Rows))
		}
		copy(y.Row(i), table.Row(id))
	}
	y.whenGrad(func(i int) { kernel.Add(tp.RowGrad(table, ids[i]), y.GradRow(i)) })
	return y
}
