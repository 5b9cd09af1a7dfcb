package nn

import "inkling/tensor"

// LayerNorm is torch.nn.LayerNorm over rows of so many columns: prefix.weight and prefix.bias; see [tensor.LayerNorm].
type LayerNorm struct{ Gain, Bias *tensor.Param }

// NewLayerNorm begins with gains of one and biases of zero.
func NewLayerNorm(prefix string, cols int) *LayerNorm {
	n := &LayerNorm{Gain: tensor.NewParam(prefix+".weight", cols), Bias: tensor.NewParam(prefix+".bias", cols)}
	for j := range n.Gain.Value {
		n.Gain.Value[j] = 1
	}
	return n
}

// Params lists the gains, then the biases.
func (n *LayerNorm) Params() Params { return Params{n.Gain, n.Bias} }

// Apply normalizes every row of x.
func (n *LayerNorm) Apply(tp *tensor.Tape, x *tensor.Tensor) *tensor.Tensor {
	return tensor.LayerNorm(tp, x, n.Gain, n.Bias)
}
