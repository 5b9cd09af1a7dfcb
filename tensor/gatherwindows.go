package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// GatherWindows slides a window over sequences of ids that lie side by side (ids[t·lanes+lane]) and puts the rows of a
// parameter [V, n] that it shows beside one another, the oldest first:
//
//	y[i] = table[ids[i]] ‖ table[ids[i+lanes]] ‖ … ‖ table[ids[i+(width−1)·lanes]]
//
// so y is [len(ids) − (width−1)·lanes, width·n]. An id of −1 is a row of zeros. Backward adds the rows back where they came
// from.
func GatherWindows(tp *Tape, table *Param, ids []int, width, lanes int) *Tensor {
	rows, n := len(ids)-(width-1)*lanes, table.Cols
	if width < 1 || lanes < 1 || rows < 0 || len(ids)%lanes != 0 {
		panic(fmt.Sprintf("tensor: GatherWindows of %d ids in %d lanes, %d wide", len(ids), lanes, width))
	}
	y := tp.New(rows, width*n, tp.Trains(table))
	for i := range rows {
		row := y.Row(i)
		for k := range width {
			switch part, id := row[k*n:(k+1)*n], ids[i+k*lanes]; {
			case id == -1:
				clear(part)
			case id < -1 || id >= table.Rows:
				panic(fmt.Sprintf("tensor: GatherWindows of row %d from %d", id, table.Rows))
			default:
				copy(part, table.Row(id))
			}
		}
	}
	y.whenGrad(func(i int) {
		row := y.GradRow(i)
		for k := range width {
			if id := ids[i+k*lanes]; id >= 0 {
				kernel.Add(tp.RowGrad(table, id), row[k*n:(k+1)*n])
			}
		}
	})
	return y
}
