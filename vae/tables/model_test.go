package tables

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
	"inkling/train"
	"inkling/vae"
)

// toy is a small model of a small table of everything, with weights that are not those it begins with, and rows of it: some held out, and one of
// things never seen.
func toy(t testing.TB, c Config) (*Model, *Rows) {
	t.Helper()
	table, _, held, err := learn(t, made(400, 3), Schema{[]Field{{Name: "town", Type: Vocabulary}}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Latent == 0 {
		c.Latent = 2
	}
	if c.Hidden == nil {
		c.Hidden = []int{6}
	}
	c.Embed, c.Output = 5, "full"
	m, err := New(c, table.Columns)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.decoder.outputs) != 1 {
		t.Fatal("the small model has no vocabulary")
	}
	rnd := rand.New(rand.NewPCG(5, 5))
	for _, p := range m.Params() {
		for i := range p.Value {
			p.Value[i] += float32(0.2 * rnd.NormFloat64())
		}
		p.Changed()
	}
	rows := new(Rows)
	rows.take(table, held[:4])
	for j, c := range table.Columns {
		rows.Codes[j] = append(rows.Codes[j], c.Code("what?"))
	}
	rows.N++
	return m, rows
}

// TestGradients differentiates what losses are made of by every weight, from the rows by way of a draw of z to each column.
func TestGradients(t *testing.T) {
	for _, hidden := range [][]int{{}, {6}, {5, 4}} {
		t.Run(fmt.Sprint(hidden), func(t *testing.T) {
			m, rows := toy(t, Config{Activation: "tanh", Hidden: hidden})
			noise := randomParams(rand.New(rand.NewPCG(1, 7)), 3*rows.N*m.Table.Latent, 1)
			gradcheck.Check(t, m.Params(), nil, func(tp *tensor.Tape, _ []*tensor.Tensor) []*tensor.Tensor {
				q := m.encoder.encode(tp, rows)
				columns, vocabularies := m.decoder.logProbs(tp, rows, m.decoder.net.Apply(tp, tensor.Reparametrize(tp, q, noise, 3)))
				return append(vocabularies, columns, tensor.GaussianKL(tp, q))
			})
		})
	}
}

// TestLossGradients compares whole losses a little further along their gradient with what it foretells: they are long sums, of which differences by
// one weight have few digits.
func TestLossGradients(t *testing.T) {
	for _, o := range []vae.Objective{{Name: "elbo"}, {Name: "elbo", K: 2, Sampled: true}, {Name: "iwae", K: 3}} {
		m, rows := toy(t, Config{Activation: "tanh"})
		if err := o.Complete(); err != nil {
			t.Fatal(err)
		}
		fit := &vae.Fit{Model: m.Model, Objective: o}
		tp := tensor.NewTape()
		loss := func() *tensor.Tensor {
			tp.Reset(3, 0, 0)
			return fit.Loss(tp, vae.Batch{Rows: rows.N, Data: rows}, nil)
		}
		for _, p := range m.Params() {
			tp.Backward(loss(), 1)
			g, length := append([]float32(nil), tp.ParamGrad(p)...), 0.0
			for _, v := range g {
				length += float64(v) * float64(v)
			}
			move := func(by float64) float64 {
				for i, v := range g {
					p.Value[i] += float32(by / math.Sqrt(length) * float64(v))
				}
				p.Changed()
				return float64(loss().Item())
			}
			const step = 0.02
			up := move(step)
			down := move(-2 * step)
			move(step)
			if got, want := (up-down)/(2*step), math.Sqrt(length); math.Abs(got-want) > 0.01*want+0.003 {
				t.Errorf("%s, %s: along its gradient the loss rises by %g, and %g is its length", o.Describe(), p.Name, got, want)
			}
		}
	}
}

// naive is log p(row|z) in float64, from the weights alone, by each column.
func naive(m *Model, rows *Rows, i int, z []float64) (columns []float64) {
	x := z
	for l := 0; ; l++ {
		w := m.Params().ByName(fmt.Sprintf("decoder.0.%d.weight", l))
		if w == nil {
			break
		}
		if l > 0 {
			for j := range x {
				x[j] = math.Tanh(x[j])
			}
		}
		bias, y := m.Params().ByName(fmt.Sprintf("decoder.0.%d.bias", l)), make([]float64, w.Rows)
		for r := range y {
			y[r] = float64(bias.Value[r])
			for j, v := range x {
				y[r] += v * float64(w.Row(r)[j])
			}
		}
		x = y
	}
	softmax := func(logits []float64) []float64 {
		p, sum := make([]float64, len(logits)), 0.0
		for i, l := range logits {
			p[i] = math.Exp(l)
			sum += p[i]
		}
		for i := range p {
			p[i] /= sum
		}
		return p
	}
	sigma := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
	vocabulary := len(x) - m.Table.Embed
	for j, c := range m.Columns {
		code := rows.Codes[j][i]
		n := 0
		if h := newHead(c, m.Table.Components); h != nil {
			n = h.width()
		}
		mine := x[:n]
		x = x[n:]
		vocabulary -= n
		each, kinds := c.strange()
		rest := 1 - each*float64(kinds)
		switch {
		case !c.known(code):
			columns = append(columns, c.strangeLogProb(code))
		case c.Category():
			columns = append(columns, math.Log(rest*softmax(mine)[code]))
		case c.Type == Vocabulary:
			columns = append(columns, math.NaN()) // when the others are done
		default:
			k := m.Table.Components
			pi := softmax(mine[:n-2*k])
			p := 0.0
			if code == blankCode {
				p = pi[k]
			} else {
				for i := range k {
					mean, s := mine[n-2*k+i], math.Exp(mine[n-k+i])
					p += pi[i] * (sigma((c.place(code+1)-mean)/s) - sigma((c.place(code)-mean)/s))
				}
			}
			columns = append(columns, math.Log(rest*p))
		}
	}
	for j, c := range m.Columns {
		if c.Type == Vocabulary && c.known(rows.Codes[j][i]) {
			w, b := m.Params().ByName(fmt.Sprintf("decoder.0.column.%d.out.weight", j)), m.Params().ByName(fmt.Sprintf("decoder.0.column.%d.out.bias", j))
			logits := make([]float64, w.Rows)
			for r := range logits {
				logits[r] = float64(b.Value[r])
				for d, v := range x[:m.Table.Embed] {
					logits[r] += v * float64(w.Row(r)[d])
				}
			}
			columns[j] = c.familiar() + math.Log(softmax(logits)[rows.Codes[j][i]])
		}
	}
	return columns
}

// TestLogLikelihood compares with the naive one.
func TestLogLikelihood(t *testing.T) {
	m, rows := toy(t, Config{Activation: "tanh"})
	rnd := rand.New(rand.NewPCG(4, 4))
	z := randomParams(rnd, rows.N*m.Table.Latent, 1)
	tp := tensor.NewInference()
	at := tp.Const(rows.N, m.Table.Latent, z)
	got := m.decoder.LogLikelihood(tp, vae.Batch{Rows: rows.N, Data: rows}, at)
	for i := range rows.N {
		want := 0.0
		for _, l := range naive(m, rows, i, []float64{float64(at.Row(i)[0]), float64(at.Row(i)[1])}) {
			want += l
		}
		if math.Abs(want-float64(got.Row(i)[0])) > 1e-3*math.Abs(want) {
			t.Errorf("row %d: log p(x|z) %g, by the formula %g", i, got.Row(i)[0], want)
		}
	}
}

// TestScore: what a row costs is what its columns and its z cost, the bound is that of the formula for the same draws, and the same row has the same
// score wherever it stands.
func TestScore(t *testing.T) {
	for _, k := range []int{1, 4} {
		m, rows := toy(t, Config{Activation: "tanh"})
		s := m.NewScorer(k)
		scored := s.Score(tensor.NewInference(), rows)
		tp := tensor.NewInference()
		q := m.encoder.encode(tp, rows)
		for i := range rows.N {
			sum := float64(scored.Latent[i])
			for _, nats := range scored.Columns[i] {
				sum += float64(nats)
			}
			if bound := float64(scored.Bound[i]); math.Abs(sum+bound) > 1e-4*math.Abs(bound) {
				t.Errorf("row %d: columns and z cost %g, the bound is %g", i, sum, bound)
			}
			total := 0.0
			for j := range k {
				w, z := 0.0, make([]float64, m.Table.Latent)
				for d := range z {
					e, sigma := float64(s.noise[j*len(z)+d]), math.Exp(float64(q.Row(i)[len(z)+d]))
					z[d] = float64(q.Row(i)[d]) + sigma*e
					w += math.Log(sigma) + e*e/2 - z[d]*z[d]/2
				}
				for _, l := range naive(m, rows, i, z) {
					w += l
				}
				total += math.Exp(w) / float64(k)
			}
			if want := math.Log(total); math.Abs(want-float64(scored.Bound[i])) > 1e-3*math.Abs(want) {
				t.Errorf("row %d, %d samples: %g, by the formula %g", i, k, scored.Bound[i], want)
			}
		}
		one := &Rows{N: 1}
		for j := range rows.Codes {
			one.Codes = append(one.Codes, rows.Codes[j][3:4])
		}
		if alone := s.Score(tensor.NewInference(), one); math.Abs(float64(alone.Bound[0]-scored.Bound[3])) > 1e-4 {
			t.Errorf("a row alone has %g, among others %g", alone.Bound[0], scored.Bound[3])
		}
	}
}

// TestSamples: the same seed gives the same bytes on any number of cores, and all of them are cells that the columns know.
func TestSamples(t *testing.T) {
	m, _ := toy(t, Config{})
	draw := func(cores int, seed uint64) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		var b bytes.Buffer
		err := m.Draw(context.Background(), 1000, Draws{Temperature: 1, Seed: seed}, func(lines []byte) error {
			b.Write(lines)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	one := draw(1, 7)
	if !bytes.Equal(one, draw(3, 7)) || bytes.Equal(one, draw(3, 8)) {
		t.Error("bytes depend on the number of cores, or not on the seed")
	}
	r, err := NewReader(bytes.NewReader(one), "drawn")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = Stream(context.Background(), r, m.Columns, func(_ *tensor.Tape, b *Block) *Rows { return b.Rows }, func(rows *Rows) error {
		n += rows.N
		for j, c := range m.Columns {
			for i, code := range rows.Codes[j] {
				if !c.known(code) {
					t.Errorf("row %d: %s is %d", i, c.Name, code)
				}
			}
		}
		return nil
	})
	if err != nil || n != 1000 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// TestVocabularySamples: words are drawn by the probabilities of their layer.
func TestVocabularySamples(t *testing.T) {
	m, _ := toy(t, Config{})
	const n = 20_000
	z := make([]float32, n*m.Table.Latent)
	for j, c := range m.Columns {
		if c.Type != Vocabulary {
			continue
		}
		rows := m.sample(tensor.NewInference(), z, rand.New(rand.NewPCG(1, 1)))
		counts := make([]float64, c.classes())
		for _, code := range rows.Codes[j] {
			counts[code]++
		}
		tp := tensor.NewInference()
		out := m.decoder.net.Apply(tp, tp.Const(1, m.Table.Latent, z[:m.Table.Latent]))
		p := make([]float32, c.classes())
		m.decoder.outputs[0].LogProbs(p, m.decoder.hidden(tp, out, 0).Row(0))
		chi := 0.0
		for w, l := range p {
			want := n * math.Exp(float64(l))
			chi += (counts[w] - want) * (counts[w] - want) / want
		}
		if f := float64(len(p) - 1); chi > f+4*math.Sqrt(2*f) {
			t.Errorf("χ² %.1f of %g degrees of freedom", chi, f)
		}
	}
}

// TestLearns: a table whose columns depend on each other is told better than by its columns alone, and what is drawn keeps the rule.
func TestLearns(t *testing.T) {
	table, rows, held := must(t, made(3000, 4))
	m, err := New(Config{Latent: 4, Hidden: []int{32}, Output: "full", Seed: 1}, table.Columns)
	if err != nil {
		t.Fatal(err)
	}
	judge := func() float64 {
		j, err := m.Judge(context.Background(), Examples{table, held}, 1)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, b := range j.Bound() {
			sum += b / float64(len(held))
		}
		return sum
	}
	before := judge()
	o := vae.Objective{}
	if err := o.Complete(); err != nil {
		t.Fatal(err)
	}
	_, err = train.Run(context.Background(), &vae.Fit{Model: m.Model, Objective: o}, &Source{Table: table, Of: rows, Size: 100, Seed: 1}, train.Config{
		Epochs: 40, Options: train.Options{Rate: 1e-2}, Shards: 2, Clip: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	after := judge()
	t.Logf("bound %.3f before, %.3f after", before, after)
	if !(after > before+1) {
		t.Errorf("the bound rose from %g to %g nats", before, after)
	}
	var b strings.Builder
	if err := m.Draw(context.Background(), 2000, Draws{Temperature: 1, Seed: 3}, func(l []byte) error { b.Write(l); return nil }); err != nil {
		t.Fatal(err)
	}
	wrong, n := 0, 0
	for _, line := range strings.Split(b.String(), "\n")[1:] {
		cells := strings.Split(line, ",")
		if len(cells) < 6 || cells[0] == "" {
			continue
		}
		var price float64
		fmt.Sscan(cells[0], &price)
		n++
		if (price > 30) != (cells[5] == "yes") {
			wrong++
		}
	}
	if n < 1000 || float64(wrong) > 0.1*float64(n) {
		t.Errorf("%d of %d rows that were drawn break the rule", wrong, n)
	}
}
