package lm

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"inkling/data"
	"inkling/nn"
	"inkling/tensor"
)

// Architecture is what there is to say of one kind of model.
type Architecture struct {
	Name string // what configs and flags call it
	Doc  string // one line
	Noun string // of a model that is one, with its article
	Peer string // what its parameters have of PyTorch's, in Markdown
}

// Architectures lists the kinds of model, the default first.
func Architectures() (list []Architecture) {
	for _, a := range architectures {
		list = append(list, a.about())
	}
	return list
}

// architectures are what a model can be. A new one is a file and a line here.
var architectures = []architecture{
	recurrent{nn.LSTM{}, Architecture{"lstm", "long short-term memory: gates that keep, forget and show what was read", "an LSTM", "the names and shapes of PyTorch's `nn.LSTM`"}},
	recurrent{nn.GRU{}, Architecture{"gru", "gated recurrent units: three quarters of an LSTM's weights, and one state", "a GRU", "the names and shapes of PyTorch's `nn.GRU`"}},
	window{},
}

// architectureNamed finds one; no name is that of the default.
func architectureNamed(name string) (architecture, error) {
	var names []string
	for _, a := range architectures {
		if name == "" || a.about().Name == name {
			return a, nil
		}
		names = append(names, a.about().Name)
	}
	return nil, fmt.Errorf("no architecture %q: choose one of %s", name, strings.Join(names, ", "))
}

// An architecture makes bodies, and knows what one will cost before there are weights. Configs are completed ones,
// and embedding and output layer, which all models have alike, are not its business.
type architecture interface {
	about() Architecture
	settle(c *Config) error  // sets its defaults, and refuses what it does not have
	sizes() []size           // that FitBudget chooses from, small to large
	words(c Config) string   // the sizes, for people: "2 layers of 512"
	dim(c Config) int        // of what the output layer sees
	weights(c Config) int64  // how many
	carry(c Config) int      // floats of the state of a lane
	warm(c Config) int       // tokens after which what came before them makes no difference that counts
	order(c Config) int      // tokens that the next one depends on, and on no others; 0: on all
	decoding(c Config) int64 // floats that a stepper holds, beside the weights
	tabled(c Config) bool    // a token picks a row of a table that has the first product in it
	build(c Config, embed *tensor.Param, rnd *rand.Rand) body

	// products are the weight matrices [rows, cols] that a token is multiplied by, those of a table left out if by table.
	products(c Config, table bool) [][2]int

	// activations are the floats that tapes hold, from the embeddings to what the output layer sees, for rows (time·lanes)
	// in so many lanes, cut into shards.
	activations(c Config, rows, lanes, shards int64, training bool) int64
}

// A body is what turns tokens into what the output layer sees.
type body interface {
	params() nn.Params
	carryFloats(lanes int) int

	// hidden is what the output layer sees of each token of a window, [time·lanes, dim], from the state in carry, which is
	// replaced by the state after it. Zeros are the state before the first token.
	hidden(tp *tensor.Tape, w data.Window, carry []float32, d nn.Dropout) *tensor.Tensor

	// stepper is the body token by token, good until the weights change.
	stepper() stepper
}

// A stepper runs a body token by token, for decoding. A state is a value that is never changed, and its bits do not
// depend on how many others go beside it. Any number of goroutines may use one at the same time.
type stepper interface {
	Start() []float32                                // before the first token
	Next(state []float32, token int) []float32       // after one more
	NextBatch(dst, states [][]float32, tokens []int) // of many; dst may be states
	Outputs(dst []float32, states [][]float32)       // what the output layer sees, a row each
}
