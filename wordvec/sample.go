package wordvec

import (
	"math"

	"inkling/internal/alias"
)

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

// power is to which counts are raised when negatives are drawn.
const power = 0.75

// negativesOf draws words with shares that grow as count^power.
func negativesOf(counts []int64) *alias.Table {
	shares := make([]float64, len(counts))
	for w, n := range counts {
		shares[w] = math.Pow(float64(n), power)
	}
	return alias.New(shares)
}
