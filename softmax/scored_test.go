package softmax

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestSoftplus(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, n := range []int{0, 1, 2, 255, 256, 257, 3000} {
		for _, scale := range []float32{0.1, 3, 30, 300} {
			x, times, ones, derivative := make([]float32, n), make([]float32, n), make([]float32, n), make([]float64, n)
			want, of := 0.0, 0.0
			for i := range x {
				x[i], times[i] = float32(r.NormFloat64())*scale, float32(1+r.IntN(40))
				v := float64(x[i])
				l := math.Max(v, 0) + math.Log1p(math.Exp(-math.Abs(v)))
				want, of = want+float64(times[i])*l, of+l
				derivative[i] = 1 / (1 + math.Exp(-v))
			}
			copy(ones, x)
			for _, c := range []struct{ got, want float64 }{{softplus(x, times), want}, {softplus(ones, nil), of}} {
				if math.Abs(c.got-c.want) > 1e-6*(c.want+float64(n)) {
					t.Errorf("%d numbers of scale %g: %g, want %g", n, scale, c.got, c.want)
				}
			}
			for i, d := range derivative {
				if math.Abs(float64(x[i])-d) > 1e-6*d+1e-37 || x[i] != ones[i] {
					t.Errorf("derivative %g, want %g", x[i], d)
				}
			}
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1)} {
		if got := softplus([]float32{0, float32(v), -1}, nil); got <= math.MaxFloat64 {
			t.Errorf("of %g: %g", v, got)
		}
	}
}
