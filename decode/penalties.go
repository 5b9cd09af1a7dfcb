package decode

import (
	"fmt"
	"math"
)

// penalties makes tokens less likely that were there.
//
// The repeat penalty is that of CTRL (Keskar et al. 2019, arXiv:1909.05858, section 4.1) as Hugging Face and llama.cpp have it, on the
// latest tokens, prefix included: a positive logit divided by the penalty and a negative one multiplied by it, once however often
// the token was there. A logit's zero is arbitrary, and models here give log-probabilities, which have none. The logit
// taken is log(p·V), so zero is a token as likely as chance. Taking the log-probability itself for a
// negative logit was rejected: a loop that the model is sure of, log p ≈ 0, would hardly be touched.
//
// The frequency and the presence penalty are OpenAI's: a token that was written n times, the prefix not counted, loses
// n·frequency + presence nats if n > 0. Counting costs O(written) a token; counts kept by each sample would take a vocabulary of memory
// for each.
type penalties struct {
	repeat              float64
	last                int
	frequency, presence float64
}

const (
	defaultRepeatLast = 64
	mostNats          = 1000 // of a penalty or a bias: e^1000 is more than any two probabilities are apart
)

func penaltiesOf(s Sample) Filter {
	f := penalties{s.RepeatPenalty, s.RepeatLast, s.FrequencyPenalty, s.PresencePenalty}
	if f.repeat == 0 {
		f.repeat = 1
	}
	if f.last == 0 {
		f.last = defaultRepeatLast
	}
	if f.repeat == 1 && f.last > 0 && f.frequency == 0 && f.presence == 0 {
		return nil
	}
	return f
}

func (f penalties) Check() error {
	if !(f.repeat > 0) || math.IsInf(f.repeat, 1) {
		return fmt.Errorf("a repetition penalty of %g: it must be positive; 1 is none, 1.1 a usual one", f.repeat)
	}
	if f.last < 0 {
		return fmt.Errorf("a repetition penalty on the last %d tokens: it must be on at least 1", f.last)
	}
	if !(math.Abs(f.frequency) <= mostNats) || !(math.Abs(f.presence) <= mostNats) {
		return fmt.Errorf("a frequency penalty of %g and a presence penalty of %g: each must be from -%d to %d nats; 0 is none, 0.5 a usual one", f.frequency, f.presence, mostNats, mostNats)
	}
	return nil
}

func (f penalties) Apply(c *Candidates) {
	if f.repeat != 1 {
		f.divide(c, c.SoFar[max(0, len(c.SoFar)-f.last):])
	}
	if f.frequency != 0 || f.presence != 0 {
		f.subtract(c)
	}
}

func (f penalties) divide(c *Candidates, latest []int) {
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
			logit /= f.repeat
		} else {
			logit *= f.repeat
		}
		c.List[i].Score = possibly(x.Score, logit-chance)
	}
	for _, token := range latest {
		c.marked[token] = false
	}
}

func (f penalties) subtract(c *Candidates) {
	count := c.counts()
	for _, token := range c.Written {
		count[token]++
	}
	for i, x := range c.List {
		if n := count[x.Token]; n > 0 {
			c.List[i].Score = possibly(x.Score, float64(x.Score)-float64(n)*f.frequency-f.presence)
		}
	}
	for _, token := range c.Written {
		count[token] = 0
	}
}

// possibly is a new score in place of an old one: what was possible stays so, however unlikely it becomes.
func possibly(old float32, score float64) float32 {
	if math.IsInf(float64(old), -1) {
		return old
	}
	return float32(max(score, -math.MaxFloat32))
}
