// Package nn holds layers: groups of parameters with PyTorch's names and shapes, their initial values,
// and the ops that use them.
package nn

import (
	"math/rand/v2"

	"inkling/tensor"
)

// Params are the parameters of a model, in the order in which they are saved.
type Params []*tensor.Param

// Count is the number of weights.
func (ps Params) Count() (n int) {
	for _, p := range ps {
		n += len(p.Value)
	}
	return n
}

// ByName finds a parameter; nil if there is none.
func (ps Params) ByName(name string) *tensor.Param {
	for _, p := range ps {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Uniform draws p from [−bound, bound).
func Uniform(p *tensor.Param, bound float64, rnd *rand.Rand) *tensor.Param {
	for i := range p.Value {
		p.Value[i] = float32((2*rnd.Float64() - 1) * bound)
	}
	p.Changed()
	return p
}
