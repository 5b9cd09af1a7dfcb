package kernel

import "math"

// Normal is the log-density of x under independent normal variables, but for −½·log 2π of each, and its derivatives. log σ counts
// as lowest where it is less, and has derivative 0 there:
//
//	Σ −½u² − log σ, u = (x−mean)/σ; dMean = u/σ; dLogSigma = u² − 1
//
// dMean may be mean, and dLogSigma logSigma.
func Normal(dMean, dLogSigma, mean, logSigma, x []float32, lowest float32) float64 {
	checkDensity(dMean, dLogSigma, mean, logSigma, x)
	total := 0.0
	for len(x) > 0 {
		n := min(len(x), 504)
		total += active.normal(dMean[:n], dLogSigma[:n], mean[:n], logSigma[:n], x[:n], lowest)
		dMean, dLogSigma, mean, logSigma, x = dMean[n:], dLogSigma[n:], mean[n:], logSigma[n:], x[n:]
	}
	return total
}

// Logistic is the log-probability of x, each in [0, 1], under independent logistic variables that are rounded to the middle of
// intervals of width 2h, h ≤ ½, and its derivatives. The lowest interval (x < h) and the highest (x > 1−h) have all that
// lies beyond them. log s counts as lowest, above −80, where it is less, and has derivative 0 there:
//
//	Σ log(σ(a) − σ(b)), a = (x−mean+h)/s, b = (x−mean−h)/s
//
// A difference of two numbers near 1 has no digits left; what is computed is a product, log σ(a) + log σ(−b) + log(1−e^−2h/s),
// which loses nothing in either tail. dMean may be mean, and dLogScale logScale.
func Logistic(dMean, dLogScale, mean, logScale, x []float32, h, lowest float32) float64 {
	checkDensity(dMean, dLogScale, mean, logScale, x)
	total := 0.0
	for len(x) > 0 {
		n := min(len(x), 504)
		total += active.logistic(dMean[:n], dLogScale[:n], mean[:n], logScale[:n], x[:n], h, lowest)
		dMean, dLogScale, mean, logScale, x = dMean[n:], dLogScale[n:], mean[n:], logScale[n:], x[n:]
	}
	return total
}

func checkDensity(dFirst, dSecond, first, second, x []float32) {
	same(dFirst, x)
	same(dSecond, x)
	same(first, x)
	same(second, x)
}

func normalGo(dMean, dLogSigma, mean, logSigma, x []float32, lowest float32) float64 {
	total := 0.0
	for i, v := range x {
		log := float64(logSigma[i])
		bounded := max(log, float64(lowest))
		inverse := math.Exp(-bounded)
		u := (float64(v) - float64(mean[i])) * inverse
		total -= u*u/2 + bounded
		dMean[i], dLogSigma[i] = float32(u*inverse), float32(u*u-1)
		if log < float64(lowest) {
			dLogSigma[i] = 0
		}
	}
	return total
}

func logisticGo(dMean, dLogScale, mean, logScale, x []float32, h, lowest float32) float64 {
	total := 0.0
	for i, v := range x {
		log := float64(logScale[i])
		inverse := math.Exp(-max(log, float64(lowest)))
		t, half := (float64(v)-float64(mean[i]))*inverse, float64(h)*inverse
		dT, dLog := 0.0, 0.0 // derivatives by t, and by log s through a, b and 2h/s
		if v <= 1-h {
			a := t + half
			slope := 1 / (1 + math.Exp(a))
			total += min(a, 0) - math.Log1p(math.Exp(-math.Abs(a)))
			dT, dLog = dT+slope, dLog-a*slope
		}
		if v >= h {
			b := t - half
			slope := 1 / (1 + math.Exp(-b))
			total -= max(b, 0) + math.Log1p(math.Exp(-math.Abs(b)))
			dT, dLog = dT-slope, dLog+b*slope
		}
		if v >= h && v <= 1-h {
			grown := math.Expm1(min(2*half, 700))
			total += math.Log(grown / (grown + 1))
			dLog -= 2 * half / grown
		}
		dMean[i], dLogScale[i] = float32(-dT*inverse), float32(dLog)
		if log < float64(lowest) {
			dLogScale[i] = 0
		}
	}
	return total
}
