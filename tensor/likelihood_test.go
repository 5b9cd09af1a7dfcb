package tensor_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

// likelihoods are the log-probabilities of data in float64, straight from their definitions: of a value under the parameters that
// param(0), param(1) … give.
var likelihoods = []struct {
	name   string
	params int // of each value
	levels int // 0: any value
	apply  func(tp *tensor.Tape, params, x *T) *T
	logP   func(x float64, param func(i int) float64) float64
}{
	{"Bernoulli", 1, 2, tensor.BernoulliLogProb, func(x float64, param func(int) float64) float64 {
		return -math.Log1p(math.Exp(param(0) * (1 - 2*x)))
	}},
	{"logistic of 2", 2, 2, logistic(2), logisticOf(2)},
	{"logistic of 5", 2, 5, logistic(5), logisticOf(5)},
	{"logistic of 256", 2, 256, logistic(256), logisticOf(256)},
	{"Gaussian", 2, 0, func(tp *tensor.Tape, params, x *T) *T { return tensor.GaussianLogProbRows(tp, params, x, -2) }, func(x float64, param func(int) float64) float64 {
		logSigma := max(param(1), -2)
		u := (x - param(0)) / math.Exp(logSigma)
		return -u*u/2 - logSigma - math.Log(2*math.Pi)/2
	}},
	{"categorical of 2", 2, 2, categorical(2), categoricalOf(2)},
	{"categorical of 7", 7, 7, categorical(7), categoricalOf(7)},
	{"categorical of 256", 256, 256, categorical(256), categoricalOf(256)},
}

func logistic(levels int) func(tp *tensor.Tape, params, x *T) *T {
	return func(tp *tensor.Tape, params, x *T) *T {
		return tensor.DiscretizedLogisticLogProb(tp, params, x, levels)
	}
}

func categorical(levels int) func(tp *tensor.Tape, params, x *T) *T {
	return func(tp *tensor.Tape, params, x *T) *T { return tensor.CategoricalLogProb(tp, params, x, levels) }
}

// logisticOf subtracts distribution functions, on the side where they are small.
func logisticOf(levels int) func(x float64, param func(int) float64) float64 {
	return func(x float64, param func(int) float64) float64 {
		h, s := 0.5/float64(levels-1), math.Exp(max(param(1), -7))
		a, b := (x+h-param(0))/s, (x-h-param(0))/s
		sigma := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
		switch {
		case x < h:
			return -math.Log1p(math.Exp(-a))
		case x > 1-h:
			return -math.Log1p(math.Exp(b))
		case b > 0:
			a, b = -b, -a
		}
		return math.Log(sigma(a) - sigma(b))
	}
}

func categoricalOf(levels int) func(x float64, param func(int) float64) float64 {
	return func(x float64, param func(int) float64) float64 {
		sum := 0.0
		for i := range levels {
			sum += math.Exp(param(i))
		}
		return param(int(math.Round(x*float64(levels-1)))) - math.Log(sum)
	}
}

// layout is where parameter i of value j of d stands: those of a softmax side by side, means and scales in halves.
func layout(name string, params, d, i, j int) int {
	if name[0] == 'c' {
		return j*params + i
	}
	return i*d + j
}

// TestLikelihoods holds the values to the definitions, on tapes for training and for inference, for rows that are padded, and for
// data that meet several samples.
func TestLikelihoods(t *testing.T) {
	for _, l := range likelihoods {
		t.Run(l.name, func(t *testing.T) {
			onEvery(t, func(t *testing.T) {
				for _, c := range []struct{ n, k, d int }{{1, 1, 1}, {3, 1, 5}, {2, 3, 4}, {4, 5, 33}, {2, 2, 784}, {1, 2, 1601}} {
					data := make([]float32, c.n*c.d)
					for i := range data {
						if v := i * 7919; l.levels > 0 {
							data[i] = float32(v%l.levels) / float32(l.levels-1)
						} else {
							data[i] = float32(v%101)/25 - 2
						}
					}
					m, width := c.n*c.k, l.params*c.d
					raw := values(uint64(c.d), m*width)
					for i := range raw {
						raw[i] *= 4 // up to ±3.2
					}
					for _, tp := range []*tensor.Tape{tensor.NewTape(), tensor.NewInference()} {
						y := l.apply(tp, tensor.Scale(tp, tp.Leaf(m, width, raw), 1), tp.Const(c.n, c.d, data))
						if y.Rows != m || y.Cols != 1 {
							t.Fatalf("%v: a %v", c, y)
						}
						for r := range m {
							want, size := 0.0, 0.0
							for j := range c.d {
								v := l.logP(float64(data[r/c.k*c.d+j]), func(i int) float64 {
									return float64(raw[r*width+layout(l.name, l.params, c.d, i, j)])
								})
								want, size = want+v, size+math.Abs(v)
							}
							if got := float64(y.Row(r)[0]); !(math.Abs(got-want) <= 1e-6*size+1e-6) {
								t.Fatalf("%v, row %d: %.8g, want %.8g", c, r, got, want)
							}
						}
					}
				}
			})
		})
	}
}

// TestLikelihoodsAddUpToOne sums the probabilities of all values of one variable, for parameters from anywhere.
func TestLikelihoodsAddUpToOne(t *testing.T) {
	for _, l := range likelihoods {
		t.Run(l.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				params := rapid.SliceOfN(rapid.Float32Range(-8, 8), l.params, l.params).Draw(t, "params")
				if l.name[:2] == "lo" {
					params[0] = rapid.Float32Range(-1, 2).Draw(t, "mean")
				}
				n, weight := l.levels, 1.0
				x := make([]float32, max(n, 4001))
				if n == 0 { // Simpson's rule is not better than this one, for a density that is 0 at both ends
					n = 4001
					sigma := math.Exp(max(float64(params[1]), -2))
					weight = 20 * sigma / float64(n-1)
					for i := range n {
						x[i] = params[0] + float32((float64(i)/float64(n-1)*20-10)*sigma)
					}
				} else {
					for i := range n {
						x[i] = float32(i) / float32(n-1)
					}
				}
				tp := tensor.NewInference()
				all := make([]float32, 0, n*l.params)
				for range n {
					all = append(all, params...)
				}
				y := l.apply(tp, tp.Const(n, l.params, all), tp.Const(n, 1, x[:n]))
				sum := 0.0
				for i := range n {
					sum += weight * math.Exp(float64(y.Row(i)[0]))
				}
				if !(math.Abs(sum-1) <= 1e-4) {
					t.Fatalf("%v: %.7g", params, sum)
				}
			})
		})
	}
}

// TestCategoricalGradients is for groups that are large enough for a call of their own.
func TestCategoricalGradients(t *testing.T) {
	for _, levels := range []int{24, 40} {
		gradcheck.Check(t, nil, []shape{{4, 3 * levels}}, func(tp *tensor.Tape, in []*T) []*T {
			return one(tensor.CategoricalLogProb(tp, tensor.Scale(tp, in[0], 3), observed(tp, levels-1, 2, 3), levels))
		})
	}
}

// TestLikelihoodTails: where a difference of distribution functions has no digits left, or parameters are at their bounds, values
// and gradients are finite and those of the formulas.
func TestLikelihoodTails(t *testing.T) {
	for _, c := range []struct {
		name            string
		apply           func(tp *tensor.Tape, params, x *T) *T
		params          []float32
		x               float32
		want            float64
		dFirst, dSecond float64
	}{
		{"Bernoulli, wrong", tensor.BernoulliLogProb, []float32{200}, 0, -200, -1, 0},
		{"Bernoulli, right", tensor.BernoulliLogProb, []float32{200}, 1, 0, 0, 0},
		// far above the mean: log p = −(x−μ−h)/s + log(1−e^−2h/s)
		{"logistic, far above", logistic(256), []float32{-20, -1}, 128. / 255, logisticTail(20+128./255-0.5/255, -1), math.E, 0},
		{"logistic, far below", logistic(256), []float32{20, -1}, 128. / 255, logisticTail(20-128./255-0.5/255, -1), -math.E, 0},
		{"logistic, lowest", logistic(256), []float32{5, -7}, 0, -(5 - 0.5/255) * math.Exp(7), -math.Exp(7), (5 - 0.5/255) * math.Exp(7)},
		{"logistic, highest and certain", logistic(256), []float32{5, -7}, 1, 0, 0, 0},
		{"logistic, below the bound", logistic(256), []float32{5, -9}, 0, -(5 - 0.5/255) * math.Exp(7), -math.Exp(7), 0},
		{"Gaussian, below the bound", func(tp *tensor.Tape, params, x *T) *T { return tensor.GaussianLogProbRows(tp, params, x, 0) }, []float32{1, -1}, 3, -2 - math.Log(2*math.Pi)/2, 2, 0},
		{"categorical, wrong", categorical(2), []float32{300, 0}, 1, -300, -1, 1},
	} {
		tp := tensor.NewTape()
		leaf := tp.Leaf(1, len(c.params), c.params)
		y := c.apply(tp, tensor.Scale(tp, leaf, 1), tp.Const(1, 1, []float32{c.x}))
		tp.Backward(tensor.Sum(tp, y), 1)
		near := func(got float32, want float64) bool {
			return math.Abs(float64(got)-want) <= 1e-5*max(1, math.Abs(want))
		}
		if !near(y.Item(), c.want) {
			t.Errorf("%s: %g, want %g", c.name, y.Item(), c.want)
		}
		if g := leaf.Grad(); !near(g[0], c.dFirst) {
			t.Errorf("%s: derivative %g, want %g", c.name, g[0], c.dFirst)
		} else if len(g) > 1 && c.name != "logistic, far above" && c.name != "logistic, far below" && !near(g[1], c.dSecond) {
			t.Errorf("%s: second derivative %g, want %g", c.name, g[1], c.dSecond)
		}
	}
}

func logisticTail(distance, logScale float64) float64 {
	s := math.Exp(logScale)
	return -distance/s + math.Log(-math.Expm1(-1./255/s))
}

// TestLikelihoodsRefuse: rows that do not fit, and values that are no levels.
func TestLikelihoodsRefuse(t *testing.T) {
	tp := tensor.NewTape()
	x := func(n, d int) *T { return tp.Leaf(n, d, make([]float32, n*d)) }
	big := tp.Const(1, 1, []float32{255})
	for name, f := range map[string]func(){
		"columns":      func() { tensor.BernoulliLogProb(tp, x(2, 3), x(2, 4)) },
		"rows":         func() { tensor.BernoulliLogProb(tp, x(3, 4), x(2, 4)) },
		"fewer rows":   func() { tensor.BernoulliLogProb(tp, x(1, 4), x(2, 4)) },
		"no data":      func() { tensor.BernoulliLogProb(tp, x(1, 4), x(0, 4)) },
		"halves":       func() { tensor.GaussianLogProbRows(tp, x(2, 4), x(2, 4), -6) },
		"one level":    func() { tensor.CategoricalLogProb(tp, x(2, 4), x(2, 4), 1) },
		"bytes":        func() { tensor.CategoricalLogProb(tp, x(1, 256), big, 256) },
		"bytes, again": func() { tensor.DiscretizedLogisticLogProb(tp, x(1, 2), big, 256) },
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

// BenchmarkLikelihoods gives the fastest forward and backward of each for 64 images of 784 pixels and k samples.
//
//	go test ./tensor -bench Likelihoods -run -
func BenchmarkLikelihoods(b *testing.B) {
	const n, d = 64, 784
	for _, l := range likelihoods {
		if l.params > 10 {
			continue
		}
		for _, k := range []int{1, 10} {
			b.Run(fmt.Sprintf("%s/k=%d", l.name, k), func(b *testing.B) {
				tp := tensor.NewTape()
				raw, data := values(1, n*k*l.params*d), make([]float32, n*d)
				for i := range data {
					data[i] = float32(i%max(l.levels, 2)) / float32(max(l.levels, 2)-1)
				}
				copied := make([]float32, len(raw))
				fastest := math.Inf(1) // other programs may take their share of the rest
				for b.Loop() {
					tp.Reset(1, 1, 0)
					copy(copied, raw)
					began := time.Now()
					y := l.apply(tp, tp.Leaf(n*k, l.params*d, copied), tp.Const(n, d, data))
					tp.Backward(tensor.Sum(tp, y), 0.5)
					fastest = min(fastest, float64(time.Since(began).Nanoseconds()))
				}
				b.ReportMetric(fastest/float64(n*k*d), "ns/pixel")
			})
		}
	}
}
