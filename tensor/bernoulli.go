package tensor

import "inkling/internal/kernel"

// BernoulliLogProb is the log-probability in nats of x [n,d], bits or probabilities of bits, under independent Bernoulli variables
// of logits [m,d]; row i·k+j of logits belongs to row i of x, m being n·k:
//
//	y[i·k+j] = Σ x·l − log(1+e^l) = −Σ max(l,0) − x·l + log(1+e^−|l|)
//
// Its derivative is x − σ(l). logits is consumed: its gradient is written over it. x gets no gradient.
func BernoulliLogProb(tp *Tape, logits, x *Tensor) *Tensor {
	return logProb(tp, "BernoulliLogProb", logits, x, x.Cols, kernel.Bernoulli)
}
