package main

import (
	"fmt"
	"runtime"
	"time"

	"inkling/checkpoint"
	"inkling/vae/tables"
)

// tableInfo is what --json says of a VAE of a table.
type tableInfo struct {
	*tableConfig
	Dir           string        `json:"dir"`
	Trained       bool          `json:"trained"` // there are weights
	Schema        tables.Schema `json:"schema"`
	Weights       int64         `json:"weights"`
	ModelBytes    int64         `json:"model_bytes"`    // of weights, in memory and on disk
	TrainingBytes int64         `json:"training_bytes"` // memory that training takes
	Bound         *float64      `json:"bound"`          // the best on the rows held out, nats of each; null without
	ActiveUnits   *float64      `json:"active_units"`   // latent variables that say something of a row, at that step
	Variables     int           `json:"variables"`      // of all
	Curve         []point       `json:"curve"`
}

// table describes a run of a VAE of a table.
func (i *infoCmd) table(a *app, run *checkpoint.Run) error {
	c, saved, err := readTableConfig(run)
	if err != nil {
		return err
	}
	var plans []namedPlan
	var training memoryPlan
	if c.Train.Batch > 0 { // one that was not made here can only be used
		if training, err = planTable(c, saved.Learned, 4*int64(c.Data.Rows+c.Data.Held)*int64(len(saved.Learned))); err != nil {
			return badInput("%s: config.json: %w", i.Dir, err)
		}
		plans = append(plans, namedPlan{"training", training})
	}
	if i.Plan {
		use, err := planTableUse(c, saved.Learned, defaultTableSamples)
		if err != nil {
			return badInput("%s: config.json: %w", i.Dir, err)
		}
		return printPlansOf(a, append(plans, namedPlan{"score and sample", use}))
	}
	curve, err := readCurve(i.Dir)
	if err != nil {
		return err
	}
	weights := c.Model.Weights(saved.Learned)
	info := tableInfo{
		tableConfig: c, Dir: i.Dir, Trained: run.HasModel(), Schema: saved.Schema, Weights: weights, ModelBytes: 4 * weights, TrainingBytes: training.Total,
		Variables: c.Model.Latent, Curve: curve,
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
	info.print(a, best, saved)
	if !info.Trained {
		fmt.Fprintf(a.out, "\n%s\n", notTrained(run))
	}
	return nil
}

func (i *tableInfo) print(a *app, best *point, saved *tables.Saved) {
	t := i.Train
	list(a.out,
		[]string{"model", "variational auto-encoder of a table, " + i.Model.Describe(saved.Learned)},
		[]string{"objective", i.Objective.Describe()},
		[]string{"weights", fmt.Sprintf("%s (%s)", thousands(i.Weights), sizeOf(i.ModelBytes))},
		[]string{"rows", fmt.Sprintf("%s, %s to learn from, %s held out", i.Data.File, thousands(i.Data.Rows), thousands(i.Data.Held))},
		[]string{"training", fmt.Sprintf("%s, %s, batch %d, seed %d, %s", t.length(), t.Precision, t.Batch, t.Seed, plural(t.Shards, "shard"))},
		[]string{"optimizer", t.optimizer()},
		[]string{"memory", sizeOf(i.TrainingBytes) + " in training on " + plural(runtime.GOMAXPROCS(0), "core")},
		[]string{"made with", i.MadeWith.String()},
	)
	fmt.Fprintln(a.out)
	printSchema(a, saved.Schema, saved.Learned)
	printVAECurve(a, i.Curve, best, "rows", i.Variables)
}

// printSchema lists columns with what is known of them.
func printSchema(a *app, s tables.Schema, learned []*tables.Column) {
	rows := [][]string{{"column", "type", "", "missing"}}
	at := 0
	for _, f := range s.Columns {
		row := []string{oneLine(f.Name), f.Type, f.Why, ""}
		if f.Type != tables.Skip && at < len(learned) {
			c := learned[at]
			at++
			row[2], row[3] = c.Describe(), thousands(c.Blank)
		}
		rows = append(rows, row)
	}
	table(a.out, rows...)
}

// readTable fills in what the config of a VAE of a table says.
func (l *listed) readTable(run *checkpoint.Run) error {
	c, saved, err := readTableConfig(run)
	if err != nil {
		return err
	}
	t := c.Train
	l.Model, l.Tokens = fmt.Sprintf("vae table %d %s", c.Model.Latent, c.Objective.Name), plural(len(saved.Learned), "column")
	l.Steps, l.Epochs, l.Budget = t.Steps, t.Epochs, time.Duration(t.Budget).Seconds()
	return nil
}
