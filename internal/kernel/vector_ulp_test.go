package kernel

import (
	"flag"
	"math"
	"testing"
)

// every is the step through the bit patterns of float32. All of them, six minutes:
//
//	go test ./internal/kernel -run Ulp -v -every 1 -timeout 1h
var every = flag.Int("every", 997, "measure the error of exp, tanh and sigmoid at every so many float32 numbers")

// ulp is the distance of float32 numbers at x.
func ulp(x float64) float64 {
	_, e := math.Frexp(x)
	return math.Ldexp(1, max(e-24, -149))
}

const smallestNormal = 0x1p-126

// The largest errors, in units in the last place of the exact result, and where. The bounds are the figures of
// the whole range, which stand in the comments of Exp, Tanh and Sigmoid.
func TestUlp(t *testing.T) {
	for _, f := range []struct {
		name  string
		run   func(dst, x []float32)
		exact func(x float64) float64
		bound float64
	}{
		{"exp", Exp, math.Exp, 1.54},
		{"tanh", Tanh, math.Tanh, 2.81},
		{"sigmoid", Sigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, 2.77},
	} {
		t.Run(f.name, func(t *testing.T) {
			onEvery(t, func(t *testing.T) {
				const block = 1 << 12
				x, dst := make([]float32, block), make([]float32, block)
				worst, where := 0.0, float32(0)
				for bits := uint64(0); bits < 1<<32; {
					n := 0
					for ; n < block && bits < 1<<32; n++ {
						x[n] = math.Float32frombits(uint32(bits))
						bits += uint64(*every)
					}
					f.run(dst[:n], x[:n])
					for i, v := range x[:n] {
						got := float64(dst[i])
						if v != v {
							if got == got {
								t.Fatalf("%s of NaN is %v", f.name, got)
							}
							continue
						}
						want := f.exact(float64(v))
						if got == want || float32(want) == dst[i] {
							continue // infinities, and whatever is rounded correctly
						}
						if got == 0 && want < smallestNormal && f.name != "tanh" {
							continue // may be flushed to zero
						}
						if e := math.Abs(got-want) / ulp(want); !(e <= worst) {
							worst, where = e, v
						}
					}
				}
				t.Logf("%s: at most %.3f ulp, at %g", f.name, worst, where)
				if !(worst <= f.bound) {
					t.Errorf("%s is off by %.3f ulp at %g, more than %g", f.name, worst, where, f.bound)
				}
			})
		})
	}
}

func TestSpecialValues(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	odd := math.Float32frombits(0xffffffff) // a NaN with every bit set
	least, most := float32(math.SmallestNonzeroFloat32), float32(math.MaxFloat32)
	minusZero := float32(math.Copysign(0, -1))
	cases := []struct {
		name string
		run  func(dst, x []float32)
		x    float32
		want float32
	}{
		{"exp", Exp, 0, 1},
		{"exp", Exp, minusZero, 1},
		{"exp", Exp, least, 1},
		{"exp", Exp, -least, 1},
		{"exp", Exp, inf, inf},
		{"exp", Exp, -inf, 0},
		{"exp", Exp, most, inf},
		{"exp", Exp, -most, 0},
		{"exp", Exp, 88.72284, inf},
		{"exp", Exp, -104, 0},
		{"exp", Exp, nan, nan},
		{"exp", Exp, odd, nan},
		{"tanh", Tanh, 0, 0},
		{"tanh", Tanh, minusZero, minusZero},
		{"tanh", Tanh, least, least},
		{"tanh", Tanh, -least, -least},
		{"tanh", Tanh, inf, 1},
		{"tanh", Tanh, -inf, -1},
		{"tanh", Tanh, most, 1},
		{"tanh", Tanh, -most, -1},
		{"tanh", Tanh, 1e-20, 1e-20},
		{"tanh", Tanh, nan, nan},
		{"tanh", Tanh, odd, nan},
		{"sigmoid", Sigmoid, 0, 0.5},
		{"sigmoid", Sigmoid, inf, 1},
		{"sigmoid", Sigmoid, -inf, 0},
		{"sigmoid", Sigmoid, most, 1},
		{"sigmoid", Sigmoid, -most, 0},
		{"sigmoid", Sigmoid, 20, 1},
		{"sigmoid", Sigmoid, nan, nan},
		{"sigmoid", Sigmoid, odd, nan},
	}
	onEvery(t, func(t *testing.T) {
		for _, c := range cases {
			for _, n := range []int{1, 16} { // in a masked and in a whole vector
				x, dst := make([]float32, n), make([]float32, n)
				for i := range x {
					x[i] = c.x
				}
				c.run(dst, x)
				got := dst[n-1]
				if c.want != c.want {
					if got == got {
						t.Errorf("%s(NaN) = %v", c.name, got)
					}
				} else if math.Float32bits(got) != math.Float32bits(c.want) {
					t.Errorf("%s(%g) = %g, want %g", c.name, c.x, got, c.want)
				}
			}
		}
		x := []float32{88.722831, -87.336540}
		dst := make([]float32, 2)
		Exp(dst, x)
		if dst[0] > most || dst[1] < smallestNormal {
			t.Errorf("exp at the ends of the normal numbers: %g", dst)
		}
	})
}
