package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"time"

	"inkling/eval"
	"inkling/train"
	"inkling/vae"
)

// compareEMCmd is inkling compare em: the same decoder, pictures and budget for each way to fit it by variational inference.
type compareEMCmd struct {
	Path    string         `arg:"" help:"The pictures to learn from: a folder of PNG and JPEG files, of IDX files or of train.npy; or one such file."`
	Limit   int            `help:"Only N of each part, evenly spread. Grey ones are made black and white, once and for all." default:"2000" placeholder:"N"`
	Held    int            `help:"Pictures held out to judge by, at most; a tenth, evenly spread,, if the folder has no part for that." default:"100" placeholder:"N"`
	Latent  int            `help:"Latent variables." default:"20" placeholder:"N"`
	Hidden  string         `help:"Layers of the encoder; those of the decoder are the same backwards." default:"200,200" placeholder:"N,…"`
	ESteps  int            `name:"e-steps" help:"E-steps on a batch before each M-step." default:"5" placeholder:"N"`
	Steps   *int           `help:"End each method after so many steps, each of which is one evaluation of a gradient." placeholder:"N"`
	Budget  *time.Duration `help:"End each method after this time; 20s unless given. Judging them comes on top." placeholder:"1m"`
	Batch   int            `help:"Pictures of a step." default:"100" placeholder:"N"`
	LR      float64        `name:"lr" help:"Learning rate at its highest; of a table, ${table_rate} times as much." default:"0.001" placeholder:"R"`
	Seed    uint64         `help:"Of the first weights, the noise and the order of the data." default:"1"`
	Shards  *int           `help:"Parts of a batch, one a core; results depend on it." placeholder:"N"`
	Picture string         `help:"Draw the bound over seconds into this file, .png or .svg." placeholder:"FILE"`
}

const (
	comparedEMBudget = 20 * time.Second
	tableRate        = 20 // times the learning rate: a table's row sees a gradient once in many steps
)

// emMethod is a way to fit a decoder: what stands for the posterior, and which steps there are.
type emMethod struct {
	Name, Doc string
	make      func(c *compareEMCmd, m *vae.Model, examples int) (fitted *vae.Model, phases *train.Turns, times int)
}

// emMethods are those that there are: between them lie, one at a time, the encoder and the simultaneous steps of a VAE.
var emMethods = []emMethod{
	{"table", "E-steps on the mean and deviation of each example, then an M-step", func(c *compareEMCmd, m *vae.Model, examples int) (*vae.Model, *train.Turns, int) {
		m = m.WithTable(examples)
		return m, c.turns(m, tableRate), c.ESteps + 1
	}},
	{"encoder", "E-steps on the encoder, then an M-step", func(c *compareEMCmd, m *vae.Model, _ int) (*vae.Model, *train.Turns, int) {
		return m, c.turns(m, 1), c.ESteps + 1
	}},
	{"joint", "both in one step, as a VAE is trained", func(_ *compareEMCmd, m *vae.Model, _ int) (*vae.Model, *train.Turns, int) {
		return m, nil, 1
	}},
}

func (c *compareEMCmd) turns(m *vae.Model, rate float64) *train.Turns {
	return &train.Turns{Each: []train.Turn{{Steps: c.ESteps, Params: m.EncoderParams(), Rate: rate}, {Steps: 1, Params: m.DecoderParams()}}}
}

// emResult is how a method did. Nats are of each picture.
type emResult struct {
	Method  string       `json:"method"`
	Steps   int          `json:"steps"`      // evaluations of a gradient
	Seconds float64      `json:"seconds"`    // of training, the bounds along the way included
	Passes  float64      `json:"passes"`     // over the pictures, by the decoder
	Train   float64      `json:"train_elbo"` // of the pictures that it learnt from, by its own q
	HeldOut *float64     `json:"elbo"`       // of those held out, by its encoder; null of a table, which has none
	Fitted  float64      `json:"fitted_elbo"`
	LogP    float64      `json:"log_p"`          // of those held out, by importance samples from the same fitted q
	Error   float64      `json:"standard_error"` // of log_p over the pictures
	Curve   []curvePoint `json:"curve"`          // nats: minus the bound of the pictures that it learns from
}

// emComparison is the whole result.
type emComparison struct {
	File     string     `json:"file"`
	Pictures int        `json:"pictures"`
	Held     int        `json:"held_out"`
	Picture  string     `json:"picture,omitempty"`
	Results  []emResult `json:"results"`
}

func (c *compareEMCmd) Run(a *app) error {
	config, err := c.check()
	if err != nil {
		return err
	}
	source := imageSource{File: c.Path, Limit: c.Limit, ValidShare: 0.1}
	p, err := openPictures(a, &source, nil)
	if err != nil {
		return err
	}
	if p.held == nil {
		return badInput("%s: too few pictures to hold a tenth of them out: name more of them, or a higher --limit", c.Path)
	}
	p.held = limited(p.held, c.Held)
	mean, _, grey := average(p.train)
	config.Height, config.Width, config.Channels, config.Mean, config.Seed = p.train.Height, p.train.Width, p.train.Channels, mean, c.Seed
	if err := config.Complete(); err != nil {
		return usage("%w", err)
	}
	e := emPictures{train: vae.Pictures{Images: p.train, Seed: c.Seed}, held: vae.Pictures{Images: p.held, Seed: ^c.Seed}}
	if grey {
		e.train.Binarize, e.held.Binarize = "fixed", "fixed"
	}
	need, err := c.plan(config, e, p.bytes)
	if err != nil {
		return usage("%w", err)
	}
	if err := need.check(a.memory(), "this comparison", "make --hidden, --latent or --batch smaller, or read fewer pictures with --limit"); err != nil {
		return err
	}
	need.hold()
	budget := "for " + span(valueOr(c.Budget, comparedEMBudget))
	if c.Steps != nil {
		budget = plural(*c.Steps, "step")
	}
	a.note("%s pictures of %d × %d, and %s held out; %s, %s for each method", thousands(p.train.Len()), p.train.Height, p.train.Width, thousands(p.held.Len()), config.Describe(), budget)
	result := emComparison{File: c.Path, Pictures: p.train.Len(), Held: p.held.Len(), Picture: c.Picture}
	a.orderly()
	for i, method := range emMethods {
		a.note("\n%s, %d of %d: %s", method.Name, i+1, len(emMethods), method.Doc)
		one, err := c.compare(a, method, config, e)
		if errors.Is(err, context.Canceled) {
			break
		}
		if err != nil {
			return err
		}
		result.Results = append(result.Results, one)
	}
	if err := result.draw(); err != nil {
		return err
	}
	if err := result.print(a); err != nil {
		return err
	}
	if a.ctx.Err() != nil {
		return errInterrupted
	}
	return nil
}

// check refuses flags that cannot be, and gives the model that they ask for.
func (c *compareEMCmd) check() (vae.Config, error) {
	var config vae.Config
	err := check(
		bound{"--limit", &c.Limit, 2, unbounded}, bound{"--held", &c.Held, 1, unbounded}, bound{"--latent", &c.Latent, 1, mostSize},
		bound{"--e-steps", &c.ESteps, 1, 1000}, bound{"--steps", c.Steps, 1, unbounded}, bound{"--batch", &c.Batch, 1, mostLanes},
		bound{"--shards", c.Shards, 1, mostShards},
	)
	if err != nil {
		return config, err
	}
	switch ext := filepath.Ext(c.Picture); {
	case c.Budget != nil && *c.Budget <= 0:
		return config, usage("--budget %v: must be above 0, as in 20s or 10m", *c.Budget)
	case c.Budget != nil && c.Steps != nil:
		return config, usage("--budget and --steps: all methods get the same of one of them; leave the other out")
	case !(c.LR > 0 && c.LR <= math.MaxFloat32):
		return config, usage("--lr %g: must be above 0", c.LR)
	case c.Picture != "" && ext != ".png" && ext != ".svg":
		return config, usage("--picture %s: its name must end in .png or .svg", c.Picture)
	}
	flags := trainVAECmd{Latent: []int{c.Latent}, Hidden: c.Hidden}
	hidden, err := flags.layers()
	return vae.Config{Latent: flags.Latent, Hidden: hidden}, err
}

// plan is the memory of the method that takes most, which is that with a table: what others take, and a row for each picture, with the optimizer's slots,
// the best so far, and the places of their gradients.
func (c *compareEMCmd) plan(config vae.Config, e emPictures, pictures int64) (memoryPlan, error) {
	shards, workers := c.shards(e.train.Len()), runtime.GOMAXPROCS(0)
	m, err := config.PlanTraining(vae.Objective{}, vae.Training{
		Batch: min(c.Batch, e.train.Len()), Shards: shards, Slots: slotsOf(settings{Optimizer: train.Optimizers[0].Name}), Held: e.train.Len() + e.held.Len(), Workers: workers,
	})
	if err != nil {
		return memoryPlan{}, err
	}
	m.Checkpoint = m.Weights // the best so far, in memory
	rows := int64(e.train.Len()) * int64(2*c.Latent)
	m.Weights += 4 * rows
	m.Optimizer += 8 * rows
	m.Checkpoint += 4 * rows
	m.Gradients += 4 * int64(e.train.Len()) * int64(shards+1)
	fit, err := planFit(config, emAtOnce)
	m.Activations = max(m.Activations, fit.Activations+16*emDraws*emAtOnce*int64(workers))
	return newVAEPlan(m, pictures), err
}

func (c *compareEMCmd) shards(pictures int) int {
	return min(valueOr(c.Shards, runtime.GOMAXPROCS(0)), c.Batch, pictures)
}

// emPictures are what is compared on.
type emPictures struct{ train, held vae.Pictures }

// compare fits a decoder by one of the methods and judges it.
func (c *compareEMCmd) compare(a *app, method emMethod, config vae.Config, e emPictures) (r emResult, err error) {
	begun, err := vae.New(config)
	if err != nil {
		return r, usage("%w", err)
	}
	r.Method = method.Name
	m, turns, times := method.make(c, begun, e.train.Len())
	source := &vae.Source{Images: e.train.Images, Size: c.Batch, Binarize: e.train.Binarize, Seed: c.Seed}
	loop := train.Config{
		Options: train.Options{Rate: c.LR}, Seed: c.Seed, Shards: c.shards(e.train.Len()),
		Steps: valueOr(c.Steps, 0),
		Validate: func(ctx context.Context) (float64, error) {
			j, err := m.Judge(ctx, e.train, c.Seed)
			if err != nil {
				return math.NaN(), err
			}
			return -eval.Mean(j.Bound()), nil
		},
	}
	if c.Steps == nil {
		loop.Budget = valueOr(c.Budget, comparedEMBudget)
	}
	if turns != nil {
		loop.Phases = turns
	}
	p := newProgress(a.err, "images")
	defer p.close()
	loop.Progress = func(now train.Progress) {
		p.step(now)
		if now.Validated {
			r.Curve = append(r.Curve, curvePoint{now.Seconds, now.Valid})
		}
	}
	objective := vae.Objective{}
	if err := objective.Complete(); err != nil {
		return r, err
	}
	done, err := train.Run(a.ctx, &vae.Fit{Model: m, Objective: objective}, train.Again[vae.Batch]{Source: source, Times: times}, loop)
	if err != nil {
		return r, err
	}
	if done.Interrupted {
		return r, context.Canceled
	}
	r.Steps, r.Seconds, r.Train = done.Steps, done.Seconds, -done.Best
	r.Passes = float64(done.Steps) / float64(times*source.StepsPerEpoch())
	p.say("judging it by the pictures held out")
	return r, r.judge(a.ctx, begun, m == begun, e.held, c.Seed)
}

// draw writes the picture, if one is wanted.
func (c *emComparison) draw() error {
	var lines []line
	for _, r := range c.Results {
		l := line{name: r.Method}
		for _, p := range r.Curve {
			l.x, l.y = append(l.x, p.Seconds), append(l.y, p.Nats)
		}
		lines = append(lines, l)
	}
	if c.Picture == "" || len(lines) == 0 {
		return nil
	}
	title := fmt.Sprintf("%s: %s pictures", filepath.Base(c.File), thousands(c.Pictures))
	return drawLines(c.Picture, title, "seconds of training", "minus the bound of the training pictures, nats", lines)
}

func (c *emComparison) print(a *app) error {
	if a.json {
		return a.printJSON(c)
	}
	rows := [][]string{{"method", "ELBO", "held out", "fitted", "log p(x)", "±", "steps", "passes", "seconds"}}
	for _, r := range c.Results {
		held := "–"
		if r.HeldOut != nil {
			held = fmt.Sprintf("%.2f", *r.HeldOut)
		}
		rows = append(rows, []string{
			r.Method, fmt.Sprintf("%.2f", r.Train), held, fmt.Sprintf("%.2f", r.Fitted), fmt.Sprintf("%.2f", r.LogP), fmt.Sprintf("%.2f", r.Error),
			thousands(r.Steps), fmt.Sprintf("%.1f", r.Passes), fmt.Sprintf("%.1f", r.Seconds),
		})
	}
	table(a.out, rows...)
	fmt.Fprintf(a.out, "\nNats of a picture. ELBO is that of the %s pictures learnt from, held out that of %s others by the encoder; fitted is theirs with the best q of each,\nand log p(x) comes from %s importance samples of that q. A step is one gradient.\n", thousands(c.Pictures), thousands(c.Held), thousands(emDraws))
	if c.Picture != "" {
		fmt.Fprintf(a.out, "Seconds against the bound: %s\n", c.Picture)
	}
	return nil
}
