package sentences

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/softmax"
	"inkling/tensor"
	"inkling/vae"
)

// The toy vocabulary: 0 begins a sentence, 1 ends it, 2 is the unknown word, others are words.
const words = 9

func toyConfig(edit ...func(*Config)) Config {
	c := Config{Hidden: 5, Embed: 4, Latent: 3, Begin: 0, End: 1, Dropped: 2, Seed: 7}
	for i := range words {
		c.Counts = append(c.Counts, int64(20-i))
	}
	for _, f := range edit {
		f(&c)
	}
	return c
}

// toy is a model in which z says much, so that terms that are missing are noticed.
func toy(t testing.TB, edit ...func(*Config)) *Model {
	t.Helper()
	m, err := New(toyConfig(edit...))
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, p := range m.Params() {
		for i := range p.Value {
			p.Value[i] += float32(rnd.NormFloat64()) * 0.3
		}
		p.Changed()
	}
	return m
}

// some are sentences of other lengths, the second of them empty.
var some = Examples{{3, 4, 5, 2, 1}, {1}, {8, 7, 1}, {6, 6, 6, 6, 6, 6, 1}}

func latents(n, d int) []float32 {
	z, rnd := make([]float32, n*d), rand.New(rand.NewPCG(9, 1))
	for i := range z {
		z[i] = float32(rnd.NormFloat64())
	}
	return z
}

// logLikelihoods are those of examples, k samples of z for each.
func logLikelihoods(m *Model, e Examples, z []float32, tp *tensor.Tape) []float32 {
	d := m.Sentences.Latent
	y := m.decoder.LogLikelihood(tp, e.Batch(0, len(e)), tp.Const(len(z)/d, d, z))
	out := make([]float32, y.Rows)
	for i := range out {
		out[i] = y.Row(i)[0]
	}
	return out
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 2e-4*(1+math.Abs(want))) {
		t.Errorf("%s: %.6f, want %.6f", what, got, want)
	}
}

// TestLogLikelihood holds the decoder against its formula in float64, word by word.
func TestLogLikelihood(t *testing.T) {
	const k = 2
	m := toy(t)
	z := latents(len(some)*k, 3)
	got := logLikelihoods(m, some, z, tensor.NewInference())
	trained := logLikelihoods(m, some, z, tensor.NewTape())
	for i := range got {
		want := naive(m, some[i/k], z[i*3:i*3+3])
		near(t, "log p(x|z)", float64(got[i]), want)
		near(t, "log p(x|z) on a tape that records", float64(trained[i]), want)
	}
}

// naive is log p(x|z) by loops over float64.
func naive(m *Model, tokens []int, z []float32) (nats float64) {
	value := func(name string) func(i, j int) float64 {
		p := m.Params().ByName(name)
		return func(i, j int) float64 { return float64(p.Value[i*p.Cols+j]) }
	}
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	c := m.Sentences
	embed, wih, whh := value("decoder.embed.weight"), value("decoder.lstm.weight_ih_l0"), value("decoder.lstm.weight_hh_l0")
	bih, bhh := value("decoder.lstm.bias_ih_l0"), value("decoder.lstm.bias_hh_l0")
	state, bias, beside := value("decoder.state.weight"), value("decoder.state.bias"), value("decoder.beside.weight")
	weight, outBias := value("out.weight"), value("out.bias")
	h, cell := make([]float64, c.Hidden), make([]float64, c.Hidden)
	for j := range h {
		cell[j] = bias(0, j)
		for v := range z {
			cell[j] += state(j, v) * float64(z[v])
		}
		h[j] = math.Tanh(cell[j])
	}
	before := c.Begin
	for _, token := range tokens {
		gates := make([]float64, 4*c.Hidden)
		for g := range gates {
			gates[g] = bih(0, g) + bhh(0, g)
			for j := range c.Embed {
				gates[g] += wih(g, j) * embed(before, j)
			}
			for j := range h {
				gates[g] += whh(g, j) * h[j]
			}
			for v := range z {
				gates[g] += beside(g, v) * float64(z[v])
			}
		}
		n := c.Hidden
		for j := range h {
			cell[j] = sigmoid(gates[n+j])*cell[j] + sigmoid(gates[j])*math.Tanh(gates[2*n+j])
			h[j] = sigmoid(gates[3*n+j]) * math.Tanh(cell[j])
		}
		sum, score := 0.0, 0.0
		for w := range c.Counts {
			s := outBias(0, w)
			for j := range h {
				s += weight(w, j) * h[j]
			}
			sum += math.Exp(s)
			if w == token {
				score = s
			}
		}
		nats += score - math.Log(sum)
		before = token
	}
	return nats
}

// TestSumsToOne: the probabilities of all sentences of at most two words, and of those that are longer, are one.
func TestSumsToOne(t *testing.T) {
	m := toy(t)
	z := latents(1, 3)
	total := 0.0
	add := func(tokens ...int) {
		total += math.Exp(float64(logLikelihoods(m, Examples{tokens}, z, tensor.NewInference())[0]))
	}
	add(1)
	for a := range words {
		if a == 1 {
			continue
		}
		add(a, 1)
		for b := range words {
			if b != 1 {
				add(a, b) // and whatever comes then
			}
		}
	}
	near(t, "the sum of all", total, 1)
}

// TestPadding: what a sentence comes to does not depend on those beside it, whose lengths are others, and which it is padded to.
func TestPadding(t *testing.T) {
	for _, cell := range []string{"lstm", "gru"} {
		m := toy(t, func(c *Config) { c.Cell = cell })
		z := latents(len(some), 3)
		together, q := logLikelihoods(m, some, z, tensor.NewInference()), m.Posterior(some.Batch(0, len(some)))
		for i := range some {
			alone := logLikelihoods(m, some[i:i+1], z[i*3:i*3+3], tensor.NewInference())
			near(t, cell+": log p(x|z) beside others", float64(together[i]), float64(alone[0]))
			for j, want := range m.Posterior(some.Batch(i, i+1)) {
				near(t, cell+": q(z|x) beside others", float64(q[i*6+j]), float64(want))
			}
		}
		first := m.Posterior(Examples{{3, 4, 1}}.Batch(0, 1))
		if second := m.Posterior(Examples{{4, 3, 1}}.Batch(0, 1)); slices.Equal(first, second) {
			t.Error("the encoder does not care for the order of words")
		}
	}
}

// TestGradients of whole losses, against finite differences, with and without a table of tokens, padding, samples, dropped words and
// free bits.
func TestGradients(t *testing.T) {
	dropping := func(c *Config) { c.WordDropout, c.DropoutIn, c.DropoutOut = 0.4, 0.2, 0.3 }
	for name, c := range map[string]struct {
		objective vae.Objective
		examples  Examples
		edit      func(*Config)
	}{
		"elbo":              {vae.Objective{}, some, nil},
		"elbo, free bits":   {vae.Objective{FreeBits: 0.01, K: 2}, some, nil},
		"elbo, dropped":     {vae.Objective{K: 2}, some, dropping},
		"iwae":              {vae.Objective{Name: "iwae", K: 3}, some, nil},
		"iwae, dropped":     {vae.Objective{Name: "iwae", K: 2}, some, dropping},
		"few words, no pad": {vae.Objective{Name: "iwae", K: 2}, Examples{{4, 1}}, nil},
		"gru":               {vae.Objective{}, some, func(c *Config) { c.Cell = "gru" }},
		"adaptive":          {vae.Objective{}, some, func(c *Config) { c.Output, c.OutputOptions = "adaptive", softmax.Options{Cutoffs: []int{4}} }},
	} {
		t.Run(name, func(t *testing.T) {
			if c.edit == nil {
				c.edit = func(*Config) {}
			}
			m := toy(t, c.edit)
			if err := c.objective.Complete(); err != nil {
				t.Fatal(err)
			}
			fit := &vae.Fit{Model: m.Model, Objective: c.objective}
			b := c.examples.Batch(0, len(c.examples))
			b.Data = Batch{Sentences: c.examples, Train: true}
			gradcheck.Check(t, m.Params(), nil, func(tp *tensor.Tape, _ []*tensor.Tensor) []*tensor.Tensor {
				return []*tensor.Tensor{fit.Loss(tp, b, nil)}
			})
		})
	}
}

// TestWordDropout: a share of the words that are read is dropped in training, never what a sentence begins with, and which ones is a function of
// the tape's seed; what is judged is read whole, on whatever tape.
func TestWordDropout(t *testing.T) {
	m := toy(t, func(c *Config) { c.WordDropout = 0.3 })
	tp := tensor.NewTape()
	forget := func(step uint64) (ids []int) {
		tp.Reset(1, step, 0)
		for i := range 30_000 {
			ids = append(ids, []int{0, 3, 8}[i%3])
		}
		m.decoder.forget(tp, ids)
		return ids
	}
	ids, dropped := forget(1), 0
	for i, id := range ids {
		if i%3 == 0 && id != 0 {
			t.Fatal("what a sentence begins with was dropped")
		}
		if id == 2 {
			dropped++
		}
	}
	if share := float64(dropped) / 20_000; math.Abs(share-0.3) > 0.015 {
		t.Errorf("a share of %.3f was dropped, want 0.3", share)
	}
	if !slices.Equal(ids, forget(1)) || slices.Equal(ids, forget(2)) {
		t.Error("what is dropped is no function of the step")
	}
	z := latents(len(some), 3)
	judged := logLikelihoods(m, some, z, tensor.NewInference())
	b := some.Batch(0, len(some))
	run := func(tp *tensor.Tape, data Batch) float32 {
		b.Data = data
		return m.decoder.LogLikelihood(tp, b, tp.Const(len(some), 3, z)).Row(3)[0]
	}
	if got := run(tensor.NewTape(), Batch{Sentences: some}); math.Abs(float64(got-judged[3])) > 1e-4 {
		t.Errorf("words were dropped of what is judged: %g, want %g", got, judged[3])
	}
	if got := run(tensor.NewTape(), Batch{Sentences: some, Train: true}); math.Abs(float64(got-judged[3])) < 1e-4 {
		t.Error("no words were dropped of what is learnt from")
	}
}

// TestImportance: with many samples, the bound is log p(x), which sums up over a grid of z what the decoder says. Samples are drawn a few at a
// time.
func TestImportance(t *testing.T) {
	m := toy(t, func(c *Config) { c.Latent, c.Longest = 1, 1000 }) // four samples at a time
	e := Examples{{3, 5, 1}, {1}}
	bounds, err := m.Importance(context.Background(), e, 20_000, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	const steps, most = 400, 6.0
	for i := range e {
		sum := 0.0
		for s := range steps {
			z := -most + (float64(s)+0.5)*2*most/steps
			sum += math.Exp(naive(m, e[i], []float32{float32(z)})-z*z/2) / math.Sqrt(2*math.Pi) * 2 * most / steps
		}
		if got, want := bounds[i], math.Log(sum); math.Abs(got-want) > 0.02 {
			t.Errorf("%v: log p(x) ≥ %.4f by importance samples, %.4f by summing over z", e[i], got, want)
		}
	}
	j, err := m.Judge(context.Background(), e, 1)
	if err != nil || !(j.KL[0] > 0) {
		t.Errorf("a divergence of %v, %v", j.KL, err)
	}
}
