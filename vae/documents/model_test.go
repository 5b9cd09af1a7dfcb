package documents

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/data"
	"inkling/internal/gradcheck"
	"inkling/softmax"
	"inkling/tensor"
	"inkling/vae"
)

const toyWords = 9

// counts are how often each word of the toys occurs.
func counts(v int) []int64 {
	n := make([]int64, v)
	for i := range n {
		n[i] = int64(1 + 40/(i+1))
	}
	return n
}

// toy is a small model with weights that are anything but small.
func toy(t testing.TB, c Config) *Model {
	t.Helper()
	if c.Counts == nil {
		c.Counts = counts(toyWords)
	}
	if c.Latent == nil {
		c.Latent = []int{2}
	}
	if c.Hidden == nil {
		c.Hidden = [][]int{{4}, {3}}[:len(c.Latent)]
	}
	m, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(c.Seed, 1))
	for _, p := range m.VAE.Params() {
		for i := range p.Value {
			p.Value[i] = 0.4 * float32(rnd.NormFloat64())
		}
		p.Changed()
	}
	return m
}

// bags are documents of a few words each.
func bags() *data.Bags {
	return data.NewBags([]map[int]int{{0: 3, 4: 1}, {8: 2}, {1: 1, 2: 1, 3: 5, 7: 1}, {5: 2, 0: 1}, {6: 1, 1: 4, 8: 1}})
}

// TestLossGradients: the loss of a batch by finite differences of all parameters, of both bounds, whatever the networks and the output layer.
func TestLossGradients(t *testing.T) {
	for _, c := range []Config{
		{},
		{Input: "log", Activation: "relu", Hidden: [][]int{{5, 3}}},
		{Between: []int{3}},
		{Between: []int{4, 3}, Latent: []int{2, 3}},
		{Output: "adaptive", Options: softmax.Options{Cutoffs: []int{3, 6}, DivValue: 1}},
		{Output: "classes"},
		{Output: "tree", Between: []int{3}},
	} {
		for _, o := range []vae.Objective{{Name: "elbo"}, {Name: "elbo", K: 3, Beta: 0.5}, {Name: "iwae", K: 3}} {
			if err := o.Complete(); err != nil {
				t.Fatal(err)
			}
			m := toy(t, c)
			fit := &vae.Fit{Model: m.VAE, Objective: o}
			b := Examples{bags()}.Batch(0, 4)
			t.Run(fmt.Sprint(m.Config.Describe(), " ", o.Name, o.K), func(t *testing.T) {
				gradcheck.Check(t, m.VAE.Params(), nil, func(tp *tensor.Tape, _ []*tensor.Tensor) []*tensor.Tensor {
					return []*tensor.Tensor{fit.Loss(tp, b, nil)}
				})
			})
		}
	}
}

// naive is log p(x|z) of the words of a document one after the other, and what the encoder makes of them, in float64 and from the weights alone.
type naive struct{ m *Model }

func (n naive) param(name string) *tensor.Param { return n.m.VAE.Params().ByName(name) }

func (n naive) dense(name string, x []float64, layers int, last bool) []float64 {
	for i := range layers {
		w, b := n.param(fmt.Sprintf("%s.%d.weight", name, i)), n.param(fmt.Sprintf("%s.%d.bias", name, i))
		y := make([]float64, w.Rows)
		for r := range y {
			y[r] = float64(b.Value[r])
			for c, v := range x {
				y[r] += float64(w.Row(r)[c]) * v
			}
			if last || i < layers-1 {
				y[r] = n.activate(y[r])
			}
		}
		x = y
	}
	return x
}

func (n naive) activate(x float64) float64 {
	if n.m.Config.Activation == "relu" {
		return max(0, x)
	}
	return math.Tanh(x)
}

func (n naive) posterior(words, counts []uint32) []float64 {
	bag := n.param("encoder.bag.weight")
	x := make([]float64, bag.Cols)
	for c := range x {
		x[c] = float64(bag.Row(bag.Rows - 1)[c])
		for j, w := range words {
			by := float64(counts[j])
			if n.m.Config.Input == "log" {
				by = math.Log(1 + by)
			}
			x[c] += by * float64(bag.Row(int(w))[c])
		}
		x[c] = n.activate(x[c])
	}
	return n.dense("encoder.0", x, len(n.m.Config.Hidden[0]), false)
}

func (n naive) logLikelihood(words, counts []uint32, z []float64) float64 {
	h := n.dense("decoder.0", z, len(n.m.Config.Between), true)
	w, b := n.param("out.weight"), n.param("out.bias")
	scores, total := make([]float64, w.Rows), 0.0
	for r := range scores {
		scores[r] = float64(b.Value[r])
		for c, v := range h {
			scores[r] += float64(w.Row(r)[c]) * v
		}
		total += math.Exp(scores[r])
	}
	sum := 0.0
	for j, w := range words {
		for range counts[j] { // one word after another
			sum += scores[w] - math.Log(total)
		}
	}
	return sum
}

// TestAgainstNaive: what q is made of and log p(x|z), for several z of each document, recorded and not, against float64.
func TestAgainstNaive(t *testing.T) {
	for _, c := range []Config{
		{}, {Input: "log", Activation: "relu", Hidden: [][]int{{5, 3}}}, {Between: []int{3}, Hidden: [][]int{{6, 5}}}, {Between: []int{4, 3}, Activation: "relu"},
	} {
		m, b := toy(t, c), bags()
		n := naive{m}
		batch := Examples{b}.Batch(0, b.Len())
		q := m.VAE.Posterior(batch)
		const k = 40 // more rows than are judged at a time
		z := make([]float32, b.Len()*k*2)
		rnd := rand.New(rand.NewPCG(3, 3))
		for i := range z {
			z[i] = float32(rnd.NormFloat64())
		}
		inference, training := tensor.NewInference(), tensor.NewTape()
		exact := m.decoder.LogLikelihood(inference, batch, inference.Const(b.Len()*k, 2, z))
		loss := m.decoder.LogLikelihood(training, batch, training.Leaf(b.Len()*k, 2, z))
		for i := range b.Len() {
			words, counts := b.Bag(i)
			for j, want := range n.posterior(words, counts) {
				if got := float64(q[i*4+j]); math.Abs(got-want) > 1e-4 {
					t.Errorf("%s: document %d: number %d of q is %g, want %g", m.Config.Describe(), i, j, got, want)
				}
			}
			for r := i * k; r < (i+1)*k; r++ {
				want := n.logLikelihood(words, counts, []float64{float64(z[2*r]), float64(z[2*r+1])})
				for _, got := range []float32{exact.Row(r)[0], loss.Row(r)[0]} {
					if math.Abs(float64(got)-want) > 1e-3 {
						t.Fatalf("%s: document %d: log p(x|z) %g, want %g", m.Config.Describe(), i, got, want)
					}
				}
			}
		}
	}
}

// TestSumsToOne: for any z the probabilities of all sequences of three words, each as its bag, sum to one, whatever the output layer: there is no
// multinomial coefficient.
func TestSumsToOne(t *testing.T) {
	const v = 5
	for _, kind := range softmax.Kinds() {
		m := toy(t, Config{Counts: counts(v), Output: kind.Name})
		var documents []map[int]int
		for s := range v * v * v {
			d := map[int]int{}
			for _, w := range []int{s % v, s / v % v, s / v / v} {
				d[w]++
			}
			documents = append(documents, d)
		}
		tp := tensor.NewInference()
		z := make([]float32, 2*len(documents))
		for i := range z {
			z[i] = []float32{1.3, -0.7}[i%2]
		}
		l, sum := m.decoder.LogLikelihood(tp, Examples{data.NewBags(documents)}.Batch(0, len(documents)), tp.Const(len(documents), 2, z)), 0.0
		for i := range l.Rows {
			sum += math.Exp(float64(l.Row(i)[0]))
		}
		if math.Abs(sum-1) > 1e-4 {
			t.Errorf("%s: probabilities sum to %g", kind.Name, sum)
		}
	}
}

// TestEvidence: importance samples come to log p(x), which for one latent variable is known by quadrature, and the bound that Judge gives is below it.
func TestEvidence(t *testing.T) {
	m, b := toy(t, Config{Latent: []int{1}, Input: "log"}), bags()
	bounds, err := m.VAE.Importance(context.Background(), Examples{b}, 4000, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	elbo := make([]float64, b.Len())
	const draws = 400
	for s := range uint64(draws) {
		j, err := m.VAE.Judge(context.Background(), Examples{b}, s)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range j.Bound() {
			elbo[i] += l / draws
		}
	}
	for i := range b.Len() {
		words, counts := b.Bag(i)
		sum, step := 0.0, 0.01
		for z := -8.0; z < 8; z += step {
			sum += step * math.Exp(naive{m}.logLikelihood(words, counts, []float64{z})-z*z/2) / math.Sqrt(2*math.Pi)
		}
		if want := math.Log(sum); math.Abs(bounds[i]-want) > 0.1 || elbo[i] > want+0.05 {
			t.Errorf("document %d: log p(x) %.4f by quadrature, %.4f by importance samples, ELBO %.4f", i, want, bounds[i], elbo[i])
		}
	}
}

// TestTopics: of a decoder without hidden layers a variable raises the words by four times their weights less a number of all words; and what
// falls is what rises least.
func TestTopics(t *testing.T) {
	m := toy(t, Config{Latent: []int{3}})
	w := m.VAE.Params().ByName("out.weight")
	for i, topic := range m.Topics(toyWords, false) {
		if len(topic.Rise) != toyWords || len(topic.Fall) != toyWords {
			t.Fatalf("%d and %d words", len(topic.Rise), len(topic.Fall))
		}
		off := topic.Rise[0].Value - 4*float64(w.Row(topic.Rise[0].Word)[i])
		for j, rise := range topic.Rise {
			if want := 4*float64(w.Row(rise.Word)[i]) + off; math.Abs(rise.Value-want) > 1e-4 || j > 0 && rise.Value > topic.Rise[j-1].Value {
				t.Errorf("variable %d, word %d rises by %g after %g, want %g", i, rise.Word, rise.Value, topic.Rise[max(j-1, 0)].Value, want)
			}
			if fall := topic.Fall[toyWords-1-j]; fall != rise {
				t.Errorf("variable %d: %v falls where %v rises", i, fall, rise)
			}
		}
	}
	if n := len(m.Topics(3, false)[2].Fall); n != 3 {
		t.Errorf("%d words of 3", n)
	}
	up, down := m.Words([]float32{2, 0, 0}), m.Words([]float32{-2, 0, 0})
	last := math.Inf(1)
	for _, rise := range m.Topics(toyWords, true)[0].Rise {
		p, q := float64(up[rise.Word]), float64(down[rise.Word])
		if by := (math.Exp(p) - math.Exp(q)) * math.Abs(p-q); by > last+1e-6 || math.Abs(rise.Value-(p-q)) > 1e-5 {
			t.Errorf("word %d rises by %g after %g, its log by %g, want %g", rise.Word, by, last, rise.Value, p-q)
		} else {
			last = by
		}
	}
	all := m.Words([]float32{0.5, 1, -2, 0, 0, 0})
	best := Likeliest(all[toyWords:], 4)
	if len(all) != 2*toyWords || len(best) != 4 || best[0].Value < best[3].Value {
		t.Errorf("%d numbers, likeliest %v", len(all), best)
	}
	sum := 0.0
	for _, l := range all[toyWords:] {
		sum += math.Exp(float64(l))
		if float64(l) > best[0].Value {
			t.Errorf("%g is not the likeliest", best[0].Value)
		}
	}
	if math.Abs(sum-1) > 1e-4 {
		t.Errorf("words sum to %g", sum)
	}
}

// TestNearest against all pairs, with codes of length 0 and equal ones.
func TestNearest(t *testing.T) {
	codes := []float32{1, 0, 0, 0, -1, 1, 2, 0, 0, 3}
	got := Nearest(codes, []float32{2, 0.5}, 4)
	var places []int
	for _, n := range got {
		places = append(places, n.Place)
	}
	if !slices.Equal(places, []int{0, 3, 4, 1}) || math.Abs(got[0].Score-2/math.Sqrt(4.25)) > 1e-6 || got[3].Score != 0 {
		t.Errorf("nearest %v", got)
	}
	if n := Nearest(codes, []float32{0, 0}, 9); len(n) != 5 || n[0].Place != 0 {
		t.Errorf("of a code of length 0: %v", n)
	}
}

// TestRefuses what no model can be.
func TestRefuses(t *testing.T) {
	for _, c := range []Config{
		{},
		{Counts: make([]int64, maxWords+1)},
		{Counts: counts(3), Output: "fast"},
		{Counts: counts(3), Input: "tf-idf"},
		{Counts: counts(3), Hidden: [][]int{{}}},
		{Counts: counts(3), Between: []int{0}},
		{Counts: counts(3), Between: make([]int, maxDepth+1)},
		{Counts: counts(3), Latent: []int{0}},
		{Counts: counts(3), Activation: "sin"},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v is a model", c)
		}
	}
}
