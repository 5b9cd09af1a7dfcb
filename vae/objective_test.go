package vae

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

// toy is a model of pictures of 3 × 2, small and with weights that are anything but small, and a batch for it. latent has the variables of
// each stochastic layer.
func toy(t testing.TB, seed uint64, rows int, latent ...int) (*Model, Batch) {
	t.Helper()
	hidden := [][]int{{4}, {3}}
	m, err := New(Config{Height: 3, Width: 2, Latent: latent, Hidden: hidden[:len(latent)]})
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(seed, 1))
	for _, p := range m.Params() {
		for i := range p.Value {
			p.Value[i] = 0.6 * float32(rnd.NormFloat64())
		}
		p.Changed()
	}
	b := Batch{Rows: rows, X: make([]float32, rows*m.Config.Inputs())}
	for i := range b.X {
		b.X[i] = float32(rnd.IntN(2))
	}
	return m, b
}

// complete are objectives as training sees them.
func complete(t testing.TB, o Objective) Objective {
	t.Helper()
	if err := o.Complete(); err != nil {
		t.Fatal(err)
	}
	return o
}

// lossOf is the loss of a batch, and its terms, on a tape.
func lossOf(tp *tensor.Tape, m *Model, b Batch, o Objective) (*tensor.Tensor, Terms) {
	kind, err := objectiveNamed(o.Name)
	if err != nil {
		panic(err)
	}
	return kind.loss(tp, m, b, o)
}

// gradientOf is the gradient of the loss with respect to all parameters, in their order, with the noise of a seed; and the loss.
func gradientOf(tp *tensor.Tape, m *Model, b Batch, o Objective, seed uint64) (encoder, decoder []float32, loss float64) {
	tp.Reset(seed, 0, 0)
	l, _ := lossOf(tp, m, b, o)
	loss = float64(l.Data[0])
	tp.Backward(l, 1)
	for _, p := range m.EncoderParams() {
		encoder = append(encoder, tp.ParamGrad(p)...)
	}
	for _, p := range m.DecoderParams() {
		decoder = append(decoder, tp.ParamGrad(p)...)
	}
	return encoder, decoder, loss
}

// shapes are models of one stochastic layer and of two.
var shapes = [][]int{{2}, {2, 3}}

// TestObjectiveGradients: where the loss is what is to be made smaller, given the noise, its gradient is that of finite differences.
func TestObjectiveGradients(t *testing.T) {
	for _, o := range []Objective{
		{Name: "elbo"},
		{Name: "elbo", K: 3},
		{Name: "elbo", Sampled: true},
		{Name: "elbo", Sampled: true, K: 3},
		{Name: "elbo", Beta: 4, K: 3},
		{Name: "elbo", FreeBits: 0.7},
		{Name: "elbo", FreeBits: 0.7, K: 3, Sampled: true},
		{Name: "elbo", FreeRate: 0.4},
		{Name: "elbo", FreeRate: 0.4, K: 3, Sampled: true},
		{Name: "elbo", Anneal: "linear", Warm: 2},
		{Name: "ae"},
		{Name: "iwae", K: 1},
		{Name: "iwae", K: 3},
	} {
		o = complete(t, o)
		for _, latent := range shapes {
			t.Run(fmt.Sprint(o.Describe(), latent), func(t *testing.T) {
				m, b := toy(t, 3, 3, latent...)
				b.Epoch = 0.5
				gradcheck.Check(t, m.Params(), nil, func(tp *tensor.Tape, _ []*tensor.Tensor) []*tensor.Tensor {
					loss, _ := lossOf(tp, m, b, o)
					return []*tensor.Tensor{loss}
				})
			})
		}
	}
}

// TestObjectiveValues: with the same noise, all that stand for the evidence lower bound give the same number, and iwae of one sample as
// well; and each weight of the divergence does what it says.
func TestObjectiveValues(t *testing.T) {
	for _, latent := range shapes {
		for _, k := range []int{2, 5} {
			m, b := toy(t, 5, 4, latent...)
			tp := tensor.NewTape()
			value := func(o Objective) float64 {
				_, _, loss := gradientOf(tp, m, b, complete(t, o), 9)
				return loss
			}
			sampled := value(Objective{Name: "elbo", Sampled: true, K: k})
			same(t, "the loss of score", value(Objective{Name: "score", K: k}), sampled)
			same(t, "the loss of dreg", value(Objective{Name: "dreg", K: k}), value(Objective{Name: "iwae", K: k}))
			if iwae := value(Objective{Name: "iwae", K: k}); !(iwae < sampled) {
				t.Errorf("%v: iwae of %d samples is %g, and elbo with the same %g", latent, k, iwae, sampled)
			}

			tp.Reset(9, 0, 0)
			_, terms := lossOf(tp, m, b, complete(t, Objective{Name: "elbo", K: k}))
			reconstruction, kl := 0.0, 0.0 // of all examples
			for i := range terms.LogLikelihood.Rows {
				reconstruction += float64(terms.LogLikelihood.Row(i)[0]) / float64(k)
			}
			var variables [][]float64
			for _, layer := range terms.KL {
				sums := make([]float64, layer.Cols)
				for i := range layer.Rows {
					for j, v := range layer.Row(i) {
						sums[j] += float64(v) * float64(b.Rows) / float64(layer.Rows)
						kl += float64(v) * float64(b.Rows) / float64(layer.Rows)
					}
				}
				variables = append(variables, sums)
			}
			same(t, "elbo", value(Objective{K: k}), kl-reconstruction)
			same(t, "elbo with β = 3", value(Objective{K: k, Beta: 3}), 3*kl-reconstruction)
			b.Epoch = 2.5
			same(t, "elbo, annealed", value(Objective{K: k, Beta: 3, Anneal: "linear", Warm: 10}), 0.25*3*kl-reconstruction)
			same(t, "elbo, annealed in cycles", value(Objective{K: k, Anneal: "cyclical", Warm: 2}), 0.5*kl-reconstruction)
			least := slices.Sorted(slices.Values(slices.Concat(variables...)))
			lambda, free := (least[0]+least[1])/2/float64(b.Rows), 0.0 // one tells less than is free
			for _, nats := range least {
				free += max(nats, lambda*float64(b.Rows))
			}
			same(t, "elbo with free bits", value(Objective{K: k, FreeBits: lambda}), free-reconstruction)
			each, together := make([]float64, len(variables)), 0.0 // of each layer, and of all
			for l := range variables {
				for _, nats := range variables[l] {
					each[l] += nats
				}
			}
			for _, rate := range []float64{slices.Min(each) / 2, slices.Max(each) * 2} {
				together = 0
				for _, nats := range each {
					together += max(nats, rate)
				}
				same(t, "elbo with a free rate", value(Objective{K: k, FreeRate: rate / float64(b.Rows)}), together-reconstruction)
			}
		}
		m, b := toy(t, 5, 4, latent...)
		tp := tensor.NewTape()
		e1, d1, v1 := gradientOf(tp, m, b, complete(t, Objective{Name: "iwae", K: 1}), 9)
		e2, d2, v2 := gradientOf(tp, m, b, complete(t, Objective{Name: "elbo", Sampled: true}), 9)
		same(t, "iwae of one sample", v1, v2)
		sameGradient(t, "the encoder's gradient of iwae of one sample", e1, e2)
		sameGradient(t, "the decoder's gradient of iwae of one sample", d1, d2)
	}
}

func same(t testing.TB, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-5*max(1, math.Abs(want))) {
		t.Errorf("%s is %.7g, want %.7g", what, got, want)
	}
}

// sameGradient holds a gradient against another, with respect to the largest element.
func sameGradient(t testing.TB, what string, got, want []float32) {
	t.Helper()
	largest := 0.0
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	if len(got) != len(want) || largest == 0 {
		t.Fatalf("%s: %d numbers, want %d, of which the largest is %g", what, len(got), len(want), largest)
	}
	for i := range got {
		if !(math.Abs(float64(got[i]-want[i])) <= 2e-5*largest) {
			t.Errorf("%s: element %d is %g, want %g", what, i, got[i], want[i])
			return
		}
	}
}

// TestWarmth: annealing is a function of the epoch, of which the values are known.
func TestWarmth(t *testing.T) {
	for _, c := range []struct {
		anneal      string
		warm, epoch float64
		want        float64
	}{
		{"", 0, 0, 1},
		{"linear", 10, 0, 0},
		{"linear", 10, 2.5, 0.25},
		{"linear", 10, 10, 1},
		{"linear", 10, 50, 1},
		{"linear", 0.5, 0.25, 0.5},
		{"cyclical", 10, 0, 0},
		{"cyclical", 10, 2.5, 0.5},
		{"cyclical", 10, 5, 1},
		{"cyclical", 10, 9.9, 1},
		{"cyclical", 10, 10, 0},
		{"cyclical", 10, 21, 0.2},
		{"cyclical", 4, 7, 1},
	} {
		o := Objective{Anneal: c.anneal, Warm: c.warm}
		if got := o.warmth(c.epoch); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s by %g: %g after %g passes, want %g", c.anneal, c.warm, got, c.epoch, c.want)
		}
	}
	m, b := toy(t, 5, 4, 2)
	tp, o := tensor.NewTape(), complete(t, Objective{Anneal: "linear"})
	b.Epoch = 3
	_, _, want := gradientOf(tp, m, b, o, 9)
	b.Step, b.Index = 77, []int{4, 3, 2, 1}
	if _, _, got := gradientOf(tp, m, b, o, 9); got != want {
		t.Errorf("the loss is %g, and of another step of the same epoch %g", want, got)
	}
	b.Epoch = 4
	if _, _, got := gradientOf(tp, m, b, o, 9); got == want {
		t.Errorf("the loss is %g whatever the epoch", got)
	}
}

// TestShards: the loss is a sum over the examples, so that it is the same however a batch is cut; that of free bits is not. What one half
// of a batch costs must not depend on the other half, and the same noise comes to the same place.
func TestShards(t *testing.T) {
	for _, o := range []Objective{
		{Name: "elbo", K: 2},
		{Name: "elbo", Beta: 2, Sampled: true},
		{Name: "ae"},
		{Name: "iwae", K: 3},
		{Name: "dreg", K: 3},
		{Name: "score", K: 3},
		{Name: "elbo", FreeBits: 0.9},
	} {
		o = complete(t, o)
		for _, latent := range shapes {
			m, x := toy(t, 5, 4, latent...)
			_, y := toy(t, 6, 4, latent...)
			half, tp := len(x.X)/2, tensor.NewTape()
			loss := func(first, second []float32) float64 {
				all := append(append([]float32(nil), first...), second...)
				_, _, l := gradientOf(tp, m, Batch{Rows: len(all) / m.Config.Inputs(), X: all}, o, 9)
				return l
			}
			a, b, c, d := x.X[:half], y.X[:half], x.X[half:], y.X[half:]
			crossed := loss(a, c) - loss(b, c) - loss(a, d) + loss(b, d)
			if alone := math.Abs(crossed) < 1e-4; alone != (o.FreeBits == 0) {
				t.Errorf("%s, %v: what one half costs depends by %g on the other", o.Describe(), latent, crossed)
			}
			if len(latent) == 1 && o.FreeBits == 0 { // the noise of the first half is the same without the second
				same(t, o.Describe()+", of half a batch", loss(a, nil)-loss(b, nil), loss(a, c)-loss(b, c))
			}
		}
	}
}

// TestMeter: both terms are means over the examples, whatever the samples and layers, and over all calls since the last look.
func TestMeter(t *testing.T) {
	for _, o := range []Objective{{}, {K: 3}, {K: 3, Sampled: true}, {Name: "ae"}, {Name: "iwae", K: 4}, {Name: "dreg", K: 4}, {Name: "score", K: 4}} {
		o = complete(t, o)
		for _, latent := range shapes {
			m, b := toy(t, 5, 4, latent...)
			fit, tp := &Fit{Model: m, Objective: o}, tensor.NewTape()
			var likelihood, kl []float64
			for seed := range uint64(2) {
				tp.Reset(seed, 0, 0)
				_, terms := lossOf(tp, m, b, o)
				for i := range b.Rows {
					l, d := 0.0, 0.0
					for j := range terms.K {
						l += float64(terms.LogLikelihood.Row(i*terms.K + j)[0]) / float64(terms.K)
						for _, layer := range terms.KL {
							row := i*terms.K + j
							if layer.Rows == b.Rows {
								row = i
							}
							for _, v := range layer.Row(row) {
								d += float64(v) / float64(terms.K)
							}
						}
					}
					likelihood, kl = append(likelihood, l), append(kl, d)
				}
				tp.Reset(seed, 0, 0)
				fit.Loss(tp, b, nil)
			}
			l, d := fit.Meter.Take()
			same(t, fmt.Sprint(o.Describe(), latent, ": log p(x|z)"), l, mean(likelihood))
			same(t, fmt.Sprint(o.Describe(), latent, ": the divergence"), d, mean(kl))
			tp.Reset(0, 0, 0)
			fit.Loss(tp, b, nil)
			if again, _ := fit.Meter.Take(); o.Name != "ae" {
				same(t, fmt.Sprint(o.Describe(), latent, ": log p(x|z) of the first again"), again, mean(likelihood[:b.Rows]))
			}
		}
	}
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// importance is log (1/k) Σ w of each example, added up in float64.
func importance(m *Model, b Batch, k int, rnd *rand.Rand) []float64 {
	tp := tensor.NewInference()
	t := m.terms(tp, b, draw{samples: k, noise: func(dst []float32) { normal(dst, rnd) }})
	w, bounds := t.logWeights(tp), make([]float64, b.Rows)
	for i := range bounds {
		bounds[i] = math.Inf(-1)
		for j := range k {
			bounds[i] = logAdd(bounds[i], float64(w.Row(i*k + j)[0]))
		}
		bounds[i] -= math.Log(float64(k))
	}
	return bounds
}

// TestObjectivesLearn: every objective trains a model to a better bound than it began with.
func TestObjectivesLearn(t *testing.T) {
	for _, part := range Objectives() {
		for _, latent := range shapes {
			m, b := toy(t, 7, 40, latent...)
			for i := range b.X { // two kinds of picture, with a little noise
				if i%m.Config.Inputs() > 0 {
					b.X[i] = b.X[i/m.Config.Inputs()*m.Config.Inputs()]
				}
			}
			o, tp := complete(t, Objective{Name: part.Name}), tensor.NewTape()
			bound := func() float64 {
				return mean(importance(m, b, 100, rand.New(rand.NewPCG(1, 2))))
			}
			before := bound()
			for step := range uint64(200) {
				gradientOf(tp, m, b, o, step)
				for _, p := range m.Params() {
					for i, g := range tp.ParamGrad(p) {
						p.Value[i] -= 0.06 / float32(b.Rows) * g
					}
					p.Changed()
				}
			}
			after := bound()
			if t.Logf("%s, %v: log p(x) rises from %.3f to %.3f", o.Describe(), latent, before, after); !(after > before+0.5) {
				t.Error("too little")
			}
		}
	}
}

// TestObjectivesRefuse: what an objective does not have is refused, with what to do.
func TestObjectivesRefuse(t *testing.T) {
	for _, c := range []struct {
		o    Objective
		says string
	}{
		{Objective{Name: "elba"}, "no objective"},
		{Objective{Name: "score", K: 1}, "at least 2"},
		{Objective{Name: "score", Beta: 2}, "choose elbo"},
		{Objective{Name: "dreg", Anneal: "linear"}, "choose elbo"},
		{Objective{Name: "iwae", FreeBits: 1}, "choose elbo"},
		{Objective{Name: "ae", Sampled: true}, "choose elbo"},
		{Objective{K: -1}, "at least 1"},
		{Objective{K: maxSamples + 1}, "at most"},
		{Objective{Beta: -1}, "at least 0"},
		{Objective{Beta: math.NaN()}, "at least 0"},
		{Objective{FreeBits: math.Inf(1)}, "at most"},
		{Objective{FreeRate: -1}, "at least 0"},
		{Objective{FreeRate: 1, FreeBits: 1}, "choose one"},
		{Objective{Name: "iwae", FreeRate: 1}, "choose elbo"},
		{Objective{Anneal: "quick"}, "linear or cyclical"},
		{Objective{Warm: 3}, "choose linear or cyclical"},
		{Objective{Anneal: "linear", Warm: -3}, "above 0"},
	} {
		if err := c.o.Complete(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
	for _, c := range []struct {
		name string
		k    int
	}{{"", 1}, {"elbo", 1}, {"ae", 1}, {"iwae", 5}, {"dreg", 5}, {"score", 8}} {
		o := complete(t, Objective{Name: c.name})
		if weighted := c.name == "iwae" || c.name == "dreg"; o.K != c.k || o.Beta != 1 || o.Weighted() != weighted {
			t.Errorf("%q: %+v, weighted: %v", c.name, o, o.Weighted())
		}
	}
}

// TestPoint: the z of an auto-encoder is the encoder's mean wherever it is judged, reconstructed or encoded, and costs nothing.
func TestPoint(t *testing.T) {
	m, err := New(Config{Height: 4, Width: 4, Latent: []int{3}, Hidden: [][]int{{5}}, Point: true, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	b := Batch{Rows: 2, X: make([]float32, 32)}
	for i := range b.X {
		b.X[i] = float32(i * i % 5 % 2)
	}
	tp := tensor.NewInference()
	drawn := m.terms(tp, b, draw{samples: 2, noise: func(dst []float32) {
		for i := range dst {
			dst[i] = 3
		}
	}})
	z := m.Encode(b.X, rand.New(rand.NewPCG(1, 1)))
	for i := range 2 {
		for k := range 2 {
			if !slices.Equal(drawn.Z[0].Row(2*i+k), z[3*i:3*i+3]) || !slices.Equal(z[3*i:3*i+3], m.Posterior(m.Batch(b.X))[6*i:6*i+3]) {
				t.Errorf("z of example %d is %v, encoded %v", i, drawn.Z[0].Row(2*i+k), z[3*i:3*i+3])
			}
		}
	}
	if w := drawn.logWeights(tp); len(drawn.KL) != 0 || w.Row(1)[0] != drawn.LogLikelihood.Row(1)[0] {
		t.Errorf("%d divergences, log w %v where log p(x|z) is %v", len(drawn.KL), w.Row(1), drawn.LogLikelihood.Row(1))
	}
}
