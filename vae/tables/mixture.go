package tables

import (
	"math"
	"math/rand/v2"

	"inkling/internal/kernel"
)

// mixture is numbers on a grid, and missing ones: a mixture of logistics that are rounded to the grid (Salimans et al. 2017), at the places where
// the column's own distribution puts its edges, see warp.go:
//
//	p(x) = Σ_k π_k·(σ(a_k) − σ(b_k)), a_k = (place above x − μ_k)/s_k, b_k = (place below x − μ_k)/s_k;  p(missing) = π_last
//
// The decoder's numbers are logits of π, one more if cells may be missing, then the μ, then the log s. With b = −∞ of the lowest number and
// a = ∞ of the highest, all add up to 1. Both σ keep their digits in the tails:
//
//	log(σ(a) − σ(b)) = log σ(a) + log σ(−b) + log(1 − e^−δ), δ = a − b
//	∂/∂μ = −(σ(−a) − σ(b))/s,  ∂/∂log s = −(a·σ(−a) − b·σ(b) + δ/(e^δ−1))
//
// A log s below lowestLogScale counts as that, and has no gradient.
type mixture struct {
	c     *Column
	k     int
	blank int // 1 if cells may be missing

	pi, e, a, b []float32
	share       []float64
}

// lowestLogScale bounds scales, in units in which the whole column has 1.
const lowestLogScale = -9

func newMixture(c *Column, k int) *mixture {
	m := &mixture{c: c, k: k}
	if c.Blank > 0 {
		m.blank = 1
	}
	m.pi, m.e = make([]float32, k+m.blank), make([]float32, 4*k)
	m.a, m.b = make([]float32, k), make([]float32, k)
	m.share = make([]float64, k)
	return m
}

func (m *mixture) width() int { return 3*m.k + m.blank }

func (m *mixture) begin(bias []float32) {
	clear(bias)
	if m.blank > 0 {
		blank := float64(m.c.Blank) / float64(m.c.Rows)
		bias[m.k] = float32(math.Log(blank/(1-blank)) + math.Log(float64(m.k)))
	}
}

// parts are logits, means and log scales.
func (m *mixture) parts(x []float32) (logits, means, scales []float32) {
	n := m.k + m.blank
	return x[:n], x[n : n+m.k], x[n+m.k:]
}

func (m *mixture) logProb(d, params []float32, code int32) float64 {
	logits, means, scales := m.parts(params)
	lse := kernel.Softmax(m.pi, logits)
	if code == blankCode {
		if d != nil {
			for i, p := range m.pi {
				d[i] = -p
			}
			d[m.k]++
			clear(d[m.k+1:])
		}
		return float64(logits[m.k] - lse)
	}
	lower, upper := m.c.place(code), m.c.place(code+1)
	below, above, width := float32(lower), float32(upper), upper-lower // which may have more digits than both
	k := m.k
	ofA, ofB, ofDelta, inverse := m.e[:k], m.e[k:2*k], m.e[2*k:3*k], m.e[3*k:]
	for i, s := range scales {
		inverse[i] = -max(s, lowestLogScale)
	}
	kernel.Exp(inverse, inverse)
	for i, mean := range means {
		a, b := (above-mean)*inverse[i], (below-mean)*inverse[i]
		m.a[i], m.b[i] = a, b
		ofA[i], ofB[i], ofDelta[i] = -abs(a), -abs(b), -float32(width)*inverse[i]
	}
	kernel.Exp(m.e[:3*k], m.e[:3*k])
	// log π_k·(σ(a) − σ(b)) is a logarithm that is at hand, and one of a factor that is neither large nor tiny: one logarithm does for all.
	top := math.Inf(-1)
	for i, l := range logits[:k] {
		m.share[i] = float64(min(m.a[i], 0)) - float64(max(m.b[i], 0)) + float64(l-lse)
		top = max(top, m.share[i])
	}
	sum := 0.0
	for i, l := range m.share {
		mass := 1 - float64(ofDelta[i]) // 1 − e^−δ, of small δ by its series
		if delta := width * float64(inverse[i]); delta < 0.3 {
			mass = delta * (1 - delta/2*(1-delta/3*(1-delta/4*(1-delta/5*(1-delta/6)))))
		}
		m.share[i] = math.Exp(l-top) * mass / ((1 + float64(ofA[i])) * (1 + float64(ofB[i])))
		sum += m.share[i]
	}
	if d != nil {
		m.derive(d, scales, sum, width)
	}
	return top + math.Log(sum)
}

// derive writes the derivatives, from what logProb left.
func (m *mixture) derive(d, scales []float32, sum, width float64) {
	k := m.k
	ofA, ofB, inverse := m.e[:k], m.e[k:2*k], m.e[3*k:]
	ofLogits, ofMeans, ofScales := m.parts(d)
	for i, p := range m.pi {
		ofLogits[i] = -p
	}
	for i := range k {
		share := m.share[i] / sum
		ofLogits[i] += float32(share)
		// σ(−a) and σ(b), from e^−|a| and e^−|b|.
		a, b, s := float64(m.a[i]), float64(m.b[i]), float64(inverse[i])
		minusA, plusB := float64(ofA[i])/(1+float64(ofA[i])), float64(ofB[i])/(1+float64(ofB[i]))
		if a < 0 {
			minusA = 1 - minusA
		}
		if b > 0 {
			plusB = 1 - plusB
		}
		ofMeans[i] = float32(-share * (minusA - plusB) * s)
		ofScales[i] = 0
		if scales[i] > lowestLogScale {
			ofScales[i] = float32(-share * (times(a, minusA) - times(b, plusB) + overExpm1(width*s)))
		}
	}
}

// times is a·p, where p is 0 if a is infinite.
func times(a, p float64) float64 {
	if p == 0 {
		return 0
	}
	return a * p
}

// overExpm1 is δ/(e^δ − 1).
func overExpm1(delta float64) float64 {
	switch {
	case delta < 1e-3:
		return 1 - delta/2
	case delta > 700:
		return 0
	}
	return delta / math.Expm1(delta)
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

func (m *mixture) sample(params []float32, rnd *rand.Rand) int32 {
	logits, means, scales := m.parts(params)
	kernel.Softmax(m.pi, logits)
	i := drawn(m.pi, rnd)
	if int(i) == m.k {
		return blankCode
	}
	u := rnd.Float64()
	scale := math.Exp(float64(max(scales[i], lowestLogScale)))
	return m.c.levelAt(float64(means[i]) + scale*(math.Log(u)-math.Log1p(-u))) // −∞ if u is 0: the lowest
}

func (m *mixture) likely(params []float32) int32 {
	logits, means, _ := m.parts(params)
	i := largest(logits)
	if int(i) == m.k {
		return blankCode
	}
	return m.c.levelAt(float64(means[i]))
}
