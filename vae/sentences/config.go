// Package sentences holds variational auto-encoders of sentences (Bowman, Vilnis, Vinyals, Dai, Jozefowicz & Bengio 2016, "Generating
// sentences from a continuous space"): an encoder that reads a sentence and says where its z is, and a decoder that is a language model which is
// told z.
//
//	q(z|x):  the state of an LSTM after the sentence's end → mean and log σ
//	p(x|z):  c_0 = W_s·z + b_s, h_0 = tanh c_0;  each step's input is the word before and W_z·z;  softmax of the state
//
// Such a decoder can do without z, and does unless something keeps it from it: what there is against that is in vae.Objective (annealing, free
// bits, an encoder that is trained ahead) and here, where words that the decoder reads can be dropped.
package sentences

import (
	"cmp"
	"fmt"

	"inkling/nn"
	"inkling/softmax"
	"inkling/tensor"
	"inkling/vae"
)

// Config says what a model is. Its zero values mean the defaults given here.
type Config struct {
	Cell          string          `json:"cell"`                    // "lstm" or "gru", of encoder and decoder; "lstm"
	Hidden        int             `json:"hidden"`                  // size of their states; 256
	Embed         int             `json:"embed"`                   // size of their embeddings of words; Hidden
	Latent        int             `json:"latent"`                  // variables of z; 32
	Output        string          `json:"output"`                  // the output layer's kind; "full"
	OutputOptions softmax.Options `json:"output_options,omitzero"` // what it is like; the kind's defaults
	WordDropout   float32         `json:"word_dropout,omitempty"`  // share of the words that the decoder reads in training which it is not told
	DropoutIn     float32         `json:"dropout_in,omitempty"`    // of embeddings that the decoder reads
	DropoutOut    float32         `json:"dropout_out,omitempty"`   // of the decoder's states that the output layer sees
	Longest       int             `json:"longest"`                 // tokens of a sentence that is learnt from, its end included; 100

	// Point makes z the mean of q and nothing else: an auto-encoder, which says nothing of how z is distributed.
	Point bool `json:"point,omitempty"`

	// Special tokens of the vocabulary, which is not written with the model: what a sentence begins and ends with, and what stands for a
	// word that is dropped: the unknown word, or, of a vocabulary without one, what sentences begin with.
	Begin, End, Dropped int     `json:"-"`
	Counts              []int64 `json:"-"` // of each token in the training text; their number is the vocabulary's size
	Seed                uint64  `json:"-"` // of the initial weights
}

// Sizes past these are a mistake or an attack, not a small model.
const (
	maxSize    = 1 << 16
	maxLongest = 1 << 16
)

// Complete fills in the defaults, and refuses what no model can be.
func (c *Config) Complete() error {
	c.Cell, c.Output = cmp.Or(c.Cell, "lstm"), cmp.Or(c.Output, "full")
	c.Hidden, c.Latent, c.Longest = cmp.Or(c.Hidden, 256), cmp.Or(c.Latent, 32), cmp.Or(c.Longest, 100)
	c.Embed = cmp.Or(c.Embed, c.Hidden)
	if _, err := nn.CellNamed(c.Cell); err != nil {
		return err
	}
	share := func(p float32) bool { return p >= 0 && p < 1 }
	size := func(n int) bool { return n >= 1 && n <= maxSize }
	switch v := len(c.Counts); {
	case v == 0:
		return fmt.Errorf("a model of an empty vocabulary")
	case c.Begin < 0 || c.Begin >= v || c.End < 0 || c.End >= v || c.Begin == c.End || c.Dropped < 0 || c.Dropped >= v:
		return fmt.Errorf("a vocabulary without tokens for the begin and the end of a sentence")
	case !size(c.Hidden) || !size(c.Embed) || !size(c.Latent):
		return fmt.Errorf("states of %d, embeddings of %d, %d latent variables: must be at least 1 and at most %d", c.Hidden, c.Embed, c.Latent, maxSize)
	case c.Longest < 1 || c.Longest > maxLongest:
		return fmt.Errorf("sentences of up to %d tokens: must be at least 1 and at most %d", c.Longest, maxLongest)
	case !share(c.WordDropout) || !share(c.DropoutIn) || !share(c.DropoutOut):
		return fmt.Errorf("dropout %g of words, %g of embeddings, %g of states: must be at least 0 and below 1", c.WordDropout, c.DropoutIn, c.DropoutOut)
	}
	var err error
	c.OutputOptions, err = softmax.Settle(c.Output, c.spec(), false)
	return err
}

func (c Config) spec() softmax.Spec {
	return softmax.Spec{Dim: c.Hidden, Counts: c.Counts, Options: c.OutputOptions}
}

func (c Config) stack() nn.Stack {
	cell, err := nn.CellNamed(c.Cell)
	if err != nil {
		panic("sentences: " + err.Error())
	}
	return nn.Stack{Cell: cell, In: c.Embed, Hidden: c.Hidden, Layers: 1}
}

// sparse says whether gradients of embeddings are kept by rows: a step sees few of many words.
func (c Config) sparse() bool { return len(c.Counts) >= softmax.SparseVocab }

// latents is what package vae knows of the model.
func (c Config) latents() vae.Config {
	return vae.Config{Latent: []int{c.Latent}, Hidden: [][]int{{}}, Point: c.Point, Seed: c.Seed}
}

// Describe is the model in words. c is complete.
func (c Config) Describe() string {
	return fmt.Sprintf("%s %d–[%d]–%d, embeddings of %d, output %s", c.Cell, c.Hidden, c.Latent, c.Hidden, c.Embed, c.Output)
}

// pad is the length of a row on a tape.
func pad(cols int) int64 { return int64(tensor.Stride(cols)) }
