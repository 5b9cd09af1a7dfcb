package decode

import (
	"fmt"
	"math"
)

// repeatPenalty makes tokens less likely that are among the latest: the penalty of CTRL (Keskar et al.
// 2019, arXiv:1909.05858, section 4.1) as Hugging Face and llama.cpp have it, a positive logit divided
// by the penalty and a negative one multiplied by it, once however often the token was there.
//
// A logit's zero is arbitrary, and models here give log-probabilities, which have none. The logit
// taken is log(p·V), so zero is a token as likely as chance. Taking the log-probability itself for a
// negative logit was rejected: a loop that the model is sure of, log p ≈ 0, would hardly be touched.
type repeatPenalty struct {
	penalty float64
	last    int
}

const defaultRepeatLast = 64

func repeatPenaltyOf(s Sample) Filter {
	f := repeatPenalty{s.RepeatPenalty, s.RepeatLast}
	if f.penalty == 0 {
		f.penalty = 1
	}
	if f.last == 0 {
		f.last = defaultRepeatLast
	}
	if f.penalty == 1 && f.last > 0 {
		return nil
	}
	return f
}

func (f repeatPenalty) Check() error {
	if !(f.penalty > 0) || math.IsInf(f.penalty, 1) {
		return fmt.Errorf("a repetition penalty of %g: it must be positive; 1 is none, 1.1 a usual one", f.penalty)
	}
	if f.last < 0 {
		return fmt.Errorf("a repetition penalty on the last %d tokens: it must be on at least 1", f.last)
	}
	return nil
}

func (f repeatPenalty) Apply(c *Candidates) {
	latest := c.SoFar[max(0, len(c.SoFar)-f.last):]
	for _, token := range latest {
		c.marked[token] = true
	}
	chance := math.Log(float64(c.Vocab))
	for i, x := range c.List {
		if !c.marked[x.Token] {
			continue
		}
		logit := float64(x.Score) + chance
		if logit > 0 {
			logit /= f.penalty
		} else {
			logit *= f.penalty
		}
		c.List[i].Score = float32(logit - chance)
	}
	for _, token := range latest {
		c.marked[token] = false
	}
}
