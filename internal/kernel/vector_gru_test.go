package kernel

import (
	"math"
	"slices"
	"testing"
)

// gruRow is one step of one sequence with guards around every slice.
type gruRow struct{ gates, rec, hPrev, recN, h, dh, dhPrev *guarded }

func newGRURow(n int) *gruRow {
	return &gruRow{
		gates: newGuarded(3*n, n%5, random(21, 2)), rec: newGuarded(3*n, n%3, random(22, 2)),
		hPrev: newGuarded(n, n%7, random(23, 1)), recN: newGuarded(n, n%2, func(int) float32 { return 0 }), h: newGuarded(n, n%4, func(int) float32 { return 0 }),
		dh: newGuarded(n, n%6, random(24, 1)), dhPrev: newGuarded(n, n%8, random(25, 1)),
	}
}

func (r *gruRow) forward() {
	GRUForward(r.gates.slice(), r.rec.slice(), r.hPrev.slice(), r.recN.slice(), r.h.slice())
}

func (r *gruRow) backward() {
	GRUBackward(r.gates.slice(), r.rec.slice(), r.hPrev.slice(), r.recN.slice(), r.dh.slice(), r.dhPrev.slice())
}

func (r *gruRow) check(t *testing.T) {
	t.Helper()
	for _, g := range []*guarded{r.gates, r.rec, r.hPrev, r.recN, r.h, r.dh, r.dhPrev} {
		g.check(t)
	}
}

func TestGRUForward(t *testing.T) {
	sigma := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	onEvery(t, func(t *testing.T) {
		for n := 0; n <= maxLength; n++ {
			row := newGRURow(n)
			x, u := slices.Clone(row.gates.slice()), slices.Clone(row.rec.slice())
			row.forward()
			for j := range n {
				at := func(k int) (float64, float64) { return float64(x[k*n+j]), float64(u[k*n+j]) }
				xr, ur := at(0)
				xz, uz := at(1)
				xn, un := at(2)
				r, z := sigma(xr+ur), sigma(xz+uz)
				c := math.Tanh(xn + r*un)
				for k, want := range []float64{r, z, c} {
					near(t, "gate "+"rzn"[k:k+1], n, j, row.gates.slice()[k*n+j], want)
				}
				near(t, "h", n, j, row.h.slice()[j], (1-z)*c+z*float64(row.hPrev.slice()[j]))
			}
			if !slices.Equal(row.rec.slice(), u) {
				t.Fatalf("length %d: the state's part was changed", n)
			}
			if !slices.Equal(row.recN.slice(), u[2*n:]) {
				t.Fatalf("length %d: the third of n is not kept", n)
			}
			row.check(t)
		}
	})
}

func TestGRUForwardInPlace(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		a, b := newGRURow(37), newGRURow(37)
		a.forward()
		GRUForward(b.gates.slice(), b.rec.slice(), b.hPrev.slice(), b.recN.slice(), b.hPrev.slice())
		if !slices.Equal(a.h.slice(), b.hPrev.slice()) {
			t.Fatal("h in place differs")
		}
	})
}

// A NaN in a pre-activation, or in the state, is seen in h.
func TestGRUForwardNaN(t *testing.T) {
	nan := float32(math.NaN())
	onEvery(t, func(t *testing.T) {
		const n = 19
		for at := range 7 * n {
			r := newGRURow(n)
			switch {
			case at < 3*n:
				r.gates.slice()[at] = nan
			case at < 6*n:
				r.rec.slice()[at-3*n] = nan
			default:
				r.hPrev.slice()[at-6*n] = nan
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

func TestGRUBackward(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for n := 0; n <= maxLength; n++ {
			row := newGRURow(n)
			row.forward()
			act, u := slices.Clone(row.gates.slice()), slices.Clone(row.recN.slice())
			for j := range row.rec.slice() {
				row.rec.slice()[j] = 77 // set, and not read
			}
			later := slices.Clone(row.dhPrev.slice())
			row.backward()
			for j := range n {
				r, z, c, un := float64(act[j]), float64(act[n+j]), float64(act[2*n+j]), float64(u[j])
				dh, h := float64(row.dh.slice()[j]), float64(row.hPrev.slice()[j])
				dn := dh * (1 - z) * (1 - c*c)
				dr, dz := dn*un*r*(1-r), dh*(h-c)*z*(1-z)
				for k, want := range []float64{dr, dz, dn} {
					near(t, "∂ of the input's "+"rzn"[k:k+1], n, j, row.gates.slice()[k*n+j], want)
				}
				for k, want := range []float64{dr, dz, dn * r} {
					near(t, "∂ of the state's "+"rzn"[k:k+1], n, j, row.rec.slice()[k*n+j], want)
				}
				near(t, "∂ of recN", n, j, row.recN.slice()[j], dn*r)
				near(t, "∂h", n, j, row.dhPrev.slice()[j], float64(later[j])+dh*z)
			}
			row.check(t)
		}
	})
}

// The gradient of L = Σ dh·h against central differences of the forward kernel.
func TestGRUGradient(t *testing.T) {
	const n, step, tolerance = 37, 1.0 / 64, 3e-4
	onEvery(t, func(t *testing.T) {
		loss := func(at int, by float32) float64 {
			r := newGRURow(n)
			switch {
			case at < 3*n:
				r.gates.slice()[at] += by
			case at < 6*n:
				r.rec.slice()[at-3*n] += by
			default:
				r.hPrev.slice()[at-6*n] += by
			}
			r.forward()
			var l float64
			for j, h := range r.h.slice() {
				l += float64(r.dh.slice()[j]) * float64(h)
			}
			return l
		}
		r := newGRURow(n)
		clear(r.dhPrev.slice())
		r.forward()
		r.backward()
		for at, got := range slices.Concat(r.gates.slice(), r.rec.slice(), r.dhPrev.slice()) {
			want := (loss(at, step) - loss(at, -step)) / (2 * step)
			if !(math.Abs(float64(got)-want) <= tolerance*(1+math.Abs(want))) {
				t.Errorf("input %d: %v, differences give %v", at, got, want)
			}
		}
	})
}

func TestGRUUnequalLengths(t *testing.T) {
	two, five, six := make([]float32, 2), make([]float32, 5), make([]float32, 6)
	for name, f := range map[string]func(){
		"gates":            func() { GRUForward(five, five, two, two, two) },
		"the state's part": func() { GRUForward(six, five, two, two, two) },
		"the state":        func() { GRUForward(six, six, five, two, two) },
		"what is kept":     func() { GRUForward(six, six, two, five, two) },
		"back, gates":      func() { GRUBackward(five, five, two, two, two, two) },
		"back, its part":   func() { GRUBackward(six, five, two, two, two, two) },
		"back, the state":  func() { GRUBackward(six, six, five, two, two, two) },
		"back, kept":       func() { GRUBackward(six, six, two, five, two, two) },
		"back, ∂ of it":    func() { GRUBackward(six, six, two, two, two, five) },
		"normalize":        func() { Normalize(two, five, 1, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
