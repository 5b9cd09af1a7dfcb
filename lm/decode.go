package lm

import (
	"slices"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// state is what the model remembers of a sequence: h and c of each layer. It is never changed.
type state struct{ h, c [][]float32 }

// tables are what one step of one stream needs, made once from the weights.
type tables struct {
	version uint64
	input   *tensor.Tensor // [V, 4H]: the first layer's response to each token
	bias    [][]float32    // of each further layer: b_ih + b_hh
}

// VocabSize is the number of tokens.
func (m *Model) VocabSize() int { return m.Vocab() }

// Start is the state before the first token.
func (m *Model) Start() any { return m.newState() }

// Next is the state after one more token.
func (m *Model) Next(s any, token int) any {
	before, after, tb := s.(*state), m.newState(), m.ready()
	gates, tanhC := make([]float32, 4*m.Config.Hidden), make([]float32, m.Config.Hidden)
	for k := range m.rnn.Layers {
		if k == 0 {
			copy(gates, tb.input.Row(token))
		} else {
			copy(gates, tb.bias[k])
			multiply(gates, after.h[k-1], m.rnn.Wih[k])
		}
		multiply(gates, before.h[k], m.rnn.Whh[k])
		kernel.LSTMForward(gates, before.c[k], after.c[k], tanhC, after.h[k])
	}
	return after
}

// LogProbs sets dst to log p(token | what was read), in nats.
func (m *Model) LogProbs(dst []float32, s any) {
	m.out.LogProbs(dst, s.(*state).h[m.rnn.Layers-1])
}

// multiply adds x·Wᵀ to y, on one core. Halving the matrix between two goroutines was tried and gained
// nothing: waking a core takes as long as the half that it would read.
func multiply(y, x []float32, w *tensor.Param) {
	kernel.MatMul(y, len(y), x, len(x), 1, w.Packed(true, kernel.Float32), true)
}

func (m *Model) newState() *state {
	n := m.Config.Hidden
	block := make([]float32, 2*m.rnn.Layers*n)
	s := &state{}
	for k := range m.rnn.Layers {
		s.h = append(s.h, block[2*k*n:(2*k+1)*n])
		s.c = append(s.c, block[(2*k+1)*n:(2*k+2)*n])
	}
	return s
}

// ready makes the tables, anew if the weights have changed.
func (m *Model) ready() *tables {
	version := uint64(0)
	for _, p := range m.params {
		version += p.Version()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tables == nil || m.tables.version != version {
		tb := &tables{version: version, input: m.inputTable(tensor.NewInference())}
		for k := range m.rnn.Layers {
			b := slices.Clone(m.rnn.Bih[k].Value)
			kernel.Add(b, m.rnn.Bhh[k].Value)
			tb.bias = append(tb.bias, b)
		}
		m.tables = tb
	}
	return m.tables
}
