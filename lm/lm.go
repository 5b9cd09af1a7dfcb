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
	Arch          string          `json:"arch"`                    // one of Architectures; "lstm"
	Hidden        int             `json:"hidden"`                  // size of a layer's state; 256
	Layers        int             `json:"layers"`                  // 1
	Embed         int             `json:"embed,omitempty"`         // size of the token embedding; 0: tokens enter one-hot, or, in a window, 100
	Context       int             `json:"context,omitempty"`       // tokens that a window sees; 5. Other architectures have none
	Direct        bool            `json:"direct,omitempty"`        // in a window: the output layer sees the embeddings too
	Norm          bool            `json:"norm,omitempty"`          // layer normalization of what each layer puts out
	Tied          bool            `json:"tied,omitempty"`          // the output layer shares the embedding; Embed is then Hidden
	Output        string          `json:"output"`                  // the output layer's kind; "full"
	OutputOptions softmax.Options `json:"output_options,omitzero"` // what it is like; the kind's defaults
	Dropout       float32         `json:"dropout,omitempty"`       // between layers
	DropoutOut    float32         `json:"dropout_out,omitempty"`   // of what the last layer puts out
	DropoutIn     float32         `json:"dropout_in,omitempty"`    // of embeddings
	Variational   bool            `json:"variational,omitempty"`   // what is dropped is the same in all steps of a window of text

	Counts []int64 `json:"-"` // of each token in the training text; their number is the vocabulary's size
	Seed   uint64  `json:"-"` // of the initial weights
}

func (c *Config) complete() error {
	arch, err := architectureNamed(c.Arch)
	if err != nil {
		return err
	}
	c.Arch = arch.about().Name
	c.Output = cmp.Or(c.Output, "full")
	c.Hidden, c.Layers = cmp.Or(c.Hidden, 256), cmp.Or(c.Layers, 1)
	if c.Tied {
		c.Embed = cmp.Or(c.Embed, c.Hidden)
	}
	if err := arch.settle(c); err != nil {
		return err
	}
	share := func(p float32) bool { return p >= 0 && p < 1 }
	switch {
	case c.Hidden < 1 || c.Layers < 1 || c.Embed < 0:
		return fmt.Errorf("hidden size %d, layers %d, embedding of %d: sizes must be positive", c.Hidden, c.Layers, c.Embed)
	case c.Hidden > maxSize || c.Layers > maxLayers || c.Embed > maxSize:
		return fmt.Errorf("hidden size %d, layers %d, embedding of %d: at most %d, %d and %d", c.Hidden, c.Layers, c.Embed, maxSize, maxLayers, maxSize)
	case !share(c.Dropout) || !share(c.DropoutOut):
		return fmt.Errorf("dropout %g between layers and %g after them: must be at least 0 and below 1", c.Dropout, c.DropoutOut)
	case !share(c.DropoutIn):
		return fmt.Errorf("dropout %g of the input: must be at least 0 and below 1", c.DropoutIn)
	case c.Variational && c.Dropout == 0 && c.DropoutOut == 0 && c.DropoutIn == 0:
		return fmt.Errorf("variational dropout of nothing: give a share to drop, or leave it out")
	case len(c.Counts) == 0:
		return fmt.Errorf("a model of an empty vocabulary")
	}
	c.OutputOptions, err = softmax.Settle(c.Output, c.spec(), c.Tied)
	return err
}

// arch is the architecture of a config that names one, or the default.
func (c Config) arch() architecture {
	a, err := architectureNamed(c.Arch)
	if err != nil {
		panic("lm: " + err.Error())
	}
	return a
}

// Architecture says what the model is.
func (c Config) Architecture() Architecture { return c.arch().about() }

// Sizes is the model's layers in words: "2 layers of 512".
func (c Config) Sizes() string {
	c.complete()
	s := c.arch().words(c)
	if c.Norm {
		s += ", normalized"
	}
	return s
}

// OutputSizes is what the output layer's options come to, in words; "" where they say it themselves.
func (c Config) OutputSizes() string {
	c.complete()
	return softmax.Describe(c.Output, c.spec(), c.Tied)
}

func layers(c Config) string {
	if c.Layers == 1 {
		return "1 layer"
	}
	return fmt.Sprintf("%d layers", c.Layers)
}

func (c Config) dropout() nn.Dropout {
	return nn.Dropout{Input: c.DropoutIn, Between: c.Dropout, Out: c.DropoutOut, Variational: c.Variational}
}

// Sizes past these are a mistake or an attack, not a small model.
const (
	maxSize   = 1 << 16
	maxLayers = 64
)

// Model is an embedding, a body of some architecture and an output layer. It is a train.Model of data.Window and a
// decode.Model.
type Model struct {
	Config Config
	embed  *tensor.Param // embed.weight [V, Embed]; nil for one-hot input
	body   body
	out    softmax.Output
	params nn.Params

	mu      sync.Mutex
	steps   stepper // what decoding needs of the weights, made when first asked for
	version uint64  // of the weights that it was made of
	rows    sync.Pool
}

// New makes a model with random weights.
func New(c Config) (*Model, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	rnd := rand.New(rand.NewPCG(c.Seed, 0x1e77e25))
	m, arch := &Model{Config: c}, c.arch()
	if c.Embed > 0 {
		m.embed = nn.Uniform(tensor.NewParam("embed.weight", len(c.Counts), c.Embed), embedBound(c), rnd)
		m.embed.Sparse = c.sparse()
	}
	m.body = arch.build(c, m.embed, rnd)
	spec := c.spec()
	spec.Rand = rnd
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
	m.params = append(append(m.params, m.body.params()...), m.out.Params()...)
	return m, nil
}

// embedBound gives embeddings unit variance, PyTorch's, unless they are output weights as well,
// which must begin small.
func embedBound(c Config) float64 {
	if c.Tied {
		return 0.1
	}
	return 1.7320508
}

// Params lists the parameters: embed.weight, those of the architecture under its name, out.…
func (m *Model) Params() nn.Params { return m.params }

// Vocab is the number of tokens.
func (m *Model) Vocab() int { return len(m.Config.Counts) }

// CarryFloats is the size of the state carried from window to window.
func (m *Model) CarryFloats(w data.Window) int { return m.body.carryFloats(w.Lanes) }

// Loss is the summed loss of a window in nats, from the state in carry (CarryFloats long, zeroed
// if the window is fresh), which is replaced by the state after it.
func (m *Model) Loss(tp *tensor.Tape, w data.Window, carry []float32) *tensor.Tensor {
	h := m.hidden(tp, w, carry)
	return m.out.Loss(tp, h, softmax.Targets{Row: count(len(w.Targets)), Word: w.Targets, Weight: w.Weights})
}

// hidden is what the output layer sees: [time·lanes, Dim].
func (m *Model) hidden(tp *tensor.Tape, w data.Window, carry []float32) *tensor.Tensor {
	if w.Fresh {
		clear(carry)
	}
	return m.body.hidden(tp, w, carry, m.Config.dropout())
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
