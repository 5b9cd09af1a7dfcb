package lm

import (
	"inkling/internal/kernel"
	"inkling/tensor"
)

// NextBatch is Next for many states at once: each weight is read once for all of them. The result is that
// of single steps, bit for bit, since a row of a product does not depend on the rows beside it.
func (m *Model) NextBatch(dst, states []any, tokens []int) {
	n, hidden, tb := len(states), m.Config.Hidden, m.ready()
	gates, tanhC := make([]float32, n*4*hidden), make([]float32, hidden)
	rows := make([]float32, n*hidden)
	after := make([]*state, n)
	for i := range after {
		after[i] = m.newState()
	}
	for k := range m.rnn.Layers {
		for i, token := range tokens {
			if gate := gates[i*4*hidden : (i+1)*4*hidden]; k == 0 {
				copy(gate, tb.input.Row(token))
			} else {
				copy(gate, tb.bias[k])
				copy(rows[i*hidden:], after[i].h[k-1])
			}
		}
		if k > 0 {
			multiplyRows(gates, rows, n, m.rnn.Wih[k])
		}
		for i := range n {
			copy(rows[i*hidden:], states[i].(*state).h[k])
		}
		multiplyRows(gates, rows, n, m.rnn.Whh[k])
		for i := range n {
			kernel.LSTMForward(gates[i*4*hidden:(i+1)*4*hidden], states[i].(*state).c[k], after[i].c[k], tanhC, after[i].h[k])
		}
	}
	for i, s := range after {
		dst[i] = s
	}
}

// LogProbsBatch is LogProbs for many states, row after row.
func (m *Model) LogProbsBatch(dst []float32, states []any) {
	for i, s := range states {
		m.LogProbs(dst[i*m.Vocab():(i+1)*m.Vocab()], s)
	}
}

func multiplyRows(y, x []float32, n int, w *tensor.Param) {
	kernel.MatMul(y, w.Rows, x, w.Cols, n, w.Packed(true, kernel.Float32), true)
}
