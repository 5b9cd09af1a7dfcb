package infer

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestGaussian(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	mean, logSigma := []float32{1, -2, 0.5, 3, 0, 0}, []float32{0, 0.5, -1, 0.2, -0.3, 1}
	q := NewGaussian(2, mean, logSigma)
	z := make([]float32, 6)
	q.Draw(z, r)
	checkGradient(t, q, z)
	value := make([]float64, 3)
	q.At(value, nil, z)
	for i, got := range value {
		want := 0.0
		for k := 2 * i; k < 2*i+2; k++ {
			sigma := math.Exp(float64(logSigma[k]))
			want += math.Log(math.Exp(-math.Pow((float64(z[k])-float64(mean[k]))/sigma, 2)/2) / (sigma * math.Sqrt(2*math.Pi)))
		}
		if !near(got, want, 1e-5) {
			t.Errorf("row %d: log density %g, want %g", i, got, want)
		}
	}
	var sum, squares [6]float64
	const n = 20000
	for range n {
		q.Draw(z, r)
		for k, v := range z {
			sum[k] += float64(v)
			squares[k] += math.Pow(float64(v-mean[k]), 2)
		}
	}
	for k := range z {
		sigma := math.Exp(float64(logSigma[k]))
		if !near(sum[k]/n, float64(mean[k]), 4*sigma/math.Sqrt(n)) || !near(squares[k]/n/(sigma*sigma), 1, 0.05) {
			t.Errorf("variable %d: mean %.3f and variance %.3f of draws", k, sum[k]/n, squares[k]/n)
		}
	}
}

func TestLogMeanExp(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		x         []float64
		want, ess float64
	}{
		{nil, -inf, 0},
		{[]float64{-inf, -inf}, -inf, 0},
		{[]float64{3}, 3, 1},
		{[]float64{2000, 2000, -inf}, 2000 + math.Log(2.0/3), 2},
		{[]float64{-2000, -2000 + math.Log(3)}, -2000 + math.Log(2), 1.6},
		{[]float64{inf, 0}, inf, math.NaN()},
		{[]float64{0, math.NaN()}, math.NaN(), math.NaN()},
	} {
		got, ess := LogMeanExp(c.x), WeightESS(c.x)
		if !(got == c.want || math.Abs(got-c.want) < 1e-12 || math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("log mean exp %v = %g, want %g", c.x, got, c.want)
		}
		if !(math.Abs(ess-c.ess) < 1e-9 || math.IsNaN(ess) && math.IsNaN(c.ess)) {
			t.Errorf("%v: %g effective weights, want %g", c.x, ess, c.ess)
		}
	}
}
