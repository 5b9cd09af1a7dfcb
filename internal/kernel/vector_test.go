package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// onEvery runs f as a subtest on every instruction set of this machine.
func onEvery(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	before := ISA()
	for _, name := range Available() {
		t.Run(name, func(t *testing.T) {
			if err := Use(name); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := Use(before); err != nil {
					t.Fatal(err)
				}
			}()
			f(t)
		})
	}
}

// guardBits is a NaN that no kernel makes.
const guardBits = 0x7fc0dead

// guarded is a slice between guards, which lies off the alignment of vectors by skew floats.
type guarded struct {
	whole      []float32
	start, len int
}

func newGuarded(n, skew int, fill func(i int) float32) *guarded {
	g := &guarded{whole: make([]float32, n+128+skew), start: 64 + skew, len: n}
	for i := range g.whole {
		g.whole[i] = math.Float32frombits(guardBits)
	}
	for i := range g.slice() {
		g.slice()[i] = fill(i)
	}
	return g
}

func (g *guarded) slice() []float32 { return g.whole[g.start : g.start+g.len : g.start+g.len] }

func (g *guarded) check(t *testing.T) {
	t.Helper()
	for i, v := range g.whole {
		if i >= g.start && i < g.start+g.len {
			continue
		}
		if math.Float32bits(v) != guardBits {
			t.Fatalf("length %d: element %d, outside the slice, was written", g.len, i-g.start)
		}
	}
}

func random(seed uint64, scale float64) func(int) float32 {
	r := rand.New(rand.NewPCG(seed, 7))
	return func(int) float32 { return float32(r.NormFloat64() * scale) }
}

// maxLength covers every remainder after four vectors of 16 and after none.
const maxLength = 130

// elementwise lists the functions whose i-th result depends on the i-th operands alone. relative is the error
// allowed, as a multiple of 2⁻²⁴ of the size of the terms.
var elementwise = []struct {
	name     string
	run      func(dst, x, y []float32)
	want     func(d, x, y float64) (value, size float64)
	relative float64
}{
	{"exp", func(dst, x, _ []float32) { Exp(dst, x) }, func(_, x, _ float64) (float64, float64) {
		return math.Exp(x), math.Exp(x)
	}, 3},
	{"tanh", func(dst, x, _ []float32) { Tanh(dst, x) }, func(_, x, _ float64) (float64, float64) {
		return math.Tanh(x), math.Abs(math.Tanh(x))
	}, 5},
	{"sigmoid", func(dst, x, _ []float32) { Sigmoid(dst, x) }, func(_, x, _ float64) (float64, float64) {
		return 1 / (1 + math.Exp(-x)), 1 / (1 + math.Exp(-x))
	}, 5},
	{"add", func(dst, x, _ []float32) { Add(dst, x) }, func(d, x, _ float64) (float64, float64) {
		return d + x, math.Abs(d) + math.Abs(x)
	}, 1},
	{"axpy", func(dst, x, _ []float32) { Axpy(dst, 0.7, x) }, func(d, x, _ float64) (float64, float64) {
		a := float64(float32(0.7))
		return d + a*x, math.Abs(d) + math.Abs(a*x)
	}, 2},
	{"scale", func(dst, _, _ []float32) { Scale(dst, 0.7) }, func(d, _, _ float64) (float64, float64) {
		a := float64(float32(0.7))
		return a * d, math.Abs(a * d)
	}, 1},
	{"normalize", func(dst, x, _ []float32) { Normalize(dst, x, 0.3, 0.7) }, func(_, x, _ float64) (float64, float64) {
		a, s := float64(float32(0.7)), float64(float32(0.3))
		return (x - s) * a, math.Abs((x - s) * a)
	}, 2},
	{"relu", func(dst, x, _ []float32) { ReLU(dst, x) }, func(_, x, _ float64) (float64, float64) { return max(x, 0), 0 }, 0},
	{"reluBackward", ReLUBackward, func(d, x, y float64) (float64, float64) {
		if y > 0 {
			return d + x, math.Abs(d) + math.Abs(x)
		}
		return d, 0
	}, 1},
	{"tanhBackward", TanhBackward, func(d, x, y float64) (float64, float64) {
		return d + x*(1-y*y), math.Abs(d) + math.Abs(x)*(1+y*y)
	}, 3},
	{"sigmoidBackward", SigmoidBackward, func(d, x, y float64) (float64, float64) {
		return d + x*y*(1-y), math.Abs(d) + math.Abs(x*y)*(1+math.Abs(y))
	}, 4},
	{"mul", Mul, func(_, x, y float64) (float64, float64) { return x * y, math.Abs(x * y) }, 1},
	{"mulAdd", MulAdd, func(d, x, y float64) (float64, float64) { return d + x*y, math.Abs(d) + math.Abs(x*y) }, 2},
}

func TestElementwise(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for _, f := range elementwise {
			t.Run(f.name, func(t *testing.T) {
				for n := 0; n <= maxLength; n++ {
					d := newGuarded(n, n%5, random(1, 2))
					x := newGuarded(n, n%3, random(2, 5))
					y := newGuarded(n, n%7, random(3, 1))
					before := append([]float32(nil), d.slice()...)
					f.run(d.slice(), x.slice(), y.slice())
					for i, got := range d.slice() {
						want, size := f.want(float64(before[i]), float64(x.slice()[i]), float64(y.slice()[i]))
						if !(math.Abs(float64(got)-want) <= f.relative*size/(1<<24)) {
							t.Fatalf("length %d, element %d: %v, want %v", n, i, got, want)
						}
					}
					d.check(t)
					x.check(t)
					y.check(t)
				}
			})
		}
	})
}

// The bits of an element do not depend on where it stands, how long the slices are, or whether dst is x.
func TestElementwisePosition(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for _, f := range elementwise {
			d0 := newGuarded(maxLength, 0, random(1, 2)).slice()
			x := newGuarded(maxLength, 0, random(2, 5)).slice()
			y := newGuarded(maxLength, 0, random(3, 1)).slice()
			want := append([]float32(nil), d0...)
			f.run(want, x, y)
			for from := range maxLength {
				for _, n := range []int{1, 2, 15, 17, 40} {
					to := min(from+n, maxLength)
					d := append([]float32(nil), d0[from:to]...)
					f.run(d, x[from:to], y[from:to])
					for i := range d {
						if math.Float32bits(d[i]) != math.Float32bits(want[from+i]) {
							t.Fatalf("%s: element %d is %v alone and %v in the whole", f.name, from+i, d[i], want[from+i])
						}
					}
				}
			}
			same := append([]float32(nil), x...)
			apart := append([]float32(nil), x...)
			f.run(same, same, y)
			f.run(apart, x, y)
			for i := range same {
				if math.Float32bits(same[i]) != math.Float32bits(apart[i]) {
					t.Fatalf("%s with dst = x: element %d is %v, want %v", f.name, i, same[i], apart[i])
				}
			}
		}
	})
}

// Elementwise functions have the same bits on every vector instruction set.
func TestElementwiseSameBits(t *testing.T) {
	if len(Available()) < 3 {
		t.Log("this machine has one vector instruction set: there is nothing to compare")
		return
	}
	for _, f := range elementwise {
		var want []float32
		onEvery(t, func(t *testing.T) {
			if ISA() == "go" {
				return
			}
			d, x, y := make([]float32, 4099), make([]float32, 4099), make([]float32, 4099)
			for i, fill := range []func(int) float32{random(1, 2), random(2, 20), random(3, 1)} {
				for j := range d {
					[][]float32{d, x, y}[i][j] = fill(j)
				}
			}
			f.run(d, x, y)
			for i := range want {
				if d[i] != want[i] {
					t.Fatalf("%s of %v is %v, elsewhere %v", f.name, x[i], d[i], want[i])
				}
			}
			want = d
		})
	}
}

func TestReductions(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for n := 0; n <= maxLength; n++ {
			x, y := newGuarded(n, n%5, random(4, 3)), newGuarded(n, n%3, random(5, 3))
			var dot, sum, dotSize, sumSize, expSum float64
			largest := math.Inf(-1)
			for i := range n {
				v, w := float64(x.slice()[i]), float64(y.slice()[i])
				dot, dotSize = dot+v*w, dotSize+math.Abs(v*w)
				sum, sumSize = sum+v, sumSize+math.Abs(v)
				expSum += math.Exp(v - 1.5)
				largest = max(largest, v)
			}
			tolerance := float64(n) / (1 << 24)
			near := func(what string, got float32, want, size float64) {
				t.Helper()
				if !(math.Abs(float64(got)-want) <= tolerance*size) {
					t.Fatalf("%s of length %d: %v, want %v", what, n, got, want)
				}
			}
			near("dot", Dot(x.slice(), y.slice()), dot, dotSize)
			near("sum", Sum(x.slice()), sum, sumSize)
			if got := Max(x.slice()); float64(got) != largest {
				t.Fatalf("max of length %d: %v, want %v", n, got, largest)
			}
			tolerance = float64(n+8) / (1 << 24)
			near("expSum", active.expSum(nil, x.slice(), 1.5), expSum, expSum)
			dst := newGuarded(n, n%7, func(int) float32 { return 0 })
			if a, b := active.expSum(dst.slice(), x.slice(), 1.5), active.expSum(nil, x.slice(), 1.5); a != b {
				t.Fatalf("expSum of length %d: %v with terms, %v without", n, a, b)
			}
			for i, got := range dst.slice() {
				want := math.Exp(float64(x.slice()[i]) - 1.5)
				if !(math.Abs(float64(got)-want) <= 2e-6*want) {
					t.Fatalf("expSum of length %d: term %d is %v, want %v", n, i, got, want)
				}
			}
			dst.check(t)
			x.check(t)
			y.check(t)
		}
	})
}

// The largest element is found wherever it stands, also among NaNs, which are passed over.
func TestMaxPosition(t *testing.T) {
	nan := float32(math.NaN())
	onEvery(t, func(t *testing.T) {
		for n := 1; n <= maxLength; n++ {
			for at := range n {
				x := make([]float32, n)
				for i := range x {
					x[i] = -float32(i) - 1
				}
				x[at] = -0.5
				if got := Max(x); got != -0.5 {
					t.Fatalf("length %d, largest at %d: %v", n, at, got)
				}
				x[(at+1)%n], x[(at+33)%n], x[at] = nan, nan, -0.25
				if got := Max(x); got != -0.25 {
					t.Fatalf("length %d, largest at %d, with NaNs: %v", n, at, got)
				}
			}
		}
	})
}

// A reduction's bits depend on the elements and their number, not on where the slice lies in memory.
func TestReductionAlignment(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for _, n := range []int{1, 17, 63, 64, 65, 127, 1000, 4099} {
			var want string
			for skew := range 17 {
				x, y := newGuarded(n, skew, random(6, 1)).slice(), newGuarded(n, 16-skew, random(7, 1)).slice()
				got := fmt.Sprintf("%b %b %b", Dot(x, y), Sum(x), active.expSum(nil, x, 0.5))
				if skew == 0 {
					want = got
				} else if got != want {
					t.Fatalf("length %d: %s at offset %d, %s at 0", n, got, skew, want)
				}
			}
		}
	})
}

func TestSoftmax(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	onEvery(t, func(t *testing.T) {
		for n := 1; n <= maxLength; n++ {
			for _, shift := range []float32{0, 1e4, -1e4} {
				x := newGuarded(n, n%3, random(8, 4))
				for i := range x.slice() {
					x.slice()[i] += shift
				}
				dst := newGuarded(n, n%5, func(int) float32 { return nan })
				var sum, largest float64 = 0, math.Inf(-1)
				for _, v := range x.slice() {
					largest = max(largest, float64(v))
				}
				for _, v := range x.slice() {
					sum += math.Exp(float64(v) - largest)
				}
				lse := largest + math.Log(sum)
				tolerance := 1e-6 * max(1, math.Abs(lse))
				if got := LogSumExp(x.slice()); !(math.Abs(float64(got)-lse) <= tolerance) {
					t.Fatalf("log-sum-exp of length %d: %v, want %v", n, got, lse)
				}
				if got := Softmax(dst.slice(), x.slice()); !(math.Abs(float64(got)-lse) <= tolerance) {
					t.Fatalf("softmax of length %d: log-sum-exp %v, want %v", n, got, lse)
				}
				for i, got := range dst.slice() {
					want := math.Exp(float64(x.slice()[i])-largest) / sum
					below := largest - float64(x.slice()[i]) // rounded before it is an exponent
					if !(math.Abs(float64(got)-want) <= (below+float64(n)+8)*want/(1<<24)) {
						t.Fatalf("softmax of length %d: element %d is %v, want %v", n, i, got, want)
					}
				}
				dst.check(t)
				x.check(t)
			}
		}
		if got := LogSumExp(nil); got != -inf {
			t.Errorf("log-sum-exp of nothing: %v", got)
		}
		if got := LogSumExp([]float32{-inf, -inf}); got != -inf {
			t.Errorf("log-sum-exp of −Inf: %v", got)
		}
		if got := LogSumExp([]float32{1, inf}); got != inf {
			t.Errorf("log-sum-exp of +Inf: %v", got)
		}
		if got := Softmax(nil, nil); got != -inf {
			t.Errorf("softmax of nothing: log-sum-exp %v", got)
		}
		for _, x := range [][]float32{{1, inf, 2}, {-inf, -inf}} {
			dst := make([]float32, len(x))
			if got := Softmax(dst, x); got == got || dst[0] == dst[0] || dst[1] == dst[1] {
				t.Errorf("softmax of %v: %v, log-sum-exp %v", x, dst, got)
			}
		}
		dst := make([]float32, 3)
		if got := Softmax(dst, []float32{2, -inf, 2}); dst[0] != 0.5 || dst[1] != 0 || math.Abs(float64(got)-2-math.Ln2) > 1e-6 {
			t.Errorf("softmax with one word ruled out: %v, log-sum-exp %v", dst, got)
		}
	})
}

// A NaN in a row is never hidden: not by a larger element, not by an infinite one.
func TestSoftmaxNaN(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	onEvery(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 9, 16, 17, 40, 64, 65, 130} {
			for at := range n {
				for _, other := range []float32{0, 300, -300, inf, -inf} {
					x := make([]float32, n)
					for i := range x {
						x[i] = other
					}
					x[at] = nan
					if got := LogSumExp(x); got == got {
						t.Fatalf("log-sum-exp of %d times %v and a NaN at %d: %v", n-1, other, at, got)
					}
					dst := make([]float32, n)
					if got := Softmax(dst, x); got == got {
						t.Fatalf("softmax of %d times %v and a NaN at %d: log-sum-exp %v", n-1, other, at, got)
					}
					for i, v := range dst {
						if v == v {
							t.Fatalf("softmax of %d times %v and a NaN at %d: element %d is %v", n-1, other, at, i, v)
						}
					}
				}
			}
		}
	})
}

func TestUnequalLengths(t *testing.T) {
	one, two := make([]float32, 1), make([]float32, 2)
	for name, f := range map[string]func(){
		"exp":  func() { Exp(one, two) },
		"mul":  func() { Mul(two, two, one) },
		"dot":  func() { Dot(one, two) },
		"lstm": func() { LSTMForward(make([]float32, 7), two, two, two, two) },
		"adam": func() { Adam(two, two, two, one, &AdamStep{}) },
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
