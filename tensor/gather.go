package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// Gather is y[i] = table[ids[i]]: the rows of an embedding, or the product of one-hot rows with a
// table without multiplying anything. Backward adds the rows back where they came from.
func Gather(tp *Tape, table *Tensor, ids []int) *Tensor {
	y := tp.New(len(ids), table.Cols, table.Wanted())
	for i, id := range ids {
		if id < 0 || id >= table.Rows {
			panic(fmt.Sprintf("tensor: Gather of row %d from %d", id, table.Rows))
		}
		copy(y.Row(i), table.Row(id))
	}
	if y.Wanted() {
		tp.Record(func() {
			if !y.HasGrad() {
				return
			}
			for i, id := range ids {
				kernel.Add(table.GradRow(id), y.GradRow(i))
			}
		})
	}
	return y
}
