package main

import (
	"context"
	"math"

	"inkling/checkpoint"
	"inkling/eval"
	"inkling/train"
	"inkling/vae"
)

// vaeTraining trains a VAE of any data, or goes on with it.
type vaeTraining struct {
	run      *checkpoint.Run
	settings settings
	fit      *vae.Fit
	source   train.Source[vae.Batch]
	held     vae.Examples             // nil: nothing is held out
	few      func(n int) vae.Examples // no more than n of them
	unit     string                   // what is counted: "images"
	look     func() error             // writes down what people look at, after each validation; nil: nothing
}

// train runs until the run is over or the user stops it.
func (t *vaeTraining) train(a *app) (train.Result, error) {
	loop, err := t.settings.loop()
	if err != nil {
		return train.Result{}, err
	}
	w := watch{config: t.fit.Model.Config}
	p := newProgress(a.err, t.unit)
	p.more = w.String
	defer p.close()
	a.orderly()
	told := context.AfterFunc(a.ctx, func() {
		p.say("stopping after this step; once more to stop at once, without saving")
	})
	defer told()
	loop.Folder = t.run
	t.run.Keep = t.settings.Keep
	loop.Warn = func(message string) { p.say("%s", message) }
	warned := false
	loop.Progress = func(now train.Progress) {
		if now.Validated || now.Step%50 == 0 || now.Step == 1 {
			w.mu.Lock()
			w.likelihood, w.kl = t.fit.Meter.Take()
			w.mu.Unlock()
		}
		p.step(now)
		if now.Validated && t.look != nil {
			// The run does without it.
			if err := t.look(); err != nil && !warned {
				p.say("%s", oneLine(err.Error()))
				warned = true
			}
		}
	}
	if t.held != nil {
		loop.Validate = func(ctx context.Context) (float64, error) {
			p.measuring(true)
			defer p.measuring(false)
			j, err := t.fit.Model.Judge(context.WithoutCancel(ctx), t.held, t.settings.Seed)
			if err != nil {
				return math.NaN(), err
			}
			loss, err := t.loss(ctx, j)
			if err == nil && !math.IsNaN(loss) && !math.IsInf(loss, 0) {
				w.judged(j, loss)
			}
			return loss, err
		}
		loop.Also = w.take
	}
	if t.fit.Objective.Aggressive {
		t.fit.Ahead = vae.NewAggressive(t.fit.Model, t.source.StepsPerEpoch(), func() (float64, error) { return t.information(p) })
		loop.Phases = t.fit.Ahead
	}
	return train.Run(a.ctx, t.fit, t.source, loop)
}

// information is the mutual information of x and z on what is held out, in nats.
func (t *vaeTraining) information(p *progress) (float64, error) {
	j, err := t.fit.Model.Judge(context.Background(), t.few(eval.MaxInformation), t.settings.Seed)
	if err != nil {
		return math.NaN(), err
	}
	nats, _ := informationOf(j)
	p.say("the encoder is trained ahead of the decoder: after a pass of the decoder, z tells %.3f nats about x", nats)
	return nats, nil
}

// loss is what is held out costs: minus the bound that is trained, in nats.
func (t *vaeTraining) loss(ctx context.Context, j *vae.Judged) (float64, error) {
	bounds := j.Bound()
	if o := t.fit.Objective; o.Weighted() {
		var err error
		if bounds, err = t.fit.Model.Importance(context.WithoutCancel(ctx), t.held, o.K, t.settings.Seed, nil); err != nil {
			return math.NaN(), err
		}
	}
	return -eval.Mean(bounds), nil
}

// result is what there is to say of a run that ended.
func (t *vaeTraining) result(a *app, r train.Result) (trainedRun, error) {
	o := trainedRun{Out: t.run.Dir(), Steps: r.Steps, Seconds: r.Seconds, BestStep: r.BestStep, Interrupted: r.Interrupted, Early: r.Early, Averaged: r.Averaged, seen: r.Weight}
	if math.IsNaN(r.Best) {
		return o, nil
	}
	o.Valid = &r.Best
	j, err := t.fit.Model.Judge(context.WithoutCancel(a.ctx), t.held, t.settings.Seed)
	if err != nil {
		return o, err
	}
	o.judgedVAE = summarize(t.fit.Model.Config, j)
	return o, nil
}
