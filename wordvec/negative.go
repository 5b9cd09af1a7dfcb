package wordvec

import (
	"math"
	"slices"

	"inkling/internal/alias"
	"inkling/internal/kernel"
)

// Negative sampling (Mikolov et al. 2013, Distributed Representations, equation 4) tells the word at a position from k
// words drawn with shares that grow as count^¾: for each pair of a word x that is near and the target y
//
//	L = −log σ(y·x) − Σ log σ(−n·x) over the k negatives n
//
// A group shares its negatives. It draws more than k of them, and each counts for k pairs of so many: the same mean with
// less work. A negative that is the target of a pair does not count for that pair, as in word2vec.
type negative struct {
	table *alias.Table
	k     int
	group int // positions of a group
	drawn int // negatives of a group

	words  []int32   // the negatives of this group
	weight []float32 // of the pairs of each query and a negative, times the rate
	odd    []float32 // the same for one that is a target too
}

// The positions of a group. More make larger products, which are faster, of vectors as they were longer ago.
const groupPositions = 8

// drawnNegatives is how many negatives a group draws in place of k for each pair: they and the targets fill blocks of 4.
func drawnNegatives(k int) int { return (k + groupPositions/2 + 3) &^ 3 }

func newNegative(c *Config, table *alias.Table) *negative {
	return &negative{table: table, k: c.Negative, group: groupPositions, drawn: drawnNegatives(c.Negative)}
}

func (l *negative) positions() int { return l.group }

func (l *negative) outputs(w *worker) {
	w.outs, l.words = w.outs[:0], l.words[:0]
	for _, word := range w.targets {
		w.outs = append(w.outs, w.out.at(word, 1))
	}
	touches := float32(l.k*len(w.targets)) / float32(l.drawn)
	for range l.drawn {
		word := int32(l.table.Draw(w.rand.next()))
		l.words = append(l.words, word)
		w.outs = append(w.outs, w.out.at(word, touches))
	}
}

func (l *negative) factors(w *worker, rate float32, measured bool) {
	n := w.queries
	kernel.Sigmoid(w.s, w.s)
	share := float32(l.k) / float32(l.drawn)
	resize(&l.weight, n)
	clear(l.weight)
	for _, s := range w.spans {
		for i := s.from; i < s.to; i++ {
			if i != s.skip {
				l.weight[i] -= rate * share
			}
		}
	}
	if measured {
		l.measure(w, share)
	}
	for p, s := range w.spans {
		row := w.s[p*n : (p+1)*n]
		clear(row[:s.from])
		clear(row[s.to:])
		for i := s.from; i < s.to; i++ {
			row[i] = rate * (1 - row[i])
		}
		if s.skip >= 0 {
			row[s.skip] = 0
		}
	}
	first := len(w.spans)
	for j := range l.words {
		row := w.s[(first+j)*n : (first+j+1)*n]
		kernel.Mul(row, row, l.weights(w, j, rate*share))
	}
	clear(w.s[(first+len(l.words))*n:])
}

// weights are those of a negative: of each query as many pairs as it is in, but for those that have it as their target.
func (l *negative) weights(w *worker, j int, one float32) []float32 {
	if !slices.Contains(w.targets, l.words[j]) {
		return l.weight
	}
	l.odd = append(l.odd[:0], l.weight...)
	for p, s := range w.spans {
		for i := s.from; i < s.to && w.targets[p] == l.words[j]; i++ {
			if i != s.skip {
				l.odd[i] += one
			}
		}
	}
	return l.odd
}

// measure adds up the loss of the group; w.s holds sigmoids.
func (l *negative) measure(w *worker, share float32) {
	n := w.queries
	for p, s := range w.spans {
		for i := s.from; i < s.to; i++ {
			if i == s.skip {
				continue
			}
			w.counted++
			w.lost -= logOf(w.s[p*n+i])
			for j, word := range l.words {
				if word != w.targets[p] {
					w.lost -= float64(share) * logOf(1-w.s[(len(w.spans)+j)*n+i])
				}
			}
		}
	}
}

// logOf is log p, of the smallest normal number if p is less.
func logOf(p float32) float64 { return math.Log(max(float64(p), 0x1p-126)) }
