// Package documents holds VAEs of documents as bags of words (Miao, Yu & Blunsom 2016, "Neural variational inference for text processing", whose
// model is called NVDM): the encoder sees how often each word occurs, z says what a document is about, and each word is drawn from p(w|z),
//
//	log p(x|z) = Σ_w count_w · log p(w|z)
//
// A document is a sequence of words, whose order the model does not look at: there is no multinomial coefficient in the formula. So it is the
// probability of the words as they stand there, and a perplexity per word compares with that of any model of words.
package documents

import (
	"cmp"
	"fmt"
	"slices"

	"inkling/softmax"
	"inkling/vae"
)

// Config says what a model is. Its zero values mean the defaults given here.
type Config struct {
	Latent     []int           `json:"latent"`         // variables of each stochastic layer, the one next to the data first; 50
	Hidden     [][]int         `json:"hidden"`         // layers of the encoder; 500; of a second stochastic layer both networks', 100, 100
	Between    []int           `json:"decoder_hidden"` // layers from z to the output layer; none, so that each variable has a weight for each word
	Activation string          `json:"activation"`     // "tanh" or "relu"
	Input      string          `json:"input"`          // one of Inputs; "count"
	Output     string          `json:"output"`         // one of softmax.Kinds; "full"
	Options    softmax.Options `json:"output_options,omitzero"`

	// Point makes z the mean of q and nothing else: an auto-encoder, which says nothing of how z is distributed.
	Point bool `json:"point,omitempty"`

	Counts []int64 `json:"-"` // of each word in the documents to learn from; their number is that of words
	Norm   float64 `json:"-"` // mean over these documents of the squared length of what the encoder sees; 0: 100. First weights are made for it
	Seed   uint64  `json:"-"` // of the initial weights
}

// Inputs are what the encoder can see of a word that occurs so often in a document: the count itself, or log(1 + count). By the count, the perplexity of the files of Go's library was
// 5 % lower, 387 against 406 after eight passes: what a long document says often is what it is about.
var Inputs = []string{"count", "log"}

// The largest model there may be, as vae has it of others.
const (
	maxWords = 1 << 20
	maxSize  = 1 << 16
	maxDepth = 16
)

// latents is what package vae needs to know.
func (c Config) latents() vae.Config {
	return vae.Config{Latent: c.Latent, Hidden: c.Hidden, Activation: c.Activation, Point: c.Point, Seed: c.Seed}
}

// Complete fills in the defaults, settles the options of the output layer, and refuses what no model can be.
func (c *Config) Complete() error {
	if len(c.Counts) < 1 || len(c.Counts) > maxWords {
		return fmt.Errorf("a vocabulary of %d words: must be at least 1 and at most %d", len(c.Counts), maxWords)
	}
	if len(c.Hidden) == 0 {
		c.Hidden = [][]int{{500}}
	}
	v := c.latents()
	if err := v.CompleteLatents(); err != nil {
		return err
	}
	c.Latent, c.Hidden, c.Activation = v.Latent, v.Hidden, v.Activation
	c.Input, c.Output = cmp.Or(c.Input, Inputs[0]), cmp.Or(c.Output, "full")
	c.Between = append([]int{}, c.Between...)
	switch {
	case len(c.Hidden[0]) == 0:
		return fmt.Errorf("an encoder of documents without a hidden layer: at least one")
	case len(c.Between) > maxDepth:
		return fmt.Errorf("a decoder of %d layers: at most %d", len(c.Between), maxDepth)
	case !slices.Contains(Inputs, c.Input):
		return fmt.Errorf("no input %.64q: choose one of %q", c.Input, Inputs)
	case len(c.Output) > 64:
		return fmt.Errorf("no output layer %.64q", c.Output)
	}
	for _, h := range c.Between {
		if h < 1 || h > maxSize {
			return fmt.Errorf("a layer of %d: must be at least 1 and at most %d", h, maxSize)
		}
	}
	options, err := softmax.Settle(c.Output, c.spec(), false)
	c.Options = options
	return err
}

// dim is how many numbers the output layer sees.
func (c Config) dim() int {
	if n := len(c.Between); n > 0 {
		return c.Between[n-1]
	}
	return c.Latent[0]
}

func (c Config) spec() softmax.Spec {
	return softmax.Spec{Dim: c.dim(), Counts: c.Counts, Options: c.Options}
}

// Describe says in a line what the model is.
func (c Config) Describe() string {
	s := fmt.Sprintf("%d words by %s, ", len(c.Counts), map[string]string{"log": "log(1 + count)", "count": "count"}[c.Input])
	for _, h := range c.Hidden[0] {
		s += fmt.Sprintf("%d–", h)
	}
	for l, d := range c.Latent {
		if l > 0 {
			s += "–"
			for _, h := range c.Hidden[l] {
				s += fmt.Sprintf("%d–", h)
			}
		}
		s += fmt.Sprintf("[%d]", d)
	}
	if len(c.Between) > 0 {
		s += ", back by"
		for _, h := range c.Between {
			s += fmt.Sprintf(" %d", h)
		}
	}
	return s + ", " + c.Activation + ", output " + c.Output
}
