package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"time"

	"inkling/eval"
	"inkling/vae"
)

// evaluatedVAE is what --json says of pictures. Nats of each.
type evaluatedVAE struct {
	Bound         float64  `json:"bound"`           // on log p(x), higher is better
	BoundKind     string   `json:"bound_kind"`      // elbo, iwae:K
	StandardError *float64 `json:"standard_error"`  // of the mean over pictures; null of one
	BitsPerNumber *float64 `json:"bits_per_number"` // null of what is no probability
	Examples      int      `json:"examples"`
	judgedVAE
	Divergences [][]float64 `json:"kl_by_unit"` // of each variable, by layer
	AIS         *aisJudged  `json:"ais,omitempty"`
	Gaps        *gaps       `json:"gaps,omitempty"`

	bounds   []float64
	improper string // why there are no bits
}

// vae measures a VAE by pictures.
func (e *evalCmd) vae(a *app) error {
	if len(e.Ext) > 0 || e.Lines || e.Field != "" || e.Cache != "" || e.Output != "" {
		return usage("--ext, --lines, --field, --cache and --output are for texts, and %s is a VAE: leave them out", e.Dir)
	}
	if e.Against != "" {
		return usage("--against is for VAEs of sentences, and %s is of pictures: leave it out", e.Dir)
	}
	kind, err := e.boundFlags.kind()
	if err != nil {
		return err
	}
	if flag := e.ofAIS(); flag != "" && kind.name != "ais" {
		return usage("%s is for --bound ais: leave one of them out", flag)
	}
	if e.Gaps && kind.name == "elbo" {
		return usage("--gaps needs a bound near log p(x): add --bound ais, or --bound iwae:5000")
	}
	if _, err := e.annealing(nil); err != nil {
		return err
	}
	var need memoryPlan
	m, c, err := openVAEFor(a, e.Dir, func(c vae.Config) (plan memoryPlan, err error) {
		need, err = e.boundFlags.plan(c, kind)
		return need, err
	})
	if err != nil {
		return err
	}
	if c.Model.Point && (kind.name != "elbo" || e.Gaps) {
		return usage("%s is an auto-encoder, which says nothing of how z is distributed: there is no bound on log p(x), only how well it reconstructs: leave --bound and --gaps out", e.Dir)
	}
	if e.Gaps && len(c.Model.Latent) > 1 {
		return usage("--gaps is for models of one stochastic layer, whose q has independent variables, and %s has %d: leave it out", e.Dir, len(c.Model.Latent))
	}
	if (kind.name == "ais" || e.Gaps) && e.Limit == 0 {
		e.Limit = 100
	}
	examples, err := e.pictures(a, c)
	if err != nil {
		return err
	}
	need = need.with(judgedBytes(c.Model, examples, kind))
	if err := need.afterReading().check(a.memory(), e.Dir+" with these pictures", "judge by fewer with --limit, or raise --memory"); err != nil {
		return err
	}
	need.hold()
	o, err := e.judge(a, m, kind, examples)
	if err != nil {
		return err
	}
	if c.Model.Point {
		o.BoundKind = "reconstruction"
	} else if o.improper = improper(m, examples); o.improper == "" {
		bits := -o.Bound / math.Ln2 / float64(c.Model.Inputs())
		o.BitsPerNumber = &bits
	}
	if a.json {
		return a.printVAE(o, o.point)
	}
	o.print(a)
	return nil
}

// pictures are those to judge by: the test part of a folder if it has one, or the part to validate by, or all. Grey ones are made black and
// white as they were for training, but once and for all.
func (e *evalCmd) pictures(a *app, c *vaeConfig) (vae.Pictures, error) {
	examples, set, err := partFlag{}.open(a, e.File, c, 0)
	if err != nil {
		return examples, err
	}
	part := "no parts"
	switch examples.Images {
	case set.Test:
		part = "test part"
	case set.Valid:
		part = "valid part"
	case set.Train:
		if set.SHA256 == c.Data.SHA256 {
			a.note("these are the pictures that it learned from: the figures say nothing of new ones")
		}
	}
	if n := examples.Len(); e.Limit > 0 && e.Limit < n {
		examples.Images, part = limited(examples.Images, e.Limit), fmt.Sprintf("spread over the %s there are (%s)", thousands(n), part)
	}
	a.note("%s, %s", plural(examples.Len(), "picture"), part)
	return examples, nil
}

// judgedBytes is what pictures take, and what is said of each: of ais as numbers, with as many that the model draws.
func judgedBytes(c vae.Config, e vae.Pictures, kind boundKind) int64 {
	each := 64 + 16*int64(c.Variables())
	if kind.name == "ais" {
		each += 8 * int64(c.Inputs()+c.Variables())
	}
	return e.Images.Bytes() + int64(e.Len())*each
}

// improper says why what the model knows of some of these is no probability, and so does not come to bits; "" if it is one of all.
func improper(m *vae.Model, e vae.Pictures) string {
	x := make([]float32, m.Config.Inputs())
	for i := range e.Len() {
		e.Read(x, i)
		if why := m.Improper(x); why != "" {
			return why
		}
	}
	return ""
}

func (e *evalCmd) judge(a *app, m *vae.Model, kind boundKind, examples vae.Pictures) (*evaluatedVAE, error) {
	seed := valueOr(e.Seed, 1)
	j, err := judgeOften(a, m, examples, seed)
	if err != nil {
		return nil, err
	}
	o := &evaluatedVAE{BoundKind: kind.String(), Examples: examples.Len(), judgedVAE: summarize(m.Config, j), Divergences: j.Variables, bounds: j.Bound()}
	o.alike = alike(examples.Images)
	switch kind.name {
	case "iwae":
		foretell(a, m, kind.samples, examples)
		t := newTally(a.err, fmt.Sprintf("%s samples of each picture", thousands(kind.samples)), examples.Len())
		o.bounds, err = m.Importance(a.ctx, examples, kind.samples, seed, func(int, float64) { t.add(1) })
		t.close()
	case "ais":
		var n annealing
		if n, err = e.annealing(m); err == nil {
			o.bounds, o.AIS, err = n.anneal(a, examples, func(rnd *rand.Rand) ([]float32, vae.Examples) {
				z, x := m.DrawJoint(examples.Len(), rnd)
				return z, drawnPictures{m, x}
			})
		}
	}
	if err != nil {
		return nil, err
	}
	o.Bound, o.StandardError = eval.Mean(o.bounds), standardError(o.bounds)
	if e.Gaps {
		o.Gaps, err = e.findGaps(a, m, examples, o.bounds, j.Bound())
	}
	return o, err
}

// judgeOften is Judge with more than one draw of z for each of few pictures.
func judgeOften(a *app, m *vae.Model, examples vae.Examples, seed uint64) (*vae.Judged, error) {
	const enough, most = 10_000, 100 // draws of all, and of each
	draws := min(max(1, enough/examples.Len()), most)
	sum, err := m.Judge(a.ctx, examples, seed)
	for s := 1; s < draws && err == nil; s++ {
		var j *vae.Judged
		if j, err = m.Judge(a.ctx, examples, derived(seed, "judging", s)); err != nil {
			break
		}
		add(sum.LogLikelihood, j.LogLikelihood)
		add(sum.KL, j.KL)
		for l := range sum.Variables {
			add(sum.Variables[l], j.Variables[l])
		}
	}
	if err != nil {
		return nil, err
	}
	for _, x := range append([][]float64{sum.LogLikelihood, sum.KL}, sum.Variables...) {
		for i := range x {
			x[i] /= float64(draws)
		}
	}
	return sum, nil
}

func add(dst, x []float64) {
	for i, v := range x {
		dst[i] += v
	}
}

// standardError is that of the mean, nil where there is too little to tell.
func standardError(x []float64) *float64 {
	if err := eval.StandardError(x); !math.IsNaN(err) {
		return &err
	}
	return nil
}

// foretell says how long importance samples will take, where that is long, by trying a few pictures.
func foretell(a *app, m *vae.Model, samples int, e vae.Examples) {
	tried, few := min(samples, 500), firstOnes{e, min(e.Len(), runtime.GOMAXPROCS(0))}
	began := time.Now()
	if _, err := m.Importance(a.ctx, few, tried, 1, nil); err != nil {
		return
	}
	a.foretell(time.Since(began).Seconds() * float64(samples) / float64(tried) * float64(e.Len()) / float64(few.Len()))
}

// firstOnes are the first n of some examples.
type firstOnes struct {
	vae.Examples
	n int
}

func (f firstOnes) Len() int { return f.n }

// foretell tells how long something will take, if one would notice.
func (a *app) foretell(s float64) {
	if s > 5 {
		a.note("takes about %s", span(seconds(s)))
	}
}
