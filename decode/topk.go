package decode

import "fmt"

// topK leaves the k likeliest candidates (Fan et al. 2018, arXiv:1805.04833), kept in a heap
// with the worst on top. Where ids are in the order of frequency most of the likeliest come first, and
// the rest costs one comparison each.
type topK int

func topKOf(s Sample) Filter {
	if s.TopK == 0 {
		return nil
	}
	return topK(s.TopK)
}

func (k topK) Check() error {
	if k < 1 {
		return fmt.Errorf("top-k of %d: it must be at least 1; leave it out to keep all tokens", int(k))
	}
	return nil
}

func (k topK) Apply(c *Candidates) {
	if int(k) >= len(c.List) {
		return
	}
	worse := func(a, b Candidate) bool { return b.better(a) }
	best := c.List[:k]
	heap(best, worse)
	for _, x := range c.List[k:] {
		if x.better(best[0]) {
			best[0] = x
			sift(best, 0, worse)
		}
	}
	c.List = best
}
