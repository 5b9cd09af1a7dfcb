package lm

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/softmax"
	"inkling/tensor"
)

// eachOutput runs f for models of every output layer on every architecture, tied where that can be, after thirty steps
// of plain gradient descent.
func eachOutput(t *testing.T, f func(t *testing.T, m *Model, vocab *data.Vocab, tokens data.List)) {
	text := strings.Repeat("to be, or not to be: that is the question. ", 12)
	vocab, ids := data.Chars(text)
	tokens := data.List(ids)
	for _, kind := range softmax.Kinds() {
		for _, arch := range Architectures() {
			for _, tied := range []bool{false, true} {
				if tied && !kind.Ties {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/tied=%v", kind.Name, arch.Name, tied), func(t *testing.T) {
					c := Config{Arch: arch.Name, Output: kind.Name, Hidden: 8, Embed: 8, Tied: tied, Seed: 3, Counts: vocab.Counts}
					if slices.Contains(kind.Options, "samples") {
						c.OutputOptions.Samples = 6 // few enough that not all words are compared
					}
					m, err := New(c)
					if err != nil {
						t.Fatal(err)
					}
					descend(t, m, tokens, 500)
					f(t, m, vocab, tokens)
				})
			}
		}
	}
}

// descend takes steps of gradient descent, none longer than ½.
func descend(t *testing.T, m *Model, tokens data.Tokens, steps int) {
	t.Helper()
	windows, err := data.NewWindows(tokens, 4, 8, 1)
	if err != nil {
		t.Fatal(err)
	}
	tp := tensor.NewTape()
	var carry []float32
	for step := range steps {
		tp.Reset(1, uint64(step), 0)
		w, err := windows.Batch(step, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if carry == nil {
			carry = make([]float32, m.CarryFloats(w))
		}
		tp.Backward(m.Loss(tp, w, carry), 1/float32(len(w.Targets)))
		var params, grads [][]float32
		norm := 0.0
		add := func(value, grad []float32) {
			params, grads = append(params, value), append(grads, grad)
			for _, g := range grad {
				norm += float64(g * g)
			}
		}
		for _, p := range m.Params() {
			if !p.Sparse {
				add(p.Value, tp.ParamGrad(p))
				continue
			}
			for _, r := range tp.TouchedRows(p) {
				add(p.Row(r), tp.RowGrad(p, r))
			}
		}
		rate := float32(0.5 / max(1, math.Sqrt(norm)))
		for i, grad := range grads {
			for k, g := range grad {
				params[i][k] -= rate * g
			}
		}
		for _, p := range m.Params() {
			p.Changed()
		}
	}
}

// TestOutputs: what any output layer has learned is what is saved, what decoding finds and what texts are judged by.
func TestOutputs(t *testing.T) { eachOutput(t, isWhole) }

// TestOutputsOfManyWords: and so it is where the embedding is sparse, and shared by the layers that can.
func TestOutputsOfManyWords(t *testing.T) {
	var text strings.Builder
	text.WriteString(strings.Repeat("to be or not to be that is the question ", 200))
	for i := range softmax.SparseVocab {
		fmt.Fprintf(&text, "w%d ", i)
	}
	vocab, ids := data.Words(text.String(), data.WordOptions{})
	tokens := data.List(ids[:120])
	for _, kind := range softmax.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			steps := 200
			c := Config{Arch: "gru", Output: kind.Name, Hidden: 8, Embed: 8, Tied: kind.Ties && kind.RowWise, Seed: 3, Counts: vocab.Counts}
			if slices.Contains(kind.Options, "samples") {
				c.OutputOptions.Samples, steps = 100, 800
			}
			m, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			if !m.Params().ByName("embed.weight").Sparse {
				t.Fatal("the embedding is not sparse")
			}
			descend(t, m, tokens, steps)
			isWhole(t, m, vocab, tokens)
		})
	}
}

// isWhole saves a model, loads it and holds both against each other, against what they are judged at and against what
// frequencies alone would give.
func isWhole(t *testing.T, m *Model, vocab *data.Vocab, tokens data.List) {
	run, err := checkpoint.Open(write(t, m, vocab))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	again, _, err := Load(run)
	if err != nil {
		t.Fatal(err)
	}
	text := tokens[:60]
	one, two := make([]float32, m.Vocab()), make([]float32, m.Vocab())
	s, r, want := m.Start(), again.Start(), 0.0
	for i, token := range text {
		if i > 0 {
			m.LogProbs(one, s)
			again.LogProbs(two, r)
			if !slices.Equal(one, two) {
				t.Fatalf("after %d tokens the loaded model gives other probabilities", i)
			}
			want -= float64(one[token])
		}
		s, r = m.Next(s, token), again.Next(r, token)
	}
	judged, err := m.Judge(context.Background(), text, -1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(judged.Nats-want) > 1e-4*want {
		t.Errorf("judged at %g nats, token by token %g", judged.Nats, want)
	}
	if alone := unigram(text); want > 0.8*alone {
		t.Errorf("%g nats after training, by frequencies alone %g", want, alone)
	}
}

// unigram is what the frequencies of a text's own tokens take for all but the first, in nats.
func unigram(text data.List) (nats float64) {
	count := map[int]float64{}
	for _, token := range text {
		count[token]++
	}
	for _, token := range text[1:] {
		nats -= math.Log(count[token] / float64(len(text)))
	}
	return nats
}

// TestLogZ: the mean and the spread of log Z over a text are those of its tokens; layers that leave it to chance have none.
func TestLogZ(t *testing.T) {
	seen := 0
	eachOutput(t, func(t *testing.T, m *Model, _ *data.Vocab, tokens data.List) {
		text := tokens[:60]
		got, err := m.Judge(context.Background(), text, -1, 2)
		if err != nil {
			t.Fatal(err)
		}
		out, ok := m.out.(softmax.SelfNormalized)
		if !ok {
			if !math.IsNaN(got.LogZ) || !math.IsNaN(got.LogZSpread) {
				t.Errorf("log Z %g ± %g of a layer that has none", got.LogZ, got.LogZSpread)
			}
			return
		}
		seen++
		state := m.stepper().Start()
		var all []float64
		mean, square := 0.0, 0.0
		for _, token := range text[:len(text)-1] {
			state = m.stepper().Next(state, token)
			h := *m.outputs([][]float32{state})
			tp, z := tensor.NewInference(), make([]float32, 1)
			out.LogZ(tp, make([]float32, 1), z, tp.Const(1, m.dim(), h), []int{0})
			all = append(all, float64(z[0]))
			mean += float64(z[0]) / float64(len(text)-1)
		}
		for _, z := range all {
			square += (z - mean) * (z - mean) / float64(len(all))
		}
		if math.Abs(got.LogZ-mean) > 1e-4 || math.Abs(got.LogZSpread-math.Sqrt(square)) > 1e-4 {
			t.Errorf("log Z %g ± %g, token by token %g ± %g", got.LogZ, got.LogZSpread, mean, math.Sqrt(square))
		}
	})
	if seen == 0 {
		t.Error("no layer has a log Z")
	}
}
