package train

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"inkling/internal/kernel"
)

// An Optimizer turns gradients into steps. It keeps Slots() floats per weight, which belong to
// the saved state, and works on any piece of a parameter, so that pieces go to all cores.
type Optimizer interface {
	Slots() int
	// Step changes the weights w and slots for gradients g, multiplied by clip; t counts steps
	// from 1, rate is the learning rate now, decayed says whether weight decay applies.
	Step(w, g []float32, slots [][]float32, t int, rate, clip float64, decayed bool)
}

// Options of all optimizers; a zero value means the optimizer's default. Decay of zero is none.
type Options struct {
	Rate     float64 `json:"rate,omitempty"`     // learning rate
	Momentum float64 `json:"momentum,omitempty"` // of sgd; β1 of adam and adamw
	Beta2    float64 `json:"beta2,omitempty"`    // of adam and adamw; α of rmsprop
	Epsilon  float64 `json:"epsilon,omitempty"`  // added to the root of the second moment; of adagrad, of the sum
	Decay    float64 `json:"decay,omitempty"`    // weight decay, of matrices, not of biases
}

// An OptimizerKind is a registered optimizer.
type OptimizerKind struct {
	Name, Doc string
	Rate      float64 // the default
	New       func(Options) Optimizer
}

// Optimizers lists them, the default first.
var Optimizers = []OptimizerKind{
	{"adamw", "Adam with decoupled weight decay (Loshchilov & Hutter 2019)", 3e-3, func(o Options) Optimizer { return newAdam(o, true) }},
	{"adam", "Adam (Kingma & Ba 2015); decay is an L2 term of the gradient", 2e-3, func(o Options) Optimizer { return newAdam(o, false) }},
	{"rmsprop", "RMSProp (Tieleman & Hinton 2012)", 2e-3, newRMSProp},
	{"adagrad", "AdaGrad (Duchi et al. 2011)", 1e-2, newAdaGrad},
	{"sgd", "stochastic gradient descent with momentum", 1, newSGD},
}

func newOptimizer(name string, o *Options) (Optimizer, error) {
	var names []string
	for _, k := range Optimizers {
		if k.Name == name {
			if o.Rate == 0 {
				o.Rate = k.Rate
			}
			for _, v := range []float64{o.Rate, o.Momentum, o.Beta2, o.Epsilon, o.Decay} {
				if !(v >= 0) || math.IsInf(v, 1) {
					return nil, fmt.Errorf("optimizer %s with rate %g, momentum %g, beta2 %g, epsilon %g, decay %g: none may be negative", name, o.Rate, o.Momentum, o.Beta2, o.Epsilon, o.Decay)
				}
			}
			if o.Momentum >= 1 || o.Beta2 >= 1 {
				return nil, fmt.Errorf("optimizer %s with momentum %g and beta2 %g: must be below 1", name, o.Momentum, o.Beta2)
			}
			return k.New(*o), nil
		}
		names = append(names, k.Name)
	}
	return nil, fmt.Errorf("no optimizer %q: choose one of %s", name, strings.Join(names, ", "))
}

type adam struct {
	beta1, beta2, eps, decay float64
	decoupled                bool
}

func newAdam(o Options, decoupled bool) Optimizer {
	return adam{cmp.Or(o.Momentum, 0.9), cmp.Or(o.Beta2, 0.999), cmp.Or(o.Epsilon, 1e-8), o.Decay, decoupled}
}

func (adam) Slots() int { return 2 }

func (a adam) Step(w, g []float32, slots [][]float32, t int, rate, clip float64, decayed bool) {
	s := kernel.AdamStep{
		Rate: float32(rate), Beta1: float32(a.beta1), Beta2: float32(a.beta2), Eps: float32(a.eps), Clip: float32(clip),
		C1: float32(1 - math.Pow(a.beta1, float64(t))), C2: float32(1 - math.Pow(a.beta2, float64(t))),
	}
	switch {
	case decayed && a.decoupled:
		s.Decay = float32(a.decay)
	case decayed:
		s.L2 = float32(a.decay)
	}
	kernel.Adam(w, g, slots[0], slots[1], &s)
}

type rmsprop struct{ alpha, eps, decay float64 }

func newRMSProp(o Options) Optimizer {
	return rmsprop{cmp.Or(o.Beta2, 0.99), cmp.Or(o.Epsilon, 1e-8), o.Decay}
}

func (rmsprop) Slots() int { return 1 }

func (r rmsprop) Step(w, g []float32, slots [][]float32, t int, rate, clip float64, decayed bool) {
	s := kernel.RMSPropStep{Rate: float32(rate), Alpha: float32(r.alpha), New: float32(1 - r.alpha), Eps: float32(r.eps), Clip: float32(clip)}
	if decayed {
		s.L2 = float32(r.decay)
	}
	kernel.RMSProp(w, g, slots[0], &s)
}

type sgd struct{ momentum, decay float64 }

func newSGD(o Options) Optimizer { return sgd{o.Momentum, o.Decay} }

func (sgd) Slots() int { return 1 }

func (m sgd) Step(w, g []float32, slots [][]float32, t int, rate, clip float64, decayed bool) {
	s := kernel.MomentumStep{Rate: float32(rate), Momentum: float32(m.momentum), Clip: float32(clip)}
	if decayed {
		s.L2 = float32(m.decay)
	}
	kernel.Momentum(w, g, slots[0], &s)
}
