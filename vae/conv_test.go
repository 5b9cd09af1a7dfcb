package vae

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

// convToy is a model of convolutions with weights that are anything but small, and a batch of levels for it.
func convToy(t testing.TB, c Config, rows int) (*Model, Batch) {
	t.Helper()
	c.Net = "conv"
	m, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(3, 1))
	for _, p := range m.Params() {
		for i := range p.Value {
			p.Value[i] = 0.4 * float32(rnd.NormFloat64())
		}
		p.Changed()
	}
	b := Batch{Rows: rows, X: make([]float32, rows*m.Config.Inputs())}
	for i := range b.X {
		b.X[i] = float32(rnd.IntN(2))
	}
	return m, b
}

func TestConvGradients(t *testing.T) {
	for _, c := range []Config{
		{Height: 5, Width: 4, Latent: []int{2}, Hidden: [][]int{{2, 3, 4}}},
		{Height: 4, Width: 3, Channels: 2, Latent: []int{2}, Hidden: [][]int{{2, 3}}, Likelihood: "gaussian"},
		{Height: 1, Width: 5, Latent: []int{2}, Hidden: [][]int{{3, 2, 3}}, Likelihood: "logistic", Levels: 3},
		{Height: 3, Width: 2, Channels: 2, Latent: []int{2, 2}, Hidden: [][]int{{2, 3}, {3}}, Likelihood: "categorical", Levels: 3},
	} {
		for _, o := range []Objective{{}, {Name: "iwae", K: 2}} {
			o = complete(t, o)
			t.Run(fmt.Sprint(c.Likelihood, c.Hidden, o.Name), func(t *testing.T) {
				m, b := convToy(t, c, 2)
				gradcheck.Check(t, m.Params(), nil, func(tp *tensor.Tape, _ []*tensor.Tensor) []*tensor.Tensor {
					loss, _ := lossOf(tp, m, b, o)
					return []*tensor.Tensor{loss}
				})
			})
		}
	}
}

// TestConvSizes: pictures of any size are seen to their edges, and come out as large as they went in; and there are as many weights as a
// config says.
func TestConvSizes(t *testing.T) {
	for _, size := range [][3]int{{28, 28, 1}, {28, 28, 3}, {7, 7, 1}, {5, 5, 2}, {1, 1, 1}, {2, 3, 1}, {1, 9, 1}, {9, 1, 3}, {13, 6, 1}} {
		for _, part := range Likelihoods() {
			c := Config{Height: size[0], Width: size[1], Channels: size[2], Latent: []int{3}, Hidden: [][]int{{2, 3, 4, 5}}, Likelihood: part.Name}
			if part.Name == "categorical" {
				c.Levels = 3
			}
			m, b := convToy(t, c, 1)
			if int64(m.Params().Count()) != m.Config.Weights() {
				t.Errorf("%v, %s: %d weights, said to be %d", size, part.Name, m.Params().Count(), m.Config.Weights())
			}
			z := []float32{0.3, -0.5, 0.7}
			if x := m.Decode(z, nil); len(x) != m.Config.Inputs() {
				t.Fatalf("%v, %s: %d numbers come out", size, part.Name, len(x))
			}
			// What each number of the picture changes, and what changes each number of the decoder's.
			tp := tensor.NewTape()
			x := tp.Leaf(1, m.Config.Inputs(), b.X)
			tp.Backward(tensor.Sum(tp, m.encoders()[0].apply(tp, x)), 1)
			for i, g := range x.Grad() {
				if g == 0 {
					t.Errorf("%v: the encoder does not see number %d", size, i)
				}
			}
			before, after := m.decoded(z), m.decoded([]float32{0.3, 0.5, 0.7})
			if len(before) != m.pictures.like.width(m.Config) {
				t.Fatalf("%v, %s: %d parameters come out", size, part.Name, len(before))
			}
			for i := range before {
				if before[i] == after[i] {
					t.Errorf("%v, %s: parameter %d does not depend on z", size, part.Name, i)
				}
			}
		}
	}
}

// decoded is what the decoder makes of z.
func (m *Model) decoded(z []float32) []float32 {
	tp := tensor.NewInference()
	return m.decoders()[0].apply(tp, tp.Const(1, len(z), z)).Row(0)
}

// TestConvBegins: of z in the middle, a model that has learned nothing makes the mean of its data, each number its own: so the bias of the
// output has the order that likelihoods have.
func TestConvBegins(t *testing.T) {
	for _, part := range Likelihoods() {
		c := Config{Height: 5, Width: 3, Channels: 2, Net: "conv", Likelihood: part.Name}
		for i := range c.Height * c.Width * 2 {
			c.Mean, c.Deviation = append(c.Mean, 0.2+0.02*float32(i)), append(c.Deviation, 0.05+0.001*float32(i))
		}
		m, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range m.Decode(make([]float32, 50), nil) {
			if math.Abs(float64(v-c.Mean[i])) > 0.002 {
				t.Errorf("%s: number %d begins at %.4f, want %.4f", part.Name, i, v, c.Mean[i])
			}
		}
		if part.Name == "gaussian" {
			for i, v := range m.decoded(make([]float32, 50))[30:] {
				same(t, fmt.Sprint("deviation ", i), math.Exp(float64(v)), float64(c.Deviation[i]))
			}
		}
	}
}

// TestConvBeginsQuietly: with the weights that it begins with, numbers inside a network vary neither much more nor much less than a picture's.
func TestConvBeginsQuietly(t *testing.T) {
	for _, act := range []string{"tanh", "relu"} {
		m, err := New(Config{Height: 28, Width: 28, Net: "conv", Activation: act, Hidden: [][]int{{32, 64, 64, 256}}})
		if err != nil {
			t.Fatal(err)
		}
		rnd := rand.New(rand.NewPCG(1, 1))
		for side, n := range []*convolutional{m.encoders()[0].(*convolutional), m.decoders()[0].(*convolutional)} {
			tp := tensor.NewInference()
			x := make([]float32, 20*[]int{784, 50}[side])
			normal(x, rnd)
			h := tp.Const(20, len(x)/20, x)
			for i := range len(n.list) - 1 {
				h = n.between.f(tp, n.layer(tp, h, i))
				squares := 0.0
				for r := range h.Rows {
					for _, v := range h.Row(r) {
						squares += float64(v) * float64(v) / float64(h.Rows*h.Cols)
					}
				}
				if deviation := math.Sqrt(squares); deviation < 0.2 || deviation > 1.5 {
					t.Errorf("%s: numbers behind layer %d of network %d are about %.3f", act, i, side, deviation)
				}
			}
		}
	}
}

func TestConvSaved(t *testing.T) {
	c := Config{Height: 6, Width: 5, Channels: 3, Latent: []int{3, 2}, Hidden: [][]int{{2, 4}, {3}}, Net: "conv", Likelihood: "logistic", Seed: 3}
	dir, m := savedModel(t, c)
	loaded, err := loadModel(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	z := []float32{0.5, -1}
	a, b := m.Decode(z, nil), loaded.Decode(z, nil)
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("number %d is %g, and of the saved model %g", i, a[i], b[i])
		}
	}
	if s := loaded.Config.Describe(); !strings.Contains(s, "conv 90–2–4–[3]–3–[2], tanh, logistic") {
		t.Error(s)
	}
}

func TestConvRefuses(t *testing.T) {
	for _, c := range []struct {
		config Config
		says   string
	}{
		{Config{Height: 8, Width: 8, Hidden: [][]int{{8}}}, "fewer than 2 layers"},
		{Config{Height: 8, Width: 8, Hidden: [][]int{{}}}, "fewer than 2 layers"},
		{Config{Height: 8, Width: 8, Hidden: [][]int{{0, 8}}}, "at least 1"},
		{Config{Height: 1 << 10, Width: 1 << 10, Hidden: [][]int{{1 << 16, 8}}}, "fewer channels"},
	} {
		c.config.Net = "conv"
		if err := c.config.Complete(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v", c.config.Hidden, err)
		}
	}
}

// TestConvLearns: with every objective, convolutions learn bars that lie anywhere.
func TestConvLearns(t *testing.T) {
	for _, part := range Objectives() {
		for _, latent := range shapes {
			m, err := New(Config{Height: 6, Width: 5, Net: "conv", Latent: latent, Hidden: [][]int{{4, 6, 8}, {4}}[:len(latent)]})
			if err != nil {
				t.Fatal(err)
			}
			b := Batch{Rows: 40, X: make([]float32, 40*30)}
			for i := range b.Rows {
				for x := range 5 {
					b.X[i*30+i%6*5+x] = 1
				}
			}
			o, tp := complete(t, Objective{Name: part.Name}), tensor.NewTape()
			before := mean(importance(m, b, 100, rand.New(rand.NewPCG(1, 2))))
			for step := range uint64(250) {
				gradientOf(tp, m, b, o, step)
				for _, p := range m.Params() {
					for i, g := range tp.ParamGrad(p) {
						p.Value[i] -= 0.02 / float32(b.Rows) * g
					}
					p.Changed()
				}
			}
			after := mean(importance(m, b, 100, rand.New(rand.NewPCG(1, 2))))
			if t.Logf("%s, %v: log p(x) rises from %.3f to %.3f", o.Describe(), latent, before, after); !(after > before+5) {
				t.Error("too little")
			}
		}
	}
}
