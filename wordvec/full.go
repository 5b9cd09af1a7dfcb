package wordvec

import (
	"math"

	"inkling/internal/kernel"
)

// fullLoss is the softmax over all words, p(y|x) = e^(y·x) / Σ e^(v·x): exact, and the work of a position grows with the
// vocabulary. It is what the others stand for, and practical up to some thousand words.
type fullLoss struct {
	words int

	best, total, pairs []float32 // of each query
}

func (*fullLoss) positions() int { return groupPositions }

func (l *fullLoss) outputs(w *worker) {
	w.outs = w.outs[:0]
	for word := range l.words {
		w.outs = append(w.outs, w.out.at(int32(word), 0))
	}
	for _, word := range w.targets {
		w.out.at(word, 1)
	}
}

func (l *fullLoss) factors(w *worker, rate float32, measured bool) {
	n := w.queries
	scores := w.s[:l.words*n]
	clear(w.s[l.words*n:])
	l.pairs = append(l.pairs[:0], make([]float32, n)...)
	for p, s := range w.spans {
		for i := s.from; i < s.to; i++ {
			if i == s.skip {
				continue
			}
			l.pairs[i]++
			if measured {
				w.counted++
				w.lost -= float64(scores[int(w.targets[p])*n+i])
			}
		}
	}
	l.normalize(scores, n)
	if measured {
		for i, pairs := range l.pairs {
			w.lost += float64(pairs) * (float64(l.best[i]) + math.Log(float64(l.total[i])))
		}
	}
	for i := range l.total { // G = rate·(pairs with the word as target − pairs·p)
		l.total[i] = -rate * l.pairs[i] / l.total[i]
	}
	for j := range l.words {
		row := scores[j*n : (j+1)*n]
		kernel.Mul(row, row, l.total)
	}
	for p, s := range w.spans {
		row := scores[int(w.targets[p])*n:]
		for i := s.from; i < s.to; i++ {
			if i != s.skip {
				row[i] += rate
			}
		}
	}
}

// normalize makes e^(score − best) of the scores, with the best and the total of each query over all words.
func (l *fullLoss) normalize(scores []float32, n int) {
	l.best, l.total = append(l.best[:0], scores[:n]...), append(l.total[:0], make([]float32, n)...)
	for j := 1; j < l.words; j++ {
		for i, v := range scores[j*n : (j+1)*n] {
			l.best[i] = max(l.best[i], v)
		}
	}
	for j := range l.words {
		row := scores[j*n : (j+1)*n]
		for i, best := range l.best {
			row[i] -= best
		}
		kernel.Exp(row, row)
		kernel.Add(l.total, row)
	}
}
