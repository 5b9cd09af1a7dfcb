package softmax

import (
	"fmt"
	"math"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// Two kinds train a classifier to tell a target from k words of noise, which a step draws once for all its targets, so
// that their scores are one product:
//
//	loss of a target y = −log σ(Δ(y)) − Σ log σ(−Δ(n)) over the k drawn n
//
// They differ in Δ. Each target is compared with as many words as are drawn, so the expected gradient is that of k words
// drawn for each target by itself; what is shared makes the noise of the targets' gradients go together, and lets k be in
// the hundreds. A word that is drawn several times is scored once and counts so many times. One that is the target
// counts as noise all the same: the classifier's optimum is e^Δ(w) = p(w)/(k·q(w)), for the text's p and the noise's q, because
// noise is any word w with probability q(w), whatever the target; to leave out what hits would change it.
//
// Cost: 6·rows·k·d operations for loss and gradient, and d for each target, against 6·rows·V·d of the full softmax.
type contrast struct {
	*dense
	noise   *noise
	samples int
	minus   []float32 // for each word, Δ − score; nil: 0
}

func newContrast(s Spec) *contrast {
	c := &contrast{dense: newDense(s), noise: newNoise(s), samples: s.Options.Samples}
	c.weight.Sparse = c.weight.Sparse || s.Tied == nil
	return c
}

// logNoise is log(k·q) of each word.
func (c *contrast) logNoise() []float32 {
	l := make([]float32, c.vocab())
	for w, q := range c.noise.logq {
		l[w] = q + float32(math.Log(float64(c.samples)))
	}
	return l
}

func (c *contrast) Loss(tp *tensor.Tape, h *tensor.Tensor, t Targets) *tensor.Tensor {
	if !tp.Recording() {
		return c.exact(tp, h, t)
	}
	words, times := c.noise.sample(tp, c.samples)
	drawn := tensor.LinearRows(tp, h, c.weight, c.bias, words, min(c.samples, c.vocab()))
	own := tensor.RowDots(tp, h, c.weight, c.bias, t.Row, t.Word)
	shift := tp.Scratch(len(words))
	clear(shift)
	if c.minus != nil {
		for i, w := range words {
			shift[i] = c.minus[w]
		}
	}
	// Scores become their gradients: d/dΔ of −log σ(Δ) is −σ(−Δ), and of −log σ(−Δ) it is σ(Δ).
	totals, weights := make([]float64, t.parts()), t.ofRows(tp, h.Rows)
	for i, weight := range weights {
		row := drawn.Row(i)
		if weight == 0 {
			clear(row)
			continue
		}
		kernel.Add(row, shift)
		totals[t.part(i)] += float64(weight) * softplus(row, times)
		kernel.Mul(row, row, times)
		kernel.Scale(row, weight)
	}
	for j, w := range t.Word {
		weight, delta := t.weight(j), own.Row(j)
		if weight == 0 {
			delta[0] = 0
			continue
		}
		if c.minus != nil {
			delta[0] += c.minus[w]
		}
		delta[0] = -delta[0]
		totals[t.part(t.Row[j])] += float64(weight) * softplus(delta, nil)
		delta[0] *= -weight
	}
	return fused(tp, totals, t, drawn, own)
}

// settleNoise completes the options of kinds that draw words.
func settleNoise(kind string, s Spec, noise string, power float64, samples int) (Options, error) {
	o := s.Options
	if o.Samples == 0 {
		o.Samples = samples
	}
	switch {
	case o.Noise == "" && o.Power != 0:
		o.Noise = "unigram"
	case o.Noise == "":
		o.Noise = noise
	}
	switch {
	case o.Samples < 0 || o.Samples > mostSamples:
		return o, fmt.Errorf("%d samples of output layer %s: at least 1, and at most %d", o.Samples, kind, mostSamples)
	case o.Noise != "unigram" && o.Noise != "loguniform":
		return o, fmt.Errorf("noise %q of output layer %s: choose one of unigram, loguniform", o.Noise, kind)
	case o.Noise == "loguniform" && o.Power != 0:
		return o, fmt.Errorf("power %g of loguniform noise, which goes by the rank of words: leave it out, or choose noise unigram", o.Power)
	case !(o.Power >= 0 && o.Power <= mostPower):
		return o, fmt.Errorf("power %g of the noise of output layer %s: above 0, and at most %d", o.Power, kind, mostPower)
	case o.Noise == "unigram" && o.Power == 0:
		o.Power = power
	}
	return o, nil
}

const (
	mostSamples = 1 << 20 // of a step
	mostPower   = 4       // beyond which the rare words are next to never drawn
)

func planContrast(s Spec, tied bool) Plan {
	return planDrawn(s, tied, min(s.Options.Samples, len(s.Counts)))
}

// planDrawn is the plan of a layer that compares targets with so many drawn rows of its weights, or fewer.
func planDrawn(s Spec, tied bool, drawn int) Plan {
	p := planDense(s, tied)
	v, d := len(s.Counts), s.Dim
	p.Training = float64(drawn) * float64(d)
	p.Packed, p.Read = nil, p.Packed
	p.Forward = func(rows int) int64 {
		// Scores and the gradients over them; the drawn rows, and packed; what is drawn and a target's own score.
		return int64(rows)*(pad(drawn)+4) + 2*int64(drawn)*(int64(d)+2)
	}
	p.Bags = func(rows, targets int) int64 { return p.Forward(rows) + 4*int64(targets) }
	p.Dense = int64(v)
	if !tied || v >= SparseVocab {
		p.RowGrads = func(rows int) int64 { return rowGrads(v, d, rows+drawn, tied) }
	}
	return p
}
