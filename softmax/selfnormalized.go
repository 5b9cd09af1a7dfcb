package softmax

import "inkling/tensor"

// SelfNormalized is what an Output offers that was trained so that the sum of all e^score is near a constant: whoever
// trusts it can take a score, less that constant, for a log-probability, without the other words.
type SelfNormalized interface {
	Output
	// LogZ sets logZ[i] to the log of that sum for row i of h, in nats, and does what [Scorer] does as well.
	LogZ(tp *tensor.Tape, scores, logZ []float32, h *tensor.Tensor, word []int)
}

// LogZ makes the scores of blocks of rows, as Scores does.
func (c *contrast) LogZ(tp *tensor.Tape, scores, logZ []float32, h *tensor.Tensor, word []int) {
	c.blocks(tp, h, func(from int, logits []float32, stride int, lse []float32) {
		copy(logZ[from:], lse)
		for i, sum := range lse {
			scores[from+i] = logits[i*stride+word[from+i]] - sum
		}
	})
}
