package main

import (
	"errors"
	"fmt"
	"io/fs"

	"inkling/checkpoint"
	"inkling/lm"
	"inkling/wordvec"
)

// vectorsInfo is what --json says of word vectors.
type vectorsInfo struct {
	*vectorsConfig
	Dir        string  `json:"dir"`
	Trained    bool    `json:"trained"` // there are vectors
	WordsKnown int     `json:"vocabulary_size"`
	ModelBytes int64   `json:"model_bytes"` // of both matrices, on disk
	Curve      []point `json:"curve"`
}

// vectors describes a run of word vectors.
func (i *infoCmd) vectors(a *app, run *checkpoint.Run) error {
	cfg, err := readVectorsConfig(run)
	if err != nil {
		return err
	}
	words, _, err := wordvec.ReadVocab(run)
	if errors.Is(err, fs.ErrNotExist) && !run.HasModel() {
		return badInput("%s: %s", i.Dir, notTrained(run)) // killed before there was a vocabulary
	}
	if err != nil {
		return err
	}
	m := cfg.Model.Plan(len(words))
	if i.Plan {
		use := lm.Memory{Weights: m.Weights, Activations: m.Shards, Checkpoint: m.Saved}
		p := memoryPlan{Memory: use, Program: programBytes + workingBytes}
		p.Total = use.Total() + p.Program
		return printPlansOf(a, []namedPlan{{"training", p}})
	}
	curve, err := readCurve(i.Dir)
	if err != nil {
		return err
	}
	info := vectorsInfo{vectorsConfig: cfg, Dir: i.Dir, Trained: run.HasModel(), WordsKnown: len(words), ModelBytes: m.Saved, Curve: curve}
	if a.json {
		return a.printJSON(info)
	}
	list(a.out,
		[]string{"vectors", fmt.Sprintf("%s of %d numbers (%s)", thousands(len(words)), cfg.Model.Dim, sizeOf(m.Saved))},
		[]string{"learnt by", vectorSettings(cfg)},
		[]string{"text", fmt.Sprintf("%s, %s words, %d times or more for a vector", cfg.Data.File, thousands(cfg.Words), cfg.Model.MinCount)},
		[]string{"made with", cfg.MadeWith.String()},
	)
	if n := len(curve); n > 0 {
		fmt.Fprintf(a.out, "\nstep %s after %s: loss %.4f\n%s", thousands(curve[n-1].Step), span(seconds(curve[n-1].Seconds)), curve[n-1].Loss, plot(curve))
	}
	if !info.Trained {
		fmt.Fprintf(a.out, "\n%s\n", notTrained(run))
	}
	return nil
}

// readVectors fills in what the config of word vectors says.
func (l *listed) readVectors(run *checkpoint.Run) error {
	cfg, err := readVectorsConfig(run)
	if err != nil {
		return err
	}
	m := cfg.Model
	l.Model, l.Tokens, l.Epochs = fmt.Sprintf("%s %d %s", m.Model, m.Dim, m.Loss), "word", float64(m.Epochs)
	return nil
}
