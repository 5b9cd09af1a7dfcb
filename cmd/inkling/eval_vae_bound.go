package main

import (
	"fmt"
	"strconv"
	"strings"

	"inkling/infer"
	"inkling/vae"
)

// boundFlags say how a VAE is judged.
type boundFlags struct {
	Bound string  `help:"What to measure log p(x) by: elbo; iwae:K, with K samples of z for each example, higher and slower; or ais, annealed importance sampling, the highest and slowest." placeholder:"elbo" group:"A VAE" env:"-"`
	Seed  *uint64 `help:"Of what is drawn; 1." placeholder:"N" group:"A VAE"`

	Gaps bool `help:"Also say where the encoder loses: against the best q of its kind for each picture, and that against log p(x). For models of one stochastic layer." group:"A VAE" env:"-"`

	Against string `help:"Also measure a language model by the sentences, one of the same tokens, trained with --lines." placeholder:"DIR" group:"A VAE" env:"-" of:"sentences"`

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
		Chains: valueOr(f.Chains, usualChains), Temperatures: valueOr(f.Temperatures, 1000), Leapfrog: valueOr(f.Leapfrog, 10),
	}}
	n.Pilot = max(200, n.Temperatures/10)
	return n, err
}

// usualChains are those of ais, of each picture.
const usualChains = 16

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
		return k, usage("--bound %s: the samples of z for each example must be a whole number, at least 1 and at most %s", f.Bound, thousands(mostSamples))
	}
	return k, usage("--bound %s: choose elbo, ais, or iwae:K with K samples of z for each example, as in iwae:5000", f.Bound)
}

// plan is the memory that judging takes beside the pictures.
func (f boundFlags) plan(c vae.Config, k boundKind) (memoryPlan, error) {
	need, err := planVAEJudge(c, k.samples)
	if err == nil && k.name == "ais" {
		var ais memoryPlan
		ais, err = planAIS(c, valueOr(f.Chains, usualChains))
		need = need.or(ais)
	}
	if err == nil && f.Gaps {
		var fit memoryPlan
		fit, err = planFit(c, fitTogether)
		need = need.or(fit)
	}
	return need, err
}

func (k boundKind) String() string {
	if k.samples > 0 {
		return fmt.Sprintf("%s:%d", k.name, k.samples)
	}
	return k.name
}

// most is how many samples of z there are of an example at the same time, for the memory that they take: of ais as if gradients were samples.
func (k boundKind) most(chains *int) int {
	if k.name == "ais" {
		return 4 * max(rowsTogether, valueOr(chains, 0))
	}
	return min(max(k.samples, 1), vae.DrawnAtOnce)
}
