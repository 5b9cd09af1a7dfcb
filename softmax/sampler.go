package softmax

import (
	"math"
	"math/rand/v2"
	"slices"

	"inkling/internal/alias"
	"inkling/tensor"
)

// noise is a distribution over the vocabulary to draw words from. Every word has a chance: where it had none, the
// logarithms that correct for it would be infinite.
type noise struct {
	logq  []float32 // log of each word's probability
	table *alias.Table
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
	n := &noise{make([]float32, len(weight)), alias.New(weight)}
	total := 0.0
	for _, w := range weight {
		total += w
	}
	for i, w := range weight {
		n.logq[i] = float32(math.Log(w / total))
	}
	return n
}

// draw is one word.
func (n *noise) draw(r *rand.Rand) int { return n.table.Draw(r.Uint64()) }

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
