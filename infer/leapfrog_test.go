package infer

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// funnel is a density whose scales differ by place: z₀ ~ N(0, 1.5²), the others N(0, e^z₀).
func funnel(_ int, z, grad []float32) float64 {
	v := float64(z[0])
	precision, n := math.Exp(-v), float64(len(z)-1)
	squares := 0.0
	for _, x := range z[1:] {
		squares += float64(x) * float64(x)
	}
	if grad != nil {
		grad[0] = float32(-v/2.25 - n/2 + squares*precision/2)
		for j := 1; j < len(z); j++ {
			grad[j] = float32(-float64(z[j]) * precision)
		}
	}
	return -v*v/4.5 - n*v/2 - squares*precision/2
}

// anharmonic is −z⁴/4 in every variable.
func anharmonic(_ int, z, grad []float32) float64 {
	sum := 0.0
	for j, v := range z {
		sum -= math.Pow(float64(v), 4) / 4
		if grad != nil {
			grad[j] = -v * v * v
		}
	}
	return sum
}

func newTestWalker(f Density, leapfrog int, size float64) *walker {
	w := newWalker(leapfrog, rand.New(rand.NewPCG(8, 9)), f)
	w.weights[0] = 1
	for i := range w.size {
		w.size[i] = size
	}
	return w
}

func TestLeapfrogIsReversible(t *testing.T) {
	for name, f := range map[string]Density{"funnel": of{3, 4, funnel}, "quartic": of{3, 4, anharmonic}} {
		w := newTestWalker(f, 20, 0.05)
		start := make([]float32, 12)
		for k := range start {
			start[k], w.momentum[k] = float32(w.rnd.NormFloat64()), float32(w.rnd.NormFloat64())
		}
		checkGradient(t, f, start)
		pushed := slices.Clone(w.momentum)
		if err := w.begin(start); err != nil {
			t.Fatal(err)
		}
		w.trajectory()
		gone := 0.0
		for k := range start {
			gone = max(gone, math.Abs(float64(w.there.z[k]-start[k])))
			w.momentum[k] = -w.momentum[k]
		}
		if gone < 0.5 {
			t.Fatalf("%s: the trajectory went %g only", name, gone)
		}
		if err := w.begin(slices.Clone(w.there.z)); err != nil {
			t.Fatal(err)
		}
		w.trajectory()
		for k := range start {
			if !near(float64(w.there.z[k]), float64(start[k]), 2e-5) || !near(float64(w.momentum[k]), -float64(pushed[k]), 2e-5) {
				t.Errorf("%s: variable %d comes back to %g with momentum %g, want %g and %g", name, k, w.there.z[k], w.momentum[k], start[k], -pushed[k])
			}
		}
	}
}

// TestEnergyError follows the same time in steps of half the size: the error of the energy falls by four.
func TestEnergyError(t *testing.T) {
	f := of{200, 3, anharmonic}
	start := make([]float32, f.rows*f.dim)
	r := rand.New(rand.NewPCG(1, 1))
	push := make([]float32, len(start))
	for k := range start {
		start[k], push[k] = float32(r.NormFloat64()), float32(r.NormFloat64())
	}
	var errors []float64
	for _, steps := range []int{5, 10, 20} {
		w := newTestWalker(f, steps, 0.5/float64(steps))
		copy(w.momentum, push)
		if err := w.begin(start); err != nil {
			t.Fatal(err)
		}
		before := make([]float64, f.rows)
		for i := range before {
			before[i] = w.hamiltonian(&w.here, i)
		}
		w.trajectory()
		sum := 0.0
		for i := range before {
			sum += math.Abs(w.hamiltonian(&w.there, i) - before[i])
		}
		errors = append(errors, sum/float64(f.rows))
	}
	for i := range 2 {
		if order := math.Log2(errors[i] / errors[i+1]); !near(order, 2.05, 0.15) {
			t.Errorf("energy errors %.2g: of order %.2f, want 2", errors, order)
		}
	}
}

// TestTransitionIsInvariant starts from exact draws and makes transitions with steps so long that much is refused: the
// distribution stays.
func TestTransitionIsInvariant(t *testing.T) {
	const rows, steps = 20000, 5
	for _, c := range []struct {
		name string
		at   func(row int, z, grad []float32) float64
		cdf  func(z float64) float64
		draw func(r *rand.Rand) float64
		size float64
	}{
		{
			"logistic", func(_ int, z, grad []float32) float64 { // with steps near the limit of stability
				v := float64(z[0])
				if grad != nil {
					grad[0] = float32(-math.Tanh(v / 2))
				}
				return -math.Abs(v) - 2*math.Log1p(math.Exp(-math.Abs(v)))
			}, func(z float64) float64 { return 1 / (1 + math.Exp(-z)) },
			func(r *rand.Rand) float64 { u := r.Float64(); return math.Log(u / (1 - u)) }, 2.6,
		},
		{
			"uniform between walls", func(_ int, z, grad []float32) float64 {
				if grad != nil {
					grad[0] = 0
				}
				if z[0] < 0 || z[0] > 1 {
					return math.NaN()
				}
				return 0
			}, func(z float64) float64 { return z }, func(r *rand.Rand) float64 { return r.Float64() }, 0.1,
		},
	} {
		w := newTestWalker(of{rows, 1, c.at}, 4, 0)
		start := make([]float32, rows)
		for i := range start {
			start[i] = float32(c.draw(w.rnd))
		}
		if err := w.begin(start); err != nil {
			t.Fatal(err)
		}
		share, moved := 0.0, 0
		for range steps {
			w.transition([]float64{c.size}, rows)
			share += average(w.accept) / steps
		}
		z := make([]float64, rows)
		for i, v := range w.here.z {
			z[i] = float64(v)
			if v != start[i] {
				moved++
			}
		}
		slices.Sort(z)
		distance := 0.0 // of Kolmogorov and Smirnov
		for i, v := range z {
			distance = max(distance, math.Abs(c.cdf(v)-(float64(i)+0.5)/rows))
		}
		if !(distance <= 1.95/math.Sqrt(rows)) { // one in a thousand
			t.Errorf("%s: the distribution function moved by %.4f", c.name, distance)
		}
		if !near(share, 0.55, 0.35) || moved < rows/2 {
			t.Errorf("%s: acceptance %.2f, %d rows moved: that tests little", c.name, share, moved)
		}
	}
}

// TestRowsAreIndependent changes the density of one row: the bits of the others stay.
func TestRowsAreIndependent(t *testing.T) {
	run := func(strange float64) ([]float32, []float64) {
		w := newTestWalker(of{4, 2, func(row int, z, grad []float32) float64 {
			scale := 1.0
			if row == 1 {
				scale = strange
			}
			for j, v := range z {
				if grad != nil {
					grad[j] = float32(scale) * -v
				}
			}
			return -scale * (float64(z[0])*float64(z[0]) + float64(z[1])*float64(z[1])) / 2
		}}, 5, 0)
		if err := w.begin(make([]float32, 8)); err != nil {
			t.Fatal(err)
		}
		for range 50 {
			w.transition([]float64{0.9, 0.9, 0.9, 0.9}, 1)
		}
		return w.here.z, w.accept
	}
	want, accepted := run(1)
	for _, strange := range []float64{30, 1e30, -1} {
		got, also := run(strange)
		for k := range got {
			if i := k / 2; (got[k] == want[k] && also[i] == accepted[i]) == (i == 1) {
				t.Errorf("row 1 stretched by %g: row %d is at %g, was at %g", strange, i, got[k], want[k])
			}
		}
	}
}

// TestNotANumber gives densities that explode: none is shown what is not finite, and every chain stays where it can be.
func TestNotANumber(t *testing.T) {
	for name, at := range map[string]func(v float64) (value, slope float64){
		"not a number":          func(v float64) (float64, float64) { return math.Log(v), 1 / v },
		"gradient not a number": func(v float64) (float64, float64) { return -v * v / 2, -v + 0*math.Sqrt(v) },
		"gradient overflows":    func(v float64) (float64, float64) { return -v, 1e39 },
		"value overflows":       func(v float64) (float64, float64) { return math.Exp(v * 1e3), 1e38 },
		"nowhere else":          func(v float64) (float64, float64) { return math.Log(float64(1 - min(1, int(1e6*math.Abs(v-1))))), 0 },
	} {
		f := of{2, 1, func(_ int, z, grad []float32) float64 {
			v := float64(z[0])
			if v-v != 0 {
				t.Errorf("%s: shown %g", name, v)
			}
			value, slope := at(v)
			if grad != nil {
				grad[0] = float32(slope)
			}
			return value
		}}
		for _, leapfrog := range []int{1, 10} {
			w := newTestWalker(f, leapfrog, 0)
			if err := w.begin([]float32{1, 1}); (err != nil) != (name == "value overflows") {
				t.Fatalf("%s: %v", name, err)
			}
			for range 200 {
				w.transition([]float64{2}, 2)
				for i := range 2 {
					if a := w.accept[i]; !(a >= 0 && a <= 1) {
						t.Errorf("%s: acceptance %g", name, a)
					}
					if name != "value overflows" && math.IsInf(w.logDensity(&w.here, i), -1) {
						t.Errorf("%s: at %g, which cannot be", name, w.here.z[i])
					}
				}
			}
			if w.divergences == 0 {
				t.Errorf("%s: no divergence is counted", name)
			}
		}
	}
}

func TestTransitionsAllocateNothing(t *testing.T) {
	w := newTestWalker(StandardNormal(8, 5), 10, 0)
	steps := []float64{0.5, 0.6}
	if n := testing.AllocsPerRun(10, func() { w.transition(steps, 4) }); n != 0 {
		t.Errorf("%g allocations a transition", n)
	}
}
