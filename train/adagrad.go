package train

import (
	"cmp"

	"inkling/internal/kernel"
)

// adagrad is AdaGrad (Duchi, Hazan & Singer 2011) in its diagonal form, which divides each weight's step by
// the root of the sum of its squared gradients so far:
//
//	g' = Clip·g + Decay·w;  s = s + g'²;  w = w − Rate·g' / (√s + Eps)
//
// It is the vector code of RMSProp with a slot that forgets nothing. A row of a sparse parameter that is not touched keeps its sum, as it
// would with a gradient of zero. PyTorch's decay of the rate is left out, which is a schedule's business, and so is its first value of
// the sum, which is 0 there as here.
type adagrad struct{ eps, decay float64 }

func newAdaGrad(o Options) Optimizer { return adagrad{cmp.Or(o.Epsilon, 1e-10), o.Decay} }

func (adagrad) Slots() int { return 1 }

func (a adagrad) Step(w, g []float32, slots [][]float32, _ int, rate, clip float64, decayed bool) {
	s := kernel.RMSPropStep{Rate: float32(rate), Alpha: 1, New: 1, Eps: float32(a.eps), Clip: float32(clip)}
	if decayed {
		s.L2 = float32(a.decay)
	}
	kernel.RMSProp(w, g, slots[0], &s)
}
