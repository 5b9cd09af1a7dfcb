package decode

import (
	"fmt"
	"slices"
)

// noRepeat forbids each token that would complete n tokens in a row that were there before, prefix included (Paulus et al. 2017,
// arXiv:1705.04304, of trigrams in beam search). Where all tokens that are possible would, the text ends: letting one through would break
// the promise. It costs O(tokens so far) a token.
type noRepeat int

func noRepeatOf(s Sample) Filter {
	if s.NoRepeatNGram == 0 {
		return nil
	}
	return noRepeat(s.NoRepeatNGram)
}

func (n noRepeat) Check() error {
	if n < 1 {
		return fmt.Errorf("no %d tokens in a row twice: it must be at least 1", int(n))
	}
	return nil
}

func (n noRepeat) Apply(c *Candidates) {
	context := int(n) - 1
	if len(c.SoFar) < context {
		return
	}
	end := c.SoFar[len(c.SoFar)-context:] // what the next token would follow
	follows := func(i int) bool { return slices.Equal(c.SoFar[i-context:i], end) }
	for i := context; i < len(c.SoFar); i++ {
		if follows(i) {
			c.marked[c.SoFar[i]] = true
		}
	}
	left := c.List[:0]
	for _, x := range c.List {
		if !c.marked[x.Token] {
			left = append(left, x)
		}
	}
	c.List = left
	c.settle()
	for _, token := range c.SoFar[context:] {
		c.marked[token] = false
	}
}
