package main

import (
	"runtime"
	"strconv"
	"strings"

	"inkling/data"
	"inkling/softmax"
	"inkling/vae/documents"
)

// documentFlags are those of VAEs of documents.
type documentFlags struct {
	MaxShare *float64 `help:"Words in more than this share of the documents are left out; 0.5." placeholder:"SHARE" group:"Documents" of:"documents"`
	Case     bool     `help:"Tell capital letters from small ones." group:"Documents" of:"documents"`
	Bags     bool     `help:"Each line is a bag already, word:count with spaces between, as in SVMlight's format." group:"Documents" of:"documents"`
	Input    *string  `help:"What the encoder sees of a word: its count, or log, which is log(1 + count)." enum:"count,log" placeholder:"count" group:"Documents" of:"documents"`
	Between  []int    `name:"decoder-hidden" help:"Layers between z and the output layer; none unless given, so that each variable has a weight for each word." placeholder:"N,…" group:"Documents" of:"documents"`
}

// What a VAE of documents learns well with. Of rates of 0.001, 0.003 and 0.01 for 600 steps, the second was the best on the files of Go's library, and the last
// the worst, with a divergence that was three times as large.
const (
	defaultDocumentBatch = 100
	defaultDocumentRate  = 3e-3
)

// documentsConfig are the settings, with nothing left open but what depends on the documents.
func (t *trainVAECmd) documentsConfig() (*documentsConfig, error) {
	share, err := strconv.ParseFloat(t.Valid, 64)
	if err != nil || !(share >= 0 && share < 1) {
		return nil, usage("--valid %s: must be a share, at least 0 and below 1", t.Valid)
	}
	err = check(
		bound{"--k", t.K, 1, 1 << 12}, bound{"--vocab", t.Vocab, 2, data.MaxBagWords}, bound{"--min-count", t.MinCount, 1, unbounded},
		bound{"--classes", t.Classes, 1, mostVocab}, bound{"--samples", t.Samples, 1, mostVocab}, bound{"--block", t.Block, 1, mostVocab},
	)
	if err == nil {
		err = checkNumbers(
			number{"max-share", t.MaxShare, func(v float64) bool { return v > 0 && v <= 1 }, "above 0 and at most 1"},
			number{"power", t.Power, func(v float64) bool { return v > 0 }, "above 0"},
		)
	}
	if err != nil {
		return nil, err
	}
	if err := t.checkLoop(); err != nil {
		return nil, err
	}
	objective, err := t.objective()
	if err != nil {
		return nil, err
	}
	hidden, err := t.layers()
	if err != nil {
		return nil, err
	}
	c := &documentsConfig{
		Header: documents.Header{
			Format: documents.Format, Kind: documents.Kind, Objective: objective,
			Model: documents.Config{
				Latent: t.Latent, Hidden: hidden, Between: t.Between, Activation: t.Activation, Input: valueOr(t.Input, ""), Output: valueOr(t.Output, ""),
				Options: t.options(), Point: t.Objective == "ae",
			},
			Words: data.BagOptions{Case: t.Case, Bags: t.Bags, Size: valueOr(t.Vocab, 0), MinCount: valueOr(t.MinCount, 0), MaxShare: valueOr(t.MaxShare, 0)}.Complete(),
		},
		Train:    t.settings(settings{Batch: valueOr(t.Batch, defaultDocumentBatch)}),
		Data:     documentSource{File: t.Path, Ext: t.Ext, Lines: t.Lines, Field: t.Field, ValidShare: share},
		MadeWith: madeWith{build: thisBuild(), Threads: runtime.GOMAXPROCS(0)},
	}
	if out := valueOr(t.Output, "full"); objective.Name != "elbo" && objective.Name != "ae" && !softmax.Exact(out) {
		return nil, usage("--objective %s weighs samples by p(x|z), which output layer %s does not give in training: choose --objective elbo, or one of --output %s", objective.Name, out, strings.Join(exactOutputs(), ", "))
	}
	c.Train.Options.Rate = valueOr(t.LR, defaultDocumentRate)
	set(&c.Train.Validations, t.Validations)
	c.Train.Shards = valueOr(t.Shards, runtime.GOMAXPROCS(0))
	if c.Train.Steps == 0 && c.Train.Epochs == 0 && c.Train.Budget == 0 {
		c.Train.Budget = duration(defaultBudget)
	}
	return c, nil
}

// exactOutputs are the output layers whose loss is exact in training.
func exactOutputs() (names []string) {
	for _, k := range softmax.Kinds() {
		if k.Exact {
			names = append(names, k.Name)
		}
	}
	return names
}
