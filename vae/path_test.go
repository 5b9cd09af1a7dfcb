package vae

import (
	"math"
	"slices"
	"testing"
)

// TestAround: the arc keeps its distance from the origin, a straight line does not, and both begin and end where they should.
func TestAround(t *testing.T) {
	a, b := []float32{3, 0, 0}, []float32{0, 3, 0}
	for _, at := range []float64{0, 0.25, 0.5, 1} {
		p := Around(a, b, at)
		if r := math.Hypot(float64(p[0]), float64(p[1])); math.Abs(r-3) > 1e-5 || math.Abs(math.Atan2(float64(p[1]), float64(p[0]))-at*math.Pi/2) > 1e-6 {
			t.Errorf("%g of the way is %v", at, p)
		}
		q := Between(a, b, at)
		if math.Abs(float64(q[0])-3*(1-at)) > 1e-6 || math.Abs(float64(q[1])-3*at) > 1e-6 || q[2] != 0 {
			t.Errorf("%g of the way is %v", at, q)
		}
	}
	for _, b := range [][]float32{{-3, 0, 0}, {6, 0, 0}, {0, 0, 0}} { // where there is no one arc
		if p := Around(a, b, 0.5); !slices.Equal(p, Between(a, b, 0.5)) {
			t.Errorf("half of the way to %v is %v", b, p)
		}
	}
	if q := Quantiles(3); math.Abs(q[1]) > 1e-12 || math.Abs(q[2]-0.9674215661) > 1e-9 || q[0] != -q[2] {
		t.Errorf("quantiles %v", q)
	}
}
