package wordvec

import "math"

// Frequent words say little about their neighbours, and would take most of the time. Each occurrence of a word with the
// share f of the text is kept with probability √(t/f) + t/f: the form of the program word2vec, where the paper of
// Mikolov et al. 2013 has √(t/f).

// keepShares are these probabilities, as thresholds for 32 random bits; sample is t, and none are passed over if it is
// negative.
func keepShares(counts []int64, sample float64) []uint32 {
	total := 0.0
	for _, n := range counts {
		total += float64(n)
	}
	keep := make([]uint32, len(counts))
	for w, n := range counts {
		keep[w] = math.MaxUint32
		if sample > 0 && n > 0 {
			x := sample * total / float64(n)
			keep[w] = uint32(min(1, math.Sqrt(x)+x) * math.MaxUint32)
		}
	}
	return keep
}

// An alias draws words with given shares in constant time (A. Walker 1977; the tables as M. Vose 1991 makes them): it
// picks one of V bins of equal size, each of which holds at most two words. Word2vec's table of 10⁸ entries does the
// same with 400 MB and a miss of the cache for each draw.
type alias struct {
	bins []bin
}

type bin struct {
	share uint32 // of the bin that is the word's own, of 2³²
	other int32  // whose the rest is
}

// power is to which counts are raised when negatives are drawn.
const power = 0.75

// newAlias makes the tables for shares that grow as count^power.
func newAlias(counts []int64, power float64) *alias {
	n := len(counts)
	a := &alias{make([]bin, n)}
	scaled, total := make([]float64, n), 0.0
	for w, c := range counts {
		scaled[w] = math.Pow(float64(c), power)
		total += scaled[w]
	}
	var small, large []int32
	for w := range scaled {
		scaled[w] *= float64(n) / total
		if scaled[w] < 1 {
			small = append(small, int32(w))
		} else {
			large = append(large, int32(w))
		}
	}
	for w := range a.bins { // what rounding leaves over is its own whole bin
		a.bins[w] = bin{math.MaxUint32, int32(w)}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		a.bins[s] = bin{uint32(scaled[s] * 0x1p32), l}
		scaled[l] -= 1 - scaled[s]
		if scaled[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	return a
}

func (a *alias) draw(r *random) int32 {
	x := r.next()
	w := int32((x >> 32) * uint64(len(a.bins)) >> 32)
	if b := a.bins[w]; uint32(x) >= b.share {
		return b.other
	}
	return w
}
