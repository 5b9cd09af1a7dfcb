package nn

import "inkling/tensor"

// LSTM is the cell of torch.nn.LSTM, with gates in the order i, f, g, o; see [tensor.LSTM]. Its state is h and c.
type LSTM struct{}

// Name is "lstm".
func (LSTM) Name() string { return "lstm" }

func (LSTM) gates() int   { return 4 }
func (LSTM) vectors() int { return 2 }

// begin opens the forget gate (bias 1; Jozefowicz et al. 2015): a state that is kept from the first step is learnt
// from.
func (LSTM) begin(bih []float32) {
	h := len(bih) / 4
	for j := h; j < 2*h; j++ {
		bih[j] = 1
	}
}

func (LSTM) inputBiases(l *Layer) []*tensor.Param { return []*tensor.Param{l.Bih, l.Bhh} }

func (LSTM) run(tp *tensor.Tape, pre *tensor.Tensor, l *Layer, before []*tensor.Tensor, lanes int) (*tensor.Tensor, []*tensor.Tensor) {
	h, c := tensor.LSTM(tp, pre, l.Whh, before[0], before[1], lanes)
	return h, []*tensor.Tensor{tensor.LastRows(tp, h, lanes), c}
}

// floats: the gates, the states h, c and tanh c, and the gradient of h; of one step more the first state and the
// gradient of the last.
func (LSTM) floats(h, rows, lanes int64, training bool) int64 {
	if training {
		return rows*(padded(4*h)+4*padded(h)) + 3*lanes*padded(h)
	}
	return rows*(padded(4*h)+3*padded(h)) + 2*lanes*padded(h)
}
