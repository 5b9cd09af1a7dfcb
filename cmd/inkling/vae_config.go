package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"

	"inkling/checkpoint"
	"inkling/internal/strictjson"
	"inkling/vae"
)

// vaeConfig is config.json of a VAE.
type vaeConfig struct {
	vae.Header
	Train    settings    `json:"train"`
	Data     imageSource `json:"data"`
	MadeWith madeWith    `json:"made_with"`
}

// imageSource are the pictures that a run learns from.
type imageSource struct {
	File       string  `json:"file"` // an absolute path
	Gray       bool    `json:"gray,omitempty"`
	Limit      int     `json:"limit,omitempty"` // of the pictures of each part
	Bytes      int64   `json:"bytes"`
	SHA256     string  `json:"sha256"`
	ValidShare float64 `json:"valid_share,omitempty"` // of the training pictures, evenly spread, that are held out; 0: the part that is there for it, or none
	Pictures   int     `json:"pictures"`              // to learn from
	Held       int     `json:"held_out"`
}

func (c *vaeConfig) write(run *checkpoint.Run) error {
	return writeConfig(run, c)
}

// readVAEConfig reads config.json of a VAE. What the model needs of it is checked by package vae, what training needs by train.Run.
func readVAEConfig(run *checkpoint.Run) (*vaeConfig, error) {
	if k := vaeKindIn(run); k != nil && k.kind() != vae.Kind {
		return nil, badInput("%s is a variational auto-encoder of other data (--as %s), and this is for those of pictures", run.Dir(), k.name())
	}
	header, err := vae.ReadHeader(run)
	if err != nil {
		return nil, err
	}
	raw, err := run.ReadFile("config.json")
	if err != nil {
		return nil, err
	}
	c := new(vaeConfig)
	if err := strictjson.Unmarshal(raw, strictjson.Limits{Depth: 8, Values: 4096}, c); err != nil {
		return nil, badInput("%s: config.json is not a config of ours: %w", run.Dir(), err)
	}
	c.Header = header
	if err := c.Train.checkSizes(); err != nil {
		return nil, badInput("%s: config.json: %w", run.Dir(), err)
	}
	d := c.Data
	if d.Limit < 0 || d.Bytes < 0 || d.Pictures < 0 || d.Held < 0 || !(d.ValidShare >= 0 && d.ValidShare < 1) || d.Limit > math.MaxInt32 {
		return nil, badInput("%s: config.json: data has a number below 0, or a share of 1 and more", run.Dir())
	}
	err = checkSizes(size{"data.bytes", d.Bytes, 1 << 60}, size{"data.pictures", int64(d.Pictures), 1 << 32}, size{"data.held_out", int64(d.Held), 1 << 32})
	if err != nil {
		return nil, badInput("%s: config.json: %w", run.Dir(), err)
	}
	return c, nil
}

// kindOf is what config.json says that a run is: "lm", "vectors", "vae"; "" where it does not say.
func kindOf(run *checkpoint.Run) string {
	var h struct {
		Kind string `json:"kind"`
	}
	raw, err := run.ReadFile("config.json")
	if err != nil || json.Unmarshal(raw, &h) != nil {
		return ""
	}
	return h.Kind
}

// openVAE reads a saved VAE, to encode and decode.
func openVAE(a *app, dir string) (*vae.Model, *vaeConfig, error) {
	return openVAEFor(a, dir, planVAEUse)
}

const lessMemory = "use it on a machine with more, or with fewer --threads, or raise --memory"

// openVAEFor reads a saved VAE, for what takes memory as planned. That must fit, and is checked before anything is made.
func openVAEFor(a *app, dir string, plan func(vae.Config) (memoryPlan, error)) (*vae.Model, *vaeConfig, error) {
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		return nil, nil, err
	}
	defer run.Close()
	switch kindOf(run) {
	case "lm":
		return nil, nil, badInput("%s: config.json is of a language model, not a variational auto-encoder: inkling generate and score are for that", dir)
	case "vectors":
		return nil, nil, badInput("%s: config.json is of word vectors, not a variational auto-encoder: inkling nn and analogy are for that", dir)
	}
	if k := vaeKindIn(run); k != nil && k.kind() != vae.Kind {
		return nil, nil, badInput("%s is a variational auto-encoder of %s, and this is for those of pictures", dir, k.name())
	}
	c, err := readVAEConfig(run)
	if err != nil {
		return nil, nil, err
	}
	if !run.HasModel() {
		return nil, nil, badInput("%s: %s", dir, notTrained(run))
	}
	need, err := plan(c.Model)
	if err != nil {
		return nil, nil, badInput("%s: config.json: %w", dir, err)
	}
	if err := need.check(a.memory(), dir, lessMemory); err != nil {
		return nil, nil, err
	}
	m, _, err := vae.Load(run)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, badInput("%s: %s", dir, notTrained(run))
	}
	return m, c, err
}
