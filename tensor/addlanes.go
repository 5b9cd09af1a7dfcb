package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// AddLanes adds row lane of y [lanes, n] to rows t·lanes+lane of x [time·lanes, n], all its steps: what every step of a sequence is given
// besides its own input. x is written over, and given back, so it must be no Leaf and have no other reader; its gradient is the same before
// and after.
func AddLanes(tp *Tape, x, y *Tensor) *Tensor {
	if y.Rows < 1 || x.Rows%y.Rows != 0 || x.Cols != y.Cols {
		panic(fmt.Sprintf("tensor: AddLanes of a %v to a %v", y, x))
	}
	for i := range x.Rows {
		kernel.Add(x.Row(i), y.Row(i%y.Rows))
	}
	if !y.Wanted() {
		return x
	}
	x.wanted = true
	x.whenGrad(func(i int) { kernel.Add(y.GradRow(i%y.Rows), x.GradRow(i)) })
	return x
}
