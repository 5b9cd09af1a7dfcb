package eval

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
)

// A Mixture says that a document is about one of K topics, each with probabilities of its own for words (the mixture of unigrams of Nigam, McCallum, Thrun &
// Mitchell 2000):
//
//	p(x) = Σ_k π_k Π_w p(w|k)^count
//
// It is the least that a model of topics must be better than. It is fitted by expectation maximization, with probabilities that are drawn to those
// of all documents, u, as if each topic had S more words of them: p(w|k) = (n(k,w) + S·u_w) / (n(k) + S).
type Mixture struct {
	Smoothing float64 // S
	logPrior  []float64
	logProb   []float64 // of topic k, word w at k·V + w
	vocab     int
}

// FitMixture fits k topics in at most so many rounds, beginning with documents drawn by a seed. S is V/10, V or 10·V, whichever makes a tenth of the documents likeliest
// that the others are fitted to; with fewer than 20 documents it is V.
func FitMixture(ctx context.Context, k, rounds int, u []float64, train Bags, seed uint64) (*Mixture, error) {
	s := float64(len(u))
	if train.Len() >= 20 {
		best := math.Inf(-1)
		fit, held := every(train, 10, false), every(train, 10, true)
		for _, try := range []float64{s / 10, s, 10 * s} {
			m, err := fitMixture(ctx, k, rounds, u, fit, try, seed)
			if err != nil {
				return nil, err
			}
			sum := 0.0
			for _, l := range m.LogProbs(held) {
				sum += l
			}
			if sum > best {
				best, s = sum, try
			}
		}
	}
	return fitMixture(ctx, k, rounds, u, train, s, seed)
}

// some are some of the documents.
type some struct {
	Bags
	places []int
}

func (s some) Len() int                      { return len(s.places) }
func (s some) Bag(i int) (words, c []uint32) { return s.Bags.Bag(s.places[i]) }

// every is each n-th document, or all others.
func every(b Bags, n int, these bool) some {
	s := some{Bags: b}
	for i := range b.Len() {
		if (i%n == n/2) == these {
			s.places = append(s.places, i)
		}
	}
	return s
}

func fitMixture(ctx context.Context, k, rounds int, u []float64, train Bags, smoothing float64, seed uint64) (*Mixture, error) {
	v := len(u)
	m := &Mixture{Smoothing: smoothing, vocab: v, logPrior: make([]float64, k), logProb: make([]float64, k*v)}
	rnd := rand.New(rand.NewPCG(seed, 0x3171))
	shares, n := make([]float64, k), make([]float64, k*v)
	for t, i := range rnd.Perm(train.Len())[:min(k, train.Len())] { // a document each
		words, counts := train.Bag(i)
		for j, w := range words {
			n[t*v+int(w)] += float64(counts[j])
		}
	}
	m.maximize(shares, n, u)
	last := math.Inf(-1)
	for range rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		total := m.expect(train, shares, n)
		m.maximize(shares, n, u)
		if total-last < 1e-5*math.Abs(total) {
			break
		}
		last = total
	}
	return m, nil
}

// maximize sets the probabilities to those of what documents were shared out.
func (m *Mixture) maximize(shares, n, u []float64) {
	k, all := len(shares), 0.0
	for _, s := range shares {
		all += s
	}
	for t, s := range shares {
		m.logPrior[t] = math.Log((s + 1) / (all + float64(k)))
		of, words := n[t*m.vocab:(t+1)*m.vocab], 0.0
		for _, c := range of {
			words += c
		}
		for w, c := range of {
			m.logProb[t*m.vocab+w] = math.Log((c + m.Smoothing*u[w]) / (words + m.Smoothing))
		}
	}
}

// expect shares the documents out among the topics by p(k|x), and gives the sum of log p(x).
func (m *Mixture) expect(b Bags, shares, n []float64) (total float64) {
	clear(shares)
	clear(n)
	posteriors, logs := m.posteriors(b)
	k := len(shares)
	for i, l := range logs {
		total += l
		words, counts := b.Bag(i)
		for t, p := range posteriors[i*k : (i+1)*k] {
			shares[t] += p
			if p < 1e-9 {
				continue
			}
			row := n[t*m.vocab : (t+1)*m.vocab]
			for j, w := range words {
				row[w] += p * float64(counts[j])
			}
		}
	}
	return total
}

// LogProbs is log p of each document, in nats.
func (m *Mixture) LogProbs(b Bags) []float64 {
	_, logs := m.posteriors(b)
	return logs
}

// posteriors are p(k|x), a row for each document, and log p(x). All cores are used.
func (m *Mixture) posteriors(b Bags) (p, logs []float64) {
	k, n, cores := len(m.logPrior), b.Len(), runtime.GOMAXPROCS(0)
	p, logs = make([]float64, n*k), make([]float64, n)
	var wg sync.WaitGroup
	for c := range cores {
		wg.Go(func() {
			for i := c * n / cores; i < (c+1)*n/cores; i++ {
				words, counts := b.Bag(i)
				row := p[i*k : (i+1)*k]
				most := math.Inf(-1)
				for t := range row {
					of := m.logProb[t*m.vocab : (t+1)*m.vocab]
					row[t] = m.logPrior[t]
					for j, w := range words {
						row[t] += float64(counts[j]) * of[w]
					}
					most = max(most, row[t])
				}
				sum := 0.0
				for t := range row {
					row[t] = math.Exp(row[t] - most)
					sum += row[t]
				}
				for t := range row {
					row[t] /= sum
				}
				logs[i] = most + math.Log(sum)
			}
		})
	}
	wg.Wait()
	return p, logs
}
