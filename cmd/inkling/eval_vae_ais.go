package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"inkling/eval"
	"inkling/infer"
	"inkling/internal/parallel"
	"inkling/vae"
)

// annealing is annealed importance sampling of a VAE by groups of examples, each with densities and a seed of its own, on all cores. Groups
// depend on the number of chains alone, so that results are the same on any number of cores.
type annealing struct {
	m     *vae.Model
	start string // encoder or prior
	seed  uint64
	infer.AISOptions
}

// rowsTogether is how many chains go side by side through the decoder: enough to fill its products, and few enough that a hundred pictures
// give every core the same to do.
const rowsTogether = 64

func (n annealing) group() int { return max(1, rowsTogether/n.Chains) }

// annealed is what was found of each picture, in nats.
type annealed struct {
	lower, upper []float64 // bounds on log p(x); no upper ones without exact draws of z
	effective    []float64 // chains: how many equal weights would say as much
	acceptance   float64   // mean over groups
	divergences  int
}

// run goes forward for every example, and back from z where z is not nil: an exact draw from p(z|x) of each.
func (n annealing) run(ctx context.Context, e vae.Examples, z []float32, seed uint64, step func()) (*annealed, error) {
	variables, size := n.m.Config.Variables(), n.group()
	examples := e.Len()
	o := &annealed{lower: make([]float64, examples), effective: make([]float64, examples)}
	if z != nil {
		o.upper = make([]float64, examples)
	}
	groups := (examples + size - 1) / size
	accepted := make([]float64, groups)
	var mu sync.Mutex
	err := parallel.Try(runtime.GOMAXPROCS(0), groups, func(_, g int) error {
		from, to := g*size, min(examples, (g+1)*size)
		ais, err := n.prepare(e.Batch(from, to), derived(seed, "annealing", g), step)
		if err != nil {
			return err
		}
		b, err := ais.Forward(ctx)
		if err != nil {
			return err
		}
		copy(o.lower[from:], b.LogZ)
		for i := range to - from {
			o.effective[from+i] = infer.WeightESS(b.LogW[i*n.Chains : (i+1)*n.Chains])
		}
		accepted[g] = b.Acceptance
		mu.Lock()
		o.divergences += b.Divergences
		mu.Unlock()
		if z == nil {
			return nil
		}
		if b, err = ais.Reverse(ctx, z[from*variables:to*variables]); err != nil {
			return err
		}
		copy(o.upper[from:], b.LogZ)
		return nil
	})
	o.acceptance = eval.Mean(accepted)
	return o, err
}

// prepare makes the way from where chains begin to p(x, z).
func (n annealing) prepare(b vae.Batch, seed uint64, step func()) (*infer.AIS, error) {
	joint, from := n.m.Joint(b, n.Chains), n.m.Approximate(b, n.Chains)
	if n.start == "prior" {
		from = n.m.PriorDensity(joint.Rows()/n.Chains, n.Chains)
	}
	o := n.AISOptions
	o.Seed = seed
	if step != nil {
		o.Progress = func(int, int) { step() }
	}
	return infer.NewAIS(from, joint, o)
}

// steps are the transitions of one group there, or there and back.
func (n annealing) steps(back bool) int {
	if back {
		return n.Pilot - 1 + 2*(n.Temperatures-1)
	}
	return n.Pilot - 1 + n.Temperatures - 1
}

// seconds estimates how long a transition of a group takes, by trying a few.
func (n annealing) seconds(e vae.Examples) (float64, error) {
	few := e.Batch(0, min(e.Len(), n.group()))
	n.Temperatures, n.Pilot = 5, 21
	best := 0.0
	for range 2 {
		ais, err := n.prepare(few, 1, nil)
		if err != nil {
			return 0, err
		}
		began := time.Now()
		if err := ais.Tune(context.Background()); err != nil {
			return 0, err
		}
		best = time.Since(began).Seconds() / 70 // with 50 to settle
	}
	return best, nil
}

// aisJudged is what --json says of annealed importance sampling.
type aisJudged struct {
	Start        string     `json:"start"`
	Chains       int        `json:"chains"` // of each picture
	Temperatures int        `json:"temperatures"`
	Leapfrog     int        `json:"leapfrog"`
	Acceptance   float64    `json:"acceptance"`
	Effective    float64    `json:"effective_chains"`        // mean over pictures
	Fewest       float64    `json:"fewest_effective_chains"` // of one picture
	Divergences  int        `json:"divergences"`
	Simulated    *simulated `json:"simulated"`
}

// simulated is what annealed importance sampling finds of pictures that were drawn from the model with their z, from both sides (R. Grosse,
// Z. Ghahramani and R. Adams, 2015). Nats of each.
type simulated struct {
	Examples int      `json:"examples"`
	Lower    float64  `json:"lower"`
	Upper    float64  `json:"upper"`
	Gap      float64  `json:"gap"`
	Error    *float64 `json:"gap_standard_error"`
}

// drawnPictures are pictures that a model drew.
type drawnPictures struct {
	m *vae.Model
	x []float32
}

func (r drawnPictures) Len() int { return len(r.x) / r.m.Config.Inputs() }

func (r drawnPictures) Batch(from, to int) vae.Batch {
	return r.m.Batch(r.x[from*r.m.Config.Inputs() : to*r.m.Config.Inputs()])
}

// anneal measures examples, and how far what it finds can be trusted, by as many that drawn draws from the model, with their z.
func (n annealing) anneal(a *app, examples vae.Examples, drawn func(rnd *rand.Rand) ([]float32, vae.Examples)) ([]float64, *aisJudged, error) {
	each, err := n.seconds(examples)
	if err != nil {
		return nil, nil, usage("%w", err)
	}
	groups := (examples.Len() + n.group() - 1) / n.group()
	all := groups * (n.steps(false) + n.steps(true))
	a.foretell(each * float64(all) / float64(min(groups, runtime.GOMAXPROCS(0))))

	t := newTally(a.err, "annealing", all)
	defer t.close()
	step := func() { t.add(1) }
	found, err := n.run(a.ctx, examples, nil, n.seed, step)
	if err != nil {
		return nil, nil, err
	}
	z, simulations := drawn(rand.New(rand.NewPCG(derived(n.seed, "simulated pictures", 0), 0)))
	both, err := n.run(a.ctx, simulations, z, derived(n.seed, "simulated", 0), step)
	if err != nil {
		return nil, nil, err
	}
	gaps := make([]float64, len(both.lower))
	for i := range gaps {
		gaps[i] = both.upper[i] - both.lower[i]
	}
	return found.lower, &aisJudged{
		Start: n.start, Chains: n.Chains, Temperatures: n.Temperatures, Leapfrog: n.Leapfrog,
		Acceptance: found.acceptance, Effective: eval.Mean(found.effective), Fewest: slices.Min(found.effective), Divergences: found.divergences,
		Simulated: &simulated{
			Examples: len(gaps), Lower: eval.Mean(both.lower), Upper: eval.Mean(both.upper), Gap: eval.Mean(gaps), Error: standardError(gaps),
		},
	}, nil
}

func (o *aisJudged) print(a *app, unit string) {
	s := o.Simulated
	fmt.Fprintf(a.out, "\nAIS from the %s, %d chains, %s temperatures, %s: acceptance %.2f, %.1f effective chains, %.1f of the %s with the fewest\n",
		o.Start, o.Chains, thousands(o.Temperatures), plural(o.Leapfrog, "leapfrog step"), o.Acceptance, o.Effective, o.Fewest, unit)
	fmt.Fprintf(a.out, "on %s that the model itself has drawn: %.2f ≤ log p(x) ≤ %.2f, a gap of %s\n", plural(s.Examples, unit), s.Lower, s.Upper, within(s.Gap, s.Error))
	fmt.Fprintln(a.out, o.trust(unit))
}

// When a bound is taken to be near log p(x).
const (
	narrowGap = 1 // nats, of a gap with two standard errors
	fewChains = 2 // effective ones, of more
)

// trust says how far the bound can be trusted: as far as the gap may be wide, whose mean over pictures has an error, and only where several
// chains of a picture have a weight that counts, without which neither side of the gap has been seen much of.
func (o *aisJudged) trust(unit string) string {
	s := o.Simulated
	if s.Error == nil {
		return "one " + unit + " does not tell how much the gap varies: the bound cannot be trusted by it; take more, with --limit"
	}
	widest := s.Gap + 2**s.Error
	switch {
	case !(widest <= narrowGap):
		return fmt.Sprintf("the gap may be %.2f, two standard errors above its mean: the bound may be as far below log p(x); raise --temperatures, or --limit", widest)
	case o.Chains > fewChains && o.Effective < fewChains:
		return fmt.Sprintf("one chain outweighs the others of its %s, %.1f of %d count: the bound may be further below log p(x) than the gap says; raise --temperatures", unit, o.Effective, o.Chains)
	}
	return fmt.Sprintf("the gap is at most %.2f, two standard errors above its mean, and %.1f of %d chains count: so far can AIS be trusted, as far as %ss are like those of the model", widest, o.Effective, o.Chains, unit)
}
