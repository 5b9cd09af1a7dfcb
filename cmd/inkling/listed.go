package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"inkling/checkpoint"
	"inkling/lm"
)

// listed is a run in a list, and what --json says of it.
type listed struct {
	Dir     string     `json:"dir"`
	Model   string     `json:"model"`  // in short
	Tokens  string     `json:"tokens"` // what a token is; of pictures their size
	Status  string     `json:"status"` // finished, stopped, training, new (no step was saved), model (there is no state to go on from) or broken
	Process string     `json:"process,omitempty"`
	Problem string     `json:"problem,omitempty"` // of one that is broken
	Step    int        `json:"step"`              // the last that is known of; of a run that stopped, the one it goes on from
	Seconds float64    `json:"seconds"`           // of training, until then
	Steps   int        `json:"steps,omitempty"`   // how many there are to be, if that was asked for
	Epochs  float64    `json:"epochs,omitempty"`
	Budget  float64    `json:"budget,omitempty"` // seconds
	Best    *float64   `json:"best"`             // lowest held-out loss, nats per token; null without
	Bits    *float64   `json:"best_bits"`        // the same in bits
	Changed *time.Time `json:"changed"`
	Bytes   int64      `json:"bytes"` // on disk
}

// describe says what there is to say of a run.
func describe(dir string) listed {
	l := listed{Dir: dir, Status: "new"}
	var changed time.Time
	l.Bytes, changed = diskUse(dir)
	if !changed.IsZero() {
		l.Changed = &changed
	}
	if err := l.read(); err != nil {
		l.Status, l.Problem = "broken", oneLine(err.Error())
		if _, err := os.Lstat(filepath.Join(dir, "config.json")); errors.Is(err, fs.ErrNotExist) {
			l.Problem = "only the rest of a run: inkling rm " + quoted(dir)
		}
	}
	return l
}

// diskUse is the size of what is in a run's folder and in its folder of states, in bytes, and when the last
// file of it but the lock was changed.
func diskUse(dir string) (bytes int64, changed time.Time) {
	for _, folder := range []string{dir, filepath.Join(dir, "state")} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue // read says so, if it matters
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil || !info.Mode().IsRegular() {
				continue
			}
			bytes += info.Size()
			if e.Name() != "lock" && info.ModTime().After(changed) {
				changed = info.ModTime()
			}
		}
	}
	return bytes, changed
}

// read fills in what the files of a run say.
func (l *listed) read() error {
	run, err := checkpoint.OpenRead(l.Dir)
	if err != nil {
		return err
	}
	defer run.Close()
	vae := vaeKindIn(run)
	switch {
	case isVectors(run):
		err = l.readVectors(run)
	case vae != nil:
		err = vae.list(l, run)
	default:
		err = l.readLM(run)
	}
	if err != nil {
		return err
	}
	curve, err := readCurve(l.Dir)
	if err != nil {
		return err
	}
	l.take(curve)
	if vae != nil { // nats of a picture, and maybe of a density: they come to no bits that compare with a text's
		l.Bits = nil
	}
	if err := l.readState(run); err != nil {
		return err
	}
	if run.HasModel() {
		if _, err := run.ModelHeader(); err != nil {
			return err
		}
	}
	if l.Process, err = run.Holder(); err != nil {
		return err
	}
	if l.Process != "" {
		l.Status = "training"
		if n := len(curve); n > 0 && curve[n-1].Step > l.Step { // later than the last state
			l.Step, l.Seconds = curve[n-1].Step, curve[n-1].Seconds
		}
	}
	return nil
}

// readLM fills in what the config of a language model says.
func (l *listed) readLM(run *checkpoint.Run) error {
	var cfg runConfig
	if err := lm.UnmarshalConfig(run, &cfg); err != nil {
		return err
	}
	if err := ours(cfg.Header); err != nil {
		return badInput("config.json %w", err)
	}
	if err := cfg.checkSizes(); err != nil {
		return badInput("config.json: %w", err)
	}
	m := cfg.Model
	l.Model, l.Tokens = fmt.Sprintf("%.20s %d×%d %.20s", m.Arch, m.Layers, m.Hidden, m.Output), fmt.Sprintf("%.20s", cfg.Tokens)
	l.Steps, l.Epochs, l.Budget = cfg.Train.Steps, cfg.Train.Epochs, time.Duration(cfg.Train.Budget).Seconds()
	return nil
}

// ours says whether a config.json is one that this program could have written, and which it could read.
func ours(h lm.Header) error {
	switch {
	case h.Format < 1 || h.Kind == "":
		return errors.New("is not one of ours")
	case h.Format > lm.Format:
		return fmt.Errorf("was written by a newer inkling (format %d; this one reads up to %d): update inkling", h.Format, lm.Format)
	}
	return nil
}

// take takes over what the metrics say.
func (l *listed) take(curve []point) {
	for _, p := range curve {
		l.Step, l.Seconds = p.Step, p.Seconds
		if p.Valid != nil && !math.IsNaN(*p.Valid) && !math.IsInf(*p.Valid, 0) && (l.Best == nil || *p.Valid < *l.Best) {
			bits := *p.Valid / math.Ln2
			l.Best, l.Bits = p.Valid, &bits
		}
	}
}

// readState takes over what the newest state says. A run that was killed goes on from there, whatever its metrics
// say of later steps.
func (l *listed) readState(run *checkpoint.Run) error {
	_, meta, err := run.LatestMeta()
	if errors.Is(err, checkpoint.ErrNoState) {
		if run.HasModel() {
			l.Status = "model"
		}
		return nil
	}
	if err != nil {
		return err
	}
	var state struct {
		Step    int     `json:"step"`
		Done    bool    `json:"done"`
		Seconds float64 `json:"seconds"`
	}
	if err := json.Unmarshal(meta, &state); err != nil {
		return badInput("the newest state cannot be read: %w", err)
	}
	l.Step, l.Seconds = state.Step, state.Seconds
	l.Status = "stopped"
	if state.Done {
		l.Status = "finished"
	}
	return nil
}

// row is the run as cells of a table.
func (l *listed) row(now time.Time) []string {
	nats, bits, steps, age := "", "", "", ""
	if l.Best != nil {
		nats = fmt.Sprintf("%.4f", *l.Best)
	}
	if l.Bits != nil {
		bits = fmt.Sprintf("%.4f", *l.Bits)
	}
	if l.Step > 0 {
		steps = thousands(l.Step)
	}
	if l.Changed != nil {
		age = ageOf(now.Sub(*l.Changed))
	}
	return []string{l.Dir, l.Model, l.Tokens, nats, bits, steps, age, sizeOf(l.Bytes), l.state()}
}

// state says in words what became of a run.
func (l *listed) state() string {
	switch l.Status {
	case "broken":
		return "broken: " + l.Problem
	case "training":
		return "training now, process " + l.Process + l.of()
	case "stopped":
		return "stopped at step " + thousands(l.Step) + l.of()
	case "model":
		return "a model; no state to go on from"
	case "new":
		return "not begun"
	}
	return l.Status
}

// of is how much of what is stopped or runs there is to be.
func (l *listed) of() string {
	switch {
	case l.Steps > 0:
		return " of " + thousands(l.Steps)
	case l.Budget > 0:
		return ", " + span(seconds(l.Seconds)) + " of " + span(seconds(l.Budget))
	case l.Epochs > 0:
		return fmt.Sprintf(" of %g passes", l.Epochs)
	}
	return ""
}

// ageOf is a time since, in one unit: 40s, 12m, 5h, 3d.
func ageOf(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}
