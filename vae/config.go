// Package vae holds variational auto-encoders: p(x) = ∫ p(x|z)·p(z) dz with z unseen, and an encoder q(z|x) that stands in for
// the posterior p(z|x), whose formula nobody knows (Kingma & Welling 2014; Rezende, Mohamed & Wierstra 2014).
package vae

import (
	"cmp"
	"fmt"
	"slices"
)

// Config says what a model is. Its zero values mean the defaults given here.
type Config struct {
	Height     int     `json:"height"` // of a picture
	Width      int     `json:"width"`
	Channels   int     `json:"channels"`         // 1
	Latent     []int   `json:"latent"`           // variables of each stochastic layer, the one next to the data first; 50
	Hidden     [][]int `json:"hidden"`           // layers of the networks of each stochastic layer, from the data; 200, 200, of conv 32, 64, 256, of a second 100, 100
	Net        string  `json:"net"`              // one of Nets, next to the data; "dense"
	Activation string  `json:"activation"`       // "tanh" or "relu"
	Likelihood string  `json:"likelihood"`       // one of Likelihoods; "bernoulli"
	Levels     int     `json:"levels,omitempty"` // values that a number can take, of logistic 256 unless given, of categorical 16

	// Point makes z the mean of q and nothing else: an auto-encoder, which says nothing of how z is distributed.
	Point bool `json:"point,omitempty"`

	Mean      []float32 `json:"-"` // of the training data, by number: the output's bias begins there; nil: at the middle
	Deviation []float32 `json:"-"` // of the training data, by number: where scales begin, if Mean is there; nil: at 1
	Seed      uint64    `json:"-"` // of the initial weights
}

// Sizes past these are a mistake or an attack, not a small model.
const (
	maxSide   = 1 << 12
	maxInputs = 1 << 20
	maxSize   = 1 << 16
	maxDepth  = 16
	// MaxStochastic is the most stochastic layers.
	MaxStochastic = 2
)

// Inputs is how many numbers an example has.
func (c Config) Inputs() int { return c.Height * c.Width * c.Channels }

// Variables is how many latent variables there are, of all stochastic layers.
func (c Config) Variables() (n int) {
	for _, d := range c.Latent {
		n += d
	}
	return n
}

// Complete fills in the defaults, and refuses what no model can be.
func (c *Config) Complete() error {
	c.Channels = cmp.Or(c.Channels, 1)
	c.Net = cmp.Or(c.Net, nets[0].about().Name)
	c.Likelihood = cmp.Or(c.Likelihood, likelihoods[0].about().Name)
	net, err := netNamed(c.Net)
	if err != nil {
		return err
	}
	if len(c.Hidden) == 0 {
		c.Hidden = [][]int{net.usual()}
	}
	switch {
	case c.Height < 1 || c.Width < 1 || c.Channels < 1 || c.Height > maxSide || c.Width > maxSide || c.Channels > maxSide || c.Inputs() > maxInputs:
		return fmt.Errorf("pictures of %d × %d with %d channels: must have at least 1 number and at most %d", c.Height, c.Width, c.Channels, maxInputs)
	case c.Mean != nil && len(c.Mean) != c.Inputs(), c.Deviation != nil && len(c.Deviation) != c.Inputs():
		return fmt.Errorf("means of %d numbers and deviations of %d, for examples of %d", len(c.Mean), len(c.Deviation), c.Inputs())
	}
	if err := c.CompleteLatents(); err != nil {
		return err
	}
	like, err := likelihoodNamed(c.Likelihood)
	if err != nil {
		return err
	}
	if err := net.settle(c); err != nil {
		return err
	}
	return like.settle(c)
}

// CompleteLatents completes and checks what is there of latent variables and of networks, whatever the data.
func (c *Config) CompleteLatents() error {
	c.Activation = cmp.Or(c.Activation, activations[0].name)
	if len(c.Latent) == 0 {
		c.Latent = []int{50}
	}
	if len(c.Hidden) == 0 {
		c.Hidden = [][]int{dense{}.usual()}
	}
	for l := len(c.Hidden); l < min(len(c.Latent), MaxStochastic); l++ {
		c.Hidden = append(slices.Clone(c.Hidden), []int{100, 100})
	}
	switch {
	case len(c.Latent) > MaxStochastic:
		return fmt.Errorf("%d stochastic layers: at most %d", len(c.Latent), MaxStochastic)
	case len(c.Hidden) != len(c.Latent):
		return fmt.Errorf("networks for %d stochastic layers, and %d of those", len(c.Hidden), len(c.Latent))
	}
	for l, d := range c.Latent {
		if d < 1 || d > maxSize {
			return fmt.Errorf("%d latent variables: must be at least 1 and at most %d", d, maxSize)
		}
		if len(c.Hidden[l]) > maxDepth {
			return fmt.Errorf("a network of %d layers: at most %d", len(c.Hidden[l]), maxDepth)
		}
		for _, h := range c.Hidden[l] {
			if h < 1 || h > maxSize {
				return fmt.Errorf("a layer of %d: must be at least 1 and at most %d", h, maxSize)
			}
		}
	}
	_, err := activationNamed(c.Activation)
	return err
}

// part is what there is to say of a network or a likelihood.
type part struct {
	Name string `json:"name"` // what configs and flags call it
	Doc  string `json:"doc"`  // one line
}

// named finds one of a list.
func named[T interface{ about() part }](kind string, list []T, name string) (found T, err error) {
	var names []string
	for _, p := range list {
		if p.about().Name == name {
			return p, nil
		}
		names = append(names, p.about().Name)
	}
	return found, fmt.Errorf("no %s %.64q: choose one of %q", kind, name, names)
}
