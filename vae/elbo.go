package vae

import (
	"cmp"

	"inkling/tensor"
)

// elbo is the evidence lower bound, with the divergence weighed by β (Higgins et al. 2017):
//
//	log p(x) ≥ E_q[log p(x|z)] − KL(q(z|x) ‖ p(z)),   minus it the loss, with K samples for the expectation
//
// The divergence of the last layer is in closed form unless asked otherwise, those of layers below are taken at the sample, since the
// prior they are compared with depends on one. With free bits, what a variable costs is at least so much, see tensor.FreeBits;
// with a free rate what all of a layer cost together is, so that they may share it out as suits them (Pelsmaeker & Aziz 2020, who call it a minimum
// desired rate).
type elbo struct{}

func (elbo) about() part { return part{"elbo", "the evidence lower bound, reparametrized"} }

func (elbo) settle(o *Objective) error {
	o.Beta = cmp.Or(o.Beta, 1)
	return nil
}

func (elbo) loss(tp *tensor.Tape, m *Model, b Batch, o Objective) (*tensor.Tensor, Terms) {
	t := m.terms(tp, b, draw{samples: o.K, analytic: !o.Sampled, noise: drawn(tp)})
	loss := tensor.Scale(tp, tensor.Sum(tp, t.LogLikelihood), -1/float32(t.K))
	beta := float32(o.Beta * o.warmth(b.Epoch))
	for _, kl := range t.KL {
		each := float32(t.N) / float32(kl.Rows) // of a row: 1, or 1/K
		if o.FreeBits > 0 {
			kl = tensor.FreeBits(tp, kl, float32(o.FreeBits))
		} else if o.FreeRate > 0 {
			kl = tensor.FreeBits(tp, tensor.SumCols(tp, kl), float32(o.FreeRate))
		} else {
			kl = tensor.Sum(tp, kl)
		}
		loss = tensor.Add(tp, loss, tensor.Scale(tp, kl, beta*each))
	}
	return loss, t
}
