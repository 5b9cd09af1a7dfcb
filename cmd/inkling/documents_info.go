package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"inkling/checkpoint"
)

// documentsInfo is what --json says of a VAE of documents.
type documentsInfo struct {
	*documentsConfig
	Dir           string   `json:"dir"`
	Trained       bool     `json:"trained"` // there are weights
	Vocab         int      `json:"vocab"`   // words
	Weights       int64    `json:"weights"`
	ModelBytes    int64    `json:"model_bytes"`    // of weights, in memory and on disk
	TrainingBytes int64    `json:"training_bytes"` // memory that training takes
	Bound         *float64 `json:"bound"`          // the best on the documents held out, nats of each; null without
	ActiveUnits   *float64 `json:"active_units"`   // latent variables that say something of x, at that step
	Variables     int      `json:"variables"`      // of all
	Curve         []point  `json:"curve"`
}

// documents describes a run of a VAE of documents.
func (i *infoCmd) documents(a *app, run *checkpoint.Run) error {
	c, vocab, err := readDocumentsConfig(run)
	if err != nil {
		return err
	}
	var plans []namedPlan
	var training memoryPlan
	if c.Train.Batch > 0 { // one that was not made here can only be used
		if training, err = c.plan(vocab, c.Data.sizes(), c.Data.memory()); err != nil {
			return badInput("%s: config.json: %w", i.Dir, err)
		}
		plans = append(plans, namedPlan{"training", training})
	}
	if i.Plan {
		for _, use := range []struct {
			name    string
			samples int
		}{{"encode", 0}, {"score", defaultSamples}} {
			m, err := c.Model.PlanUse(c.Data.sizes(), use.samples, runtime.GOMAXPROCS(0), false)
			if err != nil {
				return badInput("%s: config.json: %w", i.Dir, err)
			}
			plans = append(plans, namedPlan{use.name, newDocumentsPlan(m, vocab, 0)})
		}
		return printPlansOf(a, plans)
	}
	curve, err := readCurve(i.Dir)
	if err != nil {
		return err
	}
	info := documentsInfo{
		documentsConfig: c, Dir: i.Dir, Trained: run.HasModel(), Vocab: len(vocab.Words), Weights: c.Model.Weights(), ModelBytes: 4 * c.Model.Weights(), TrainingBytes: training.Total,
		Curve: curve,
	}
	for _, d := range c.Model.Latent {
		info.Variables += d
	}
	best := bestOf(curve)
	if best != nil {
		bound := -best.heldOut()
		info.Bound = &bound
		if units, ok := best.Also["active_units"]; ok {
			info.ActiveUnits = &units
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

func (i *documentsInfo) print(a *app, best *point) {
	d, t := i.Data, i.Train
	list(a.out,
		[]string{"model", "variational auto-encoder of documents, " + i.Model.Describe()},
		[]string{"latent", strings.Trim(fmt.Sprint(i.Model.Latent), "[]") + " variables"},
		[]string{"objective", i.Objective.Describe()},
		[]string{"weights", fmt.Sprintf("%s (%s)", thousands(i.Weights), sizeOf(i.ModelBytes))},
		[]string{"documents", fmt.Sprintf("%s: %s to learn from, of %s words, %s held out, %s without a word that is kept", d.File, thousands(d.Documents), thousands(d.Words), thousands(d.Held), thousands(d.Empty))},
		[]string{"words", fmt.Sprintf("%s, at least %s and in at most %g of the documents", thousands(i.Vocab), plural(i.Words.MinCount, "time"), i.Words.MaxShare)},
		[]string{"training", fmt.Sprintf("%s, %s, batch %d, seed %d, %s", t.length(), t.Precision, t.Batch, t.Seed, plural(t.Shards, "shard"))},
		[]string{"optimizer", t.optimizer()},
		[]string{"memory", sizeOf(i.TrainingBytes) + " in training on " + plural(runtime.GOMAXPROCS(0), "core")},
		[]string{"made with", i.MadeWith.String()},
	)
	printVAECurve(a, i.Curve, best, "documents", i.Variables)
}

// readDocuments fills in what the config of a VAE of documents says.
func (l *listed) readDocuments(run *checkpoint.Run) error {
	c, vocab, err := readDocumentsConfig(run)
	if err != nil {
		return err
	}
	t := c.Train
	latent := strings.ReplaceAll(strings.Trim(fmt.Sprint(c.Model.Latent), "[]"), " ", ",")
	l.Model, l.Tokens = fmt.Sprintf("documents %s %s %s", latent, c.Model.Output, c.Objective.Name), fmt.Sprintf("%s words", thousands(len(vocab.Words)))
	l.Steps, l.Epochs, l.Budget = t.Steps, t.Epochs, time.Duration(t.Budget).Seconds()
	return nil
}
