package kernel

import (
	"math"
	"testing"
)

// bernoulliTerm is log p(x) for a logit, and Σ of what is added up for it, in float64.
func bernoulliTerm(l, x float64) (value, size float64) {
	p := math.Log1p(math.Exp(-math.Abs(l)))
	return x*l - max(l, 0) - p, math.Abs(x*l-max(l, 0)) + p
}

// TestBernoulli holds sum and derivatives to float64, at all lengths and for logits from 0 to far beyond certainty.
func TestBernoulli(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for _, scale := range []float64{0.1, 3, 30} {
			for _, binary := range []bool{false, true} {
				lengths := []int{503, 504, 505, 784, 1009, 4099}
				for n := range maxLength {
					lengths = append(lengths, n)
				}
				for _, n := range lengths {
					l := newGuarded(n, n%3, random(1, scale))
					x := newGuarded(n, n%5, func(i int) float32 {
						if v := float32(i*7919%13) / 12; !binary {
							return v
						} else if v > 0.5 {
							return 1
						}
						return 0
					})
					d := newGuarded(n, n%7, random(2, 1))
					got, want, size := Bernoulli(d.slice(), l.slice(), x.slice()), 0.0, 0.0
					for i, v := range l.slice() {
						value, s := bernoulliTerm(float64(v), float64(x.slice()[i]))
						want, size = want+value, size+s
						sigma := 1 / (1 + math.Exp(-float64(v)))
						if e := math.Abs(float64(d.slice()[i]) - (float64(x.slice()[i]) - sigma)); !(e <= 6*0x1p-24*max(sigma, float64(x.slice()[i]))+smallestNormal) {
							t.Fatalf("length %d, derivative %d: %g, logit %g of %g", n, i, d.slice()[i], v, x.slice()[i])
						}
					}
					if !(math.Abs(got-want) <= 1e-6*size+float64(n)*0x1p-25) {
						t.Fatalf("length %d, logits of %g: %.9g, want %.9g", n, scale, got, want)
					}
					d.check(t)
					l.check(t)
					x.check(t)
				}
			}
		}
	})
}

// TestBernoulliExtremes: nothing overflows, and a wrong certainty costs what it should.
func TestBernoulliExtremes(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for _, n := range []int{1, 8, 100} {
			for _, c := range []struct {
				l, x float32
				want float64
			}{
				{0, 0, -math.Ln2},
				{0, 1, -math.Ln2},
				{1e4, 1, 0},
				{-1e4, 0, 0},
				{1e4, 0, -1e4},
				{-1e4, 1, -1e4},
				{3e38 / 128, 0, -3e38 / 128},
				{float32(math.NaN()), 1, math.NaN()},
			} {
				l, x, d := make([]float32, n), make([]float32, n), make([]float32, n)
				for i := range l {
					l[i], x[i] = c.l, c.x
				}
				got, want := Bernoulli(d, l, x), float64(n)*c.want
				if !(math.Abs(got-want) <= 1e-6*math.Abs(want)) && !(got != got && want != want) {
					t.Errorf("%d times %g of logit %g: %g, want %g", n, c.x, c.l, got, want)
				}
				if sigma := 1 / (1 + math.Exp(-float64(c.l))); math.Abs(float64(d[n-1])-float64(c.x)+sigma) > 1e-7 {
					t.Errorf("%g of logit %g: derivative %g", c.x, c.l, d[n-1])
				}
			}
			// over its own arguments
			l, x := make([]float32, n), make([]float32, n)
			want := Bernoulli(make([]float32, n), l, x)
			if got := Bernoulli(l, l, x); got != want || l[0] != -0.5 {
				t.Errorf("over its logits: %g and %g, apart %g", got, l[0], want)
			}
		}
	})
}
