package lm

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"inkling/data"
	"inkling/nn"
	"inkling/tensor"
)

// recurrent is the architecture of a stack of recurrent layers: each token comes in as its embedding, or one-hot, and
// the state after it has read everything so far.
type recurrent struct {
	cell nn.Cell
	doc  Architecture
}

func (r recurrent) about() Architecture { return r.doc }

func (r recurrent) settle(c *Config) error {
	switch {
	case c.Context != 0 || c.Direct:
		return fmt.Errorf("a context of %d tokens, direct connections %v: %s has neither, since it remembers all that it read", c.Context, c.Direct, r.doc.Noun)
	case c.DropoutIn > 0 && c.Embed == 0:
		return fmt.Errorf("input dropout of %g drops numbers of an embedding, and tokens enter one-hot: give the model one (--embed)", c.DropoutIn)
	}
	return nil
}

// sizes have the learning rates that suit an LSTM.
func (recurrent) sizes() []size {
	return []size{{128, 1, 8e-3}, {256, 1, 6e-3}, {512, 1, 5e-3}, {512, 2, 4e-3}, {768, 2, 3e-3}, {1024, 2, 2.5e-3}}
}

func (recurrent) words(c Config) string { return fmt.Sprintf("%s of %d", layers(c), c.Hidden) }

func (recurrent) dim(c Config) int { return c.Hidden }

func (r recurrent) carry(c Config) int { return r.stack(c).Floats(1) }

// warm was measured: LSTMs of these sizes remember less.
func (recurrent) warm(Config) int { return 200 }

func (recurrent) order(Config) int { return 0 }

func (r recurrent) stack(c Config) nn.Stack {
	return nn.Stack{Cell: r.cell, In: cmp.Or(c.Embed, len(c.Counts)), Hidden: c.Hidden, Layers: c.Layers, Norm: c.Norm}
}

func (r recurrent) weights(c Config) int64 { return r.stack(c).Weights() }

func (r recurrent) products(c Config, table bool) [][2]int { return r.stack(c).Products(table) }

// tabled: one-hot tokens always do. Embeddings do if the vocabulary is no larger than common windows, see hidden.
func (recurrent) tabled(c Config) bool {
	return c.Embed == 0 || len(c.Counts) <= mostTabled && c.DropoutIn == 0
}

// mostTabled is the largest vocabulary of embeddings that a table is made of for decoding. A larger one would take more
// memory than the product with a single embedding takes time.
const mostTabled = 2048

// decoding is the table.
func (r recurrent) decoding(c Config) int64 {
	if c.Embed > 0 && len(c.Counts) > mostTabled {
		return 0
	}
	return int64(len(c.Counts)) * pad(r.stack(c).Width())
}

func (r recurrent) activations(c Config, rows, lanes, shards int64, training bool) int64 {
	floats := r.stack(c).Activations(rows, lanes, c.dropout(), training)
	twice := int64(1)
	if training {
		twice = 2 // a value and its gradient
	}
	if v := int64(len(c.Counts)); c.Embed == 0 || v <= rows/shards && c.DropoutIn == 0 && !c.sparse() {
		return floats + shards*twice*v*pad(r.stack(c).Width()) // the table
	}
	return floats + rows*twice*pad(c.Embed)
}

func (r recurrent) build(c Config, embed *tensor.Param, rnd *rand.Rand) body {
	stack := r.stack(c)
	b := &recurrentBody{rnn: stack.New(r.doc.Name, rnd), embed: embed, vocab: len(c.Counts)}
	if embed == nil {
		// A one-hot input picks a single weight per gate, where a vector of n inputs would add up n:
		// PyTorch's bound leaves it too quiet to be heard beside the state.
		nn.Uniform(b.rnn.Layer[0].Wih, oneHotBound, rnd)
	}
	return b
}

// oneHotBound was measured: with ±0.7, tiny Shakespeare is at 1.96 nats a character when it is at
// 2.25 with ±0.1.
const oneHotBound = 0.7

// recurrentBody is a stack of recurrent layers over tokens.
type recurrentBody struct {
	rnn   *nn.Recurrent
	embed *tensor.Param // nil for one-hot input
	vocab int
}

func (b *recurrentBody) params() nn.Params { return b.rnn.Params() }

func (b *recurrentBody) carryFloats(lanes int) int { return b.rnn.Floats(lanes) }

// hidden takes tokens through a table of the first layer's response to each, or, if there are more tokens in the
// vocabulary than in the window, through their embeddings: the same thing, and each the cheaper one. What is dropped of
// embeddings differs from token to token, so that there is no table then.
func (b *recurrentBody) hidden(tp *tensor.Tape, w data.Window, carry []float32, d nn.Dropout) *tensor.Tensor {
	state := b.rnn.Load(tp, carry, w.Lanes)
	var h *tensor.Tensor
	if b.embed != nil && (b.vocab > len(w.Inputs) || d.Input > 0 || b.embed.Sparse) {
		h, state = b.rnn.FromVectors(tp, tensor.Embedding(tp, b.embed, w.Inputs), state, w.Lanes, d)
	} else {
		h, state = b.rnn.FromTokens(tp, b.table(tp), w.Inputs, state, w.Lanes, d)
	}
	state.Store(carry)
	return h
}

func (b *recurrentBody) table(tp *tensor.Tape) *tensor.Tensor {
	if b.embed == nil {
		return b.rnn.Table(tp, nil)
	}
	return b.rnn.Table(tp, tp.Use(b.embed))
}

func (b *recurrentBody) stepper() stepper {
	if b.embed != nil && b.vocab > mostTabled {
		return b.rnn.Stepper(func(tp *tensor.Tape, tokens []int, s nn.State) nn.State {
			_, after := b.rnn.FromVectors(tp, tensor.Embedding(tp, b.embed, tokens), s, len(tokens), nn.Dropout{})
			return after
		})
	}
	table := b.table(tensor.NewInference())
	return b.rnn.Stepper(func(tp *tensor.Tape, tokens []int, s nn.State) nn.State {
		_, after := b.rnn.FromTokens(tp, table, tokens, s, len(tokens), nn.Dropout{})
		return after
	})
}
