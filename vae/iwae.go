package vae

import (
	"cmp"

	"inkling/tensor"
)

// iwae is the importance-weighted bound (Burda, Grosse & Salakhutdinov 2016):
//
//	log p(x) ≥ E log (1/K) Σ_j w_j,   w_j = p(x, z_j)/q(z_j|x)
//
// which is the evidence lower bound for K = 1 and rises to log p(x) with K. Its gradient is that of the log w_j, weighed by their share.
type iwae struct{}

func (iwae) about() part {
	return part{"iwae", "the importance-weighted bound: tighter with K, and K times the decoder's work"}
}

func (iwae) settle(o *Objective) error {
	o.K = cmp.Or(o.K, 5)
	return onlyElbo(o)
}

func (iwae) loss(tp *tensor.Tape, m *Model, b Batch, o Objective) (*tensor.Tensor, Terms) {
	t := m.terms(tp, b, draw{samples: o.K, noise: drawn(tp)})
	bound := tensor.LogMeanExp(tp, t.logWeights(tp), t.K, nil)
	return tensor.Scale(tp, tensor.Sum(tp, bound), -1), t
}
