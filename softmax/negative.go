package softmax

func init() {
	register(Kind{
		Name: "negative", Doc: "negative sampling, as word2vec has it: a target is told from drawn words, with nothing corrected for",
		Options: []string{"samples", "noise", "power"}, Ties: true, RowWise: true,
		settle: func(s Spec, _ bool) (Options, error) {
			return settleNoise("negative", s, "unigram", 0.75, negativeSamples)
		},
		plan: planContrast,
		make: func(s Spec) (Output, error) { return newNegative(s), nil },
	})
}

// newNegative is negative sampling (T. Mikolov et al., 2013), a [contrast] of the score itself: Δ(w) = s_w. Its optimum is
//
//	s_w = log p(w|h) − log(k·q(w))
//
// as O. Levy and Y. Goldberg (2014) show for word vectors: what a score estimates is how much likelier a word is here than in
// the noise. So the probabilities are not the softmax of the scores, but that of s_w + log(k·q(w)): unnormalized they
// are p itself at the optimum, and the log of their sum is about 0, as in nce, of which this is another parametrization:
// each word's bias is off by a constant. It matters where the bias is regularized or missing, and for what the vectors mean.
//
// The noise is the words' frequencies to the power of ¾. It begins where the probabilities are the words' frequencies.
func newNegative(s Spec) *contrast {
	n := newContrast(s)
	n.shift = n.logNoise()
	for w, l := range n.shift {
		n.bias.Value[w] -= l
	}
	return n
}

const negativeSamples = 512
