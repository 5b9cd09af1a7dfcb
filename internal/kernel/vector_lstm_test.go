package kernel

import (
	"math"
	"testing"
)

// lstmRow is one step of one sequence with guards around every slice.
type lstmRow struct {
	gates, cPrev, c, tanhC, h, dh, dc *guarded
}

func newLSTMRow(n int) *lstmRow {
	zero := func(int) float32 { return 0 }
	return &lstmRow{
		gates: newGuarded(4*n, n%5, random(11, 2)), cPrev: newGuarded(n, n%3, random(12, 1)),
		c: newGuarded(n, n%7, zero), tanhC: newGuarded(n, n%2, zero), h: newGuarded(n, n%4, zero),
		dh: newGuarded(n, n%6, random(13, 1)), dc: newGuarded(n, n%8, random(14, 1)),
	}
}

func (r *lstmRow) forward() {
	LSTMForward(r.gates.slice(), r.cPrev.slice(), r.c.slice(), r.tanhC.slice(), r.h.slice())
}

func (r *lstmRow) backward() {
	LSTMBackward(r.gates.slice(), r.cPrev.slice(), r.tanhC.slice(), r.dh.slice(), r.dc.slice())
}

func (r *lstmRow) check(t *testing.T) {
	t.Helper()
	for _, g := range []*guarded{r.gates, r.cPrev, r.c, r.tanhC, r.h, r.dh, r.dc} {
		g.check(t)
	}
}

func near(t *testing.T, what string, n, i int, got float32, want float64) {
	t.Helper()
	if !(math.Abs(float64(got)-want) <= 1e-6*(1+math.Abs(want))) {
		t.Fatalf("%s of length %d, element %d: %v, want %v", what, n, i, got, want)
	}
}

func TestLSTMForward(t *testing.T) {
	sigma := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	onEvery(t, func(t *testing.T) {
		for n := 0; n <= maxLength; n++ {
			r := newLSTMRow(n)
			pre := append([]float32(nil), r.gates.slice()...)
			r.forward()
			for j := range n {
				i, f := sigma(float64(pre[j])), sigma(float64(pre[n+j]))
				g, o := math.Tanh(float64(pre[2*n+j])), sigma(float64(pre[3*n+j]))
				c := f*float64(r.cPrev.slice()[j]) + i*g
				for k, want := range []float64{i, f, g, o} {
					near(t, "gate "+"ifgo"[k:k+1], n, j, r.gates.slice()[k*n+j], want)
				}
				near(t, "c", n, j, r.c.slice()[j], c)
				near(t, "tanh c", n, j, r.tanhC.slice()[j], math.Tanh(c))
				near(t, "h", n, j, r.h.slice()[j], o*math.Tanh(c))
			}
			r.check(t)
		}
	})
}

func TestLSTMForwardInPlace(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		a, b := newLSTMRow(37), newLSTMRow(37)
		a.forward()
		c := b.cPrev.slice()
		LSTMForward(b.gates.slice(), c, c, b.tanhC.slice(), b.h.slice())
		for j := range c {
			if c[j] != a.c.slice()[j] || b.h.slice()[j] != a.h.slice()[j] {
				t.Fatalf("element %d: c %v, h %v in place; %v, %v apart", j, c[j], b.h.slice()[j], a.c.slice()[j], a.h.slice()[j])
			}
		}
	})
}

// A NaN in a pre-activation, or in the cell, is seen in h.
func TestLSTMForwardNaN(t *testing.T) {
	nan := float32(math.NaN())
	onEvery(t, func(t *testing.T) {
		const n = 19
		for at := range 5 * n {
			r := newLSTMRow(n)
			if at < 4*n {
				r.gates.slice()[at] = nan
			} else {
				r.cPrev.slice()[at-4*n] = nan
			}
			r.forward()
			for j, v := range r.h.slice() {
				if (v != v) != (j == at%n) {
					t.Fatalf("NaN at %d: element %d of h is %v", at, j, v)
				}
			}
		}
	})
}

func TestLSTMBackward(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for n := 0; n <= maxLength; n++ {
			r := newLSTMRow(n)
			r.forward()
			act := append([]float32(nil), r.gates.slice()...)
			later := append([]float32(nil), r.dc.slice()...)
			r.backward()
			for j := range n {
				i, f, g, o := float64(act[j]), float64(act[n+j]), float64(act[2*n+j]), float64(act[3*n+j])
				tc, dh := float64(r.tanhC.slice()[j]), float64(r.dh.slice()[j])
				dc := float64(later[j]) + dh*o*(1-tc*tc)
				near(t, "∂i", n, j, r.gates.slice()[j], dc*g*i*(1-i))
				near(t, "∂f", n, j, r.gates.slice()[n+j], dc*float64(r.cPrev.slice()[j])*f*(1-f))
				near(t, "∂g", n, j, r.gates.slice()[2*n+j], dc*i*(1-g*g))
				near(t, "∂o", n, j, r.gates.slice()[3*n+j], dh*tc*o*(1-o))
				near(t, "∂c", n, j, r.dc.slice()[j], dc*f)
			}
			r.check(t)
		}
	})
}

// The gradient of L = Σ dh·h + dc·c against central differences of the forward kernel.
func TestLSTMGradient(t *testing.T) {
	const n, step, tolerance = 37, 1.0 / 64, 3e-4
	onEvery(t, func(t *testing.T) {
		loss := func(at int, by float32) float64 {
			r := newLSTMRow(n)
			if at < 4*n {
				r.gates.slice()[at] += by
			} else {
				r.cPrev.slice()[at-4*n] += by
			}
			r.forward()
			var l float64
			for j := range n {
				l += float64(r.dh.slice()[j])*float64(r.h.slice()[j]) + float64(r.dc.slice()[j])*float64(r.c.slice()[j])
			}
			return l
		}
		r := newLSTMRow(n)
		r.forward()
		r.backward()
		for at, got := range append(append([]float32(nil), r.gates.slice()...), r.dc.slice()...) {
			want := (loss(at, step) - loss(at, -step)) / (2 * step)
			if !(math.Abs(float64(got)-want) <= tolerance*(1+math.Abs(want))) {
				t.Errorf("input %d: %v, differences give %v", at, got, want)
			}
		}
	})
}
