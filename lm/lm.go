// Package lm holds neural language models: p(next token | tokens so far).
package lm

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"sync"

	"inkling/data"
	"inkling/nn"
	"inkling/softmax"
	"inkling/tensor"
)

// Config says what a model is. Its zero values mean the defaults given here.
type Config struct {
	Arch       string  `json:"arch"`                  // "lstm", the default
	Hidden     int     `json:"hidden"`                // size of a layer's state; 256
	Layers     int     `json:"layers"`                // 1
	Embed      int     `json:"embed,omitempty"`       // size of the token embedding; 0: tokens enter one-hot
	Tied       bool    `json:"tied,omitempty"`        // the output layer shares the embedding; Embed is then Hidden
	Output     string  `json:"output"`                // the output layer's kind; "full"
	Dropout    float32 `json:"dropout,omitempty"`     // between layers
	DropoutOut float32 `json:"dropout_out,omitempty"` // of what the last layer puts out

	Counts []int64 `json:"-"` // of each token in the training text; their number is the vocabulary's size
	Seed   uint64  `json:"-"` // of the initial weights
}

func (c *Config) complete() error {
	c.Arch = cmp.Or(c.Arch, "lstm")
	c.Output = cmp.Or(c.Output, "full")
	c.Hidden, c.Layers = cmp.Or(c.Hidden, 256), cmp.Or(c.Layers, 1)
	if c.Tied {
		c.Embed = cmp.Or(c.Embed, c.Hidden)
	}
	switch {
	case c.Arch != "lstm":
		return fmt.Errorf("no architecture %q: choose lstm", c.Arch)
	case c.Hidden < 1 || c.Layers < 1 || c.Embed < 0:
		return fmt.Errorf("hidden size %d, layers %d, embedding of %d: sizes must be positive", c.Hidden, c.Layers, c.Embed)
	case c.Hidden > maxSize || c.Layers > maxLayers || c.Embed > maxSize:
		return fmt.Errorf("hidden size %d, layers %d, embedding of %d: at most %d, %d and %d", c.Hidden, c.Layers, c.Embed, maxSize, maxLayers, maxSize)
	case !(c.Dropout >= 0 && c.Dropout < 1) || !(c.DropoutOut >= 0 && c.DropoutOut < 1):
		return fmt.Errorf("dropout %g between layers and %g after them: must be at least 0 and below 1", c.Dropout, c.DropoutOut)
	case len(c.Counts) == 0:
		return fmt.Errorf("a model of an empty vocabulary")
	}
	return nil
}

// stack says what the recurrent layers are. Each token comes in as its embedding, or one-hot.
func (c Config) stack() nn.Stack {
	return nn.Stack{Cell: nn.LSTM{}, In: cmp.Or(c.Embed, len(c.Counts)), Hidden: c.Hidden, Layers: c.Layers}
}

func (c Config) dropout() nn.Dropout {
	return nn.Dropout{Between: c.Dropout, Out: c.DropoutOut}
}

// Sizes past these are a mistake or an attack, not a small model.
const (
	maxSize   = 1 << 16
	maxLayers = 64
)

// Model is an LSTM over tokens with an output layer. It is a train.Model of data.Window and a
// decode.Model.
type Model struct {
	Config Config
	embed  *tensor.Param // embed.weight [V, Embed]; nil for one-hot input
	rnn    *nn.Recurrent
	out    softmax.Output
	params nn.Params

	mu      sync.Mutex
	stepper *nn.Stepper // what decoding needs of the weights, made when first asked for
	version uint64      // of the weights that it was made of
}

// New makes a model with random weights.
func New(c Config) (*Model, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	rnd := rand.New(rand.NewPCG(c.Seed, 0x1e77e25))
	m, stack := &Model{Config: c}, c.stack()
	if c.Embed > 0 {
		m.embed = nn.Uniform(tensor.NewParam("embed.weight", len(c.Counts), c.Embed), embedBound(c), rnd)
	}
	m.rnn = stack.New(stack.Cell.Name(), rnd)
	if m.embed == nil {
		// A one-hot input picks a single weight per gate, where a vector of n inputs would add up n:
		// PyTorch's bound leaves it too quiet to be heard beside the state.
		nn.Uniform(m.rnn.Layer[0].Wih, oneHotBound, rnd)
	}
	spec := softmax.Spec{Dim: c.Hidden, Counts: c.Counts, Rand: rnd}
	if c.Tied {
		spec.Tied = m.embed
	}
	var err error
	if m.out, err = softmax.New(c.Output, spec); err != nil {
		return nil, err
	}
	if m.embed != nil {
		m.params = append(m.params, m.embed)
	}
	m.params = append(append(m.params, m.rnn.Params()...), m.out.Params()...)
	return m, nil
}

// oneHotBound was measured: with ±0.7, tiny Shakespeare is at 1.96 nats a character when it is at
// 2.25 with ±0.1.
const oneHotBound = 0.7

// embedBound gives embeddings unit variance, PyTorch's, unless they are output weights as well,
// which must begin small.
func embedBound(c Config) float64 {
	if c.Tied {
		return 0.1
	}
	return 1.7320508
}

// Params lists the parameters: embed.weight, lstm.…, out.…
func (m *Model) Params() nn.Params { return m.params }

// Vocab is the number of tokens.
func (m *Model) Vocab() int { return len(m.Config.Counts) }

// CarryFloats is the size of the state carried from window to window.
func (m *Model) CarryFloats(w data.Window) int { return m.rnn.Floats(w.Lanes) }

// Loss is the summed loss of a window in nats, from the state in carry (CarryFloats long, zeroed
// if the window is fresh), which is replaced by the state after it.
func (m *Model) Loss(tp *tensor.Tape, w data.Window, carry []float32) *tensor.Tensor {
	h, _ := m.hidden(tp, w, carry)
	return m.out.Loss(tp, h, softmax.Targets{Row: count(len(w.Targets)), Word: w.Targets, Weight: w.Weights})
}

// hidden is what the output layer sees: [time·lanes, Hidden].
func (m *Model) hidden(tp *tensor.Tape, w data.Window, carry []float32) (*tensor.Tensor, nn.State) {
	if w.Fresh {
		clear(carry)
	}
	state := m.rnn.Load(tp, carry, w.Lanes)
	drop := m.Config.dropout()
	var h *tensor.Tensor
	if m.embed != nil && m.Vocab() > len(w.Inputs) {
		h, state = m.rnn.FromVectors(tp, tensor.Gather(tp, tp.Use(m.embed), w.Inputs), state, w.Lanes, drop)
	} else {
		h, state = m.rnn.FromTokens(tp, m.inputTable(tp), w.Inputs, state, w.Lanes, drop)
	}
	state.Store(carry)
	return h, state
}

// inputTable is the first layer's response to each token of the vocabulary. With fewer
// tokens in the vocabulary than in a window it is cheaper than a product for every input, and the
// same thing.
func (m *Model) inputTable(tp *tensor.Tape) *tensor.Tensor {
	if m.embed == nil {
		return m.rnn.Table(tp, nil)
	}
	return m.rnn.Table(tp, tp.Use(m.embed))
}

var (
	countMu sync.Mutex
	counted []int
)

// count is 0, 1, … n−1, shared and read-only.
func count(n int) []int {
	countMu.Lock()
	defer countMu.Unlock()
	if n > len(counted) {
		grown := make([]int, 2*n)
		for i := range grown {
			grown[i] = i
		}
		counted = grown
	}
	return counted[:n]
}
