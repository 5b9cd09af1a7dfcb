package decode

import (
	"fmt"
	"math"
)

// minP leaves candidates whose probability is at least p times that of the likeliest (Nguyen et al.
// 2024, arXiv:2407.01082).
type minP float64

func minPOf(s Sample) Filter {
	if s.MinP == 0 {
		return nil
	}
	return minP(s.MinP)
}

func (p minP) Check() error {
	if !(p > 0 && p <= 1) {
		return fmt.Errorf("min-p of %g: it must be from 0 to 1", float64(p))
	}
	return nil
}

func (p minP) Apply(c *Candidates) {
	least := float64(c.max()) + math.Log(float64(p))
	left := c.List[:0]
	for _, x := range c.List {
		if float64(x.Score) >= least {
			left = append(left, x)
		}
	}
	c.List = left
}
