package kernel

import (
	"math"
	"testing"
)

// optimizers run a step on weights w, gradients g and moments m, v, and say in float64 what should come out.
var optimizers = []struct {
	name string
	run  func(w, g, m, v []float32)
	want func(w, g, m, v float64) (w1, m1, v1 float64)
}{
	{"adam", func(w, g, m, v []float32) { Adam(w, g, m, v, &adamStep) }, func(w, g, m, v float64) (float64, float64, float64) {
		return adamIn64(&adamStep, w, g, m, v)
	}},
	{"adamw", func(w, g, m, v []float32) { Adam(w, g, m, v, &adamWStep) }, func(w, g, m, v float64) (float64, float64, float64) {
		return adamIn64(&adamWStep, w, g, m, v)
	}},
	{"momentum", func(w, g, _, v []float32) { Momentum(w, g, v, &momentumStep) }, func(w, g, m, v float64) (float64, float64, float64) {
		s := &momentumStep
		d := float64(s.Clip)*g + float64(s.L2)*w
		v = float64(s.Momentum)*v + d
		return w - float64(s.Rate)*v, m, v
	}},
	{"rmsprop", func(w, g, _, v []float32) { RMSProp(w, g, v, &rmspropStep) }, func(w, g, m, v float64) (float64, float64, float64) {
		s := &rmspropStep
		d := float64(s.Clip)*g + float64(s.L2)*w
		v = float64(s.Alpha)*v + float64(s.New)*d*d
		return w - float64(s.Rate)*d/(math.Sqrt(v)+float64(s.Eps)), m, v
	}},
}

// Every field matters: none is 0 or 1, and rates are large enough to be seen.
var (
	adamStep     = AdamStep{Rate: 0.3, Beta1: 0.9, Beta2: 0.95, Eps: 0.02, C1: 0.4, C2: 0.3, L2: 0.1, Decay: 0, Clip: 0.5}
	adamWStep    = AdamStep{Rate: 0.3, Beta1: 0.8, Beta2: 0.9, Eps: 0.1, C1: 0.7, C2: 0.6, L2: 0, Decay: 0.2, Clip: 0.7}
	momentumStep = MomentumStep{Rate: 0.3, Momentum: 0.9, L2: 0.1, Clip: 0.5}
	rmspropStep  = RMSPropStep{Rate: 0.3, Alpha: 0.9, New: 0.2, Eps: 0.05, L2: 0.1, Clip: 0.5}
)

func adamIn64(s *AdamStep, w, g, m, v float64) (float64, float64, float64) {
	d := float64(s.Clip)*g + float64(s.L2)*w
	m = float64(s.Beta1)*m + (1-float64(s.Beta1))*d
	v = float64(s.Beta2)*v + (1-float64(s.Beta2))*d*d
	rate := float64(s.Rate)
	return w - rate*float64(s.Decay)*w - rate*(m/float64(s.C1))/(math.Sqrt(v/float64(s.C2))+float64(s.Eps)), m, v
}

func TestOptimizers(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for _, o := range optimizers {
			for n := 0; n <= maxLength; n++ {
				positive := random(24, 1)
				w, g := newGuarded(n, n%5, random(21, 1)), newGuarded(n, n%3, random(22, 1))
				m := newGuarded(n, n%7, random(23, 1))
				v := newGuarded(n, n%2, func(i int) float32 { return float32(math.Abs(float64(positive(i)))) })
				w0, m0, v0 := append([]float32(nil), w.slice()...), append([]float32(nil), m.slice()...), append([]float32(nil), v.slice()...)
				o.run(w.slice(), g.slice(), m.slice(), v.slice())
				for i := range n {
					w1, m1, v1 := o.want(float64(w0[i]), float64(g.slice()[i]), float64(m0[i]), float64(v0[i]))
					near(t, o.name+": weight", n, i, w.slice()[i], w1)
					near(t, o.name+": first moment", n, i, m.slice()[i], m1)
					near(t, o.name+": second moment", n, i, v.slice()[i], v1)
				}
				for _, s := range []*guarded{w, g, m, v} {
					s.check(t)
				}
			}
		}
	})
}

// A step over slices longer than a block is the same as a step over their parts: an optimizer may be split over cores.
func TestOptimizersInParts(t *testing.T) {
	const n = optimizerBlock*2 + 1001
	onEvery(t, func(t *testing.T) {
		for _, o := range optimizers {
			make4 := func() (s [4][]float32) {
				for i := range s {
					s[i] = make([]float32, n)
					fill := random(uint64(31+i), 1)
					for j := range s[i] {
						s[i][j] = max(fill(j), 0.01)
					}
				}
				return s
			}
			whole, parts := make4(), make4()
			o.run(whole[0], whole[1], whole[2], whole[3])
			for from, to := 0, 0; from < n; from = to {
				to = min(from+777, n)
				o.run(parts[0][from:to], parts[1][from:to], parts[2][from:to], parts[3][from:to])
			}
			for i := range whole {
				for j := range whole[i] {
					if whole[i][j] != parts[i][j] {
						t.Fatalf("%s: slice %d, element %d is %v whole and %v in parts", o.name, i, j, whole[i][j], parts[i][j])
					}
				}
			}
		}
	})
}

// Steps do not allocate.
func TestOptimizersAllocate(t *testing.T) {
	w, g, m, v := make([]float32, 100), make([]float32, 100), make([]float32, 100), make([]float32, 100)
	onEvery(t, func(t *testing.T) {
		for _, o := range optimizers {
			if n := testing.AllocsPerRun(10, func() { o.run(w, g, m, v) }); n > 0 {
				t.Errorf("%s allocates %v times", o.name, n)
			}
		}
		if n := testing.AllocsPerRun(10, func() { RandomMask(w, 0.5, 1, 2) }); n > 0 {
			t.Errorf("RandomMask allocates %v times", n)
		}
	})
}
