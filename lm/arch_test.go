package lm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"inkling/data"
	"inkling/internal/gradcheck"
	"inkling/softmax"
	"inkling/tensor"
)

// kinds are models of every architecture and each way through it, over so many tokens.
func kinds(vocab int) (list []Config) {
	for _, c := range []Config{
		{Arch: "lstm", Hidden: 7, Layers: 2},
		{Arch: "lstm", Hidden: 6, Embed: 5},
		{Arch: "lstm", Hidden: 5, Layers: 2, Tied: true, Norm: true},
		{Arch: "lstm", Hidden: 6, Embed: 5, Output: "adaptive", OutputOptions: softmax.Options{Cutoffs: []int{1, 3}, DivValue: 2}},
		{Arch: "gru", Hidden: 7, Layers: 2},
		{Arch: "gru", Hidden: 6, Embed: 5},
		{Arch: "gru", Hidden: 5, Layers: 2, Tied: true, Norm: true},
		{Arch: "window", Hidden: 7, Embed: 5, Context: 3},
		{Arch: "window", Hidden: 6, Embed: 4, Context: 4, Direct: true},
		{Arch: "window", Hidden: 5, Layers: 2, Tied: true, Norm: true, Context: 1},
		{Arch: "window", Hidden: 5, Layers: 2, Embed: 3, Norm: true, Direct: true, Context: 2},
	} {
		c.Counts, c.Seed = make([]int64, vocab), 3
		list = append(list, c)
	}
	return list
}

// every runs f for a model of each kind, with biases and gains that are not zero and one.
func every(t *testing.T, vocab int, f func(t *testing.T, m *Model)) {
	seen := map[string]bool{}
	for _, c := range kinds(vocab) {
		seen[c.Arch] = true
		m, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		stir(m)
		name := strings.NewReplacer("true", "", "false", "").Replace(fmt.Sprintf("%s %s, embed %d tied %v norm %v", c.Arch, c.Sizes(), c.Embed, c.Tied, c.Norm))
		t.Run(name, func(t *testing.T) { f(t, m) })
	}
	for _, a := range Architectures() {
		if !seen[a.Name] {
			t.Errorf("no model of architecture %s is tried", a.Name)
		}
	}
}

// stir moves what does not begin random.
func stir(m *Model) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, p := range m.Params() {
		if len(p.Shape) == 1 {
			for i := range p.Value {
				p.Value[i] += r.Float32() - 0.5
			}
			p.Changed()
		}
	}
}

func randomTokens(n, vocab int, seed uint64) []int {
	r, tokens := rand.New(rand.NewPCG(seed, 1)), make([]int, n)
	for i := range tokens {
		tokens[i] = r.IntN(vocab)
	}
	return tokens
}

// TestDecodingIsTraining: one token at a time gives what windows of any length give, with the state carried from one to
// the next, in one lane and in two, from a fresh start in dirty memory.
func TestDecodingIsTraining(t *testing.T) {
	const vocab, length = 9, 41
	texts := [][]int{randomTokens(length, vocab, 1), randomTokens(length, vocab, 2)}
	every(t, vocab, func(t *testing.T, m *Model) {
		want := 0.0 // of both texts
		for _, text := range texts {
			dst, s := make([]float32, vocab), m.Start()
			for i, token := range text {
				if i > 0 {
					m.LogProbs(dst, s)
					want -= float64(dst[token])
				}
				s = m.Next(s, token)
			}
		}
		loss := func(lanes, time int) (total float64) {
			tp := tensor.NewInference()
			for first := 0; first < len(texts); first += lanes {
				carry := make([]float32, m.CarryFloats(data.Window{Lanes: lanes}))
				for i := range carry {
					carry[i] = 3
				}
				for at := 0; at+1 < length; at += time {
					w := data.Window{Lanes: lanes, Time: min(time, length-1-at), Fresh: at == 0}
					for s := range w.Time {
						for lane := range lanes {
							text := texts[first+lane]
							w.Inputs, w.Targets = append(w.Inputs, text[at+s]), append(w.Targets, text[at+s+1])
						}
					}
					tp.Reset(0, 0, 0)
					total += float64(m.Loss(tp, w, carry).Item())
				}
			}
			return total
		}
		for _, time := range []int{1, 2, 7, 40} {
			for _, lanes := range []int{1, 2} {
				if got := loss(lanes, time); math.Abs(got-want) > 1e-5*want {
					t.Errorf("windows of %d in %d lanes: %g nats, by decoding %g", time, lanes, got, want)
				}
			}
		}
	})
}

// TestGradients holds the loss of every architecture against finite differences, with and without dropout; what is
// dropped is the same in every call, since the tape is reset to the same step.
func TestGradients(t *testing.T) {
	const vocab, lanes, time = 4, 2, 3
	w := data.Window{Lanes: lanes, Time: time, Inputs: []int{3, 1, 0, 0, 2, 1}, Targets: []int{0, 0, 2, 1, 3, 3}, Weights: []float32{1, 0.5, 1, 0, 2, 1}}
	every(t, vocab, func(t *testing.T, m *Model) {
		for _, drop := range []Config{{}, {Dropout: 0.3, DropoutOut: 0.3}, {Dropout: 0.3, DropoutOut: 0.3, DropoutIn: 0.3, Variational: true}} {
			c := m.Config
			if c.Embed == 0 {
				drop.DropoutIn = 0
			}
			c.Dropout, c.DropoutOut, c.DropoutIn, c.Variational = drop.Dropout, drop.DropoutOut, drop.DropoutIn, drop.Variational
			dropping, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			stir(dropping)
			params := dropping.Params()
			start := make([]float32, dropping.CarryFloats(w))
			for i := range start {
				start[i] = float32(i%vocab) + 1 // ids of a window; large values of a state, but values
				if c.Arch != "window" {
					start[i] /= 4
				}
			}
			gradcheck.Check(t, params, nil, func(tp *tensor.Tape, _ []*tensor.Tensor) []*tensor.Tensor {
				return []*tensor.Tensor{dropping.Loss(tp, w, append([]float32(nil), start...))}
			})
		}
	})
}

// TestDropoutIsInTraining: each kind of dropout changes the loss of a training tape, and none that of another.
func TestDropoutIsInTraining(t *testing.T) {
	const vocab = 9
	tokens := randomTokens(13, vocab, 4)
	w := data.Window{Lanes: 1, Time: 12, Inputs: tokens[:12], Targets: tokens[1:]}
	for _, arch := range Architectures() {
		plain := Config{Arch: arch.Name, Hidden: 8, Layers: 2, Embed: 6, Counts: make([]int64, vocab), Seed: 5}
		losses := map[float32]string{}
		for name, drop := range map[string]func(c *Config){
			"none": func(*Config) {}, "between": func(c *Config) { c.Dropout = 0.5 }, "out": func(c *Config) { c.DropoutOut = 0.5 },
			"in": func(c *Config) { c.DropoutIn = 0.5 }, "variational in": func(c *Config) { c.DropoutIn, c.Variational = 0.5, true },
		} {
			c := plain
			drop(&c)
			m, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			loss := func(tp *tensor.Tape) float32 {
				tp.Reset(1, 1, 1)
				return m.Loss(tp, w, make([]float32, m.CarryFloats(w))).Item()
			}
			training := loss(tensor.NewTape())
			if other, ok := losses[training]; ok {
				t.Errorf("%s: dropout %s gives the loss of dropout %s", arch.Name, name, other)
			}
			losses[training] = name
			same, err := New(plain)
			if err != nil {
				t.Fatal(err)
			}
			tp := tensor.NewInference()
			want := same.Loss(tp, w, make([]float32, m.CarryFloats(w))).Item()
			if got := loss(tensor.NewInference()); got != want {
				t.Errorf("%s: without training, dropout %s gives the loss %g instead of %g", arch.Name, name, got, want)
			}
		}
	}
}

// TestConfigRefuses: what an architecture does not have is refused in words.
func TestConfigRefuses(t *testing.T) {
	for _, x := range []struct {
		config Config
		want   string
	}{
		{Config{Arch: "elman"}, `no architecture "elman": choose one of lstm, gru, window`},
		{Config{Context: 5}, "an LSTM has neither"},
		{Config{Arch: "gru", Direct: true}, "a GRU has neither"},
		{Config{DropoutIn: 0.5}, "--embed"},
		{Config{Embed: 5, DropoutIn: 1}, "below 1"},
		{Config{Arch: "window", DropoutIn: -1}, "below 1"},
		{Config{Variational: true}, "variational dropout of nothing"},
		{Config{Arch: "window", Context: -1}, "at least 1"},
		{Config{Arch: "window", Context: mostContext + 1}, "at most 1024"},
		{Config{Arch: "window", Context: 100, Embed: 1000}, "65536 numbers in all"},
		{Config{Arch: "window", Embed: -1}, "sizes must be positive"},
		{Config{Arch: "window", Embed: math.MinInt, Context: 7}, "sizes must be positive"},
		{Config{Arch: "window", Tied: true, Direct: true, Hidden: 8, Context: 2}, "the embedding is 8 wide, and the output layer sees 24 numbers"},
		{Config{Arch: "window", Tied: true, Embed: 7, Hidden: 8}, "make the embedding as wide as the hidden layer"},
		{Config{Arch: "window", Counts: make([]int64, mostIDs)}, "a window holds at most"},
	} {
		if x.config.Counts == nil {
			x.config.Counts = make([]int64, 9)
		}
		if _, err := New(x.config); err == nil || !strings.Contains(err.Error(), x.want) {
			x.config.Counts = nil
			t.Errorf("%+v: %v, want %q", x.config, err, x.want)
		}
	}
}
