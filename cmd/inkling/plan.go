package main

import (
	"fmt"
	"runtime"
	"time"

	"inkling/lm"
	"inkling/train"
)

// What a run has when neither the user nor a budget says otherwise.
const (
	defaultBudget = 5 * time.Minute
	defaultBatch  = 16
	defaultTime   = 64
	defaultClip   = 1
	// So often is the held-out text measured, unless that would take more than a share of the budget.
	defaultValidations = 20
	fewestValidations  = 4
	validationShare    = 0.1
)

// settle settles every setting: what the user gave is kept, the rest is chosen, from the measured speed
// of the machine if there is a budget, and said in a few lines.
func (t *trainCmd) settle(a *app, text *corpus, from *inheritance) *runConfig {
	c := t.defaults(text, from)
	if t.Steps == nil && t.Epochs == nil && t.Budget == nil {
		c.Train.Budget = duration(defaultBudget)
		a.note("no --steps, --epochs or --budget: training for %s", span(defaultBudget))
	}
	budget := time.Duration(c.Train.Budget)
	fitted := budget > 0 && from == nil && (t.Hidden == nil || t.Layers == nil)
	var flops float64
	if budget > 0 {
		flops = lm.MeasureSpeed(c.Model.Arch, t.shards(runtime.GOMAXPROCS(0)), precisions[c.Train.Precision])
		c.MadeWith.GFLOPS = flops / 1e9
		if c.Train.Sampling.Kind != "" {
			flops *= 3. / 4 // one pass forward more, beside one and a way back that is twice the work
		}
	}
	if fitted {
		c.Model.Counts = text.vocab.Counts
		fit := lm.FitBudget(c.Model, budget, text.train.Len(), flops)
		c.Model, c.Train.Batch, c.Train.Time = fit.Config, fit.Lanes, fit.Time
		if t.Optimizer == train.Optimizers[0].Name { // the one that the rate is for
			c.Train.Options.Rate = fit.Rate
		}
		c.MadeWith.Why = fit.Why
	}
	t.given(c)
	if budget > 0 && t.Validations == nil {
		c.Train.Validations = affordable(c, text, flops, budget)
	}
	if t.Validations == nil && c.Train.Patience >= c.Train.Validations { // so that it can end the run
		c.Train.Validations = min(c.Train.Patience+1, mostValidations)
	}
	t.shrink(a, c, text)
	c.Train.Shards = t.shards(c.Train.Batch)
	if fitted {
		t.explain(a, c, text, flops)
	}
	return c
}

// usualOptions are those of each optimizer but the rate. They are written into config.json, so that a
// run shows all it was made with.
var usualOptions = map[string]train.Options{
	"adamw":   {Momentum: 0.9, Beta2: 0.999, Epsilon: 1e-8},
	"adam":    {Momentum: 0.9, Beta2: 0.999, Epsilon: 1e-8},
	"rmsprop": {Beta2: 0.99, Epsilon: 1e-8},
	"adagrad": {Epsilon: 1e-10},
	"sgd":     {},
}

// usualSchedules are the options of each schedule that has some, as usualOptions.
var usualSchedules = map[string]train.ScheduleOptions{
	"step":    {Factor: 0.5},
	"plateau": {Factor: 0.5, Patience: 2},
}

// defaults are the settings before anything is chosen.
func (t *trainCmd) defaults(text *corpus, from *inheritance) *runConfig {
	c := &runConfig{
		Header: lm.Header{Format: lm.Format, Kind: "lm", Model: t.model()},
		Tokens: text.vocab.Kind, Vocabulary: t.vocabulary(from), Data: text.source,
		Train:    t.settings(settings{Batch: defaultBatch, Time: defaultTime, Clip: defaultClip}),
		MadeWith: madeWith{build: thisBuild(), Threads: runtime.GOMAXPROCS(0)},
	}
	c.Train.Sampling, _ = t.sampling() // which check has seen
	if from != nil {
		c.Model, c.From = from.model, &from.origin
	}
	return c
}

// given puts what the user gave in place of what was chosen.
func (t *trainCmd) given(c *runConfig) {
	set(&c.Model.Hidden, t.Hidden)
	set(&c.Model.Layers, t.Layers)
	t.givenDropout(&c.Model)
	set(&c.Train.Batch, t.Batch)
	set(&c.Train.Time, t.Time)
	set(&c.Train.Options.Rate, t.LR)
	set(&c.Train.Validations, t.Validations)
}

// explain says which sizes were picked, and why.
func (t *trainCmd) explain(a *app, c *runConfig, text *corpus, flops float64) {
	m, s, budget := c.Model, c.Train, time.Duration(c.Train.Budget)
	a.note("sizes for %s: %s, dropout %.2g and %.2g, batch %d × %d steps, learning rate %.2g",
		span(budget), m.Sizes(), m.Dropout, m.DropoutOut, s.Batch, s.Time, s.Options.Rate)
	a.note("because %s", c.MadeWith.Why)
	if t.Hidden == nil && t.Layers == nil && t.Embed == nil && !t.Tied {
		return
	}
	m.Counts = text.vocab.Counts
	_, rate := units(c.Tokens)
	speed := flops / m.FlopsPerToken()
	yours := fmt.Sprintf("with the sizes you gave: about %.0f %s/s, %.1f passes over the text", speed, rate, speed*budget.Seconds()/float64(text.train.Len()))
	a.note("%s", yours)
	c.MadeWith.Why += "; " + yours
}

// affordable is how many validations a budget is good for. One takes the exact probability of each token held out,
// and twice that if averages are measured beside the weights.
func affordable(c *runConfig, text *corpus, flops float64, budget time.Duration) int {
	if text.valid.Len() == 0 {
		return defaultValidations
	}
	m := c.Model
	m.Counts = text.vocab.Counts
	one := float64(text.valid.Len()) * m.FlopsPerScore() / flops
	if c.Train.Average > 0 {
		one *= 2
	}
	return int(min(max(validationShare*budget.Seconds()/one, fewestValidations), defaultValidations))
}

// set replaces a default by what was given, if it was.
func set[T any](v *T, given *T) {
	if given != nil {
		*v = *given
	}
}

// valueOr is what was given, or a default.
func valueOr[T any](given *T, v T) T {
	set(&v, given)
	return v
}

// shards is what was given, or as many as there are cores and lanes.
func (t *trainCmd) shards(lanes int) int {
	if t.Shards != nil {
		return *t.Shards
	}
	return min(runtime.GOMAXPROCS(0), lanes)
}

// shrink makes a batch that was not asked for small enough for a short text: so that it is read in at
// least four steps, if that can be.
func (t *trainCmd) shrink(a *app, c *runConfig, text *corpus) {
	lanes, steps := c.Train.Batch, c.Train.Time
	if items := text.trainSide.Items; items > 0 {
		for t.Batch == nil && lanes > 1 && lanes > items/4/c.Train.Accumulate {
			lanes /= 2
		}
	} else {
		tokens := text.train.Len()
		for t.Batch == nil && lanes > 1 && lanes*steps > tokens/4/c.Train.Accumulate {
			lanes /= 2
		}
		for t.Time == nil && steps > 1 && lanes*steps >= tokens {
			steps /= 2
		}
	}
	if lanes != c.Train.Batch || steps != c.Train.Time {
		a.note("a short text: batch %d × %d steps", lanes, steps)
	}
	c.Train.Batch, c.Train.Time = lanes, steps
}
