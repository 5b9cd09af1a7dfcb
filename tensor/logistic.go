package tensor

import "inkling/internal/kernel"

// LowestLogScale bounds the scale of a logistic variable: for images of 256 levels to a quarter of a level.
const LowestLogScale = -7

// DiscretizedLogisticLogProb is the log-probability in nats of x [n,d], whose values are of levels equally spaced ones from 0 to 1
// (256 for bytes, v/255), under logistic variables rounded to the nearest level (PixelCNN++, Salimans et al. 2017): params [m,2d] are
// means first, then log scales; row i·k+j of params belongs to row i of x, m being n·k:
//
//	p(x) = σ(a) − σ(b), a = (x+h−μ)/s, b = (x−h−μ)/s, h = ½/(levels−1)
//
// The lowest level has all that lies below (σ(b) is 0), the highest all that lies above (σ(a) is 1), so that the probabilities of
// all levels add up to 1. They keep their digits in both tails: see kernel.Logistic. Backward:
//
//	dμ = −(σ(−a) − σ(b))/s, d log s = −(a·σ(−a) − b·σ(b) + δ/(e^δ−1)), δ = 2h/s
//
// A log scale below −7 counts as −7 and has no gradient. params is consumed: its gradient is written over it. x gets no gradient.
func DiscretizedLogisticLogProb(tp *Tape, params, x *Tensor, levels int) *Tensor {
	const op = "DiscretizedLogisticLogProb"
	checkLevels(op, levels)
	checkUnit(op, x)
	d, h := x.Cols, 0.5/float32(levels-1)
	return logProb(tp, op, params, x, 2*d, func(derivative, params, x []float32) float64 {
		return kernel.Logistic(derivative[:d], derivative[d:], params[:d], params[d:], x, h, LowestLogScale)
	})
}
