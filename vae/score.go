package vae

import (
	"cmp"
	"errors"

	"inkling/tensor"
)

// score is the evidence lower bound with the score-function gradient for the encoder (REINFORCE, Williams 1992; of a VAE, Mnih & Gregor
// 2014), which needs no derivative with respect to z:
//
//	(1/K) Σ_j (log w_j − c_j) ∂log q(z_j|x)/∂φ,   log w_j = log p(x, z_j) − log q(z_j|x)
//
// c_j is a control variate: the mean of the others' log w, which knows nothing of z_j and so leaves the expectation as it is (Mnih &
// Rezende 2016; Kool et al. 2019). The decoder's gradient is the usual one, (1/K) Σ ∂log p(x, z_j)/∂θ. What z is drawn from may be
// anything with a log q; of Gaussians, elbo's gradient has the same expectation and far less variance.
type score struct {
	plain bool // c_j is 0
}

func (score) about() part {
	return part{"score", "the evidence lower bound by the score function (REINFORCE), less the mean of the other samples: much noisier than elbo"}
}

func (s score) settle(o *Objective) error {
	o.K = cmp.Or(o.K, 8)
	if o.K == 1 && !s.plain {
		return errors.New("objective score with 1 sample of each example: it holds each sample against the mean of the others, so take at least 2")
	}
	return onlyElbo(o)
}

func (s score) loss(tp *tensor.Tape, m *Model, b Batch, o Objective) (*tensor.Tensor, Terms) {
	t := m.terms(tp, b, draw{samples: o.K, noise: drawn(tp), constant: true, fixed: true})
	w := t.logWeights(tp)
	loss := tensor.Scale(tp, tensor.Sum(tp, w), -1/float32(t.K))
	weights := tp.Scratch(w.Rows) // 0 as the loss is added up, which so is the bound's value
	clear(weights)
	for l, z := range t.Z {
		loss = tensor.Add(tp, loss, tensor.WeightedSum(tp, tensor.GaussianLogProb(tp, z, t.Posterior[l]), weights))
	}
	s.weigh(weights, w, t.K)
	return loss, t
}

// weigh sets weights to what log q of each sample is multiplied by.
func (s score) weigh(weights []float32, w *tensor.Tensor, k int) {
	for first := 0; first < len(weights); first += k {
		sum := 0.0
		for j := first; j < first+k; j++ {
			sum += float64(w.Row(j)[0])
		}
		for j := first; j < first+k; j++ {
			above := float64(w.Row(j)[0])
			if !s.plain {
				above -= (sum - above) / float64(k-1)
			}
			weights[j] = float32(-above / float64(k))
		}
	}
}
