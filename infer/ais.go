package infer

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
)

// AISOptions are those of annealed importance sampling. The zero value works.
type AISOptions struct {
	Temperatures int     // distributions on the way, both ends included; 1000
	Chains       int     // successive rows that are chains of one example; 16
	Leapfrog     int     // leapfrog steps of a transition; 10
	Target       float64 // the acceptance that Tune looks for; 0.65
	Schedule     string  // how temperatures are spread: "sigmoid" (dense at both ends) or "linear"; "sigmoid"
	Pilot        int     // temperatures of the pilot run of Tune; a tenth of Temperatures, at least 200
	Seed         uint64
	Progress     func(done, total int) // called after every transition, pilot included, where it is not nil
}

// Schedules lists the names that AISOptions.Schedule knows.
var Schedules = []string{"sigmoid", "linear"}

// schedule is β at T temperatures, from 0 to 1.
func schedule(name string, temperatures int) []float64 {
	beta := make([]float64, temperatures)
	last := float64(temperatures - 1)
	for t := range beta {
		beta[t] = float64(t) / last
	}
	if name == "sigmoid" {
		logistic := func(t int) float64 { return 1 / (1 + math.Exp(-4*(2*float64(t+1)/float64(temperatures)-1))) }
		low, high := logistic(0), logistic(temperatures-1)
		for t := range beta {
			beta[t] = (logistic(t) - low) / (high - low)
		}
	}
	return beta
}

// AIS is annealed importance sampling (R. Neal, 2001) with the settings of Y. Wu, Y. Burda, R. Salakhutdinov and R. Grosse, "On the
// quantitative analysis of decoder-based generative models" (2017): it estimates the logarithm of the integral of a density, for
// a log-joint log p(x), by going from a distribution to it through
//
//	f_t = from^(1−β_t) · to^β_t,  β from 0 to 1
//
// with one transition of Hamiltonian Monte Carlo at every temperature in between. A chain's weight
//
//	log w = Σ over t of (β_t − β_{t−1}) · (log to(z) − log from(z)),  z being where the chain is as t begins
//
// has E[w] = p(x) whatever the transitions are, as long as they leave f_t invariant and were not chosen by looking at this very chain.
// So step sizes are found in a pilot run with draws of its own, one for each example and twentieth of the way, and then stay.
//
// Forward starts from exact draws of from. log of the mean of w over chains is below log p(x) on average, by Jensen's inequality. Reverse
// starts from an exact sample of the posterior and goes the same way back, which gives E[1/w] = 1/p(x), so that −log of the mean of
// 1/w is above log p(x) on average (R. Grosse, Z. Ghahramani and R. Adams, 2015). Both close in on log p(x) as temperatures
// or chains are added, and their gap tells how far they are. An exact posterior sample is at hand where x itself was drawn with its z
// from the model, and only there. Chains of an example that go back from the same z share what that z brings: the bound holds,
// since the mean of 1/w is unbiased all the same, but more chains do not average the luck of the one z; more examples do.
//
// from may be the prior, or an approximate posterior such as an encoder's, from where there is less way to go; it must
// not be narrower than the posterior.
//
// Cost: Leapfrog evaluations of both densities for each temperature of a run, and Pilot·Leapfrog for tuning, once. Memory:
// 7·Rows·Dim float32, and 20 step sizes for each example. Runs allocate only what they return.
type AIS struct {
	from  Distribution
	to    Density
	o     AISOptions
	walk  *walker
	beta  []float64
	steps [][]float64 // [blocks][examples]: step sizes along the way; nil before Tune
	means []float64   // of each example: the acceptance of the last transition
}

// blocks are the parts of the way with a step size of their own.
const blocks = 20

// NewAIS prepares to go from one to the other. Both have Rows·Dim variables, and Rows is a multiple of Chains: row i·Chains+c
// is chain c of example i.
func NewAIS(from Distribution, to Density, o AISOptions) (*AIS, error) {
	if from.Rows() != to.Rows() || from.Dim() != to.Dim() {
		panic(fmt.Sprintf("infer: NewAIS from %d·%d variables to %d·%d", from.Rows(), from.Dim(), to.Rows(), to.Dim()))
	}
	o.Temperatures = orElse(o.Temperatures, 1000)
	o.Chains = orElse(o.Chains, 16)
	o.Leapfrog = orElse(o.Leapfrog, 10)
	o.Target = orElse(o.Target, 0.65)
	o.Pilot = orElse(o.Pilot, max(200, o.Temperatures/10))
	if o.Schedule == "" {
		o.Schedule = "sigmoid"
	}
	switch {
	case o.Temperatures < 2:
		return nil, fmt.Errorf("%d temperatures: there must be at least the 2 ends", o.Temperatures)
	case o.Chains < 1 || to.Rows()%o.Chains != 0:
		return nil, fmt.Errorf("%d chains for each example do not divide %d rows", o.Chains, to.Rows())
	case o.Leapfrog < 1:
		return nil, fmt.Errorf("%d leapfrog steps: a transition needs at least one", o.Leapfrog)
	case !(o.Target > 0 && o.Target < 1):
		return nil, fmt.Errorf("a target acceptance of %g: it is a probability between 0 and 1", o.Target)
	case o.Pilot <= blocks:
		return nil, fmt.Errorf("a pilot run of %d temperatures: it takes at least %d to find the step sizes of all parts of the way", o.Pilot, blocks+1)
	case o.Schedule != "sigmoid" && o.Schedule != "linear":
		return nil, fmt.Errorf("there is no schedule %q: it is sigmoid or linear", o.Schedule)
	}
	return &AIS{
		from: from, to: to, o: o, walk: newWalker(o.Leapfrog, nil, from, to),
		beta: schedule(o.Schedule, o.Temperatures), means: make([]float64, to.Rows()/o.Chains),
	}, nil
}

// A Bound is what a run of annealed importance sampling found.
type Bound struct {
	LogZ        []float64 // of each example, in nats: log p(x) from below (Forward) or above (Reverse), on average
	LogW        []float64 // of each row: the logarithm of its weight, whose WeightESS over the chains of an example should be well above 1
	Acceptance  float64   // mean probability of acceptance, NaN of 2 temperatures; far from the target, step sizes do not fit the way: make Pilot longer
	Divergences int       // trajectories that ended at a place that cannot be, or were off in energy by 1000 nats
}

// Tune finds the step sizes by a pilot run of its own draws. Forward and Reverse call it where that has not been done.
// The only error is that of the context.
func (a *AIS) Tune(ctx context.Context) error {
	beta, rules := schedule(a.o.Schedule, a.o.Pilot), make([]stepRule, len(a.means))
	now := make([]float64, len(rules))
	for e := range rules {
		rules[e] = newStepRule(0.1)
		now[e] = rules[e].step()
	}
	learn := func(gain float64) {
		a.transition(now)
		for e := range rules {
			rules[e].learn(a.means[e], a.o.Target, gain)
			now[e] = rules[e].step()
		}
	}
	a.begin(pilotStream)
	a.from.Draw(a.walk.here.z, a.walk.rnd)
	a.walk.look(&a.walk.here)
	a.heat(0)
	const settling = 50 // transitions at the start of the way
	for n := range settling {
		if err := ctx.Err(); err != nil {
			return err
		}
		learn(decaying(n))
	}
	var steps [][]float64
	for t := 1; t < len(beta); t++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		a.heat(beta[t])
		learn(tracking)
		for e := range rules {
			rules[e].count()
		}
		if t == len(beta)-1 || block(t+1, len(beta)) > len(steps) {
			kept := make([]float64, len(rules))
			for e := range rules {
				kept[e] = rules[e].take()
			}
			steps = append(steps, kept)
		}
		a.progress(t, len(beta)-1)
	}
	a.steps = steps
	return nil
}

// block is the part of the way that temperature t, from 1 on, belongs to.
func block(t, temperatures int) int { return min((t-1)*blocks/(temperatures-1), blocks-1) }

// Forward goes from exact draws of from to the density. Calling it again gives the same bits. The error is that of the context.
func (a *AIS) Forward(ctx context.Context) (*Bound, error) {
	if err := a.tuned(ctx); err != nil {
		return nil, err
	}
	a.begin(forwardStream)
	a.from.Draw(a.walk.here.z, a.walk.rnd)
	a.walk.look(&a.walk.here)
	run := a.newRun()
	last := len(a.beta) - 1
	for t := 1; t <= last; t++ {
		run.weigh(a.beta[t] - a.beta[t-1])
		if t == last {
			break // what a transition at the end does is of no weight
		}
		if err := run.move(ctx, t); err != nil {
			return nil, err
		}
		a.progress(t, last)
	}
	a.progress(last, last)
	return run.bound(1), nil
}

// Reverse goes back from the density to from. z is an exact sample of it for each example, [Rows/Chains, Dim], from where all chains of
// the example start. The error is that of the context, or of a sample whose density is zero.
func (a *AIS) Reverse(ctx context.Context, z []float32) (*Bound, error) {
	dim, chains := a.to.Dim(), a.o.Chains
	if len(z)*chains != a.to.Rows()*dim {
		panic(fmt.Sprintf("infer: AIS.Reverse from %d numbers, want %d·%d", len(z), a.to.Rows()/chains, dim))
	}
	if err := a.tuned(ctx); err != nil {
		return nil, err
	}
	a.begin(reverseStream)
	start := make([]float32, a.to.Rows()*dim)
	for i := range a.to.Rows() {
		copy(start[i*dim:], z[i/chains*dim:][:dim])
	}
	a.heat(1)
	if err := a.walk.begin(start); err != nil {
		return nil, err
	}
	run := a.newRun()
	last := len(a.beta) - 1
	for t := last; t >= 1; t-- {
		run.weigh(a.beta[t] - a.beta[t-1])
		if t == 1 {
			break
		}
		if err := run.move(ctx, t-1); err != nil {
			return nil, err
		}
		a.progress(last-t+1, last)
	}
	a.progress(last, last)
	return run.bound(-1), nil
}

func (a *AIS) tuned(ctx context.Context) error {
	if a.steps != nil {
		return nil
	}
	return a.Tune(ctx)
}

// begin gives the walk a stream of random numbers of its own for a run.
func (a *AIS) begin(stream uint64) {
	a.walk.rnd = rand.New(rand.NewPCG(a.o.Seed, stream))
	a.walk.divergences = 0
}

// heat makes the walk's density that at β.
func (a *AIS) heat(beta float64) { a.walk.weights[0], a.walk.weights[1] = 1-beta, beta }

// transition moves all rows and takes the acceptance of each example.
func (a *AIS) transition(steps []float64) {
	a.walk.transition(steps, a.o.Chains)
	groupMeans(a.means, a.walk.accept, a.o.Chains)
}

func (a *AIS) progress(done, total int) {
	if a.o.Progress != nil {
		a.o.Progress(done, total)
	}
}

// An aisRun is one measured way there or back.
type aisRun struct {
	*AIS
	logW     []float64
	accepted float64 // summed over moves
	moves    int
}

func (a *AIS) newRun() *aisRun { return &aisRun{AIS: a, logW: make([]float64, a.to.Rows())} }

// weigh adds what a change of β by step does to the density where the chains are.
func (r *aisRun) weigh(step float64) {
	from, to := r.walk.here.value[0], r.walk.here.value[1]
	for i := range r.logW {
		r.logW[i] += step * (logDensity(to[i]) - logDensity(from[i]))
	}
}

// move makes the transition of temperature t.
func (r *aisRun) move(ctx context.Context, t int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.heat(r.beta[t])
	r.transition(r.steps[block(t, len(r.beta))])
	r.accepted += average(r.means)
	r.moves++
	return nil
}

// bound is log mean w of every example (sign 1), or −log mean 1/w (sign −1).
func (r *aisRun) bound(sign float64) *Bound {
	b := &Bound{
		LogZ: make([]float64, len(r.means)), LogW: r.logW,
		Acceptance: r.accepted / float64(r.moves), Divergences: r.walk.divergences,
	}
	signed := make([]float64, r.o.Chains)
	for e := range b.LogZ {
		for c := range signed {
			signed[c] = sign * r.logW[e*r.o.Chains+c]
		}
		b.LogZ[e] = sign * LogMeanExp(signed)
	}
	return b
}
