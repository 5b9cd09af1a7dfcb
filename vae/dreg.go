package vae

import (
	"cmp"

	"inkling/tensor"
)

// dreg is the importance-weighted bound with the doubly reparametrized gradient (Tucker, Lawson, Gu & Maddison 2018):
//
//	decoder: Σ_j w̃_j ∂log w_j/∂θ        encoder: Σ_j w̃_j² ∂log w_j/∂z_j · ∂z_j/∂φ,   w̃_j = w_j/Σ_i w_i
//
// Its expectation is that of the gradient of iwae. Of that, the encoder's has a part, −Σ w̃_j ∂log q(z_j|x)/∂φ with z held, that turns to
// nothing but noise as K grows, and drowns the rest (Rainforth et al. 2018); reparametrized once more, it is what the second w̃ leaves.
// Here, log q is a function of z alone, and what comes back to z is multiplied by its share again. It costs what iwae costs, and of two
// stochastic layers q of the second once more.
type dreg struct{}

func (dreg) about() part {
	return part{"dreg", "the bound of iwae, with a gradient for the encoder that does not drown in noise as K grows"}
}

func (dreg) settle(o *Objective) error {
	o.K = cmp.Or(o.K, 5)
	return onlyElbo(o)
}

func (dreg) loss(tp *tensor.Tape, m *Model, b Batch, o Objective) (*tensor.Tensor, Terms) {
	shares := tp.Scratch(b.Rows * o.K) // of the weights, known before anything flows back
	t := m.terms(tp, b, draw{samples: o.K, noise: drawn(tp), fixed: true, hold: func(z *tensor.Tensor) *tensor.Tensor {
		return tensor.ScaleGrad(tp, z, shares)
	}})
	bound := tensor.LogMeanExp(tp, t.logWeights(tp), t.K, shares)
	return tensor.Scale(tp, tensor.Sum(tp, bound), -1), t
}
