package nn

import "inkling/tensor"

// Dropout says how much of what a stack of layers passes on is dropped in training: a share in [0, 1) of the numbers
// of its input vectors, of what goes from layer to layer, and of what the last layer puts out. Nothing is dropped on
// the way from step to step, which is Zaremba et al. 2014's finding.
type Dropout struct {
	Input, Between, Out float32

	// Variational drops the same numbers in all steps of a window (Gal & Ghahramani 2016), each lane its own.
	Variational bool
}

// Apply is x with a share p of it dropped: p is one of the three.
func (d Dropout) Apply(tp *tensor.Tape, x *tensor.Tensor, p float32, lanes int) *tensor.Tensor {
	if d.Variational {
		return tensor.VariationalDropout(tp, x, p, lanes)
	}
	return tensor.Dropout(tp, x, p)
}

// Activations is how many floats a tape holds in training for a share p dropped of so many rows in so many lanes.
func (d Dropout) Activations(p float32, rows, lanes, cols int64) int64 {
	switch {
	case p == 0:
		return 0
	case d.Variational: // the result, its gradient, the mask
		return (2*rows + lanes) * padded(cols)
	}
	return 3 * rows * padded(cols)
}
