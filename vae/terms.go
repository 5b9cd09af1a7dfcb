package vae

import (
	"inkling/tensor"
)

// Terms are what objectives and bounds are made of. Row i·K+j of a tensor with N·K rows belongs to sample j of example i.
type Terms struct {
	N, K          int
	LogLikelihood *tensor.Tensor // log p(x|z), [N·K, 1]

	// KL is empty of a model whose z is a point. Else it has, for each stochastic layer, what its variables cost in nats: [N·K, d] is log q − log p at the sample, whose expectation is
	// the divergence; the divergence itself, where it is known in closed form, has a row for each row of Posterior.
	KL        []*tensor.Tensor
	Z         []*tensor.Tensor // samples of each layer, [N·K, d]
	Posterior []*tensor.Tensor // means and log deviations of q of each layer: [N, 2d] of the first, [N·K, 2d] of others
}

// A draw says how z is drawn.
type draw struct {
	samples int // of each example; 0 is 1

	// analytic takes the divergence of the last layer from its prior in closed form instead of at the sample.
	analytic bool
	// noise fills dst with standard normal numbers.
	noise func(dst []float32)
	// hold stands between z and all that reads its value to judge it, log q and log p; nil: nothing does.
	hold func(z *tensor.Tensor) *tensor.Tensor
	// fixed makes log q a function of z alone: no gradient goes to the encoder through it.
	fixed bool
	// constant makes z a constant once it is drawn: no gradient goes to the encoder through it, nor to q of one layer through that of another.
	constant bool
}

// terms encodes a batch, draws from q, and judges what was drawn.
func (m *Model) terms(tp *tensor.Tape, b Batch, d draw) Terms {
	t := Terms{N: b.Rows, K: max(d.samples, 1)}
	var from *tensor.Tensor // the layer below
	k := t.K
	for l := range m.Config.Latent {
		q := m.posterior(tp, b, l, from)
		noise := tp.Scratch(q.Rows * k * q.Cols / 2)
		if m.Config.Point {
			clear(noise)
		} else {
			d.noise(noise)
		}
		z := tensor.Reparametrize(tp, q, noise, k)
		if d.constant {
			z = tensor.Detach(tp, z)
		}
		t.Posterior, t.Z = append(t.Posterior, q), append(t.Z, z)
		from, k = z, 1
	}
	judged := t.Z
	if d.hold != nil {
		judged = make([]*tensor.Tensor, len(t.Z))
		for l, z := range t.Z {
			judged[l] = d.hold(z)
		}
	}
	last := len(judged) - 1
	for l, z := range judged {
		if m.Config.Point {
			break
		}
		if l == last && d.analytic {
			t.KL = append(t.KL, tensor.GaussianKL(tp, t.Posterior[l]))
			continue
		}
		q := tensor.GaussianLogProb(tp, z, m.judge(tp, t, judged, l, d))
		t.KL = append(t.KL, tensor.Add(tp, q, tensor.Scale(tp, m.logPrior(tp, judged, l), -1)))
	}
	t.LogLikelihood = m.decoder.LogLikelihood(tp, b, judged[0])
	return t
}

// posterior is what q of layer l is made of, given the layer below; of the first layer, given the batch.
func (m *Model) posterior(tp *tensor.Tape, b Batch, l int, below *tensor.Tensor) *tensor.Tensor {
	if l == 0 {
		return m.encoder.Encode(tp, b)
	}
	return m.up[l-1].apply(tp, below)
}

// judge is q of layer l, which log q is a function of: the one that was drawn from, or, for a fixed one, the same by way of the samples
// as they are judged, with parameters that are constants.
func (m *Model) judge(tp *tensor.Tape, t Terms, judged []*tensor.Tensor, l int, d draw) (q *tensor.Tensor) {
	switch {
	case !d.fixed:
		return t.Posterior[l]
	case l == 0 || d.constant:
		return tensor.Detach(tp, t.Posterior[l])
	}
	tp.Frozen(func() { q = m.up[l-1].apply(tp, judged[l-1]) })
	return q
}

// logPrior is log p(z_l | z_{l+1}) of each variable, or log p(z_l) of the last layer.
func (m *Model) logPrior(tp *tensor.Tape, z []*tensor.Tensor, l int) *tensor.Tensor {
	if l == len(z)-1 {
		return tensor.NormalLogProb(tp, z[l])
	}
	return tensor.GaussianLogProb(tp, z[l], m.down[l].apply(tp, z[l+1]))
}

// logWeights is log p(x, z) − log q(z|x) of each sample, [N·K, 1]: its mean is the evidence lower bound, and the mean of its exponential
// is p(x).
func (t Terms) logWeights(tp *tensor.Tape) *tensor.Tensor {
	w := t.LogLikelihood
	for _, kl := range t.KL {
		w = tensor.Add(tp, w, tensor.Scale(tp, tensor.SumCols(tp, kl), -1))
	}
	return w
}
