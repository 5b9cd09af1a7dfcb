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

// drop is x with a share p dropped.
func (d Dropout) drop(tp *tensor.Tape, x *tensor.Tensor, p float32, lanes int) *tensor.Tensor {
	if d.Variational {
		return tensor.VariationalDropout(tp, x, p, lanes)
	}
	return tensor.Dropout(tp, x, p)
}
