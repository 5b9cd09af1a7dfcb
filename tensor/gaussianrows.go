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
	inverse := tp.Scratch(x.Cols) // 1/σ
	return logProb(tp, "GaussianLogProbRows", params, x, 2*x.Cols, func(derivative, params, x []float32) float64 {
		d := len(x)
		mean, logSigma := params[:d], params[d:]
		for j, v := range logSigma {
			inverse[j] = -max(v, lowest)
		}
		total := float64(kernel.Sum(inverse)) - float64(d)*0.5*math.Log(2*math.Pi)
		kernel.Exp(inverse, inverse)
		squares := 0.0
		dMean, dLogSigma := derivative[:d], derivative[d:]
		for j, s := range inverse {
			u, free := (x[j]-mean[j])*s, logSigma[j] >= lowest
			squares += float64(u * u)
			dMean[j], dLogSigma[j] = u*s, 0
			if free {
				dLogSigma[j] = u*u - 1
			}
		}
		return total - squares/2
	})
}
