package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"inkling/data"
	"inkling/vae"
)

// trainVAECmd is inkling train vae.
type trainVAECmd struct {
	Path string `arg:"" help:"What to learn from. Pictures: a folder of PNG and JPEG files, of IDX files or of train.npy, or one such file. Documents: a folder of texts, or a .jsonl file of objects. Sentences: a text, one a line. A table: a .csv or .tsv file with a header. Texts and tables may be packed."`
	As   string `help:"What the data are: ${vae_kinds}; what they look like unless given." enum:",${vae_kinds}" default:"" placeholder:"KIND"`
	Out  string `help:"Folder of the run; runs/ and the name of the data unless given." placeholder:"DIR"`

	Gray     bool   `help:"Make colour pictures grey." group:"The pictures" of:"pictures"`
	Limit    int    `help:"Only N of each part, evenly spread." placeholder:"N" group:"The pictures" of:"pictures"`
	Binarize string `help:"Make black and white of grey, with the grey as the probability of white: dynamic, anew whenever a picture is seen; fixed, once and for all; or none. dynamic of bernoulli, unless all is black and white, and none of others." enum:",none,dynamic,fixed" default:"" group:"The pictures" of:"pictures"`
	Valid    string `help:"What is held out: a share, evenly spread, of pictures if the folder has no part for that; of sentences also a text of its own. 0: none." default:"0.05" placeholder:"SHARE|FILE" group:"The data"`

	Latent     []int  `help:"Latent variables; 50, of sentences 32, of a table 16. Of two stochastic layers, first those next to the pictures: 100,50." placeholder:"N,…" group:"The model"`
	Hidden     string `help:"Of sentences the size of the states, 256. Of pictures layers of the encoder; those of the decoder are the same backwards. dense: sizes, 200,200, or none. conv: channels of convolutions, each of which halves the picture, and last the size of a layer after them, 32,64,256. Of a second stochastic layer after a slash, 200,200/100,100." placeholder:"N,…" group:"The model"`
	Net        string `help:"What the networks are made of: ${enum}." enum:"${nets}" default:"${net}" group:"The model" of:"pictures"`
	Activation string `help:"Between layers: tanh or relu; tanh unless given, of a table relu." enum:",tanh,relu" default:"" placeholder:"NAME" group:"The model" of:"pictures,documents,tables"`
	Likelihood string `help:"What the decoder gives the parameters of: ${enum}; inkling info likelihoods says what each is." enum:"${likelihoods}" default:"${likelihood}" group:"The model" of:"pictures"`
	Levels     *int   `help:"Of logistic and categorical: values that a number can take; of logistic 256, of categorical 16." placeholder:"N" group:"The model" of:"pictures"`

	Objective string   `help:"What training makes larger: ${enum}; inkling info objectives says what each is." enum:"${objectives}" default:"${objective}" group:"The objective"`
	K         *int     `name:"k" help:"Samples of z for each example; 1, of iwae and dreg 5, of score 8." placeholder:"K" group:"The objective"`
	Beta      *float64 `help:"Weight of the divergence from the prior; 1." placeholder:"B" group:"The objective"`
	FreeBits  *float64 `help:"Nats that each latent variable may tell for nothing." placeholder:"NATS" group:"The objective"`
	FreeRate  *float64 `help:"Nats that all latent variables together may tell for nothing: they share it out as suits them." placeholder:"NATS" group:"The objective"`
	SampledKL bool     `name:"sampled-kl" help:"Take the divergence at the sample, and not in closed form." group:"The objective"`
	Anneal    string   `help:"Let the divergence's weight come up from 0: linear; cyclical, again and again; or none. linear of conv with relu and objective elbo, over the first pass, and none of others." enum:",none,linear,cyclical" default:"" group:"The objective"`
	Warm      *float64 `help:"Passes over the data until it is up, or for each cycle; with --aggressive those of the decoder; 10." placeholder:"N" group:"The objective"`

	Aggressive bool `help:"Against posterior collapse: train the encoder ahead of the decoder, by 20 to 100 steps for each of the decoder's, until z tells no more about what is held out than a pass before; then as usual." group:"The objective"`

	textFlags
	tokenFlags
	Output *string `help:"What gives each word, token or value its probability: ${enum}; inkling info outputs says what each is. full unless given, of a table adaptive." enum:"${outputs}" placeholder:"NAME" group:"The output layer" of:"documents,sentences,tables"`
	outputFlags
	Embed *int `help:"Size of the embedding of a token, as --hidden unless given, or of a value of many, 32." placeholder:"N" group:"The model" of:"sentences,tables"`
	documentFlags
	sentenceFlags
	tableFlags

	loopFlags
	Plan bool `help:"Show the memory that the run would take, and stop." env:"-" group:"Along the way"`
}

// What a VAE of small pictures learns well with. Its gradient is not clipped: it is long, a sum over hundreds of numbers, and a run
// that cut it to 1 had 22 active units where one that did not had 39, and was 1.4 nats worse.
const (
	defaultVAEBatch = 100
	defaultVAERate  = 3e-3
)

func (t *trainVAECmd) Run(a *app) error {
	k, err := vaeKindFor(t.As, t.Path)
	if err != nil {
		return err
	}
	if err := a.onlyTrained(k, t.Path); err != nil {
		return err
	}
	return k.train(a, t)
}

// pictures trains a VAE of pictures.
func (t *trainVAECmd) pictures(a *app) error {
	if len(t.Latent) == 0 {
		t.Latent = []int{50}
	}
	c, err := t.config()
	if err != nil {
		return err
	}
	s, err := newVAESitting(a, c, nil)
	if err != nil {
		return err
	}
	if s.pictures.held == nil {
		if err := t.checkHeld(t.Valid); err != nil {
			return err
		}
	}
	if t.mustWarm() {
		s.warm(a)
	}
	if t.Plan {
		return s.plan(a)
	}
	if s.run, err = newRun(t.Out, strings.TrimRight(t.Path, string(filepath.Separator))); err != nil {
		return err
	}
	defer s.run.Close()
	return s.begin(a)
}

// mustWarm says whether a model would collapse unless its divergence comes up slowly, and nobody has said how it shall. The first steps of an encoder bring
// q to the prior, before the decoder makes anything of z. Those of conv with relu end where units give 0 whatever x is, and never come
// back: of 5,000 digits, at rates from 3e-4 to 3e-3, with ten times the first weights and with a tenth, with biases above 0, with a clipped gradient, the
// divergence fell below 0.02 nats within 40 steps and stayed there. With tanh, with dense layers, and with the bounds of several samples it does not.
func (t *trainVAECmd) mustWarm() bool {
	return t.Net == "conv" && t.Activation == "relu" && t.Objective == "elbo" && t.Anneal == "" && t.FreeBits == nil && !t.Aggressive
}

// warmSteps are at least so many as the decoder needs to make something of z.
const warmSteps = 100

// warm lets the divergence's weight come up over the first pass, or the first steps of a short one.
func (s *vaeSitting) warm(a *app) {
	o := &s.cfg.Objective
	o.Anneal, o.Warm = "linear", max(1, warmSteps/float64(s.source().StepsPerEpoch()))
	s.fit.Objective = *o
	over := "pass"
	if o.Warm > 1 {
		over = fmt.Sprintf("%.3g passes", o.Warm)
	}
	a.note("conv with relu collapses unless the divergence's weight comes up slowly: over the first %s; --anneal none is without", over)
}

// config are the settings, with nothing left open but what depends on the pictures.
func (t *trainVAECmd) config() (*vaeConfig, error) {
	share, err := strconv.ParseFloat(t.Valid, 64)
	if err != nil || !(share >= 0 && share < 1) {
		return nil, usage("--valid %s: must be a share, at least 0 and below 1", t.Valid)
	}
	if err := check(bound{"--limit", &t.Limit, 0, unbounded}, bound{"--levels", t.Levels, 2, 256}, bound{"--k", t.K, 1, 1 << 12}); err != nil {
		return nil, err
	}
	if err := t.checkLoop(); err != nil {
		return nil, err
	}
	hidden, err := t.layers()
	if err != nil {
		return nil, err
	}
	objective, err := t.objective()
	if err != nil {
		return nil, err
	}
	c := &vaeConfig{
		Header: vae.Header{
			Format: vae.Format, Kind: vae.Kind, Binarize: t.Binarize,
			Model: vae.Config{
				Latent: t.Latent, Hidden: hidden, Net: t.Net, Activation: t.Activation, Likelihood: t.Likelihood, Levels: valueOr(t.Levels, 0),
			},
			Objective: objective,
		},
		Train:    t.settings(settings{Batch: valueOr(t.Batch, defaultVAEBatch)}),
		Data:     imageSource{File: t.Path, Gray: t.Gray, Limit: t.Limit, ValidShare: share},
		MadeWith: madeWith{build: thisBuild(), Threads: runtime.GOMAXPROCS(0)},
	}
	c.Train.Options.Rate = valueOr(t.LR, defaultVAERate)
	c.Model.Point = t.Objective == "ae"
	set(&c.Train.Validations, t.Validations)
	c.Train.Shards = valueOr(t.Shards, runtime.GOMAXPROCS(0))
	if c.Train.Steps == 0 && c.Train.Epochs == 0 && c.Train.Budget == 0 {
		c.Train.Budget = duration(defaultBudget)
	}
	return c, nil
}

// objective is what the flags of it say, completed.
func (t *trainVAECmd) objective() (o vae.Objective, err error) {
	for _, zero := range []struct {
		name  string
		value *float64
	}{{"warm", t.Warm}, {"free-bits", t.FreeBits}, {"free-rate", t.FreeRate}, {"beta", t.Beta}} {
		if zero.value != nil && *zero.value == 0 {
			remedy := "leave it out for none"
			if zero.name == "beta" {
				remedy = "for no divergence choose --objective ae"
			}
			return o, usage("--%s 0: must be above 0; %s", zero.name, remedy)
		}
	}
	anneal := t.Anneal
	if anneal == "none" {
		anneal = ""
	}
	o = vae.Objective{
		Name: t.Objective, K: valueOr(t.K, 0), Beta: valueOr(t.Beta, 0), FreeBits: valueOr(t.FreeBits, 0), FreeRate: valueOr(t.FreeRate, 0),
		Sampled: t.SampledKL, Anneal: anneal, Warm: valueOr(t.Warm, 0), Aggressive: t.Aggressive,
	}
	if err := o.Complete(); err != nil {
		return o, usage("%w", err)
	}
	return o, nil
}

// layers reads --hidden.
func (t *trainVAECmd) layers() (hidden [][]int, err error) {
	if t.Hidden == "" {
		return nil, nil
	}
	for group := range strings.SplitSeq(t.Hidden, "/") {
		sizes := []int{}
		if strings.TrimSpace(group) == "none" {
			hidden = append(hidden, sizes)
			continue
		}
		for size := range strings.SplitSeq(group, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(size))
			if err != nil {
				return nil, usage("--hidden %s: must be whole numbers, as in 200,200, or 200,200/100,100 of two stochastic layers, or none", t.Hidden)
			}
			sizes = append(sizes, n)
		}
		hidden = append(hidden, sizes)
	}
	if len(hidden) != max(1, len(t.Latent)) {
		return nil, usage("--hidden %s has networks of %s, and --latent has %d: give as many, with / between them", t.Hidden, plural(len(hidden), "stochastic layer"), max(1, len(t.Latent)))
	}
	return hidden, nil
}

// pictures are the parts of what a run learns from.
type pictures struct {
	train, held *data.Images // held is nil if nothing is held out
	bytes       int64        // of memory, with parts that are for judging
	notes       []string
}

// openPictures reads the pictures of a run and completes what its source says of them. same refuses others than a run began with; nil: any.
func openPictures(a *app, d *imageSource, same func(imageSource) error) (p pictures, err error) {
	set, err := data.OpenImages(d.File, data.ImageOptions{Gray: d.Gray, MaxBytes: a.memory()})
	if err != nil {
		return p, err
	}
	d.Bytes, d.SHA256 = set.Size, set.SHA256
	if same != nil {
		if err := same(*d); err != nil {
			return p, err
		}
	}
	if d.File, err = filepath.Abs(d.File); err != nil {
		return p, err
	}
	p.train, p.held, p.notes = set.Train, set.Valid, set.Notes
	for _, part := range []*data.Images{set.Train, set.Valid, set.Test} {
		if part != nil {
			p.bytes += part.Bytes()
		}
	}
	if p.train == nil {
		return p, badInput("%s: there is nothing to learn from, only parts to judge by: name a folder with training pictures", d.File)
	}
	p.train, p.held = limited(p.train, d.Limit), limited(p.held, d.Limit)
	if p.held != nil {
		d.ValidShare = 0
	} else if n := int(d.ValidShare * float64(p.train.Len())); n > 0 {
		p.held, p.train = p.train.Spread(n)
	}
	d.Pictures = p.train.Len()
	if p.held != nil {
		d.Held = p.held.Len()
	}
	return p, nil
}

// limited is at most n of the pictures, evenly spread; all if n is 0.
func limited(m *data.Images, n int) *data.Images {
	if m != nil && n > 0 && n < m.Len() {
		m, _ = m.Spread(n)
	}
	return m
}
