package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/internal/strictjson"
	"inkling/lm"
	"inkling/vae"
	"inkling/vae/tables"
)

// tableConfig is config.json of a VAE of a table.
type tableConfig struct {
	tables.Header
	Train    settings    `json:"train"`
	Data     tableSource `json:"data"`
	MadeWith madeWith    `json:"made_with"`

	// Scores are what the rows held out came to, once the run was over; nil: none were, or it is not over.
	Scores *tableScores `json:"scores,omitempty"`
}

// tableSource is the table that a run learns from.
type tableSource struct {
	File       string        `json:"file"` // an absolute path
	Bytes      int64         `json:"bytes"`
	SHA256     string        `json:"sha256"`
	Given      tables.Schema `json:"given"`                 // what the user says of columns
	ValidShare float64       `json:"valid_share,omitempty"` // of the rows, chosen by the seed, that are held out
	Rows       int           `json:"rows"`                  // to learn from
	Held       int           `json:"held_out"`
}

func (c *tableConfig) write(run *checkpoint.Run) error {
	return writeConfig(run, c)
}

// readTableConfig reads config.json and columns.json of a VAE of a table.
func readTableConfig(run *checkpoint.Run) (*tableConfig, *tables.Saved, error) {
	header, saved, err := tables.ReadHeader(run)
	if err != nil {
		return nil, nil, err
	}
	raw, err := run.ReadFile("config.json")
	if err != nil {
		return nil, nil, err
	}
	c := new(tableConfig)
	if err := strictjson.Unmarshal(raw, strictjson.Limits{Depth: 8, Values: 1 << 16}, c); err != nil {
		return nil, nil, badInput("%s: config.json is not a config of ours: %w", run.Dir(), err)
	}
	c.Header = header
	if err := c.Train.checkSizes(); err != nil {
		return nil, nil, badInput("%s: config.json: %w", run.Dir(), err)
	}
	d := c.Data
	if !(d.ValidShare >= 0 && d.ValidShare < 1) {
		return nil, nil, badInput("%s: config.json: data.valid_share is %g: must be at least 0 and below 1", run.Dir(), d.ValidShare)
	}
	err = checkSizes(size{"data.bytes", d.Bytes, 1 << 60}, size{"data.rows", int64(d.Rows), tables.MaxRows}, size{"data.held_out", int64(d.Held), tables.MaxRows})
	if err == nil && c.Scores != nil {
		err = c.Scores.check(len(saved.Learned))
	}
	if err != nil {
		return nil, nil, badInput("%s: config.json: %w", run.Dir(), err)
	}
	return c, saved, nil
}

// hashed reads a file for its size and hash.
func hashed(path string) (bytes int64, sum string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, "", data.InWords(path, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return 0, "", badInput("%s is a folder: name a table in it", path)
	}
	h := sha256.New()
	if bytes, err = io.Copy(h, file); err != nil {
		return 0, "", data.InWords(path, err)
	}
	return bytes, hex.EncodeToString(h.Sum(nil)), nil
}

// planTable is the memory that training takes, beside codes of so many bytes.
func planTable(c *tableConfig, columns []*tables.Column, codes int64) (memoryPlan, error) {
	m, err := vae.Config{Latent: []int{c.Model.Latent}, Hidden: [][]int{c.Model.Hidden}, Activation: c.Model.Activation}.PlanTrainingOf(c.Model.Costs(columns), c.Objective, c.Train.vae(c.Data.Held))
	p := tablePlan(m, codes+tables.ColumnsBytes(columns))
	p.Program, p.Total = p.Program+readingBytes, p.Total+readingBytes
	return p, err
}

// tablePlan is all that a command will hold that has a table of so many bytes in memory.
func tablePlan(m vae.Memory, bytes int64) memoryPlan {
	p := memoryPlan{Memory: lm.Memory(m), Text: bytes, Program: programBytes + workingBytes}
	p.Total = p.Memory.Total() + p.Text + p.Program
	return p
}

// planTableUse is the memory that scoring or drawing rows takes, with so many samples of z for each.
func planTableUse(c *tableConfig, columns []*tables.Column, samples int) (memoryPlan, error) {
	m, err := vae.Config{Latent: []int{c.Model.Latent}, Hidden: [][]int{c.Model.Hidden}, Activation: c.Model.Activation}.PlanUseOf(c.Model.Costs(columns), samples, runtime.GOMAXPROCS(0))
	m.Activations = max(m.Activations, 4*int64(runtime.GOMAXPROCS(0))*tables.UseFloats(&c.Model, columns, max(1, samples)))
	return tablePlan(m, tables.ColumnsBytes(columns)), err
}

// openTable reads a saved VAE of a table, to draw so many samples of z for each row. What that takes must fit into the memory, and is checked before
// anything is made.
func openTable(a *app, dir string, samples int) (*tables.Model, *tableConfig, error) {
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		return nil, nil, err
	}
	defer run.Close()
	c, saved, err := readTableConfig(run)
	if err != nil {
		return nil, nil, err
	}
	if !run.HasModel() {
		return nil, nil, badInput("%s: %s", dir, notTrained(run))
	}
	need, err := planTableUse(c, saved.Learned, samples)
	if err != nil {
		return nil, nil, badInput("%s: config.json: %w", dir, err)
	}
	if err := need.check(a.memory(), dir, "use it on a machine with more, or with fewer --threads or --samples, or raise --memory"); err != nil {
		return nil, nil, err
	}
	m, _, _, err := tables.Load(run)
	return m, c, err
}
