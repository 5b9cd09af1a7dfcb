package vae

import (
	"fmt"

	"inkling/tensor"
)

// ae is the auto-encoder: z is the encoder's mean, and nothing is said of how z is distributed. It reconstructs better than a VAE, and
// decodes a z that no example is near of to nothing in particular.
type ae struct{}

func (ae) about() part {
	return part{"ae", "the auto-encoder: reconstruction alone, no distribution over z"}
}

func (ae) settle(o *Objective) error {
	if o.Aggressive {
		return fmt.Errorf("objective ae has no posterior that could collapse, and nothing to be aggressive about: leave that out, or choose elbo")
	}
	if o.K > 1 {
		return fmt.Errorf("objective ae draws no samples, and %d of each example are asked for: leave that out, or choose elbo", o.K)
	}
	return onlyElbo(o)
}

func (ae) loss(tp *tensor.Tape, m *Model, b Batch, _ Objective) (*tensor.Tensor, Terms) {
	t := m.terms(tp, b, draw{analytic: true, noise: func(dst []float32) { clear(dst) }})
	return tensor.Scale(tp, tensor.Sum(tp, t.LogLikelihood), -1), t
}
