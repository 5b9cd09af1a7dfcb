package vae

import (
	"math/rand/v2"

	"inkling/nn"
	"inkling/tensor"
)

// Dense is a chain of layers in which every number is connected with every other, for encoders and decoders of any data.
type Dense struct{ net *layers }

// NewDense draws one from in numbers by way of hidden ones to out, with parameters name.0.weight, name.0.bias and so on. What it puts out
// begins near 0.
func NewDense(name, activation string, in int, hidden []int, out int, rnd *rand.Rand) Dense {
	return Dense{newLayers(name, activation, in, hidden, out, rnd)}
}

// Params are weights and biases, from the first layer to the last.
func (d Dense) Params() nn.Params { return d.net.params() }

// Bias is that of what it puts out.
func (d Dense) Bias() *tensor.Param { return d.net.outputs()[0] }

// Apply maps rows x [n, in] to rows [n, out].
func (d Dense) Apply(tp *tensor.Tape, x *tensor.Tensor) *tensor.Tensor { return d.net.apply(tp, x) }

// DenseCosts are those of such a chain, as parts of Costs: its weights, and what Packed, Scratch and Encoder or Decoder say of it. Data says
// that what goes in is data, to which no gradient goes.
func DenseCosts(in int, hidden []int, out int, data bool) (c Costs) {
	list := denseLayers(in, hidden, out)
	list[0].first = data
	rows := func(rows int64, training bool) int64 {
		t := &tally{training: training}
		t.layers(list, rows, false)
		return t.floats
	}
	return Costs{
		Weights: weights(list), Encoder: rows, Decoder: rows,
		Packed:  func(p tensor.Precision, training bool) int64 { return packed(list, p, training) },
		Scratch: func(rows int, p tensor.Precision) int64 { return scratch(list, rows, p) },
	}
}
