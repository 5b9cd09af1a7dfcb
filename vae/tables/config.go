package tables

import (
	"cmp"
	"fmt"
	"strings"

	"inkling/softmax"
	"inkling/vae"
)

// Config says what a model of a table is. Its zero values mean the defaults given here.
type Config struct {
	Latent     int    `json:"latent"`           // variables; 16
	Hidden     []int  `json:"hidden"`           // layers of the encoder; those of the decoder are the same backwards; 128
	Activation string `json:"activation"`       // "relu" or "tanh"; "relu"
	Components int    `json:"components"`       // logistics that a number is a mixture of; 3
	Embed      int    `json:"embed"`            // numbers that the encoder sees of a vocabulary's value, and the decoder's layer for one; 32
	Output     string `json:"output,omitempty"` // the layer of softmax/ of vocabularies; "adaptive"

	Options []softmax.Options `json:"output_options,omitempty"` // of each vocabulary's layer, settled
	Seed    uint64            `json:"-"`                        // of the initial weights
}

const (
	mostComponents = 64
	mostEmbed      = 1 << 12
)

// Complete fills in the defaults, and refuses what no model of these columns can be.
func (c *Config) Complete(columns []*Column) error {
	c.Latent = cmp.Or(c.Latent, 16)
	c.Activation = cmp.Or(c.Activation, "relu")
	c.Components = cmp.Or(c.Components, 3)
	c.Embed = cmp.Or(c.Embed, 32)
	if c.Hidden == nil {
		c.Hidden = []int{128}
	}
	switch {
	case c.Components < 1 || c.Components > mostComponents:
		return fmt.Errorf("mixtures of %d logistics: must be at least 1 and at most %d", c.Components, mostComponents)
	case c.Embed < 1 || c.Embed > mostEmbed:
		return fmt.Errorf("embeddings of %d numbers: must be at least 1 and at most %d", c.Embed, mostEmbed)
	case len(columns) == 0:
		return fmt.Errorf("a table without columns")
	}
	latents := c.latents()
	if err := latents.CompleteLatents(); err != nil {
		return err
	}
	return c.settleOutputs(columns)
}

// settleOutputs chooses what is open of the layers of vocabularies.
func (c *Config) settleOutputs(columns []*Column) error {
	var words []*Column
	for _, col := range columns {
		if col.Type == Vocabulary {
			words = append(words, col)
		}
	}
	if len(words) == 0 {
		c.Output, c.Options = "", nil
		return nil
	}
	c.Output = cmp.Or(c.Output, "adaptive")
	if c.Options == nil {
		c.Options = make([]softmax.Options, len(words))
	}
	if len(c.Options) != len(words) {
		return fmt.Errorf("options of %d output layers, and there are %d vocabularies", len(c.Options), len(words))
	}
	for i, col := range words {
		var err error
		if c.Options[i], err = softmax.Settle(c.Output, c.spec(col, c.Options[i]), false); err != nil {
			return fmt.Errorf("column %q: %w", short(col.Name), err)
		}
	}
	return nil
}

// spec is what the output layer of a vocabulary is made of.
func (c *Config) spec(col *Column, o softmax.Options) softmax.Spec {
	return softmax.Spec{Dim: c.Embed, Counts: col.frequencies(), Options: o}
}

// latents is what package vae knows of it.
func (c *Config) latents() vae.Config {
	return vae.Config{Latent: []int{c.Latent}, Hidden: [][]int{c.Hidden}, Activation: c.Activation, Seed: c.Seed}
}

// Describe is the model in words: "24 columns, 128–[16], relu, mixtures of 3 logistics". c is complete.
func (c *Config) Describe(columns []*Column) string {
	sizes := ""
	for _, h := range c.Hidden {
		sizes += fmt.Sprintf("%d–", h)
	}
	parts := []string{fmt.Sprintf("%d columns", len(columns)), fmt.Sprintf("%s[%d]", sizes, c.Latent), c.Activation, fmt.Sprintf("mixtures of %d logistics", c.Components)}
	if c.Output != "" {
		parts = append(parts, c.Output+" of "+fmt.Sprint(len(c.Options))+" vocabularies")
	}
	return strings.Join(parts, ", ")
}

// Weights counts the parameters, before there are any. c is complete.
func (c *Config) Weights(columns []*Column) int64 { return c.Costs(columns).Weights }
