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

// likelihoodCase is a likelihood with as many levels as it has; 0 where it takes any number.
type likelihoodCase struct {
	like   likelihood
	config Config
	levels int
}

// eachLikelihood runs a test over the list, with the levels that each can have, for pictures of so many numbers.
func eachLikelihood(t *testing.T, inputs int, test func(t *testing.T, c likelihoodCase)) {
	for _, like := range likelihoods {
		for _, levels := range []int{0, 2, 3, 256} {
			c := Config{Height: 1, Width: inputs, Likelihood: like.about().Name, Levels: levels}
			switch err := c.Complete(); {
			case err != nil && levels == 0:
				t.Fatal(err)
			case err != nil, levels == 0 && c.Levels != 0:
				continue // it has no levels; or those that it has come by themselves
			}
			if levels == 0 && like.about().Name == "bernoulli" {
				levels = 2
			}
			t.Run(fmt.Sprintf("%s %d", c.Likelihood, levels), func(t *testing.T) { test(t, likelihoodCase{like, c, levels}) })
		}
	}
}

// params draws rows of parameters whose distributions lie within 0 and 1, at its ends, or beyond, some narrow and some wide.
func (c likelihoodCase) params(rnd *rand.Rand, rows int) []float32 {
	width, inputs := c.like.width(c.config), c.config.Inputs()
	p := make([]float32, rows*width)
	for i := range p {
		switch at := i % width; {
		case c.like.parts() == 1:
			p[i] = 2 * float32(rnd.NormFloat64())
		case at < inputs:
			p[i] = -0.2 + 1.4*rnd.Float32()
		default:
			p[i] = -4 + 3.5*rnd.Float32()
		}
	}
	return p
}

// logProbs is log p(x|z) of rows of x, k rows of parameters for each.
func (c likelihoodCase) logProbs(params, x []float32) (y []float64) {
	tp := tensor.NewInference()
	rows, n := len(params)/c.like.width(c.config), len(x)/c.config.Inputs()
	t := c.like.logProb(tp, c.config, tp.Const(rows, c.like.width(c.config), params), tp.Const(n, c.config.Inputs(), x))
	for i := range t.Rows {
		y = append(y, float64(t.Row(i)[0]))
	}
	return y
}

// values are those that a number can take, and what one stands for: 1, or the width of a step of those of a density.
func (c likelihoodCase) values() (v []float32, each float64) {
	if c.levels == 0 {
		const from, to, steps = -8.0, 9.0, 17 * 400
		for i := range steps {
			v = append(v, float32(from+(to-from)*(float64(i)+0.5)/steps))
		}
		return v, (to - from) / steps
	}
	for i := range c.levels {
		v = append(v, float32(i)/float32(c.levels-1))
	}
	return v, 1
}

// TestLikelihoodIsNormalized, and samples, mean and log-probability tell of the same distribution: of one number, whose values are gone
// through one by one.
func TestLikelihoodIsNormalized(t *testing.T) {
	eachLikelihood(t, 1, func(t *testing.T, c likelihoodCase) {
		rnd := rand.New(rand.NewPCG(1, 2))
		values, each := c.values()
		for range 12 {
			params := c.params(rnd, 1)
			total, mean, square, entropy, surprise := 0.0, 0.0, 0.0, 0.0, 0.0 // surprise: E (log p)²
			for i, log := range c.logProbs(slices.Repeat(params, len(values)), values) {
				v, p := values[i], math.Exp(log)*each
				total, mean, square = total+p, mean+p*float64(v), square+p*float64(v)*float64(v)
				if p > 0 {
					entropy, surprise = entropy-p*log, surprise+p*log*log
				}
			}
			if math.Abs(total-1) > 2e-4 {
				t.Errorf("%v: probabilities add up to %.5f", params[:min(4, len(params))], total)
			}
			var got [1]float32
			c.like.mean(c.config, got[:], params)
			if math.Abs(float64(got[0])-mean) > 2e-4 {
				t.Errorf("%v: the mean is %.5f, and by probabilities %.5f", params[:min(4, len(params))], got[0], mean)
			}
			const draws = 4000
			sum, cost, drawn := 0.0, 0.0, make([]float32, draws)
			for i := range drawn {
				c.like.sample(c.config, drawn[i:i+1], params, rnd)
				sum += float64(drawn[i]) / draws
			}
			for _, log := range c.logProbs(slices.Repeat(params, draws), drawn) {
				cost -= log / draws
			}
			if chance := math.Sqrt(max(0, square-mean*mean) / draws); math.Abs(sum-mean) > 4.5*chance+1e-4 {
				t.Errorf("%v: the mean of samples is %.5f, want %.5f ± %.5f", params[:min(4, len(params))], sum, mean, chance)
			}
			if chance := math.Sqrt(max(0, surprise-entropy*entropy) / draws); math.Abs(cost-entropy) > 4.5*chance+1e-3 {
				t.Errorf("%v: samples cost %.4f nats, and the entropy is %.4f ± %.4f", params[:min(4, len(params))], cost, entropy, chance)
			}
		}
	})
}

// TestLikelihoodOfMany: numbers are independent, each with its own parameters, and k rows belong to each example.
func TestLikelihoodOfMany(t *testing.T) {
	const inputs, examples, k = 5, 2, 3
	eachLikelihood(t, inputs, func(t *testing.T, c likelihoodCase) {
		rnd := rand.New(rand.NewPCG(3, 4))
		params, x := c.params(rnd, examples*k), make([]float32, examples*inputs)
		for _, all := range []float32{-1, 0, 1} { // any; all black; all white
			for i := range x {
				x[i] = all
				if all < 0 {
					v, _ := c.values()
					x[i] = v[rnd.IntN(len(v))]
				}
			}
			one, width := c, c.like.width(c.config)
			one.config.Width = 1
			group := width / c.like.parts() / inputs // numbers side by side
			for row, got := range c.logProbs(params, x) {
				want := 0.0
				for j := range inputs {
					var own []float32
					for part := range c.like.parts() {
						at := row*width + (part*inputs+j)*group
						own = append(own, params[at:at+group]...)
					}
					want += one.logProbs(own, x[row/k*inputs+j:][:1])[0]
				}
				if math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
					t.Errorf("row %d has %g, and its numbers by themselves %g", row, got, want)
				}
			}
		}
		if c.levels == 0 {
			return
		}
		mean, draw := make([]float32, inputs), make([]float32, inputs)
		for range 50 {
			c.like.mean(c.config, mean, params[:c.like.width(c.config)])
			c.like.sample(c.config, draw, params[:c.like.width(c.config)], rnd)
			for j := range draw {
				level := float64(draw[j]) * float64(c.levels-1)
				if math.Abs(level-math.Round(level)) > 1e-4 || !(mean[j] >= 0 && mean[j] <= 1 && draw[j] >= 0 && draw[j] <= 1) {
					t.Fatalf("a mean of %g, a draw of %g", mean[j], draw[j])
				}
			}
		}
	})
}

// TestLikelihoodGradient is that of a whole model, whose decoder puts out what the likelihood takes.
func TestLikelihoodGradient(t *testing.T) {
	eachLikelihood(t, 4, func(t *testing.T, c likelihoodCase) {
		if c.levels == 256 && c.like.parts() == 1 {
			return // as with 3, and a thousand numbers instead of twelve
		}
		m, b := likelihoodModel(t, c)
		for _, o := range []Objective{{}, {Name: "iwae", K: 3}} {
			o = complete(t, o)
			gradcheck.Check(t, m.Params(), nil, func(tp *tensor.Tape, _ []*tensor.Tensor) []*tensor.Tensor {
				loss, _ := lossOf(tp, m, b, o)
				return []*tensor.Tensor{loss}
			})
		}
	})
}

func likelihoodModel(t *testing.T, c likelihoodCase) (*Model, Batch) {
	t.Helper()
	config := c.config
	config.Latent, config.Hidden = []int{2}, [][]int{{3}}
	m, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(8, 1))
	for _, p := range m.Params() {
		for i := range p.Value {
			p.Value[i] = 0.4 * float32(rnd.NormFloat64())
		}
		p.Changed()
	}
	const rows = 3
	values, _ := c.values()
	if c.levels == 0 {
		values = []float32{-0.5, 0, 0.3, 0.7, 1, 1.6}
	}
	b := Batch{Rows: rows, X: make([]float32, rows*m.Config.Inputs())}
	for i := range b.X {
		b.X[i] = values[rnd.IntN(len(values))]
	}
	return m, b
}

// TestLikelihoodBegins: before anything is learned, a model says of every picture what is known of all, the mean; and its scales are such
// that what the data are like costs little.
func TestLikelihoodBegins(t *testing.T) {
	means := []float32{0, 0.02, 0.3, 0.5, 0.77, 1}
	eachLikelihood(t, len(means), func(t *testing.T, c likelihoodCase) {
		config := c.config
		config.Mean, config.Deviation = means, []float32{0, 0.1, 0.2, 0.2, 0.1, 0}
		if err := config.Complete(); err != nil {
			t.Fatal(err)
		}
		for _, deviation := range [][]float32{nil, config.Deviation} {
			config.Deviation = deviation
			m, err := New(config)
			if err != nil {
				t.Fatal(err)
			}
			if m.Config.Mean != nil || m.Config.Deviation != nil {
				t.Error("the model keeps the means of its data")
			}
			if deviation == nil && c.like.parts() == 2 && c.levels > 0 {
				continue // of a scale of 1, most is beyond the ends
			}
			b := m.decoders()[0].outputs()[0].Value
			got := make([]float32, len(means))
			c.like.mean(config, got, b)
			for i, want := range means {
				within := 0.0011
				if c.like.parts() == 2 && c.levels > 0 {
					within = 0.03 // as it is rounded, and cut at the ends
				}
				if c.levels == 3 && c.like.parts() == 2 || c.levels == 2 && c.like.parts() == 2 {
					within = 0.3 // to much coarser levels than it varies
				}
				if math.Abs(float64(got[i]-want)) > within {
					t.Errorf("number %d begins at a mean of %.4f, want %.4f", i, got[i], want)
				}
			}
			if c.like.parts() == 2 && deviation != nil {
				sum, n := 0.0, 3000
				rnd, x := rand.New(rand.NewPCG(1, 1)), make([]float32, len(means))
				for range n {
					c.like.sample(config, x, b, rnd)
					sum += math.Pow(float64(x[2])-0.3, 2) / float64(n)
				}
				if c.levels != 2 && c.levels != 3 && math.Abs(math.Sqrt(sum)-0.2) > 0.02 {
					t.Errorf("a number of deviation 0.2 begins at one of %.3f", math.Sqrt(sum))
				}
			}
		}
	})
}

// TestLikelihoodAtItsEnds: no parameters that training might come to, and no data, give anything but finite numbers; and a density has an end.
func TestLikelihoodAtItsEnds(t *testing.T) {
	eachLikelihood(t, 2, func(t *testing.T, c likelihoodCase) {
		for _, value := range []float32{-300, -20, 0, 20, 300} {
			for _, scale := range []float32{-60, -7, 0, 7} {
				params := c.params(rand.New(rand.NewPCG(5, 5)), 1)
				for i := range params {
					if params[i] = value * float32(i%3-1); c.like.parts() == 2 {
						params[i] = value / 20
						if i >= 2 {
							params[i] = scale
						}
					}
				}
				rnd, x := rand.New(rand.NewPCG(1, 1)), make([]float32, 2)
				for range 3 {
					for _, f := range []func(){func() { c.like.mean(c.config, x, params) }, func() { c.like.sample(c.config, x, params, rnd) }} {
						if f(); math.IsNaN(float64(x[0]+x[1])) || math.IsInf(float64(x[0]+x[1]), 0) {
							t.Errorf("%v gives %v", params[:2], x)
						}
					}
				}
				for _, x := range [][]float32{{0, 0}, {1, 1}, {0, 1}} {
					log := c.logProbs(params, x)[0]
					highest := 1e-5
					if c.levels == 0 {
						highest += 2 * math.Log(255)
					}
					if !(log <= highest) || math.IsInf(log, 0) {
						t.Errorf("log p of %v is %g", x, log)
					}
				}
			}
		}
	})
}

// TestLikelihoodsRefuse what they do not have, and data of which it is known that they do not fit.
func TestLikelihoodsRefuse(t *testing.T) {
	for _, c := range []struct {
		likelihood string
		levels     int
		mean       float32
		says       string
	}{
		{"bernoulli", 2, 0.5, "no levels"},
		{"gaussian", 256, 0.5, "no levels"},
		{"logistic", 1, 0.5, "at least 2"},
		{"categorical", 257, 0.5, "at most 256"},
		{"categorical", -1, 0.5, "at least 2"},
		{"bernoulli", 0, 128, "choose gaussian"},
		{"logistic", 0, -0.1, "choose gaussian"},
		{"categorical", 0, float32(math.NaN()), "choose gaussian"},
		{"gaussian", 0, -20, ""},
		{"logistic", 0, 1, ""},
		{"poisson", 0, 1, "no likelihood"},
	} {
		config := Config{Height: 1, Width: 1, Likelihood: c.likelihood, Levels: c.levels, Mean: []float32{c.mean}}
		if err := config.Complete(); (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	config := Config{Height: 1, Width: 2, Mean: []float32{0.5}}
	if err := config.Complete(); err == nil || !strings.Contains(err.Error(), "means of 1 numbers") {
		t.Errorf("a mean of one of two numbers: %v", err)
	}
}

// TestImproper: bits are told of probabilities only.
func TestImproper(t *testing.T) {
	for _, c := range []struct {
		like     likelihood
		x        []float32
		improper bool
	}{
		{bernoulli{}, []float32{0, 1, 1}, false},
		{bernoulli{}, []float32{0, 1, 0.5}, true},
		{gaussian{}, []float32{0, 1, 1}, true},
		{logistic{}, []float32{0, 1, 0.5}, false},
		{categorical{}, []float32{0, 1, 0.5}, false},
		{logistic{}, []float32{0, 1, 0.6}, true},
		{categorical{}, []float32{0, 1, 0.6}, true},
	} {
		if got := (&Model{Config: Config{Levels: 3}, pictures: &pictures{like: c.like}}).Improper(c.x); (got != "") != c.improper {
			t.Errorf("%s of %v: %q", c.like.about().Name, c.x, got)
		}
	}
}
