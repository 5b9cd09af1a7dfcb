package train

import (
	"cmp"
	"math"

	"inkling/internal/kernel"
)

// adagrad is AdaGrad (Duchi, Hazan & Singer 2011) in its diagonal form, which divides each weight's step by
// the root of the sum of its squared gradients so far:
//
//	g' = Clip·g + Decay·w;  s = s + g'²;  w = w − Rate·g' / (√s + Eps)
//
// The slot holds the mean m = s/t in place of the sum. Then s_t = t·m_t, m_t = (1−1/t)·m_{t−1} + g'²/t, and
//
//	Rate·g' / (√s + Eps) = (Rate/√t)·g' / (√m + Eps/√t)
//
// so that a step of AdaGrad is a step of RMSProp whose α, rate and ε depend on t: the same vector code, and a
// slot that does not grow. It costs one slot, as RMSProp; 1/t is heard in float32 up to some ten million steps. PyTorch's decay of the rate is left out, which is a
// schedule's business, and so is its first value of the sum, which is 0 there as here.
type adagrad struct{ eps, decay float64 }

func newAdaGrad(o Options) Optimizer { return adagrad{cmp.Or(o.Epsilon, 1e-10), o.Decay} }

func (adagrad) Slots() int { return 1 }

func (a adagrad) Step(w, g []float32, slots [][]float32, t int, rate, clip float64, decayed bool) {
	n := float64(t)
	s := kernel.RMSPropStep{
		Rate: float32(rate / math.Sqrt(n)), Alpha: float32(1 - 1/n), Eps: float32(a.eps / math.Sqrt(n)), Clip: float32(clip),
	}
	if decayed {
		s.L2 = float32(a.decay)
	}
	kernel.RMSProp(w, g, slots[0], &s)
}
