package main

import (
	"fmt"
	"math"

	"inkling/checkpoint"
	"inkling/data"
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
	s := &vaeSitting{cfg: c, pictures: p, need: need, fit: &vae.Fit{Model: m, Objective: c.Objective}}
	if s.rounds() {
		a.note("numbers are rounded to %d levels, and what the model learns are the rounded pictures: --levels 256 keeps all that a byte can tell, --likelihood logistic does so with few weights", c.Model.Levels)
	}
	return s, nil
}

// rounds says whether pictures lose something to the levels of the likelihood, as far as the first of them tell.
func (s *vaeSitting) rounds() bool {
	seen := vae.Pictures{Images: s.pictures.train, Binarize: s.cfg.Binarize, Seed: s.cfg.Train.Seed}
	seen.Images = seen.Images.Slice(0, min(seen.Len(), 1000))
	return s.cfg.Model.Levels > 0 && improper(s.fit.Model, seen) != ""
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

func (s *vaeSitting) held() vae.Pictures {
	return vae.Pictures{Images: s.pictures.held, Binarize: s.cfg.Binarize, Seed: s.cfg.Train.Seed}
}

func (s *vaeSitting) source() *vae.Source {
	return &vae.Source{Images: s.pictures.train, Size: s.cfg.Train.Batch, Binarize: s.cfg.Binarize, Seed: s.cfg.Train.Seed}
}

// training is what package train does with the run.
func (s *vaeSitting) training() *vaeTraining {
	t := &vaeTraining{run: s.run, settings: s.cfg.Train, fit: s.fit, source: s.source(), unit: "images", look: s.strip}
	if s.pictures.held != nil {
		t.held, t.few = s.held(), func(n int) vae.Examples {
			few := s.held()
			few.Images = few.Images.Slice(0, min(few.Len(), n))
			return few
		}
	}
	return t
}

func (s *vaeSitting) trainAndReport(a *app) error {
	return s.training().report(a, func(a *app, r train.Result) error {
		if s.pictures.held == nil { // no validation has made it
			if err := s.strip(); err != nil {
				a.note("%s", oneLine(err.Error()))
			}
		}
		return s.tell(a, r)
	})
}

// trainedVAE is what --json says of a run.
type trainedVAE struct {
	trainedRun
	ImagesPerS float64 `json:"images_per_s"`
}

func (s *vaeSitting) tell(a *app, r train.Result) error {
	of, err := s.training().result(a, r)
	if err != nil {
		return err
	}
	o := trainedVAE{of, of.perSecond()}
	o.alike = alike(s.pictures.train)
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
	dir := quoted(s.run.Dir())
	eval := "inkling eval " + dir + " " + quoted(s.cfg.Data.File)
	if !s.cfg.Model.Point {
		eval += " --bound iwae:100"
	}
	o.ended(a, o.saw("images"), ", with samples in samples.png", "inkling sample "+dir+" -n 64 --out samples.png", eval, "inkling info "+dir)
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
