package softmax

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"inkling/tensor"
)

// Words are drawn from a fixed distribution q by Walker's alias method (A. J. Walker, 1977; the tables as M. D. Vose
// makes them, 1991): a word costs one random number and one look-up, whatever V is, and the tables take 12 bytes a word.
// A table of 10⁸ words, as word2vec has, takes more and is not exact; a binary search in sums takes log V look-ups.

// noise is a distribution over the vocabulary to draw words from. Every word has a chance: where it had none, the
// logarithms that correct for it would be infinite.
type noise struct {
	logq  []float32 // log of each word's probability
	keep  []uint64  // of 2⁶⁴ cases in which word i is drawn for i, in how many it stays
	alias []int32   // and what is drawn in the others
}

// newNoise is what the options name: the frequencies to a power, or the distribution log-uniform over their ranks.
func newNoise(s Spec) *noise {
	if s.Options.Noise == "loguniform" {
		return noiseOf(logUniform(s.Counts))
	}
	p := frequencies(s.Counts)
	for w := range p {
		p[w] = math.Pow(p[w], s.Options.Power)
	}
	return noiseOf(p)
}

// logUniform is q(k) = log((k+2)/(k+1)) / log(V+1) for the word of rank k, the most frequent having rank 0: about
// Zipf's law, needing no counts but their order.
func logUniform(counts []int64) []float64 {
	q := make([]float64, len(counts))
	for k, w := range byFrequency(counts) {
		q[w] = math.Log1p(1/float64(k+1)) / math.Log(float64(len(counts)+1))
	}
	return q
}

// noiseOf is the distribution in proportion to positive weights.
func noiseOf(weight []float64) *noise {
	v := len(weight)
	n := &noise{logq: make([]float32, v), keep: make([]uint64, v), alias: make([]int32, v)}
	total := 0.0
	for _, w := range weight {
		total += w
	}
	share := make([]float64, v) // of a word, in units of 1/V: what is above 1 fills up those below
	var small, large []int32
	for i, w := range weight {
		n.logq[i] = float32(math.Log(w / total))
		share[i] = w / total * float64(v)
		if share[i] < 1 {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		n.keep[s], n.alias[s] = uint64(share[s]*(1<<64)), l
		if share[l] -= 1 - share[s]; share[l] < 1 {
			large, small = large[:len(large)-1], append(small, l)
		}
	}
	for _, i := range append(small, large...) { // full, within rounding
		n.keep[i], n.alias[i] = math.MaxUint64, i
	}
	return n
}

// draw is one word.
func (n *noise) draw(r *rand.Rand) int {
	i, rest := bits.Mul64(r.Uint64(), uint64(len(n.keep)))
	if rest < n.keep[i] {
		return int(i)
	}
	return int(n.alias[i])
}

// sample draws k words with replacement, for a step's shard: the distinct ones, ascending, and how often each came.
func (n *noise) sample(tp *tensor.Tape, k int) (words []int, times []float32) {
	r, words := tp.Rand(), tp.ScratchInts(k)
	for range k {
		words = append(words, n.draw(r))
	}
	return distinct(words, tp.Scratch(k))
}

// distinct sorts words and leaves one of each; times, as long, says how many there were.
func distinct(words []int, times []float32) ([]int, []float32) {
	slices.Sort(words)
	n := 0
	for i, w := range words {
		if i == 0 || w != words[n-1] {
			words[n], times[n] = w, 0
			n++
		}
		times[n-1]++
	}
	return words[:n], times[:n]
}
