package vae

import (
	"inkling/nn"
	"inkling/tensor"
)

// table is an encoder that has seen each example before: q(z|x_i) is row i of a parameter, means and log deviations. This is variational
// inference as it was before encoders (Jordan et al. 1999; by gradients, and with minibatches, Hoffman et al. 2013): nothing is lost to a
// network that must do for all examples, each has to be fitted by itself, and of an example without a row it says nothing.
type table struct{ rows *tensor.Param }

// WithTable is a model with the same decoder, and with a table in place of the encoder of its first layer: a q(z|x) of its own for each of so
// many examples, which begins at N(0, 1) and which batches choose by their Index. Training it trains the decoder of both. What takes examples
// without an index (Encode, Posterior, Approximate, DrawPosterior) is not for it, nor is it saved with a config.
func (m *Model) WithTable(examples int) *Model {
	rows := tensor.NewParam("table", examples, 2*m.Config.Latent[0])
	rows.Sparse = true
	t := *m
	t.encoder = table{rows}
	t.params = append(t.EncoderParams(), t.DecoderParams()...)
	return &t
}

func (t table) Params() nn.Params { return nn.Params{t.rows} }

func (t table) Encode(tp *tensor.Tape, b Batch) *tensor.Tensor {
	if len(b.Index) != b.Rows {
		panic("vae: a table is asked for examples without an index")
	}
	return tensor.Embedding(tp, t.rows, b.Index)
}
