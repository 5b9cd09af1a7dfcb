package eval

import "math"

// Bags are documents as the numbers of the different words in them, and how often each occurs.
type Bags interface {
	Len() int
	Bag(i int) (words, counts []uint32)
}

// Frequencies are the probabilities of words that occurred so often, as [Unigram] has them.
func Frequencies(counts []int64) []float64 {
	total, types := 0.0, 0.0
	for _, c := range counts {
		if c > 0 {
			total, types = total+float64(c), types+1
		}
	}
	p := make([]float64, len(counts))
	for w, c := range counts {
		p[w] = 1 / float64(len(p))
		if total > 0 {
			p[w] = (float64(c) + types/float64(len(p))) / (total + types)
		}
	}
	return p
}

// UnigramBags is log p of each document, in nats, if every word is drawn with the same probabilities.
func UnigramBags(p []float64, b Bags) []float64 {
	logs := make([]float64, len(p))
	for w, v := range p {
		logs[w] = math.Log(v)
	}
	of := make([]float64, b.Len())
	for i := range of {
		words, counts := b.Bag(i)
		for j, w := range words {
			of[i] += float64(counts[j]) * logs[w]
		}
	}
	return of
}
