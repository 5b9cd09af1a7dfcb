package lm

import (
	"inkling/nn"
	"inkling/tensor"
)

// state is what the model remembers of a sequence. It is never changed.
type state struct{ floats []float32 }

// VocabSize is the number of tokens.
func (m *Model) VocabSize() int { return m.Vocab() }

// Start is the state before the first token.
func (m *Model) Start() any { return &state{m.ready().Start()} }

// Next is the state after one more token. Each product is done on one core. Halving the matrix between two
// goroutines was tried and gained nothing: waking a core takes as long as the half that it would read.
func (m *Model) Next(s any, token int) any {
	return &state{m.ready().Next(s.(*state).floats, token)}
}

// NextBatch is Next for many states at once: each weight is read once for all of them. The result is that
// of single steps, bit for bit.
func (m *Model) NextBatch(dst, states []any, tokens []int) {
	floats := make([][]float32, len(states))
	for i, s := range states {
		floats[i] = s.(*state).floats
	}
	m.ready().NextBatch(floats, floats, tokens)
	for i, f := range floats {
		dst[i] = &state{f}
	}
}

// LogProbs sets dst to log p(token | what was read), in nats.
func (m *Model) LogProbs(dst []float32, s any) {
	m.out.LogProbs(dst, m.ready().Output(s.(*state).floats))
}

// LogProbsBatch is LogProbs for many states, row after row.
func (m *Model) LogProbsBatch(dst []float32, states []any) {
	for i, s := range states {
		m.LogProbs(dst[i*m.Vocab():(i+1)*m.Vocab()], s)
	}
}

// ready makes the stepper, anew if the weights have changed.
func (m *Model) ready() *nn.Stepper {
	version := uint64(0)
	for _, p := range m.params {
		version += p.Version()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stepper == nil || m.version != version {
		m.stepper, m.version = m.rnn.Stepper(m.inputTable(tensor.NewInference())), version
	}
	return m.stepper
}
