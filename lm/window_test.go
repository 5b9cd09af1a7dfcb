package lm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/data"
	"inkling/tensor"
)

// naiveWindow is the model of Bengio et al. (2003) as the formula has it, in float64: log p of every token after the
// last ones of history, y = b + W·x + U·tanh(d + H·x),
// with more hidden layers and layer normalization as a config may have them.
func naiveWindow(m *Model, history []int) []float64 {
	c := m.Config
	at := func(name string, row, col int) float64 {
		p := m.Params().ByName(name)
		return float64(p.Value[row*p.Cols+col])
	}
	x := make([]float64, c.Context*c.Embed) // zeros before the first token
	for k := range c.Context {
		if i := len(history) - c.Context + k; i >= 0 {
			for j := range c.Embed {
				x[k*c.Embed+j] = at("embed.weight", history[i], j)
			}
		}
	}
	a := x
	for k := range c.Layers {
		in := a
		a = make([]float64, c.Hidden)
		mean, variance := 0.0, 0.0
		for i := range a {
			a[i] = at(fmt.Sprintf("window.bias_l%d", k), 0, i)
			for j, v := range in {
				a[i] += at(fmt.Sprintf("window.weight_l%d", k), i, j) * v
			}
			a[i] = math.Tanh(a[i])
			mean += a[i] / float64(c.Hidden)
		}
		if !c.Norm {
			continue
		}
		for _, v := range a {
			variance += (v - mean) * (v - mean) / float64(c.Hidden)
		}
		for i := range a {
			a[i] = (a[i]-mean)/math.Sqrt(variance+1e-5)*at(fmt.Sprintf("window.norm_l%d.weight", k), 0, i) + at(fmt.Sprintf("window.norm_l%d.bias", k), 0, i)
		}
	}
	y, sum := make([]float64, m.Vocab()), 0.0
	for w := range y {
		y[w] = at("out.bias", 0, w)
		for j, v := range a { // U
			if c.Tied {
				y[w] += at("embed.weight", w, j) * v
			} else {
				y[w] += at("out.weight", w, j) * v
			}
		}
		if c.Direct { // W
			for j, v := range x {
				y[w] += at("out.weight", w, c.Hidden+j) * v
			}
		}
		sum += math.Exp(y[w])
	}
	for w := range y {
		y[w] -= math.Log(sum)
	}
	return y
}

// TestWindowIsItsFormula compares log-probabilities, loss and all gradients with the naive model; its gradients are
// differences in float64, good to eight digits or so.
func TestWindowIsItsFormula(t *testing.T) {
	const vocab, lanes, time = 7, 2, 4
	texts := [lanes][]int{randomTokens(time+1, vocab, 5), randomTokens(time+1, vocab, 6)}
	weights := []float32{1, 0.25, 0, 1, 1.5, 1, 1, 1}
	var w data.Window
	w.Lanes, w.Time, w.Weights = lanes, time, weights
	for s := range time {
		for lane := range lanes {
			w.Inputs, w.Targets = append(w.Inputs, texts[lane][s]), append(w.Targets, texts[lane][s+1])
		}
	}
	for _, c := range []Config{
		{Hidden: 6, Embed: 3, Context: 3},
		{Hidden: 6, Embed: 3, Context: 3, Direct: true},
		{Hidden: 5, Tied: true, Context: 2},
		{Hidden: 4, Embed: 2, Context: 6, Direct: true}, // more than there is
		{Hidden: 6, Embed: 3, Context: 2, Direct: true, Layers: 2, Norm: true},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			c.Arch, c.Counts, c.Seed = "window", make([]int64, vocab), 8
			m, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			stir(m)
			loss := func() (nats float64) {
				for s := range time {
					for lane := range lanes {
						nats -= float64(weights[s*lanes+lane]) * naiveWindow(m, texts[lane][:s+1])[texts[lane][s+1]]
					}
				}
				return nats
			}
			for lane := range lanes {
				got, s := make([]float32, vocab), m.Start()
				for i, token := range texts[lane] {
					s = m.Next(s, token)
					m.LogProbs(got, s)
					for word, want := range naiveWindow(m, texts[lane][:i+1]) {
						if math.Abs(float64(got[word])-want) > 1e-5 {
							t.Fatalf("lane %d after %d tokens: log p(%d) = %g, by the formula %g", lane, i+1, word, got[word], want)
						}
					}
				}
			}
			tp := tensor.NewTape()
			got := m.Loss(tp, w, make([]float32, m.CarryFloats(w)))
			if want := loss(); math.Abs(float64(got.Item())-want) > 1e-5*want {
				t.Errorf("loss %g, by the formula %g", got.Item(), want)
			}
			tp.Backward(got, 1)
			for _, p := range m.Params() {
				want := make([]float32, len(p.Value))
				for i, v := range p.Value {
					const step = 1.0 / 1024 // a power of two: what is added to a float32 is there
					up, down := v+step, v-step
					p.Value[i] = up
					above := loss()
					p.Value[i] = down
					want[i] = float32((above - loss()) / (float64(up) - float64(down)))
					p.Value[i] = v
				}
				checkGradient(t, p.Name, tp.ParamGrad(p), want)
			}
		})
	}
}

// TestWindowForgets: what is further back than the context changes nothing, what is in it does.
func TestWindowForgets(t *testing.T) {
	m, err := New(Config{Arch: "window", Hidden: 8, Embed: 4, Context: 3, Direct: true, Counts: make([]int64, 6), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	after := func(tokens ...int) (dst [6]float32) {
		s := m.Start()
		for _, token := range tokens {
			s = m.Next(s, token)
		}
		m.LogProbs(dst[:], s)
		return dst
	}
	if after(0, 1, 2, 3) != after(5, 1, 2, 3) || after(4, 1, 2, 3) != after(1, 2, 3) {
		t.Error("the fourth token back is seen")
	}
	if after(0, 1, 2, 3) == after(0, 5, 2, 3) || after(1, 2) == after(0, 1, 2) {
		t.Error("the third token back is not seen")
	}
}

// TestOrder: a model that says its order gives the same bits after the same last tokens, whatever was before, alone and beside
// others; and all of these tokens count. Recurrent ones say that they have none.
func TestOrder(t *testing.T) {
	const vocab = 5
	every(t, vocab, func(t *testing.T, m *Model) {
		d := m.Order()
		if m.Config.Arch != "window" {
			if d != 0 {
				t.Errorf("order %d", d)
			}
			return
		}
		if d != m.Config.Context {
			t.Fatalf("order %d of a window of %d", d, m.Config.Context)
		}
		after := func(tokens []int) any {
			s := m.Start()
			for _, token := range tokens {
				s = m.Next(s, token)
			}
			return s
		}
		r := rand.New(rand.NewPCG(3, uint64(d)))
		for range 20 {
			last := make([]int, d)
			for i := range last {
				last[i] = r.IntN(vocab)
			}
			states := []any{after(last)}
			for n := range 4 {
				before := make([]int, n+1, n+1+d)
				for i := range before {
					before[i] = r.IntN(vocab)
				}
				states = append(states, after(append(before, last...)))
			}
			other := slices.Clone(last)
			other[0] = (other[0] + 1) % vocab
			states = append(states, after(other))
			want, rows := make([]float32, vocab), make([]float32, len(states)*vocab)
			m.LogProbs(want, states[0])
			m.LogProbsBatch(rows, states)
			for i := range states {
				if same := slices.Equal(rows[i*vocab:(i+1)*vocab], want); same != (i < len(states)-1) {
					t.Fatalf("state %d after %v: equal %v", i, last, same)
				}
			}
		}
	})
}
