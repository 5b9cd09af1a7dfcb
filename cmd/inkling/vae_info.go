package main

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"time"

	"inkling/checkpoint"
)

// vaeInfo is what --json says of a VAE.
type vaeInfo struct {
	*vaeConfig
	Dir           string   `json:"dir"`
	Trained       bool     `json:"trained"` // there are weights
	Weights       int64    `json:"weights"`
	ModelBytes    int64    `json:"model_bytes"`    // of weights, in memory and on disk
	TrainingBytes int64    `json:"training_bytes"` // memory that training takes
	Bound         *float64 `json:"bound"`          // the best on the pictures held out, nats of each; null without
	ActiveUnits   *float64 `json:"active_units"`   // latent variables that say something of x, at that step
	Variables     int      `json:"variables"`      // of all
	Curve         []point  `json:"curve"`
}

// vae describes a run of a VAE.
func (i *infoCmd) vae(a *app, run *checkpoint.Run) error {
	c, err := readVAEConfig(run)
	if err != nil {
		return err
	}
	var plans []namedPlan
	var training memoryPlan
	if c.Train.Batch > 0 { // one that was not made here can only be used
		if training, err = planVAE(c, c.Data.memory(c.Model)); err != nil {
			return badInput("%s: config.json: %w", i.Dir, err)
		}
		plans = append(plans, namedPlan{"training", training})
	}
	if i.Plan {
		use, err := planVAEUse(c.Model)
		if err != nil {
			return badInput("%s: config.json: %w", i.Dir, err)
		}
		score, err := planVAEJudge(c.Model, defaultSamples)
		if err != nil {
			return badInput("%s: config.json: %w", i.Dir, err)
		}
		ais, err := planAIS(c.Model, usualChains)
		if err != nil {
			return badInput("%s: config.json: %w", i.Dir, err)
		}
		return printPlansOf(a, append(plans, namedPlan{"sample", use}, namedPlan{"score", score}, namedPlan{"ais", ais}))
	}
	curve, err := readCurve(i.Dir)
	if err != nil {
		return err
	}
	info := vaeInfo{
		vaeConfig: c, Dir: i.Dir, Trained: run.HasModel(), Weights: c.Model.Weights(), ModelBytes: 4 * c.Model.Weights(), TrainingBytes: training.Total,
		Variables: c.Model.Variables(), Curve: curve,
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

// bestOf is the point of the lowest held-out loss; nil if nothing was measured.
func bestOf(curve []point) (best *point) {
	for i := range curve {
		if v := curve[i].heldOut(); !math.IsNaN(v) && (best == nil || v < best.heldOut()) {
			best = &curve[i]
		}
	}
	return best
}

func (i *vaeInfo) print(a *app, best *point) {
	m, t := i.Model, i.Train
	list(a.out,
		[]string{"model", "variational auto-encoder, " + m.Describe()},
		[]string{"latent", strings.Trim(fmt.Sprint(m.Latent), "[]") + " variables"},
		[]string{"objective", i.Objective.Describe()},
		[]string{"weights", fmt.Sprintf("%s (%s)", thousands(i.Weights), sizeOf(i.ModelBytes))},
		[]string{"pictures", fmt.Sprintf("%s of %s, %s to learn from, %s held out; binarized: %s", i.Data.File, sizeInWords(m.Height, m.Width, m.Channels), thousands(i.Data.Pictures), thousands(i.Data.Held), i.Binarize)},
		[]string{"training", fmt.Sprintf("%s, %s, batch %d, seed %d, %s", t.length(), t.Precision, t.Batch, t.Seed, plural(t.Shards, "shard"))},
		[]string{"optimizer", t.optimizer()},
		[]string{"memory", sizeOf(i.TrainingBytes) + " in training on " + plural(runtime.GOMAXPROCS(0), "core")},
		[]string{"made with", i.MadeWith.String()},
	)
	printVAECurve(a, i.Curve, best, "pictures", i.Variables)
}

// printVAECurve draws how far a run has come, and says what its best weights are good for; nothing of a run that has measured nothing yet.
// variables are the latent ones; 0 of an auto-encoder, which has no divergence.
func printVAECurve(a *app, curve []point, best *point, held string, variables int) {
	n := len(curve)
	if n == 0 {
		return
	}
	last := curve[n-1]
	fmt.Fprintf(a.out, "\nstep %s after %s: loss %.4f", thousands(last.Step), span(seconds(last.Seconds)), last.Loss)
	if best != nil {
		fmt.Fprintf(a.out, ", best on the %s held out %.4f nats, at step %s", held, best.heldOut(), thousands(best.Step))
		if units, ok := best.Also["active_units"]; ok && variables > 0 {
			fmt.Fprintf(a.out, ":\nlog p(x|z) %.2f, KL %.2f, %.0f of %d latent variables active", best.Also["log_likelihood"], best.Also["kl"], units, variables)
		}
	}
	fmt.Fprintf(a.out, "\n%s", plot(curve))
}

// readVAE fills in what the config of a VAE says.
func (l *listed) readVAE(run *checkpoint.Run) error {
	c, err := readVAEConfig(run)
	if err != nil {
		return err
	}
	m, t := c.Model, c.Train
	latent := strings.ReplaceAll(strings.Trim(fmt.Sprint(m.Latent), "[]"), " ", ",")
	l.Model, l.Tokens = fmt.Sprintf("vae %s %s %s %s", m.Net, latent, m.Likelihood, c.Objective.Name), fmt.Sprintf("%d×%d", m.Height, m.Width)
	l.Steps, l.Epochs, l.Budget = t.Steps, t.Epochs, time.Duration(t.Budget).Seconds()
	return nil
}
