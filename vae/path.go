package vae

import (
	"fmt"
	"math"
)

// Between is the point of the straight line from a to b that is t of the way.
func Between(a, b []float32, t float64) []float32 { return mixed(a, b, 1-t, t) }

// Around is the point that is t of the way from a to b on the arc between them, around the origin (Shoemake 1985): a draw from a Gaussian of
// many dimensions is about √d from the origin, and the middle of a straight line between two is nearer to it than any draw. Where there
// is no such arc, or more than one, since a and b are in one line with the origin, it is Between.
func Around(a, b []float32, t float64) []float32 {
	var aa, bb, ab float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		aa, bb, ab = aa+x*x, bb+y*y, ab+x*y
	}
	angle := math.Acos(min(max(ab/math.Sqrt(aa*bb), -1), 1))
	if s := math.Sin(angle); s > 1e-6 { // NaN of a or b at the origin is not
		return mixed(a, b, math.Sin((1-t)*angle)/s, math.Sin(t*angle)/s)
	}
	return Between(a, b, t)
}

func mixed(a, b []float32, ofA, ofB float64) []float32 {
	if len(a) != len(b) {
		panic(fmt.Sprintf("vae: a way from a point of %d variables to one of %d", len(a), len(b)))
	}
	c := make([]float32, len(a))
	for i := range c {
		c[i] = float32(ofA*float64(a[i]) + ofB*float64(b[i]))
	}
	return c
}

// Quantiles are n numbers that cut a standard Gaussian into parts of equal probability, each in the middle of its part.
func Quantiles(n int) []float64 {
	q := make([]float64, n)
	for i := range q {
		q[i] = math.Sqrt2 * math.Erfinv(2*(float64(i)+0.5)/float64(n)-1)
	}
	return q
}
