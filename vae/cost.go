package vae

import (
	"cmp"

	"inkling/tensor"
)

// Costs are what an encoder and a decoder will hold, known before there are weights.
type Costs struct {
	Weights int64 // of both
	Example int64 // floats that a batch holds of one example
	AtOnce  int   // samples of an example that Importance decodes at a time; 0: DrawnAtOnce

	// Packed is what weights take rearranged for products, in bytes, and Scratch what a shard's products round operands into.
	Packed  func(p tensor.Precision, training bool) int64
	Scratch func(rows int, p tensor.Precision) int64

	// RowGrads counts the floats that a tape holds for gradients of rows of sparse parameters, of so many examples, and Dense the weights whose
	// whole gradient is kept; nil: all have whole ones.
	RowGrads func(examples int) int64
	Dense    int64

	// Encoder and Decoder count the floats that so many rows, of examples or of z, leave on a tape: results, and in training their gradients.
	Encoder, Decoder func(rows int64, training bool) int64
}

func (c Costs) drawnAtOnce() int { return cmp.Or(c.AtOnce, DrawnAtOnce) }

// costs are those of pictures. c is complete.
func (c Config) costs() Costs {
	net, err := netNamed(c.Net)
	if err != nil {
		panic("vae: " + err.Error())
	}
	like, err := likelihoodNamed(c.Likelihood)
	if err != nil {
		panic("vae: " + err.Error())
	}
	list := net.encoderLayers(c, 2*c.Latent[0])
	list[0].first = true
	list = append(list, net.decoderLayers(c, c.Latent[0], like.width(c))...)
	return Costs{
		Weights: weights(list), Example: int64(c.Inputs()),
		Packed:  func(p tensor.Precision, training bool) int64 { return packed(list, p, training) },
		Scratch: func(rows int, p tensor.Precision) int64 { return scratch(list, rows, p) },
		Encoder: func(rows int64, training bool) int64 {
			t := &tally{training: training}
			net.encoderResults(t, c, 2*c.Latent[0], rows)
			return t.floats
		},
		Decoder: func(rows int64, training bool) int64 {
			t := &tally{training: training}
			net.decoderResults(t, c, c.Latent[0], like.width(c), rows)
			if !training {
				t.results(1, 1, like.width(c))
			}
			return t.floats
		},
	}
}

// layersBetween are those of stochastic layers above the first.
func (c Config) layersBetween() (list []layer) {
	for l := 1; l < len(c.Latent); l++ {
		up, down := c.between(l)
		list = append(append(list, up...), down...)
	}
	return list
}

func (c Config) weightsBetween() int64 { return weights(c.layersBetween()) }

// Weights counts the parameters of a model of pictures, before there are any. c is complete.
func (c Config) Weights() int64 { return c.costs().Weights + c.weightsBetween() }

func weights(list []layer) (n int64) {
	for _, l := range list {
		n += l.weights()
	}
	return n
}
