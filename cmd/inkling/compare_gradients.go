package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inkling/train"
	"inkling/vae"
)

// compareGradientsCmd is inkling compare gradients: how noisy, and how dear, each estimate of the gradient of a VAE's encoder is.
type compareGradientsCmd struct {
	Path string `arg:"" optional:"" help:"The pictures: what train vae reads. Those that the run of --run learned from unless given."`
	Of   string `name:"run" help:"Folder of a VAE; without one, a small model is trained on the pictures first." placeholder:"DIR" env:"-"`

	Latent []int  `help:"Latent variables of the model to train; 20." placeholder:"N,…" group:"The model"`
	Hidden string `help:"Its layers, as train vae has them; 100." placeholder:"N,…" group:"The model"`
	Steps  *int   `help:"How long it is trained; 500." placeholder:"N" group:"The model"`

	K        int    `name:"k" help:"Samples of z for each picture, of all estimators." default:"8" placeholder:"K" group:"The measurement"`
	Examples int    `help:"Pictures, the first to learn from." default:"100" placeholder:"N" group:"The measurement"`
	Pairs    int    `help:"Pairs of gradients to draw of each estimator." default:"50" placeholder:"N" group:"The measurement"`
	Picture  string `help:"Draw what comes out, as .png or .svg." placeholder:"FILE" env:"-" group:"The measurement"`
	Seed     uint64 `help:"Of the model and of all that is drawn." default:"1" group:"The measurement"`
}

// Help is what --help says beside the flags.
func (*compareGradientsCmd) Help() string {
	return `A VAE's encoder learns from a gradient that depends on what z was drawn. Here it is drawn again and again, for the same
pictures and the same weights, in all the ways that there are:

  reparametrized   through z = μ + σ·ε, the divergence in closed form: objective elbo
  sampled KL       the same, the divergence at the sample: elbo with --sampled-kl
  score            by the score function (REINFORCE), less the mean of the other samples: objective score
  score, plain     the same with no control variate
  IWAE             through z, of the importance-weighted bound: objective iwae
  DReG             the same bound, doubly reparametrized: objective dreg

The first four have the same expectation, the gradient of the evidence lower bound; the last two have that of the
importance-weighted bound, which is another one, so that their variance and that of the others do not compare as closely.

  VARIANCE          of the gradient of one picture: the trace of its covariance, and one standard error. Of a mean over n
                    pictures it is an n-th of that.
  TIME              for one gradient of all pictures, of all parameters, forward and back, on one core: the median, and
                    between what half of the times were.
  AT EQUAL COST     variance times time, since twice the time buys half the variance; reparametrized is 1.
  SIGNAL TO NOISE   the length of the expected gradient over the standard deviation, of a mean over these pictures.

Estimators take turns, so that what else the machine does falls on all alike.`
}

// What the model has that is trained first, unless something else is given: enough to be past the beginning, where all gradients point the
// same way.
const (
	gradientsLatent = 20
	gradientsHidden = "100"
	gradientsSteps  = 500
	mostPairs       = 1 << 20
	mostDrawn       = 1 << 16 // samples of z at once: of a model of 784–200–200–50, most of a gigabyte
)

// estimatedGradient is how one estimator did.
type estimatedGradient struct {
	Estimator     string  `json:"estimator"`
	Doc           string  `json:"doc"`
	Bound         string  `json:"bound"`    // whose gradient it is: "elbo" or "iwae"
	Variance      float64 `json:"variance"` // of one example's gradient
	Error         float64 `json:"variance_standard_error"`
	Seconds       float64 `json:"seconds"` // for a gradient of all examples, on one core: the median
	Fast          float64 `json:"seconds_lower_quartile"`
	Slow          float64 `json:"seconds_upper_quartile"`
	Relative      float64 `json:"relative_variance"`      // to that of reparametrized
	EqualCost     float64 `json:"relative_at_equal_cost"` // variance times seconds, to that of reparametrized
	SignalToNoise float64 `json:"signal_to_noise"`        // of a mean over the examples; 0: chance hides the signal
}

// gradientsCompared is the whole result.
type gradientsCompared struct {
	Model     string              `json:"model"` // in words
	Run       string              `json:"run,omitempty"`
	Pictures  string              `json:"pictures"`
	Steps     int                 `json:"steps,omitempty"` // that the model was trained for first
	Examples  int                 `json:"examples"`
	K         int                 `json:"k"`
	Gradients int                 `json:"gradients"` // drawn of each
	Picture   string              `json:"picture,omitempty"`
	Results   []estimatedGradient `json:"results"`
}

func (c *compareGradientsCmd) Run(a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	result := gradientsCompared{K: c.K, Gradients: 2 * c.Pairs, Picture: c.Picture}
	s, err := c.model(a, &result)
	if err != nil {
		return err
	}
	m := s.fit.Model
	seen := vae.Pictures{Images: s.pictures.train, Binarize: s.cfg.Binarize, Seed: s.cfg.Train.Seed}
	n := min(c.Examples, seen.Len())
	result.Model, result.Pictures, result.Examples = m.Config.Describe(), s.cfg.Data.File, n
	list := vae.Estimators(c.K)
	a.note("%s, %s of each estimator with %d samples of z, of %s", m.Config.Describe(), plural(2*c.Pairs, "gradient"), c.K, plural(n, "picture"))
	defer a.orderly()()
	told := time.Now()
	estimated, err := m.Estimate(a.ctx, vae.Batch{Rows: n, X: seen.Rows(0, n)}, list, c.Pairs, c.Seed, func(done int) {
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			a.note("%s of %s pairs", thousands(done), thousands(c.Pairs))
		}
	})
	if err != nil {
		return err
	}
	for i, e := range estimated {
		slices.Sort(e.Seconds)
		at := func(share float64) float64 { return e.Seconds[int(share*float64(len(e.Seconds)-1)+0.5)] }
		r := estimatedGradient{
			Estimator: list[i].Name, Doc: list[i].Doc, Bound: list[i].Bound, Variance: e.Variance, Error: e.Error,
			Seconds: median(e.Seconds), Fast: at(0.25), Slow: at(0.75), Relative: 1, EqualCost: 1, SignalToNoise: e.SignalToNoise(n),
		}
		if math.IsNaN(e.Variance) || math.IsInf(e.Variance, 0) || !(e.Variance > 0) {
			return badInput("the gradient by %s has the variance %g: the model is not one whose gradients compare", r.Estimator, e.Variance)
		}
		if i > 0 {
			r.Relative = r.Variance / result.Results[0].Variance
			r.EqualCost = r.Relative * r.Seconds / result.Results[0].Seconds
		}
		result.Results = append(result.Results, r)
	}
	if c.Picture != "" {
		if err := result.draw(); err != nil {
			return err
		}
	}
	return result.print(a)
}

func (c *compareGradientsCmd) check() error {
	trains := map[string]bool{"--latent": c.Latent != nil, "--hidden": c.Hidden != "", "--steps": c.Steps != nil}
	for _, flag := range []string{"--latent", "--hidden", "--steps"} {
		if c.Of != "" && trains[flag] {
			return usage("%s is of a model to train, and --run names one that is trained: leave one of them out", flag)
		}
	}
	if c.Path == "" && c.Of == "" {
		return usage("no pictures: name them, as in inkling compare gradients PATH, or a VAE with --run DIR")
	}
	if kind := strings.ToLower(filepath.Ext(c.Picture)); c.Picture != "" && kind != ".png" && kind != ".svg" {
		return usage("--picture %s: must end in .png or .svg", c.Picture)
	}
	err := check(bound{"--k", &c.K, 2, 1 << 12}, bound{"--examples", &c.Examples, 1, mostLanes}, bound{"--pairs", &c.Pairs, 2, mostPairs}, bound{"--steps", c.Steps, 1, unbounded})
	if drawn := c.Examples * c.K; err == nil && drawn > mostDrawn {
		return usage("--examples %d with --k %d are %s samples of z at once: at most %s", c.Examples, c.K, thousands(drawn), thousands(mostDrawn))
	}
	return err
}

// model is the run that was named, or one that is trained here, with its pictures.
func (c *compareGradientsCmd) model(a *app, result *gradientsCompared) (*vaeSitting, error) {
	if c.Of == "" {
		result.Steps = valueOr(c.Steps, gradientsSteps)
		return c.trained(a, result.Steps)
	}
	result.Run = c.Of
	m, cfg, err := openVAE(a, c.Of)
	if err != nil {
		return nil, err
	}
	if c.Path != "" {
		cfg.Data.File = c.Path
	}
	p, err := openPictures(a, &cfg.Data, nil)
	if err != nil {
		return nil, err
	}
	if t, k := p.train, m.Config; t.Height != k.Height || t.Width != k.Width || t.Channels != k.Channels {
		return nil, badInput("%s has pictures of %d × %d with %s, and %s is a model of %d × %d with %d: name pictures like those that it learned from",
			cfg.Data.File, t.Height, t.Width, plural(t.Channels, "channel"), c.Of, k.Height, k.Width, k.Channels)
	}
	return &vaeSitting{cfg: cfg, pictures: p, fit: &vae.Fit{Model: m, Objective: cfg.Objective}}, nil
}

// trained trains a model a little.
func (c *compareGradientsCmd) trained(a *app, steps int) (*vaeSitting, error) {
	t := trainVAECmd{Path: c.Path, Valid: "0", Latent: c.Latent, Hidden: c.Hidden, loopFlags: loopFlags{
		Steps: &steps, Optimizer: train.Optimizers[0].Name, Schedule: train.Schedules[0].Name, Seed: c.Seed, Precision: "float32", Keep: 1,
	}}
	if t.Latent == nil {
		t.Latent = []int{gradientsLatent}
	}
	if t.Hidden == "" && len(t.Latent) == 1 {
		t.Hidden = gradientsHidden
	}
	cfg, err := t.config()
	if err != nil {
		return nil, err
	}
	s, err := newVAESitting(a, cfg, nil)
	if err != nil {
		return nil, err
	}
	loop, err := cfg.Train.loop()
	if err != nil {
		return nil, err
	}
	defer a.orderly()()
	p := newProgress(a.err, "images")
	defer p.close()
	loop.Progress = p.step
	r, err := train.Run(a.ctx, s.fit, s.source(), loop)
	if err == nil && r.Interrupted {
		err = errInterrupted
	}
	return s, err
}

func (g *gradientsCompared) print(a *app) error {
	if a.json {
		return a.printJSON(g)
	}
	rows := [][]string{{"estimator", "bound", "variance", "±", "ms", "from … to", "relative variance", "at equal cost", "signal to noise"}}
	for _, r := range g.Results {
		signal := "hidden"
		if r.SignalToNoise > 0 {
			signal = fmt.Sprintf("%.3g", r.SignalToNoise)
		}
		rows = append(rows, []string{
			r.Estimator, r.Bound, fmt.Sprintf("%.4g", r.Variance), fmt.Sprintf("%.2g", r.Error), fmt.Sprintf("%.2f", 1e3*r.Seconds), fmt.Sprintf("%.2f … %.2f", 1e3*r.Fast, 1e3*r.Slow),
			fmt.Sprintf("%.3g", r.Relative), fmt.Sprintf("%.3g", r.EqualCost), signal,
		})
	}
	table(a.out, rows...)
	fmt.Fprintf(a.out, "\nThe gradient of the encoder of %s, %d samples of z, %s, the same %s: variance of one of them, ms for all.\n",
		g.Model, g.K, plural(g.Gradients, "draw"), plural(g.Examples, "picture"))
	fmt.Fprintln(a.out, "IWAE and DReG estimate the gradient of another bound than the rest; a signal is hidden where chance makes more than it.")
	if g.Picture != "" {
		fmt.Fprintf(a.out, "Variance, and at equal cost: %s\n", g.Picture)
	}
	return nil
}

func (g *gradientsCompared) draw() error {
	variance, cost := marks{name: "variance"}, marks{name: "variance at equal cost"}
	var names []string
	for _, r := range g.Results {
		names = append(names, r.Estimator)
		variance.y, variance.spread = append(variance.y, r.Relative), append(variance.spread, r.Relative*r.Error/r.Variance)
		cost.y, cost.spread = append(cost.y, r.EqualCost), append(cost.spread, r.EqualCost*r.Error/r.Variance)
	}
	title := fmt.Sprintf("Gradients of a VAE's encoder, %d samples of each of %s", g.K, plural(g.Examples, "picture"))
	return drawMarks(g.Picture, title, "relative to reparametrized", names, variance, cost)
}
