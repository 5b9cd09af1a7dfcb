package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"inkling/data"
	"inkling/decode"
)

// transitions is a model whose next token depends on the last: with the probabilities of a table.
type transitions [][]float64

func (c transitions) VocabSize() int                            { return len(c) }
func (transitions) Start() decode.State                         { return 0 }
func (transitions) Next(_ decode.State, token int) decode.State { return token }
func (c transitions) LogProbs(dst []float32, s decode.State) {
	for i, p := range c[s.(int)] {
		dst[i] = float32(math.Log(p))
	}
}

func (c transitions) score(_ context.Context, dst [][]float32, items [][]int) error {
	for i, item := range items {
		for t := range dst[i] {
			dst[i][t] = float32(math.Log(c[item[t]][item[t+1]]))
		}
	}
	return nil
}

// text is drawn from the transitions.
func (c transitions) text(n int, seed uint64) []int {
	r, tokens := rand.New(rand.NewPCG(seed, 3)), []int{0}
	for len(tokens) < n {
		u, next := r.Float64(), 0
		for ; next < len(c)-1 && u >= c[tokens[len(tokens)-1]][next]; next++ {
			u -= c[tokens[len(tokens)-1]][next]
		}
		tokens = append(tokens, next)
	}
	return tokens
}

// TestExposureOfAKnownText: where the model is the very source of the text, what it draws and the text agree in every measure and block, and
// cost the entropy; a worse judge says more of both. Greedy search writes a loop.
func TestExposureOfAKnownText(t *testing.T) {
	source := transitions{{0.1, 0.7, 0.2}, {0.5, 0.1, 0.4}, {0.6, 0.3, 0.1}}
	even := transitions{{1. / 3, 1. / 3, 1. / 3}, {1. / 3, 1. / 3, 1. / 3}, {1. / 3, 1. / 3, 1. / 3}}
	const n, prompt, length = 400, 8, 100
	prompts, truth, err := take(data.List(source.text(n*(prompt+length), 1)), n, prompt, length)
	if err != nil || len(prompts) != n || len(truth[0]) != length || len(prompts[0]) != prompt {
		t.Fatal(err, len(prompts))
	}
	e := &exposure{model: source, scores: []scoring{source.score, even.score}, prompts: prompts, truth: truth, seed: 5, workers: 2}
	of := func(name string) drifted {
		d, err := decoderNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		done := 0
		e.workers = 1
		texts, err := e.write(t.Context(), d, func() { done++ })
		if err != nil || done != n {
			t.Fatal(err, done)
		}
		e.workers = 3
		again, _ := e.write(t.Context(), d, func() {})
		if !slices.EqualFunc(texts, again, slices.Equal) {
			t.Errorf("%s writes other texts with more workers", name)
		}
		m, err := e.measure(t.Context(), name, texts)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	held, err := e.measure(t.Context(), "text", truth)
	if err != nil {
		t.Fatal(err)
	}
	drawn, loop := of("sample"), of("greedy")
	agree := func(what string, a, b blockMean) {
		if sd := math.Hypot(a.Error, b.Error); math.Abs(a.Mean-b.Mean) > 4.5*sd+1e-6 {
			t.Errorf("%s: %.4f ± %.4f and %.4f ± %.4f", what, a.Mean, a.Error, b.Mean, b.Error)
		}
	}
	// The entropy by the stationary distribution, which is found by going on for long.
	p := []float64{1, 0, 0}
	for range 100 {
		q := make([]float64, 3)
		for i := range p {
			for j := range q {
				q[j] += p[i] * source[i][j]
			}
		}
		p = q
	}
	entropy := 0.0
	for i := range p {
		for _, x := range source[i] {
			entropy -= p[i] * x * math.Log(x)
		}
	}
	first := 0.0 // by hand, of the first block, which begins after the prompt
	for i, text := range truth {
		last := prompts[i][prompt-1]
		for _, token := range text[:16] {
			first -= math.Log(source[last][token]) / 16 / n
			last = token
		}
	}
	if math.Abs(first-held.Nats[0].Mean) > 1e-5 {
		t.Errorf("the first block costs %g, by hand %g", held.Nats[0].Mean, first)
	}
	if len(held.Nats) != 3 {
		t.Fatalf("%d blocks", len(held.Nats))
	}
	for b := range held.Nats {
		agree("nats of the text", held.Nats[b], blockMean{entropy, 0})
		agree("nats", held.Nats[b], drawn.Nats[b])
		agree("repeated", held.Repeated[b], drawn.Repeated[b])
		agree("by an even judge", held.Judged[b], blockMean{math.Log(3), 1e-6})
		if held.Nats[b].Error <= 0 || held.Nats[b].Error > 0.02 {
			t.Errorf("an error of %g", held.Nats[b].Error)
		}
	}
	for k := range held.Distinct {
		if a, b := held.Distinct[k], drawn.Distinct[k]; math.Abs(a-b) > 1e-3 {
			t.Errorf("distinct-%d: %g and %g", k+1, a, b)
		}
	}
	// 0 1 0 1 …: −log 0.7 and −log 0.5 in turn, and all 4-grams but the first two are there already.
	if want := -(math.Log(0.7) + math.Log(0.5)) / 2; math.Abs(loop.Nats[2].Mean-want) > 1e-5 || loop.Repeated[2].Mean != 1 || loop.Repeated[0].Mean < 0.6 {
		t.Errorf("a loop: nats %v, want %.4f, repeated %v", loop.Nats, want, loop.Repeated)
	}
}

func TestEvalExposure(t *testing.T) {
	f := trainedFolder(t)
	args := []string{"eval", "model", "text.txt", "--exposure", "--prompts", "5", "--prompt-tokens", "10", "--length", "40"}
	var got, again exposed
	f.json(&got, append(args, "--judge", "model", "--picture", "drift.png")...)
	f.json(&again, append(args, "--judge", "model", "--picture", "drift.png")...)
	if got.Prompts != 5 || len(got.Written) != 4 || got.Written[3].Name != "beam:4" || !slices.Equal(got.Blocks, []string{"1–16", "17–40"}) {
		t.Errorf("%+v", got)
	}
	for i, d := range append(got.Written, got.HeldOut) {
		for b, m := range d.Nats {
			if judged := d.Judged[b]; math.Abs(m.Mean-judged.Mean) > 1e-5 || !(m.Mean > 0) {
				t.Errorf("%s: %g by the model and %g by the judge, which is the same", d.Name, m.Mean, judged.Mean)
			}
			if i < 4 && again.Written[i].Nats[b] != m {
				t.Errorf("%s: another time %v, not %v", d.Name, again.Written[i].Nats[b], m)
			}
		}
	}
	if g, s := got.Written[0].Nats[1].Mean, got.Written[1].Nats[1].Mean; g >= s {
		t.Errorf("greedy writes what costs %g nats, sampling %g", g, s)
	}
	if picture := f.read("drift.png"); !strings.HasPrefix(string(picture), "\x89PNG") {
		t.Error("no picture")
	}
	text := f.must(append(args, "--decoders", "sample, typical:0.5")...)
	f.contains(text.out, "5 continuations of 40 tokens, after 10 of the text", "held-out text", "typical:0.5", "17–40", "share of 4-grams")
	f.must(trainArgs("bytes", "--tokens", "byte", "--steps", "2")...)
	if r := f.run(append(args, "--judge", "bytes")...); r.code != codeInput || !strings.Contains(r.err, "--judge bytes: its tokens are not those of model") {
		t.Errorf("judged by a model of other tokens: %d %s", r.code, r.err)
	}
	f.contains(f.must("eval", "model", "text.txt", "--exposure", "--prompts", "9999", "--decoders", "greedy", "--length", "16").err, "the text has ", "pieces of 64 + 16 tokens")
}
