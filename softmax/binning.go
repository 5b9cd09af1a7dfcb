package softmax

import (
	"cmp"
	"math"
	"slices"
)

// byFrequency are the words, the most frequent first, of equal ones the smaller number.
func byFrequency(counts []int64) []int {
	order := make([]int, len(counts))
	for w := range order {
		order[w] = w
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(counts[b], counts[a]) })
	return order
}

// A binning shares words out among classes by frequency: the words of a class follow one another in order, and it is
// rare words that have large classes.
type binning struct {
	order  []int // words by falling frequency: of each position its word
	place  []int // of each word its position
	of     []int // of each word its class
	starts []int // class c has the positions starts[c] to starts[c+1]
}

// newBinning makes n classes of about equal shares of the words' counts, or of the roots of the counts: with these,
// frequent words are less alone. No class is empty, whatever the counts.
func newBinning(counts []int64, n int, by string) *binning {
	v := len(counts)
	b := &binning{order: byFrequency(counts), place: make([]int, v), of: make([]int, v), starts: make([]int, n+1)}
	share, total := frequencies(counts), 0.0
	for w, p := range share {
		if by == "sqrt" {
			share[w] = math.Sqrt(p)
		}
		total += share[w]
	}
	sum, at := 0.0, 0
	for c := range n {
		b.starts[c] = at
		end := v - (n - 1 - c) // each class to come needs a word
		for first := at; at < end && (at == first || c == n-1 || sum < total*float64(c+1)/float64(n)); at++ {
			w := b.order[at]
			b.place[w], b.of[w] = at, c
			sum += share[w]
		}
	}
	b.starts[n] = v
	return b
}

func (b *binning) classes() int { return len(b.starts) - 1 }

func (b *binning) size(c int) int { return b.starts[c+1] - b.starts[c] }

// probabilities are those of the classes, by the words' counts.
func (b *binning) probabilities(counts []int64) []float64 {
	p := make([]float64, b.classes())
	for w, q := range frequencies(counts) {
		p[b.of[w]] += q
	}
	return p
}
