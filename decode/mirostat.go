package decode

import (
	"errors"
	"fmt"
	"math"
)

// mirostat is Mirostat 2.0 (Basu et al. 2020, arXiv:2007.14966): it leaves the candidates whose surprise −log₂ p is at most μ, but always
// the likeliest, and after each draw moves μ against the error, μ −= rate·(surprise − target), from 2·target at the beginning. So the
// mean surprise of the text goes to the target, where fixed cuts let it fall into repetition or drift into noise; and if no cut is
// low or high enough for the target, to what is nearest. Surprises, in bits, are by the probabilities that come to it, after the
// filters before it and before its own cut. (llama.cpp takes those after the cut, of which the sum is smaller.)
type mirostat struct{ target, rate float64 }

const defaultMirostatRate = 0.1

func mirostatOf(s Sample) Filter {
	if s.Mirostat == 0 && s.MirostatRate == 0 {
		return nil
	}
	m := mirostat{s.Mirostat, s.MirostatRate}
	if m.rate == 0 {
		m.rate = defaultMirostatRate
	}
	return &mirostatOfSample{mirostat: m, most: 2 * m.target}
}

// checkMirostat refuses other cuts beside it: they would hide from it what it could let in, and μ would run away.
func (s Sample) checkMirostat() error {
	if s.Mirostat == 0 {
		return nil
	}
	for _, other := range []struct {
		name string
		of   Filter
	}{{"top-k", topKOf(s)}, {"typical", typicalOf(s)}, {"top-p", topPOf(s)}, {"min-p", minPOf(s)}} {
		if other.of != nil {
			return fmt.Errorf("%s with mirostat, which itself chooses how much to cut off: leave one of them out", other.name)
		}
	}
	return nil
}

func (m mirostat) Check() error {
	switch {
	case m.target == 0:
		return errors.New("a rate of mirostat without mirostat: give its target, in bits a token")
	case !(m.target > 0 && m.target <= mostNats):
		return fmt.Errorf("mirostat to %g bits a token: it must be above 0 and at most %d", m.target, mostNats)
	case !(m.rate > 0 && m.rate <= 1):
		return fmt.Errorf("a rate of mirostat of %g: it must be above 0 and at most 1; 0.1 is usual", m.rate)
	}
	return nil
}

// mirostatOfSample is that of one sample.
type mirostatOfSample struct {
	mirostat
	most  float64     // μ, in bits
	left  []Candidate // after the cut
	total float64     // log Σ e^score before it
}

func (m *mirostatOfSample) Begin() Watcher {
	return &mirostatOfSample{mirostat: m.mirostat, most: 2 * m.target}
}

// surprise of a candidate, in bits.
func (m *mirostatOfSample) surprise(c Candidate) float64 {
	return (m.total - float64(c.Score)) / math.Ln2
}

func (m *mirostatOfSample) Apply(c *Candidates) {
	best, total := float64(c.max()), 0.0
	likeliest := c.List[0]
	for _, x := range c.List {
		total += math.Exp(float64(x.Score) - best)
		if x.better(likeliest) {
			likeliest = x
		}
	}
	m.total = best + math.Log(total)
	left := c.List[:0]
	for _, x := range c.List {
		if x == likeliest || m.surprise(x) <= m.most {
			left = append(left, x)
		}
	}
	c.List = left
	m.left = append(m.left[:0], left...)
}

func (m *mirostatOfSample) Drawn(token int) {
	for _, x := range m.left {
		if int(x.Token) == token {
			m.most -= m.rate * (m.surprise(x) - m.target)
			return
		}
	}
	panic("decode: a token was drawn that mirostat has cut off")
}
