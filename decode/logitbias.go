package decode

import (
	"fmt"
	"math"
)

// logitBias adds to the log-probabilities of given tokens, in nats, as OpenAI's logit_bias does; −∞ forbids a token. A token that is
// impossible, by the model or by a constraint, stays so, whatever is added: +∞, which would ask for one all the same, is refused.
type logitBias map[int]float64

func logitBiasOf(s Sample) Filter {
	if len(s.LogitBias) == 0 {
		return nil
	}
	return logitBias(s.LogitBias)
}

func (b logitBias) Check() error {
	for token, bias := range b {
		if !(math.Abs(bias) <= mostNats) && !math.IsInf(bias, -1) {
			return fmt.Errorf("a bias of %g on token %d: it must be from -%d to %d nats, or -inf to forbid the token", bias, token, mostNats, mostNats)
		}
	}
	return nil
}

// fits says what is wrong with the biases for a model of so many tokens.
func (b logitBias) fits(vocab int) error {
	forbidden := 0
	for token, bias := range b {
		if token < 0 || token >= vocab {
			return fmt.Errorf("a bias on token %d, and the model has %d: they are numbered from 0", token, vocab)
		}
		if math.IsInf(bias, -1) {
			forbidden++
		}
	}
	if forbidden == vocab {
		return fmt.Errorf("biases of -inf on all %d tokens forbid every text: allow one", vocab)
	}
	return nil
}

func (b logitBias) Apply(c *Candidates) {
	for token := range b {
		c.marked[token] = true
	}
	left := c.List[:0]
	for _, x := range c.List {
		if c.marked[x.Token] {
			bias := b[int(x.Token)]
			if math.IsInf(bias, -1) {
				continue
			}
			x.Score += float32(bias)
		}
		left = append(left, x)
	}
	c.List = left
	c.settle()
	for token := range b {
		c.marked[token] = false
	}
}
