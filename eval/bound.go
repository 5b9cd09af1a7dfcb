package eval

import "math"

// Mean is the mean of some numbers; NaN of none.
func Mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// StandardError is that of the mean of independent numbers: their deviation over the root of their number. NaN of fewer than two.
func StandardError(x []float64) float64 {
	mean, sum := Mean(x), 0.0
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	n := float64(len(x))
	return math.Sqrt(sum / (n - 1) / n)
}
