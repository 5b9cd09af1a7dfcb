package lm

import (
	"fmt"

	"inkling/softmax"
)

// TopK sets row i of tokens and logp, both [len(states), k], to the k likeliest tokens after states[i], the likeliest first,
// and to their log-probabilities, if the output layer can find them without looking at all tokens.
func (m *Model) TopK(tokens []int, logp []float32, states []any) bool {
	top, ok := m.out.(softmax.TopK)
	if !ok {
		return false
	}
	h, dim, k := m.outputs(floatsOf(states)), m.dim(), len(tokens)/len(states)
	defer m.rows.Put(h)
	for i := range states {
		best, _ := top.TopK((*h)[i*dim:(i+1)*dim], k)
		setBest(tokens[i*k:(i+1)*k], logp[i*k:(i+1)*k], best)
	}
	return true
}

func setBest(tokens []int, logp []float32, best []softmax.Ranked) {
	if len(best) != len(tokens) {
		panic(fmt.Sprintf("lm: the %d likeliest tokens are %d", len(tokens), len(best)))
	}
	for i, b := range best {
		tokens[i], logp[i] = b.Word, b.LogProb
	}
}
