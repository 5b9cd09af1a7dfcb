package tensor

import (
	"math"

	"inkling/internal/kernel"
)

// GaussianLogProbRows is the log-density in nats of x [n,d] under independent normal variables of params [m,2d], means first,
// then log σ; row i·k+j of params belongs to row i of x, m being n·k:
//
//	y[i·k+j] = −Σ ½u² + log σ + ½log 2π, u = (x−μ)/σ;  dμ = u/σ;  d log σ = u² − 1
//
// A log σ below lowest counts as lowest, and has no gradient: a density has no upper bound, and pixels that are always the same
// would drive it to infinity. params is consumed: its gradient is written over it. x gets no gradient.
func GaussianLogProbRows(tp *Tape, params, x *Tensor, lowest float32) *Tensor {
	d, constant := x.Cols, 0.5*math.Log(2*math.Pi)*float64(x.Cols)
	return logProb(tp, "GaussianLogProbRows", params, x, 2*d, func(derivative, params, x []float32) float64 {
		return kernel.Normal(derivative[:d], derivative[d:], params[:d], params[d:], x, lowest) - constant
	})
}
