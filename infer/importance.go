package infer

import "math"

// LogMeanExp is log (1/n Σ e^x), which neither overflows nor underflows: the estimate of log p(x) from n logarithms of importance
// weights. It is −∞ of weights that are all zero, and of none; NaN where one is NaN.
func LogMeanExp(x []float64) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, v)
	}
	if math.IsInf(top, 0) || math.IsNaN(top) {
		return top
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum/float64(len(x)))
}

// WeightESS is (Σ w)²/Σ w² of weights whose logarithms are given (A. Kong, 1992): how many of n equal weights would say as much.
// Near 1, one sample decides, and a bound from such weights is loose. It is 0 of weights that are all zero, and of none.
func WeightESS(logW []float64) float64 {
	once := LogMeanExp(logW)
	if math.IsInf(once, -1) {
		return 0
	}
	sum := 0.0
	for _, v := range logW {
		sum += math.Exp(2 * (v - once))
	}
	n := float64(len(logW))
	return n * n / sum
}
