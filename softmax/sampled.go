package softmax

import (
	"math"
	"slices"

	"inkling/internal/kernel"
	"inkling/tensor"
)

func init() {
	register(Kind{
		Name: "sampled", Doc: "sampled softmax: the softmax over a target and drawn words, corrected for how they were drawn",
		Options: []string{"samples", "noise", "power"}, Ties: true, RowWise: true,
		settle: func(s Spec, _ bool) (Options, error) {
			return settleNoise("sampled", s, "loguniform", 1, sampledSamples)
		},
		plan: planSampled,
		make: func(s Spec) (Output, error) { return newSampled(s), nil },
	})
}

// sampled is sampled softmax (Y. Bengio and J.-S. Senécal, 2003 and 2008; S. Jean et al., 2015): the cross entropy of a
// target y among itself and a [subset] S of the vocabulary that a step draws once for all its targets,
//
//	loss = −log( e^c_y / Σ e^c_w over w in S ∪ {y} ),  c_w = s_w − log π(w)
//
// where π(w) is the chance of w to be in S. A drawn word that is the target is the target, and is masked among the drawn. Since
// words are in S independently of each other, the chance of the set S ∪ {y} if y is the target is in proportion to
// 1/π(y), so what the loss estimates is log p up to a constant exactly, for any number of samples; few make it noisy. What
// is drawn are about as many distinct words as are asked for, log-uniform by rank: a frequent word that is drawn often
// is scored once. From half of the vocabulary on all words are drawn, and this is the full softmax.
//
// Cost: as contrast's, and the sum of its drawn words for each target that is one of them.
type sampled struct {
	*dense
	subset *subset
}

const sampledSamples = 512

func newSampled(s Spec) *sampled {
	l := &sampled{newDense(s), newSubset(newNoise(s), s.Options.Samples)}
	l.weight.Sparse = l.weight.Sparse || s.Tied == nil
	return l
}

func (l *sampled) Loss(tp *tensor.Tape, h *tensor.Tensor, t Targets) *tensor.Tensor {
	if !tp.Recording() {
		return l.exact(tp, h, t)
	}
	words := l.subset.sample(tp)
	drawn := tensor.LinearRows(tp, h, l.weight, l.bias, words, l.subset.most)
	own := tensor.RowDots(tp, h, l.weight, l.bias, t.Row, t.Word)
	correction := tp.Scratch(len(words))
	for k, w := range words {
		correction[k] = -l.subset.logChance[w]
	}
	lse := tp.Scratch(h.Rows) // of the drawn; their scores become their shares of it
	for i := range lse {
		kernel.Add(drawn.Row(i), correction)
		lse[i] = kernel.Softmax(drawn.Row(i), drawn.Row(i))
	}
	// Of a target with weight v, a score less lse, and rest, what the shares of the drawn words add up to but for the
	// target itself, the loss is v·log(1 + rest/e^score), and its gradient for a drawn word its share times v/(e^score + rest).
	totals, factors := make([]float64, t.parts()), tp.Scratch(h.Rows)
	clear(factors)
	place, excess := tp.ScratchInts(len(t.Word)), tp.Scratch(len(t.Word)) // of targets among the drawn: gradient that is not theirs
	for j, w := range t.Word {
		v, row := float64(t.weight(j)), drawn.Row(t.Row[j])
		at, hit := slices.BinarySearch(words, w)
		rest := 1.0
		if hit {
			share := row[at]
			row[at] = 0
			rest = float64(kernel.Sum(row))
			row[at] = share
		} else {
			at = -1
		}
		place = append(place, at)
		excess[j] = 0
		if v == 0 || rest == 0 || len(words) == 0 { // nothing to compare with
			own.Data[j] = 0
			continue
		}
		score := float64(own.Data[j]-l.subset.logChance[w]) - float64(lse[t.Row[j]])
		target, others := math.Exp(min(score, 0)), math.Exp(min(-score, 0)) // what is summed up, divided by the larger
		all := target + others*rest
		totals[t.part(t.Row[j])] += v * (math.Log(all) - min(score, 0))
		factor := float32(v * others / all)
		factors[t.Row[j]] += factor
		if hit {
			excess[j] = factor * row[at]
		}
		own.Data[j] = float32(-v * others * rest / all)
	}
	for i, factor := range factors {
		kernel.Scale(drawn.Row(i), factor)
	}
	for j, at := range place {
		if at >= 0 {
			drawn.Row(t.Row[j])[at] -= excess[j]
		}
	}
	return fused(tp, totals, t, drawn, own)
}

// planSampled adds to the words drawn what was drawn of them more than once.
func planSampled(s Spec, tied bool) Plan {
	v := len(s.Counts)
	drawn := mostOf(s.Options.Samples, v)
	p := planDrawn(s, tied, drawn)
	forward, again := p.Forward, 2*int64(subsetRoom(s.Options.Samples, v)-drawn)
	p.Forward = func(rows int) int64 { return forward(rows) + again }
	p.Bags = func(rows, targets int) int64 { return p.Forward(rows) + 4*int64(targets) }
	return p
}
