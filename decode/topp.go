package decode

import (
	"fmt"
	"math"
)

// topP leaves the likeliest candidates whose probabilities, taken from the top, first reach p: nucleus
// sampling (Holtzman et al. 2019, arXiv:1904.09751). The one that reaches p is left in. It
// costs O(V + m log V) for m left.
type topP float64

func topPOf(s Sample) Filter {
	if s.TopP == 0 || s.TopP == 1 {
		return nil
	}
	return topP(s.TopP)
}

func (p topP) Check() error {
	if !(p > 0 && p <= 1) {
		return fmt.Errorf("top-p of %g: it must be above 0 and at most 1", float64(p))
	}
	return nil
}

func (p topP) Apply(c *Candidates) {
	best, total := float64(c.max()), 0.0
	for _, x := range c.List {
		total += math.Exp(float64(x.Score) - best)
	}
	heap(c.List, Candidate.better)
	n, sum := len(c.List), 0.0
	for n > 0 && sum < float64(p)*total {
		sum += math.Exp(float64(c.List[0].Score) - best)
		n--
		c.List[0], c.List[n] = c.List[n], c.List[0]
		sift(c.List[:n], 0, Candidate.better)
	}
	c.List = c.List[n:]
}
