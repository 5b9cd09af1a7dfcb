// Package alias draws from a fixed distribution in constant time (A. J. Walker 1977; the tables as M. D. Vose makes them,
// 1991). One of n bins of equal size is picked; each holds at most two of the things that are drawn. It takes one random
// number, one look-up and 8 bytes a thing, whatever n is. A table of 10⁸ entries, as word2vec has, takes 400 MB and a miss
// of the cache for each draw, and is not exact; a binary search in sums takes log n look-ups.
package alias

import (
	"math"
	"math/bits"
)

// A Table draws numbers from 0 on.
type Table struct{ bins []bin }

type bin struct {
	own   uint32 // of 2³² cases in which this bin is picked, in how many its own number is drawn
	other int32  // and what is drawn in the others
}

// New makes the table for shares in proportion to weights, which are not negative and not all zero. What is drawn has them
// within 2⁻³² of 1/n.
func New(weights []float64) *Table {
	n := len(weights)
	t := &Table{make([]bin, n)}
	total := 0.0
	for _, w := range weights {
		total += w
	}
	share := make([]float64, n) // in units of 1/n: what is above 1 fills up those below
	var small, large []int32
	for i, w := range weights {
		t.bins[i] = bin{math.MaxUint32, int32(i)} // full, if rounding leaves it over
		if share[i] = w / total * float64(n); share[i] < 1 {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		t.bins[s] = bin{uint32(share[s] * (1 << 32)), l}
		if share[l] -= 1 - share[s]; share[l] < 1 {
			large, small = large[:len(large)-1], append(small, l)
		}
	}
	return t
}

// Draw is the number for 64 random bits.
func (t *Table) Draw(random uint64) int {
	i, rest := bits.Mul64(random, uint64(len(t.bins)))
	if b := t.bins[i]; uint32(rest>>32) >= b.own {
		return int(b.other)
	}
	return int(i)
}

// Shares are the exact probabilities with which numbers are drawn.
func (t *Table) Shares() []float64 {
	p := make([]float64, len(t.bins))
	for i, b := range t.bins {
		own := float64(b.own) / (1 << 32)
		p[i] += own / float64(len(p))
		p[b.other] += (1 - own) / float64(len(p))
	}
	return p
}
