package decode

import (
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// markov is a model whose next token depends on the last two. Its state is their code, not changed in
// place since it is a number.
type markov struct {
	vocab int
	table [][]float32 // by state: log-probabilities
	calls atomic.Int64
	spoil func(call int64, dst []float32) // changes the scores of a call; nil: none
}

// newMarkov draws the transitions from a seed; peak makes them uneven, some are impossible.
func newMarkov(vocab int, peak float64, seed uint64) *markov {
	r := rand.New(rand.NewPCG(seed, 7))
	m := &markov{vocab: vocab, table: make([][]float32, (vocab+1)*(vocab+1))}
	for s := range m.table {
		row, total := make([]float64, vocab), 0.0
		for i := range row {
			if row[i] = math.Exp(peak * r.NormFloat64()); i != s%vocab && r.IntN(6) == 0 {
				row[i] = 0
			}
			total += row[i]
		}
		m.table[s] = make([]float32, vocab)
		for i, x := range row {
			m.table[s][i] = float32(math.Log(x / total))
		}
	}
	return m
}

func (m *markov) VocabSize() int { return m.vocab }
func (m *markov) Start() State   { return 0 }
func (m *markov) Order() int     { return 2 }

func (m *markov) Next(s State, token int) State {
	return s.(int)%(m.vocab+1)*(m.vocab+1) + token + 1
}

func (m *markov) LogProbs(dst []float32, s State) {
	if len(dst) != m.vocab {
		panic("LogProbs into a slice of another length")
	}
	copy(dst, m.table[s.(int)])
	if call := m.calls.Add(1); m.spoil != nil {
		m.spoil(call, dst)
	}
}

// batched is the same model, offering Batch.
type batched struct {
	*markov
	mu               sync.Mutex // of the counts: goroutines may share a model
	batches, largest int
}

func (b *batched) NextBatch(dst, states []State, tokens []int) {
	if len(dst) != len(states) || len(tokens) != len(states) {
		panic("NextBatch of different lengths")
	}
	for i := range states {
		dst[i] = b.Next(states[i], tokens[i])
	}
}

func (b *batched) LogProbsBatch(dst []float32, states []State) {
	if len(dst) != len(states)*b.vocab {
		panic("LogProbsBatch into a slice of another length")
	}
	b.mu.Lock()
	b.batches, b.largest = b.batches+1, max(b.largest, len(states))
	b.mu.Unlock()
	for i, s := range states {
		b.LogProbs(dst[i*b.vocab:(i+1)*b.vocab], s)
	}
}

// logProb is what the model itself says of tokens after a prefix.
func (m *markov) logProb(prefix, tokens []int) (each []float32, sum float64) {
	var s State = m.Start()
	for _, token := range prefix {
		s = m.Next(s, token)
	}
	for _, token := range tokens {
		x := m.table[s.(int)][token]
		each, sum, s = append(each, x), sum+float64(x), m.Next(s, token)
	}
	return each, sum
}
