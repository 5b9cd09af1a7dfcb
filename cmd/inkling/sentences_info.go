package main

import (
	"fmt"
	"runtime"
	"time"

	"inkling/checkpoint"
)

// sentencesInfo is what --json says of a VAE of sentences.
type sentencesInfo struct {
	*sentencesConfig
	Dir           string   `json:"dir"`
	Trained       bool     `json:"trained"` // there are weights
	Vocab         int      `json:"vocab"`   // tokens
	Weights       int64    `json:"weights"`
	ModelBytes    int64    `json:"model_bytes"`    // of weights, in memory and on disk
	TrainingBytes int64    `json:"training_bytes"` // memory that training takes, if what is held out is no longer than what is learnt from
	Bound         *float64 `json:"bound"`          // the best on what is held out, nats of each; null without
	KL            *float64 `json:"kl"`             // at that step
	ActiveUnits   *float64 `json:"active_units"`   // latent variables that say something of x, at that step
	Curve         []point  `json:"curve"`
}

// sentences describes a run of a VAE of sentences.
func (i *infoCmd) sentences(a *app, run *checkpoint.Run) error {
	c, vocab, err := readSentencesConfig(run)
	if err != nil {
		return err
	}
	if vocab == nil {
		return badInput("%s: %s", i.Dir, notTrained(run))
	}
	plans, err := c.plans(vocab)
	if err != nil {
		return badInput("%s: config.json: %w", i.Dir, err)
	}
	if i.Plan {
		return printPlansOf(a, plans)
	}
	curve, err := readCurve(i.Dir)
	if err != nil {
		return err
	}
	info := sentencesInfo{
		sentencesConfig: c, Dir: i.Dir, Trained: run.HasModel(), Vocab: vocab.Size(), Weights: c.Model.Weights(), ModelBytes: 4 * c.Model.Weights(), Curve: curve,
	}
	if c.Train.Batch > 0 {
		info.TrainingBytes = plans[0].plan.Total
	}
	best := bestOf(curve)
	if best != nil {
		bound := -best.heldOut()
		info.Bound = &bound
		if kl, ok := best.Also["kl"]; ok {
			units := best.Also["active_units"]
			info.KL, info.ActiveUnits = &kl, &units
		}
	}
	if a.json {
		return a.printJSON(info)
	}
	info.print(a, best)
	if !info.Trained {
		fmt.Fprintf(a.out, "\n%s\n", notTrained(run))
	}
	return nil
}

func (i *sentencesInfo) print(a *app, best *point) {
	m, t := i.Model, i.Train
	one, _ := units(i.Tokens)
	kind := "variational auto-encoder"
	if m.Point {
		kind = "auto-encoder"
	}
	text := fmt.Sprintf("%s, %s to learn from", i.Data.File, plural(i.Data.TrainTokens, one))
	if i.LeftOut > 0 {
		text += fmt.Sprintf(" less %s of more than %d", plural(i.LeftOut, "sentence"), m.Longest)
	}
	rows := [][]string{
		{"model", kind + " of sentences, " + m.Describe()},
		{"vocabulary", plural(i.Vocab, one)},
		{"latent", plural(m.Latent, "variable")},
		{"objective", i.Objective.Describe()},
		{"weights", fmt.Sprintf("%s (%s)", thousands(i.Weights), sizeOf(i.ModelBytes))},
		{"text", text + ", " + thousands(i.Data.ValidTokens) + " held out"},
		{"dropout", fmt.Sprintf("%g of words, %g of embeddings, %g of states", m.WordDropout, m.DropoutIn, m.DropoutOut)},
		{"training", fmt.Sprintf("%s, %s, batch %d, seed %d, %s", t.length(), t.Precision, t.Batch, t.Seed, plural(t.Shards, "shard"))},
		{"optimizer", t.optimizer()},
	}
	if i.TrainingBytes > 0 {
		rows = append(rows, []string{"memory", sizeOf(i.TrainingBytes) + " in training on " + plural(runtime.GOMAXPROCS(0), "core")})
	}
	list(a.out, append(rows, []string{"made with", i.MadeWith.String()})...)
	variables := m.Latent
	if m.Point {
		variables = 0
	}
	printVAECurve(a, i.Curve, best, "sentences", variables)
}

// readSentences fills in what the config of a VAE of sentences says.
func (l *listed) readSentences(run *checkpoint.Run) error {
	c, _, err := readSentencesConfig(run)
	if err != nil {
		return err
	}
	m, t := c.Model, c.Train
	l.Model, l.Tokens = fmt.Sprintf("sentences %s %d %d %.20s", m.Cell, m.Hidden, m.Latent, c.Objective.Name), fmt.Sprintf("%.20s", c.Tokens)
	l.Steps, l.Epochs, l.Budget = t.Steps, t.Epochs, time.Duration(t.Budget).Seconds()
	return nil
}
