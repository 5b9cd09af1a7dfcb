package infer

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// HMCOptions are those of Hamiltonian Monte Carlo. The zero value works.
type HMCOptions struct {
	Leapfrog int     // leapfrog steps of a transition; 10
	Group    int     // successive rows that share a step size: the chains of an example; 1
	Step     float64 // the step size to begin with; 0.1
	Target   float64 // the acceptance that WarmUp looks for; 0.65, near the best for many variables (A. Beskos et al., 2013)
	Seed     uint64
}

func (o HMCOptions) settle(rows int) (HMCOptions, error) {
	o.Leapfrog = orElse(o.Leapfrog, 10)
	o.Group = orElse(o.Group, 1)
	o.Step = orElse(o.Step, 0.1)
	o.Target = orElse(o.Target, 0.65)
	switch {
	case o.Leapfrog < 1:
		return o, fmt.Errorf("%d leapfrog steps: a transition needs at least one", o.Leapfrog)
	case o.Group < 1 || rows%o.Group != 0:
		return o, fmt.Errorf("groups of %d rows do not divide %d rows: give each example the same number of chains", o.Group, rows)
	case !(o.Step >= minStep && o.Step <= maxStep):
		return o, fmt.Errorf("a step size of %g: it must be from %g to %g", o.Step, float64(minStep), float64(maxStep))
	case !(o.Target > 0 && o.Target < 1):
		return o, fmt.Errorf("a target acceptance of %g: it is a probability between 0 and 1", o.Target)
	}
	return o, nil
}

// orElse is v, or what stands for it where it is zero.
func orElse[T int | float64](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// HMC samples from every row of a density by Hamiltonian Monte Carlo; a walker's comment has the method. WarmUp finds step
// sizes, which stay as they are from then on, so that Step leaves the densities invariant.
//
// A transition costs as many evaluations as it has leapfrog steps. Memory is 5·Rows·Dim float32; nothing is allocated after NewHMC.
type HMC struct {
	walk        *walker
	o           HMCOptions
	steps       []float64 // the step size of each group
	accepted    []float64 // of each group: the sum of acceptances since the warm-up
	means       []float64
	transitions int
}

// NewHMC makes chains that start at z, [Rows, Dim] and copied. It is an error where a row starts at a place that cannot be.
func NewHMC(f Density, z []float32, o HMCOptions) (*HMC, error) {
	o, err := o.settle(f.Rows())
	if err != nil {
		return nil, err
	}
	if len(z) != f.Rows()*f.Dim() {
		panic(fmt.Sprintf("infer: NewHMC with %d numbers to start from, want %d·%d", len(z), f.Rows(), f.Dim()))
	}
	groups := f.Rows() / o.Group
	h := &HMC{
		walk: newWalker(o.Leapfrog, rand.New(rand.NewPCG(o.Seed, hmcStream)), f), o: o,
		steps: make([]float64, groups), accepted: make([]float64, groups), means: make([]float64, groups),
	}
	for g := range h.steps {
		h.steps[g] = o.Step
	}
	h.walk.weights[0] = 1
	if err := h.walk.begin(z); err != nil {
		return nil, err
	}
	return h, nil
}

// Streams of random numbers of one seed.
const (
	hmcStream uint64 = iota + 1
	pilotStream
	forwardStream
	reverseStream
	fitStream
	elboStream
)

// WarmUp makes n transitions, during which the step size of every group is led to the target acceptance, and forgets what was
// counted. A few hundred are usual. The only error is that of the context.
func (h *HMC) WarmUp(ctx context.Context, n int) error {
	rules := make([]stepRule, len(h.steps))
	for g := range rules {
		rules[g] = newStepRule(h.steps[g])
	}
	for i := range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		h.walk.transition(h.steps, h.o.Group)
		groupMeans(h.means, h.walk.accept, h.o.Group)
		for g := range rules {
			rules[g].learn(h.means[g], h.o.Target, decaying(i))
			if i >= n/2 {
				rules[g].count()
			}
			h.steps[g] = rules[g].step()
		}
	}
	for g := range rules {
		h.steps[g] = rules[g].take()
	}
	h.walk.divergences, h.transitions = 0, 0
	clear(h.accepted)
	return nil
}

// Step makes one transition of every row.
func (h *HMC) Step() {
	h.walk.transition(h.steps, h.o.Group)
	groupMeans(h.means, h.walk.accept, h.o.Group)
	for g, a := range h.means {
		h.accepted[g] += a
	}
	h.transitions++
}

// Z is where the chains are, [Rows, Dim]: the walk's own, for reading until the next transition.
func (h *HMC) Z() []float32 { return h.walk.here.z }

// LogDensity is the log density of every row there, for reading until the next transition.
func (h *HMC) LogDensity() []float64 { return h.walk.here.value[0] }

// StepSizes are those of the groups, for reading.
func (h *HMC) StepSizes() []float64 { return h.steps }

// Acceptance sets dst to the mean probability of acceptance of each group since the warm-up, and returns the mean of all; NaN
// before the first Step. dst may be nil.
func (h *HMC) Acceptance(dst []float64) float64 {
	sum := 0.0
	for g, a := range h.accepted {
		share := a / float64(h.transitions)
		if dst != nil {
			dst[g] = share
		}
		sum += share
	}
	return sum / float64(len(h.accepted))
}

// Divergences is the number of trajectories since the warm-up, of all rows, that ended at a place that cannot be, or whose energy
// went astray by more than 1000 nats. More than a few percent mean that steps are too long for some part of the density, which
// is then seldom seen: ask for a higher acceptance.
func (h *HMC) Divergences() int { return h.walk.divergences }
