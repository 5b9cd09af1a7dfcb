package decode

import (
	"fmt"
	"math"
)

// typical is locally typical sampling (Meister et al. 2022, arXiv:2202.00666): it leaves the candidates whose surprise is nearest to the
// expected one, those of the smallest |−log p − H| with H = −Σ p·log p, until their probabilities first reach the mass τ. So the
// likeliest token may go, where it says less than people do.
//
// Since −log p is −score plus what all candidates share, |−log p − H| is |score − Σ p·score|, and nothing has to be normalized. It
// costs O(V + m log V) for m left.
type typical float64

func typicalOf(s Sample) Filter {
	if s.Typical == 0 || s.Typical == 1 {
		return nil
	}
	return typical(s.Typical)
}

func (p typical) Check() error {
	if !(p > 0 && p <= 1) {
		return fmt.Errorf("typical of %g: it must be above 0 and at most 1", float64(p))
	}
	return nil
}

func (p typical) Apply(c *Candidates) {
	best, total, mean := float64(c.max()), 0.0, 0.0
	for _, x := range c.List {
		if w := math.Exp(float64(x.Score) - best); w > 0 { // 0·−∞ is no number
			total += w
			mean += w * float64(x.Score)
		}
	}
	mean /= total
	nearer := func(a, b Candidate) bool {
		d, e := math.Abs(float64(a.Score)-mean), math.Abs(float64(b.Score)-mean)
		return d < e || d == e && a.better(b)
	}
	heap(c.List, nearer)
	n, sum := len(c.List), 0.0
	for n > 0 && sum < float64(p)*total {
		sum += math.Exp(float64(c.List[0].Score) - best)
		n--
		c.List[0], c.List[n] = c.List[n], c.List[0]
		sift(c.List[:n], 0, nearer)
	}
	c.List = c.List[n:]
}
