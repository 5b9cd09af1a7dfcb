package vae

import (
	"inkling/nn"
	"inkling/tensor"
)

// An Encoder says what q(z_1|x) is made of.
type Encoder interface {
	Params() nn.Params
	// Encode gives the means and log deviations of q for each example of a batch, means first: [Rows, 2d].
	Encode(tp *tensor.Tape, b Batch) *tensor.Tensor
}

// A Decoder is p(x|z_1).
type Decoder interface {
	Params() nn.Params
	// LogLikelihood is log p(x|z) in nats, [n·k, 1], for z [n·k, d] of which rows i·k … i·k+k−1 belong to example i of the n of a batch.
	LogLikelihood(tp *tensor.Tape, b Batch, z *tensor.Tensor) *tensor.Tensor
}

// Compose makes a model of any data: an encoder and a decoder that understand its batches, and between them the latent variables of c, whose
// other settings are for pictures and are left alone. parts says what the two cost. Weights of stochastic layers above the first are drawn
// from c.Seed.
func Compose(c Config, parts Costs, e Encoder, d Decoder) (*Model, error) {
	if err := c.CompleteLatents(); err != nil {
		return nil, err
	}
	m := &Model{Config: c, encoder: e, decoder: d, atOnce: parts.drawnAtOnce()}
	m.between(seeded(c))
	return m, nil
}
