package main

import (
	"cmp"
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"inkling/data"
	"inkling/lm"
	"inkling/train"
)

// models are those to measure under a name, none if it is not a model's: what was asked for, or models of characters, one
// that fills the machine and the small one that those of 2015 came with, and a model of words, of a window.
func (b *benchCmd) models(name string) (rows []row) {
	large := row{Name: name, Unit: "chars/s", Arch: "lstm", Hidden: 512, Layers: 2, Batch: 64, Time: 100, Vocab: 65}
	small := large
	small.Hidden, small.Batch = 128, 50
	switch name {
	case "lstm-train":
		rows = []row{large, small}
	case "gru-train":
		large.Arch, small.Arch = "gru", "gru"
		rows = []row{large, small}
	case "wordlm-train":
		window := row{Name: name, Unit: "words/s", Arch: "window", Hidden: 512, Layers: 1, Batch: 32, Time: 64, Vocab: 10_000, Embed: 100, Context: 5, Output: "full"}
		lstm := row{Name: name, Unit: "words/s", Arch: "lstm", Hidden: 512, Layers: 1, Batch: 32, Time: 35, Vocab: 33_278, Embed: 256, Output: "adaptive", Optimizer: "sgd"} // WikiText-2's vocabulary
		larger := lstm
		larger.Vocab = 267_735 // WikiText-103's
		switch rows = []row{window, lstm, larger}; valueOr(b.Arch, "") {
		case "window":
			rows = rows[:1]
		case "lstm":
			rows = rows[1:]
		}
	case "lstm-generate":
		rows = []row{large}
	case "lstm-beam":
		large.Batch = usualBeam
		rows = []row{large}
	}
	if b.Hidden != nil || b.Layers != nil || b.Batch != nil || b.Time != nil || len(rows) > 0 && rows[0].Output != "" && (b.Vocab != nil || b.Output != nil) {
		rows = rows[:min(1, len(rows))]
	}
	for i := range rows {
		r := &rows[i]
		set(&r.Hidden, b.Hidden)
		set(&r.Layers, b.Layers)
		set(&r.Batch, b.Batch)
		set(&r.Time, b.Time)
		set(&r.Vocab, b.Vocab)
		if r.Output != "" {
			set(&r.Output, b.Output)
			set(&r.Embed, b.Embed)
		}
	}
	return rows
}

// decodes says whether what is measured under a name is not training.
func decodes(name string) bool { return name == "lstm-generate" || name == "lstm-beam" }

// shards are those asked for, or one a thread.
func (b *benchCmd) shards(r row) int {
	return cmp.Or(b.Shards, min(runtime.GOMAXPROCS(0), r.Batch))
}

// trainTokens is the length of the text that training is measured on.
func trainTokens(lanes, time int) int { return 8*lanes*time + 1 }

func (r row) config() lm.Config {
	return lm.Config{
		Arch: r.Arch, Hidden: r.Hidden, Layers: r.Layers, Embed: r.Embed, Context: r.Context, Output: r.Output,
		Counts: r.counts(), Seed: 1,
	}
}

// counts are those of words by Zipf's law, of which the n-th is n times rarer than the first; characters have none.
func (r row) counts() []int64 {
	counts := make([]int64, r.Vocab)
	if r.Output != "" {
		for i := range counts {
			counts[i] = int64(r.Vocab * 10 / (i + 1))
		}
	}
	return counts
}

// text is a text to train on: of words by their counts, or of characters, each as often as the others.
func (r row) text() []int {
	tokens := make([]int, trainTokens(r.Batch, r.Time))
	if r.Output == "" {
		for i := range tokens {
			tokens[i] = (i*i + i/3) % r.Vocab
		}
		return tokens
	}
	sums, total := make([]int64, r.Vocab), int64(0)
	for i, n := range r.counts() {
		total += n
		sums[i] = total
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range tokens {
		tokens[i], _ = slices.BinarySearch(sums, rnd.Int64N(total)+1)
	}
	return tokens
}

func (r row) model() (*lm.Model, error) {
	m, err := lm.New(r.config())
	if err != nil {
		return nil, usage("%w", err)
	}
	return m, nil
}

func (b *benchCmd) train(name string) func(*app) ([]row, error) {
	return func(a *app) (rows []row, err error) {
		for _, r := range b.models(name) {
			for _, dtype := range b.dtypes() {
				r.Dtype, r.Threads, r.Shards = dtype, runtime.GOMAXPROCS(0), b.shards(r)
				if err := b.trainSteps(a, &r); err != nil {
					return nil, err
				}
				rows = append(rows, r)
			}
		}
		return rows, nil
	}
}

// trainSteps measures whole steps of training: forward, backward, clipping and AdamW, or plain SGD where the peer has it. Its GFLOP are the
// products really done: a one-hot input that picks a row counts nothing.
func (b *benchCmd) trainSteps(a *app, r *row) error {
	model, err := r.model()
	if err != nil {
		return err
	}
	windows, err := data.NewWindows(data.List(r.text()), r.Batch, r.Time, 1)
	if err != nil {
		return usage("%w", err)
	}
	took, spread, err := timeSteps(a, b, model, windows, train.Config{
		Optimizer: r.Optimizer, Options: train.Options{Rate: 1e-4}, Shards: r.Shards, Precision: precisions[r.Dtype],
	})
	if err != nil {
		return err
	}
	r.Value = float64(windows.StepTokens()) / took
	r.GFLOPS, r.Spread = r.Value*model.Config.FlopsPerToken()/1e9, spread
	return nil
}

// timeSteps trains until the repetitions are made, and for a second at least, and returns the median seconds of a step, with the spread.
func timeSteps[B train.Batch](a *app, b *benchCmd, model train.Model[B], source train.Source[B], c train.Config) (took, spread float64, err error) {
	const warm = 2 // steps in which memory is first asked for
	ctx, cancel := context.WithCancel(a.ctx)
	defer cancel()
	began := time.Now()
	last := began
	var times []float64
	c.Steps, c.Schedule, c.Validations = 1<<20, "constant", 1
	c.Progress = func(p train.Progress) {
		now := time.Now()
		if p.Step > warm {
			times = append(times, now.Sub(last).Seconds())
		}
		last = now
		// A short step is measured more often: the clock and the machine are noisy.
		enough := len(times) >= b.Repeat && now.Sub(began) > time.Second
		if enough || len(times) > 0 && now.Sub(began) > b.Limit {
			cancel()
		}
	}
	if _, err = train.Run(ctx, model, source, c); err == nil {
		err = a.ctx.Err()
	}
	if err != nil {
		return 0, 0, err
	}
	took, spread, _ = summary(times)
	return took, spread, nil
}
