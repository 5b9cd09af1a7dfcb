package tensor

import (
	"math"

	"inkling/internal/kernel"
)

// lowestLogScale bounds the scale of a logistic variable, for images of 256 levels to a quarter of a level (Salimans et al. 2017).
const lowestLogScale = -7

// DiscretizedLogisticLogProb is the log-probability in nats of x [n,d], whose values are of levels equally spaced ones from 0 to 1
// (256 for bytes v/255), under logistic variables rounded to the nearest level (PixelCNN++, Salimans et al. 2017): params [m,2d] are
// means first, then log scales; row i·k+j of params belongs to row i of x, m being n·k:
//
//	p(x) = σ(a) − σ(b), a = (x+h−μ)/s, b = (x−h−μ)/s, h = ½/(levels−1)
//
// The lowest level has all that lies below (σ(b) is 0), the highest all that lies above (σ(a) is 1), so that the probabilities of
// all levels add up to 1. A difference of two numbers near 1 has no digits left; what is computed is the same as a product,
//
//	log p(x) = log σ(a) + log σ(−b) + log(1−e^−δ), δ = a−b = 2h/s
//
// which loses nothing in either tail. The first two terms are those of Bernoulli logits a and b that came out as 1 and as 0. The
// third is one logarithm of a product. Backward: dμ = −(σ(−a) − σ(b))/s, d log s = −(a·σ(−a) − b·σ(b) + δ/(e^δ−1)).
// A log scale below −7 counts as −7 and has no gradient. params is consumed: its gradient is written over it. x gets no gradient.
func DiscretizedLogisticLogProb(tp *Tape, params, x *Tensor, levels int) *Tensor {
	const op = "DiscretizedLogisticLogProb"
	checkLevels(op, levels)
	const certain = 1000 // a logit
	d, h := x.Cols, 0.5/float32(levels-1)
	inverse, past := tp.Scratch(d), tp.Scratch(d) // 1/s, e^−δ
	logits, bits, slopes := tp.Scratch(2*d), tp.Scratch(2*d), tp.Scratch(2*d)
	a, b, slopeA, slopeB := logits[:d], logits[d:], slopes[:d], slopes[d:]
	for j := range d {
		bits[j], bits[d+j] = 1, 0
	}
	return logProb(tp, op, params, x, 2*d, func(derivative, params, x []float32) float64 {
		mean, logScale := params[:d], params[d:]
		for j, v := range logScale {
			inverse[j] = -max(v, lowestLogScale)
		}
		kernel.Exp(inverse, inverse)
		for j, s := range inverse {
			t := (x[j] - mean[j]) * s
			a[j], b[j], past[j] = t+h*s, t-h*s, -2*h*s
			if !(x[j] >= 0 && x[j] <= 1) {
				outside(op, x[j])
			}
			if x[j] < h {
				b[j] = -certain
			} else if x[j] > 1-h {
				a[j] = certain
			}
		}
		kernel.Exp(past, past)
		total := kernel.Bernoulli(slopes, logits, bits)

		dMean, dLogScale := derivative[:d], derivative[d:]
		product := 1.0 // of all 1−e^−δ
		for j, s := range inverse {
			slope := a[j]*slopeA[j] + b[j]*slopeB[j]
			if x[j] >= h && x[j] <= 1-h {
				width := 2 * h * s
				q := meanExp(width, past[j])
				product *= float64(width * q)
				if product < 1e-200 {
					total, product = total+math.Log(product), 1
				}
				slope += past[j] / q
			}
			free := logScale[j] >= lowestLogScale
			dMean[j], dLogScale[j] = -s*(slopeA[j]+slopeB[j]), 0
			if free {
				dLogScale[j] = -slope
			}
		}
		return total + math.Log(product)
	})
}

// meanExp is (1−e^−δ)/δ, the mean of e^−t from 0 to δ, where e is e^−δ.
func meanExp(delta, e float32) float32 {
	if delta > 0.25 {
		return (1 - e) / delta
	}
	return 1 - delta/2*(1-delta/3*(1-delta/4*(1-delta/5*(1-delta/6)))) // the difference would have few digits
}
