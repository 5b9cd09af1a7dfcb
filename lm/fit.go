package lm

import (
	"fmt"
	"math"
	"time"

	"inkling/data"
	"inkling/tensor"
)

// Fit is a choice of sizes for a budget of time.
type Fit struct {
	Config      Config
	Lanes, Time int
	Rate        float64 // learning rate
	Speed       float64 // tokens/s expected
	Epochs      float64 // passes over the text that the budget is good for
	Why         string  // in words
}

// size is what FitBudget chooses from, with the learning rate that suits it.
type size struct {
	hidden, layers int
	rate           float64
}

// What the choice was measured with, on tiny Shakespeare (a million characters): a model gains from
// size as long as it reads the text about four times, and from dropout the more, the more often its
// weights see the same text.
const (
	enoughEpochs    = 4.0
	weightsPerToken = 8.0 // more memorize the text, whatever the dropout
	dropoutPerLog   = 0.17
	mostDropout     = 0.5
)

// FitBudget picks the largest model that can still read the text often enough in the budget: a
// model that has seen a text only a few times is worse than a smaller one that knows it well. Its sizes and dropout
// replace those of c; the rest of c, an embedding for instance, is taken into account.
// flops is the machine's speed in training, of MeasureSpeed.
func FitBudget(c Config, budget time.Duration, tokens int, flops float64) Fit {
	var fit Fit
	for _, s := range c.arch().sizes() {
		c.Hidden, c.Layers = s.hidden, s.layers
		speed := flops / c.FlopsPerToken()
		epochs := speed * budget.Seconds() / float64(tokens)
		if fit.Lanes > 0 && (epochs < enoughEpochs || weightsOf(c) > weightsPerToken*float64(tokens)) {
			break
		}
		fit = Fit{Config: c, Lanes: lanesFor(tokens), Time: 64, Rate: s.rate, Speed: speed, Epochs: epochs}
	}
	seen := fit.Epochs * weightsOf(fit.Config) / float64(tokens)
	p := float32(math.Round(100*min(mostDropout, dropoutPerLog*math.Log1p(seen))) / 100)
	fit.Config.Dropout, fit.Config.DropoutOut = p, p
	fit.Why = fmt.Sprintf("%.0f GFLOP/s in training makes about %.0f tokens/s with %s: %.1f passes over %d tokens in %v",
		flops/1e9, fit.Speed, fit.Config.Sizes(), fit.Epochs, tokens, budget)
	return fit
}

// lanesFor is the batch: small ones make more steps of the same text, and large texts have steps enough.
func lanesFor(tokens int) int {
	if tokens < 300_000 {
		return 16
	}
	return 32
}

// weightsOf counts the matrices of a config.
func weightsOf(c Config) (n float64) {
	c.complete()
	for _, m := range c.arch().products(c, false) {
		n += float64(m[0]) * float64(m[1])
	}
	return n + float64(c.output().Weights) + float64(len(c.Counts))*float64(c.Embed)
}

// FlopsPerToken counts the products of a training step, forward and backward, per token: six
// operations a weight. A token that picks a row of a table multiplies nothing; only the embedding of a
// vocabulary larger than common windows is multiplied for each token. Of the output layer those products are counted that
// training makes.
func (c Config) FlopsPerToken() float64 {
	c.complete()
	return 6 * c.multiplied(c.arch().tabled(c))
}

// FlopsPerScore counts those that the exact probability of a token takes: two operations a weight.
func (c Config) FlopsPerScore() float64 {
	c.complete()
	n := c.output().Exact
	for _, m := range c.arch().products(c, c.arch().tabled(c)) {
		n += float64(m[0]) * float64(m[1])
	}
	return 2 * n
}

// MeasureSpeed trains a small model of an architecture for a few steps on random tokens and returns the
// floating-point operations per second of products really done, with so many shards.
func MeasureSpeed(arch string, shards int, precision tensor.Precision) float64 {
	const vocab, lanes, steps, window = 64, 8, 4, 64
	c := Config{Arch: arch, Hidden: 512, Layers: 1, Counts: make([]int64, vocab)}
	m, err := New(c)
	if err != nil {
		panic(err)
	}
	w := data.Window{Lanes: lanes, Time: window, Inputs: make([]int, lanes*window), Targets: make([]int, lanes*window)}
	for i := range w.Inputs {
		w.Inputs[i], w.Targets[i] = i%vocab, (i+1)%vocab
	}
	done := make(chan time.Duration, shards)
	for range shards {
		go func() {
			tp, carry := tensor.NewTape(), make([]float32, m.CarryFloats(w))
			tp.Precision = precision
			fastest := time.Duration(1 << 62)
			for s := range uint64(steps) {
				began := time.Now()
				tp.Reset(1, s, 0)
				tp.Backward(m.Loss(tp, w, carry), 1)
				fastest = min(fastest, time.Since(began))
			}
			done <- fastest
		}()
	}
	slowest := time.Duration(0)
	for range shards {
		slowest = max(slowest, <-done)
	}
	return c.FlopsPerToken() * lanes * window * float64(shards) / slowest.Seconds()
}
