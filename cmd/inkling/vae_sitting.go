package main

import (
	"context"
	"fmt"
	"math"
	"strings"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/eval"
	"inkling/train"
	"inkling/vae"
)

// vaeSitting is one go at a run of a VAE, from its beginning or from where it stopped.
type vaeSitting struct {
	run      *checkpoint.Run
	cfg      *vaeConfig
	pictures pictures
	need     memoryPlan
	fit      *vae.Fit
}

// newVAESitting reads the pictures, settles what depends on them, checks that all of it fits into the memory, and makes the model.
func newVAESitting(a *app, c *vaeConfig, same func(imageSource) error) (*vaeSitting, error) {
	p, err := openPictures(a, &c.Data, same)
	if err != nil {
		return nil, err
	}
	for _, n := range p.notes {
		a.note("%s", n)
	}
	if c.Objective.Aggressive && p.held == nil {
		return nil, usage("--aggressive ends when the encoder tells no more about what is held out, and nothing is: give --valid a share, or leave --aggressive out")
	}
	t := p.train
	mean, deviation, grey := average(t)
	c.Model.Height, c.Model.Width, c.Model.Channels, c.Model.Seed = t.Height, t.Width, t.Channels, c.Train.Seed
	c.Model.Mean, c.Model.Deviation = mean, deviation
	if err := c.Model.Complete(); err != nil {
		return nil, usage("%w", err)
	}
	if c.Binarize == "" {
		c.Binarize = "none"
		if c.Model.Likelihood == "bernoulli" && grey {
			c.Binarize = "dynamic"
		}
	}
	c.Train.Shards = min(c.Train.Shards, c.Train.Batch, t.Len())
	if o := c.Objective; o.Anneal == "linear" && c.Train.Epochs > 0 && o.Warm > c.Train.Epochs {
		a.note("the divergence has its whole weight after %g passes, and the run ends after %g: give it more, or make --warm less", o.Warm, c.Train.Epochs)
	}
	held := "none held out"
	if p.held != nil {
		held = thousands(p.held.Len()) + " held out"
	}
	a.note("%s of %d × %d to learn from, %s", plural(t.Len(), "picture"), t.Height, t.Width, held)
	if c.Binarize != "none" {
		a.note("black and white by chance (%s): each number is 1 with its value as the probability", c.Binarize)
	}
	if d := c.Model.Latent[0]; d > c.Model.Inputs() {
		a.note("more latent variables, %s, than a picture has numbers, %s: some will have nothing to say", thousands(d), thousands(c.Model.Inputs()))
	}
	need, err := planVAE(c, p.bytes)
	if err != nil {
		return nil, usage("%w", err)
	}
	if err := need.check(a.memory(), "this run", "make --hidden, --batch or --k smaller, or read fewer pictures with --limit"); err != nil {
		return nil, err
	}
	need.hold()
	m, err := vae.New(c.Model)
	if err != nil {
		return nil, usage("%w", err)
	}
	c.Model = m.Config
	return &vaeSitting{cfg: c, pictures: p, need: need, fit: &vae.Fit{Model: m, Objective: c.Objective}}, nil
}

// average is the mean and the deviation of each number over the pictures, and whether there are others than 0 and 1.
func average(m *data.Images) (mean, deviation []float32, grey bool) {
	sums, squares, x := make([]float64, m.Size()), make([]float64, m.Size()), make([]float32, m.Size())
	for i := range m.Len() {
		m.Read(x, i)
		for j, v := range x {
			sums[j] += float64(v)
			squares[j] += float64(v) * float64(v)
			grey = grey || v != 0 && v != 1
		}
	}
	mean, deviation = make([]float32, len(sums)), make([]float32, len(sums))
	for j := range sums {
		average := sums[j] / float64(m.Len())
		mean[j], deviation[j] = float32(average), float32(math.Sqrt(max(0, squares[j]/float64(m.Len())-average*average)))
	}
	return mean, deviation, grey
}

// begin writes down what was settled, trains and reports.
func (s *vaeSitting) begin(a *app) error {
	if err := s.run.Writable(); err != nil {
		return err
	}
	if err := s.cfg.write(s.run); err != nil {
		return err
	}
	return s.trainAndReport(a)
}

func (s *vaeSitting) held() vae.Examples {
	return vae.Examples{Images: s.pictures.held, Binarize: s.cfg.Binarize, Seed: s.cfg.Train.Seed}
}

func (s *vaeSitting) source() *vae.Source {
	return &vae.Source{Images: s.pictures.train, Size: s.cfg.Train.Batch, Binarize: s.cfg.Binarize, Seed: s.cfg.Train.Seed}
}

// train runs until the run is over or the user stops it.
func (s *vaeSitting) train(a *app) (train.Result, error) {
	loop, err := s.cfg.Train.loop()
	if err != nil {
		return train.Result{}, err
	}
	w := watch{config: s.cfg.Model}
	p := newProgress(a.err, "images")
	p.more = w.String
	defer p.close()
	a.orderly()
	told := context.AfterFunc(a.ctx, func() {
		p.say("stopping after this step; once more to stop at once, without saving")
	})
	defer told()
	loop.Folder = s.run
	s.run.Keep = s.cfg.Train.Keep
	loop.Warn = func(message string) { p.say("%s", message) }
	warned := false
	loop.Progress = func(now train.Progress) {
		if now.Validated || now.Step%50 == 0 || now.Step == 1 {
			w.mu.Lock()
			w.likelihood, w.kl = s.fit.Meter.Take()
			w.mu.Unlock()
		}
		p.step(now)
		if now.Validated {
			// The run does without it.
			if err := s.strip(); err != nil && !warned {
				p.say("%s", oneLine(err.Error()))
				warned = true
			}
		}
	}
	if s.pictures.held != nil {
		loop.Validate = func(ctx context.Context) (float64, error) {
			p.measuring(true)
			defer p.measuring(false)
			j, err := s.fit.Model.Judge(context.WithoutCancel(ctx), s.held(), s.cfg.Train.Seed)
			if err != nil {
				return math.NaN(), err
			}
			loss, err := s.heldOut(ctx, j)
			if err == nil && !math.IsNaN(loss) && !math.IsInf(loss, 0) {
				w.judged(j, loss)
			}
			return loss, err
		}
		loop.Also = w.take
	}
	source := s.source()
	if s.cfg.Objective.Aggressive {
		s.fit.Ahead = vae.NewAggressive(s.fit.Model, source.StepsPerEpoch(), func() (float64, error) { return s.information(p) })
		loop.Phases = s.fit.Ahead
	}
	return train.Run(a.ctx, s.fit, source, loop)
}

// information is the mutual information of x and z on the held-out pictures, in nats.
func (s *vaeSitting) information(p *progress) (float64, error) {
	held := s.held()
	held.Images = held.Images.Slice(0, min(held.Len(), eval.MaxInformation))
	j, err := s.fit.Model.Judge(context.Background(), held, s.cfg.Train.Seed)
	if err != nil {
		return math.NaN(), err
	}
	nats, _ := informationOf(j)
	p.say("the encoder is trained ahead of the decoder: after a pass of the decoder, z tells %.3f nats about x", nats)
	return nats, nil
}

// heldOut is what the held-out pictures cost: minus the bound that is trained, in nats.
func (s *vaeSitting) heldOut(ctx context.Context, j *vae.Judged) (float64, error) {
	bounds := j.Bound()
	switch o := s.cfg.Objective; {
	case o.Weighted():
		var err error
		if bounds, err = s.fit.Model.Importance(context.WithoutCancel(ctx), s.held(), o.K, s.cfg.Train.Seed, nil); err != nil {
			return math.NaN(), err
		}
	}
	sum := 0.0
	for _, b := range bounds {
		sum += b
	}
	return -sum / float64(len(bounds)), nil
}

func (s *vaeSitting) trainAndReport(a *app) error {
	r, err := s.train(a)
	if err != nil {
		return err
	}
	if s.pictures.held == nil { // no validation has made it
		if err := s.strip(); err != nil {
			a.note("%s", oneLine(err.Error()))
		}
	}
	if err := s.tell(a, r); err != nil {
		return err
	}
	if r.Interrupted {
		return errInterrupted
	}
	return nil
}

// trainedVAE is what --json says of a run.
type trainedVAE struct {
	Out         string   `json:"out"`
	Steps       int      `json:"steps"`
	Seconds     float64  `json:"seconds"`
	ImagesPerS  float64  `json:"images_per_s"`
	Valid       *float64 `json:"valid"` // nats per picture held out, minus the bound of the objective; null without
	BestStep    int      `json:"best_step"`
	Interrupted bool     `json:"interrupted"`
	Early       bool     `json:"early"`
	Averaged    bool     `json:"averaged"`
	judgedVAE
}

func (s *vaeSitting) tell(a *app, r train.Result) error {
	o := trainedVAE{Out: s.run.Dir(), Steps: r.Steps, Seconds: r.Seconds, BestStep: r.BestStep, Interrupted: r.Interrupted, Early: r.Early, Averaged: r.Averaged}
	if r.Seconds > 0 {
		o.ImagesPerS = r.Weight / r.Seconds
	}
	if !math.IsNaN(r.Best) {
		o.Valid = &r.Best
		j, err := s.fit.Model.Judge(context.WithoutCancel(a.ctx), s.held(), s.cfg.Train.Seed)
		if err != nil {
			return err
		}
		o.judgedVAE = summarize(s.cfg.Model, j)
	}
	if err := s.run.WriteFile("README.md", s.card(o)); err != nil {
		return err
	}
	if a.json {
		return a.printVAE(o, o.point)
	}
	if o.Valid != nil {
		fmt.Fprintf(a.out, "on the %s pictures held out, nats of each:\n", thousands(s.pictures.held.Len()))
		o.print(a)
		fmt.Fprintln(a.out)
	}
	how := "finished"
	if r.Interrupted {
		how = "stopped"
	}
	fmt.Fprintf(a.out, "%s at step %s after %s: %s images seen, %s images/s\n", how, thousands(r.Steps), span(seconds(r.Seconds)), thousands(int64(r.Weight)), thousands(int64(o.ImagesPerS)))
	dir := quoted(s.run.Dir())
	eval := "inkling eval " + dir + " " + quoted(s.cfg.Data.File)
	if !s.cfg.Model.Point {
		eval += " --bound iwae:100"
	}
	next := []string{"inkling sample " + dir + " -n 64 --out samples.png", eval, "inkling info " + dir}
	if r.Interrupted {
		next = append([]string{"inkling resume " + dir}, next...)
	}
	fmt.Fprintf(a.out, "the model is in %s, with samples in samples.png\n\ntry next:\n  %s\n", s.run.Dir(), strings.Join(next, "\n  "))
	return nil
}

// plan tells what memory the run would take.
func (s *vaeSitting) plan(a *app) error {
	if a.json {
		return a.printJSON(map[string]any{"training": s.need, "available": a.memory()})
	}
	printPlans(a, namedPlan{"training", s.need})
	return nil
}
