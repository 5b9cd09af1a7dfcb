package main

import (
	"reflect"
	"slices"

	"inkling/lm"
	"inkling/softmax"
)

// outputFlags say what the output layer is. A flag that is nil was not given: the kind's own choice.
type outputFlags struct {
	Cutoffs  []int    `help:"Of adaptive: how many of the most frequent words are in the head, and where each further cluster ends but the last; chosen by what products cost on this machine." placeholder:"N" group:"The output layer" of:"documents,sentences,tables"`
	DivValue *float64 `help:"Of adaptive: each cluster's vectors are so many times smaller than those before; 4, and 1 of a shared embedding." placeholder:"X" group:"The output layer" of:"documents,sentences,tables"`
	HeadBias bool     `help:"Of adaptive: the head has a bias; a shared embedding has one of each word anyway." group:"The output layer" of:"documents,sentences,tables"`
	Classes  *int     `help:"Of classes: how many; about the square root of the vocabulary." placeholder:"N" group:"The output layer" of:"documents,sentences,tables"`
	Binning  *string  `help:"Of classes: what is shared out evenly among them: count, of the words, or sqrt, its root." enum:"count,sqrt" placeholder:"sqrt" group:"The output layer" of:"documents,sentences,tables"`
	Samples  *int     `help:"Of nce, sampled, negative and ove: words drawn in each step, for each shard; 512, and of ove all words, undrawn." placeholder:"N" group:"The output layer" of:"documents,sentences,tables"`
	Noise    *string  `help:"Of nce, sampled and negative: what they are drawn from: unigram, the words' frequencies to a power, or loguniform, about 1/rank, the choice of sampled." enum:"unigram,loguniform" placeholder:"unigram" group:"The output layer" of:"documents,sentences,tables"`
	Power    *float64 `help:"Of unigram noise: the power of the words' frequencies; 1, and of negative 0.75." placeholder:"P" group:"The output layer" of:"documents,sentences,tables"`
	LogZ     *float64 `name:"log-z" help:"Of nce: the log of what all exponentials of a word's scores are taken to add up to; 0." placeholder:"X" group:"The output layer" of:"documents,sentences,tables"`
	Block    *int     `help:"Of ove: words that are compared with a target at once; 1." placeholder:"N" group:"The output layer" of:"documents,sentences,tables"`
}

func (f *outputFlags) options() (o softmax.Options) {
	o.Cutoffs, o.HeadBias = f.Cutoffs, f.HeadBias
	set(&o.DivValue, f.DivValue)
	set(&o.Classes, f.Classes)
	set(&o.Binning, f.Binning)
	set(&o.Samples, f.Samples)
	set(&o.Noise, f.Noise)
	set(&o.Power, f.Power)
	set(&o.LogZ, f.LogZ)
	set(&o.Block, f.Block)
	return o
}

// keep forgets what was given of options that are not among these.
func (f *outputFlags) keep(names []string) {
	v := reflect.ValueOf(f).Elem()
	for i := range v.NumField() {
		var alone outputFlags
		reflect.ValueOf(&alone).Elem().Field(i).Set(v.Field(i))
		for _, given := range alone.options().Given() {
			if !slices.Contains(names, given) {
				v.Field(i).SetZero()
			}
		}
	}
}

// check refuses values that no layer could have.
func (f *outputFlags) check() error {
	if err := check(
		bound{"--classes", f.Classes, 1, mostVocab},
		bound{"--samples", f.Samples, 1, mostVocab},
		bound{"--block", f.Block, 1, mostVocab},
	); err != nil {
		return err
	}
	if f.Power != nil && !(*f.Power > 0) {
		return usage("--power %g: must be above 0; noise that is all but even has 1e-6", *f.Power)
	}
	return nil
}

// checkOutput refuses values that no layer could have; with --from, all that is given.
func (t *trainCmd) checkOutput() error {
	if err := t.outputFlags.check(); err != nil {
		return err
	}
	if given := t.options().Given(); t.From != "" && len(given) > 0 {
		return usage("--%s with --from %s, which has an output layer: leave it out", given[0], t.From)
	}
	return nil
}

// suits says whether the output layer that was asked for can be had for a vocabulary. What it chooses by itself is
// chosen when the sizes are known.
func (t *trainCmd) suits(m lm.Config, counts []int64) error {
	_, err := softmax.Settle(m.Output, softmax.Spec{Dim: valueOr(t.Hidden, 1), Counts: counts, Options: m.OutputOptions}, m.Tied)
	if err != nil {
		return usage("%w", err)
	}
	return nil
}
