package lm

import (
	"slices"

	"inkling/softmax"
)

// state is what the model remembers of a sequence. It is never changed.
type state struct{ floats []float32 }

// VocabSize is the number of tokens.
func (m *Model) VocabSize() int { return m.Vocab() }

// Order is the d of a model whose next token depends on the last d and on nothing else, fewer at the beginning: what comes before
// them makes no difference, not even in the last bit. It is 0 of a model that remembers all that it read.
func (m *Model) Order() int { return m.Config.arch().order(m.Config) }

// Start is the state before the first token.
func (m *Model) Start() any { return &state{m.stepper().Start()} }

// Next is the state after one more token. Each product is done on one core. Halving the matrix between two
// goroutines was tried and gained nothing: waking a core takes as long as the half that it would read. Many states are another matter, see
// [nn.Stepper].
func (m *Model) Next(s any, token int) any {
	return &state{m.stepper().Next(s.(*state).floats, token)}
}

// NextBatch is Next for many states at once: each weight is read once for all of them. The result is that
// of single steps, bit for bit.
func (m *Model) NextBatch(dst, states []any, tokens []int) {
	floats := floatsOf(states)
	m.stepper().NextBatch(floats, floats, tokens)
	for i, f := range floats {
		dst[i] = &state{f}
	}
}

// LogProbs sets dst to log p(token | what was read), in nats.
func (m *Model) LogProbs(dst []float32, s any) {
	h := m.outputs([][]float32{s.(*state).floats})
	defer m.rows.Put(h)
	m.out.LogProbs(dst, *h)
}

// LogProbsBatch is LogProbs for many states, row after row, as one product where the output layer has it so.
func (m *Model) LogProbsBatch(dst []float32, states []any) {
	h := m.outputs(floatsOf(states))
	defer m.rows.Put(h)
	if batched, ok := m.out.(softmax.Batched); ok {
		batched.LogProbsRows(dst, *h)
		return
	}
	v, dim := m.Vocab(), m.dim()
	for i := range states {
		m.out.LogProbs(dst[i*v:(i+1)*v], (*h)[i*dim:(i+1)*dim])
	}
}

func floatsOf(states []any) [][]float32 {
	floats := make([][]float32, len(states))
	for i, s := range states {
		floats[i] = s.(*state).floats
	}
	return floats
}

// outputs is what the output layer sees of states, row after row, in memory of the pool.
func (m *Model) outputs(states [][]float32) *[]float32 {
	h, _ := m.rows.Get().(*[]float32)
	if h == nil {
		h = new([]float32)
	}
	n := len(states) * m.dim()
	*h = slices.Grow((*h)[:0], n)[:n]
	m.stepper().Outputs(*h, states)
	return h
}

// dim is the length of what the output layer sees.
func (m *Model) dim() int { return m.Config.arch().dim(m.Config) }

// stepper runs the body token by token; it is made anew if the weights have changed.
func (m *Model) stepper() stepper {
	version := uint64(0)
	for _, p := range m.params {
		version += p.Version()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.steps == nil || m.version != version {
		m.steps, m.version = m.body.stepper(), version
	}
	return m.steps
}
