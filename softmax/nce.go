package softmax

import (
	"fmt"
	"math"
)

func init() {
	register(Kind{
		Name: "nce", Doc: "noise-contrastive estimation: a target is told from drawn words, so that scores become log-probabilities by themselves",
		Options: []string{"samples", "noise", "power", "log-z"}, Ties: true, RowWise: true,
		settle: settleNCE, plan: planContrast,
		make: func(s Spec) (Output, error) { return newNCE(s), nil },
	})
}

// nce is noise-contrastive estimation (M. Gutmann and A. Hyvärinen, 2010; for language models A. Mnih and Y. W. Teh,
// 2012), a [contrast] with
//
//	Δ(w) = s_w − log Z − log(k·q(w))
//
// whose optimum is s = log p + log Z: the log of the sum of all e^s, which no step computes, is taken for a constant,
// log Z, and the scores learn to make it true. [SelfNormalized] says how far they do. Noise is the words' frequencies, near to
// which the text is, so that few words tell little; noise of one's own choice for each target takes a product of its own.
type nce struct{ *contrast }

// newNCE begins at the words' frequencies, with the sum of all e^s about what it is taken for.
func newNCE(s Spec) *nce {
	n := &nce{newContrast(s)}
	logZ := float32(s.Options.LogZ)
	n.minus = n.logNoise()
	for w := range n.minus {
		n.minus[w] = -n.minus[w] - logZ
		n.bias.Value[w] += logZ
	}
	return n
}

const nceSamples = 512

func settleNCE(s Spec, _ bool) (Options, error) {
	if z := s.Options.LogZ; !(math.Abs(z) <= mostLogZ) {
		return s.Options, fmt.Errorf("log-z %g of output layer nce: from %d to %d", z, -mostLogZ, mostLogZ)
	}
	return settleNoise("nce", s, "unigram", 1, nceSamples)
}

const mostLogZ = 50
