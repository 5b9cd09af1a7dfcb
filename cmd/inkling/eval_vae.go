package main

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"inkling/data"
	"inkling/eval"
	"inkling/infer"
	"inkling/vae"
)

// boundFlags say how a VAE is judged.
type boundFlags struct {
	Bound string  `help:"What to measure log p(x) by: elbo; iwae:K, with K samples of each picture, higher and slower; or ais, annealed importance sampling, the highest and slowest." placeholder:"elbo" group:"A VAE" env:"-"`
	Seed  *uint64 `help:"Of what is drawn; 1." placeholder:"N" group:"A VAE"`

	Gaps bool `help:"Also say where the encoder loses: against the best q of its kind for each picture, and that against log p(x). For models of one stochastic layer." group:"A VAE" env:"-"`

	Against string `help:"Of sentences: also measure a language model by them, one of the same tokens, trained with --lines." placeholder:"DIR" group:"A VAE" env:"-"`

	Chains       *int    `help:"Of ais: chains of each picture; 16." placeholder:"N" group:"A VAE" env:"-"`
	Temperatures *int    `help:"Of ais: distributions from the start to the end, both included; 1000." placeholder:"N" group:"A VAE" env:"-"`
	Leapfrog     *int    `help:"Of ais: leapfrog steps of a transition; 10." placeholder:"N" group:"A VAE" env:"-"`
	Start        *string `help:"Of ais: where chains begin, ${enum}; encoder, from where there is less way to go." enum:"encoder,prior" placeholder:"encoder" group:"A VAE" env:"-"`
}

// given names the first flag that was given, if any.
func (f boundFlags) given() string {
	switch {
	case f.Bound != "":
		return "--bound"
	case f.Seed != nil:
		return "--seed"
	case f.Gaps:
		return "--gaps"
	case f.Against != "":
		return "--against"
	}
	return f.ofAIS()
}

// ofAIS names the first flag that was given of those for ais only.
func (f boundFlags) ofAIS() string {
	switch {
	case f.Chains != nil:
		return "--chains"
	case f.Temperatures != nil:
		return "--temperatures"
	case f.Leapfrog != nil:
		return "--leapfrog"
	case f.Start != nil:
		return "--start"
	}
	return ""
}

// annealing settles what ais does.
func (f boundFlags) annealing(m *vae.Model) (annealing, error) {
	err := check(bound{"--chains", f.Chains, 1, 1 << 10}, bound{"--temperatures", f.Temperatures, 3, 1 << 20}, bound{"--leapfrog", f.Leapfrog, 1, 1 << 10})
	n := annealing{m: m, start: valueOr(f.Start, "encoder"), seed: valueOr(f.Seed, 1), AISOptions: infer.AISOptions{
		Chains: valueOr(f.Chains, 16), Temperatures: valueOr(f.Temperatures, 1000), Leapfrog: valueOr(f.Leapfrog, 10),
	}}
	n.Pilot = max(200, n.Temperatures/10)
	return n, err
}

// mostSamples bounds K of iwae:K, and the samples of score.
const mostSamples = 10_000_000

// boundKind is what --bound asks for.
type boundKind struct {
	name    string // elbo, iwae or ais
	samples int    // of iwae
}

func (f boundFlags) kind() (k boundKind, err error) {
	name, count, counted := strings.Cut(f.Bound, ":")
	switch {
	case f.Bound == "":
		return boundKind{name: "elbo"}, nil
	case (name == "elbo" || name == "ais") && !counted:
		return boundKind{name: name}, nil
	case name == "iwae" && counted:
		k = boundKind{name: name}
		if k.samples, err = strconv.Atoi(strings.ReplaceAll(count, ",", "")); err == nil && k.samples >= 1 && k.samples <= mostSamples {
			return k, nil
		}
		return k, usage("--bound %s: the samples of each picture must be a whole number, at least 1 and at most %s", f.Bound, thousands(mostSamples))
	}
	return k, usage("--bound %s: choose elbo, ais, or iwae:K with K samples of each picture, as in iwae:5000", f.Bound)
}

// most is how many samples of z there are of a picture at the same time, for the memory that they take: of ais as if gradients were samples.
func (k boundKind) most(chains *int) int {
	if k.name == "ais" {
		return 4 * max(rowsTogether, valueOr(chains, 0))
	}
	return min(max(k.samples, 1), vae.DrawnAtOnce)
}

func (k boundKind) String() string {
	if k.samples > 0 {
		return fmt.Sprintf("%s:%d", k.name, k.samples)
	}
	return k.name
}

// evaluatedVAE is what --json says of pictures. Nats of each.
type evaluatedVAE struct {
	Bound         float64  `json:"bound"`           // on log p(x), higher is better
	BoundKind     string   `json:"bound_kind"`      // elbo, iwae:K
	StandardError *float64 `json:"standard_error"`  // of the mean over pictures; null of one
	BitsPerNumber *float64 `json:"bits_per_number"` // null of what is no probability
	Examples      int      `json:"examples"`
	judgedVAE
	Divergences [][]float64 `json:"kl_by_unit"`         // of each variable, by layer
	Information float64     `json:"mutual_information"` // I_q of x and z of the first layer
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
	m, c, err := openVAEFor(a, e.Dir, kind.most(e.Chains))
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
	none := vae.Pictures{}
	set, err := data.OpenImages(e.File, data.ImageOptions{Part: data.TestPart, Gray: c.Data.Gray, MaxBytes: a.memory()})
	if err != nil {
		return none, badInput("%w", err)
	}
	for _, n := range set.Notes {
		a.note("%s", n)
	}
	images, part := set.Test, "test part"
	if images == nil {
		images, part = set.Valid, "valid part"
	}
	if images == nil {
		images, part = set.Train, "no parts"
	}
	m := c.Model
	if images.Height != m.Height || images.Width != m.Width || images.Channels != m.Channels {
		return none, badInput("%s: pictures of %d × %d with %s, and the model was trained on %d × %d with %s: bring pictures of that size",
			e.File, images.Height, images.Width, plural(images.Channels, "channel"), m.Height, m.Width, plural(m.Channels, "channel"))
	}
	if set.SHA256 == c.Data.SHA256 && images == set.Train {
		a.note("these are the pictures that it learned from: the figures say nothing of new ones")
	}
	if n := images.Len(); e.Limit > 0 && e.Limit < n {
		images, part = limited(images, e.Limit), fmt.Sprintf("spread over the %s there are (%s)", thousands(n), part)
	}
	a.note("%s, %s", plural(images.Len(), "picture"), part)
	return vae.Pictures{Images: images, Binarize: c.Binarize, Seed: c.Train.Seed}, nil
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
	switch kind.name {
	case "iwae":
		foretell(a, m, kind.samples, examples)
		t := newTally(a.err, fmt.Sprintf("%s samples of each picture", thousands(kind.samples)), examples.Len())
		o.bounds, err = m.Importance(a.ctx, examples, kind.samples, seed, func(int) { t.add(1) })
		t.close()
	case "ais":
		var n annealing
		if n, err = e.annealing(m); err == nil {
			o.bounds, o.AIS, err = n.anneal(a, examples)
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
func judgeOften(a *app, m *vae.Model, examples vae.Pictures, seed uint64) (*vae.Judged, error) {
	const enough, most = 10_000, 100 // draws of all, and of each
	draws := min(max(1, enough/examples.Len()), most)
	sum, err := m.Judge(a.ctx, examples, seed)
	for s := 1; s < draws && err == nil; s++ {
		var j *vae.Judged
		if j, err = m.Judge(a.ctx, examples, seed^uint64(s)<<32); err != nil {
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
func foretell(a *app, m *vae.Model, samples int, e vae.Pictures) {
	tried, few := min(samples, 500), e
	few.Images = e.Images.Slice(0, min(e.Len(), runtime.GOMAXPROCS(0)))
	began := time.Now()
	if _, err := m.Importance(a.ctx, few, tried, 1, nil); err != nil {
		return
	}
	a.foretell(time.Since(began).Seconds() * float64(samples) / float64(tried) * float64(e.Len()) / float64(few.Len()))
}

// foretell tells how long something will take, if one would notice.
func (a *app) foretell(s float64) {
	if s > 5 {
		a.note("takes about %s", span(seconds(s)))
	}
}

// within is a value with its standard error.
func within(value float64, e *float64) string {
	if e == nil {
		return fmt.Sprintf("%.2f", value)
	}
	return fmt.Sprintf("%.2f ± %.2f", value, *e)
}

func (o *evaluatedVAE) print(a *app) {
	fmt.Fprintf(a.out, "nats of each of %s:\n", plural(o.Examples, "picture"))
	if o.point {
		o.judgedVAE.print(a)
		return
	}
	rows := [][]string{}
	if o.BoundKind != "elbo" {
		rows = append(rows, []string{"log p(x) ≥", within(o.Bound, o.StandardError) + "   by " + o.BoundKind})
	}
	elbo := fmt.Sprintf("%.2f", o.ELBO)
	if o.BoundKind == "elbo" {
		elbo = within(o.ELBO, o.StandardError)
	}
	rows = append(rows,
		[]string{"ELBO", elbo + fmt.Sprintf("   log p(x|z) %.2f − KL %.2f", o.Reconstruction, o.KL)},
		[]string{"active units", o.active()},
	)
	information := fmt.Sprintf("%.2f", o.Information)
	if n := min(o.Examples, eval.MaxInformation); o.Information > math.Log(float64(n))-0.5 {
		information += fmt.Sprintf("   of at most log %s = %.2f", thousands(n), math.Log(float64(n)))
	}
	rows = append(rows, []string{"I_q(x; z)", information})
	if o.BitsPerNumber != nil {
		rows = append(rows, []string{"bits per number", fmt.Sprintf("%.4f", *o.BitsPerNumber)})
	}
	list(a.out, rows...)
	if o.improper != "" {
		fmt.Fprintln(a.out, "\n"+o.improper)
	}
	if o.AIS != nil {
		o.AIS.print(a)
	}
	if o.Gaps != nil {
		o.Gaps.print(a, o.BoundKind)
	}
	o.printUnits(a)
	if why := cmp.Or(o.collapse(), o.partly()); why != "" {
		fmt.Fprintln(a.out, "\n"+why)
	}
}

// printUnits tells what each unit costs, the most telling first.
func (o *evaluatedVAE) printUnits(a *app) {
	first := 1
	for l, kl := range o.Divergences {
		title := "KL by unit, nats"
		if len(o.Divergences) > 1 {
			title += fmt.Sprintf(", layer %d", l+1)
		}
		fmt.Fprintf(a.out, "\n%s:\n", title)
		units := make([]int, len(kl))
		for i := range units {
			units[i] = i
		}
		slices.SortStableFunc(units, func(i, k int) int { return cmp.Compare(kl[k], kl[i]) })
		var rows [][]string
		const columns = 5
		for row := range slices.Chunk(units, columns) {
			var cells []string
			for _, u := range row {
				cells = append(cells, fmt.Sprint(first+u), fmt.Sprintf("%.3f ", kl[u]))
			}
			rows = append(rows, cells)
		}
		table(a.out, rows...)
		first += len(kl)
	}
}

// partly names the units of which the model makes no use, if it does of others.
func (o judgedVAE) partly() string {
	if len(o.Collapsed) == 0 || o.ActiveUnits == 0 {
		return ""
	}
	verb := "say"
	if len(o.Collapsed) == 1 {
		verb = "says"
	}
	return fmt.Sprintf("%s %s nothing of x: what is left describes it; more would be used with --free-bits 0.1 or --anneal linear, and without them the model would be as good with a --latent of fewer", numbered(o.Collapsed), verb)
}
