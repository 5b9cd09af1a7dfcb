// Package decode turns a model's probabilities into sequences. It knows a model as something that
// scores the next token given what was read, and nothing about how.
//
// A decoder is one file that registers itself; the contract test runs over all of them. So is a
// filter of [Sample]. A model's state is a value: it belongs to the sequence it was made for and is
// never changed in place, so decoders share and drop states freely.
package decode

import (
	"context"
	"slices"
	"strings"
)

// State is what a model remembers of the tokens it has read. It is never changed in place.
type State = any

// A Model scores the next token given what was read. Its methods may be called from several
// goroutines at once.
type Model interface {
	VocabSize() int
	Start() State                    // before the first token
	Next(s State, token int) State   // after one more token; s stays as it is
	LogProbs(dst []float32, s State) // sets dst, VocabSize long, to the log-probabilities of the next token, in nats
}

// Batch is what a model offers that can take many states at once, as one matrix product. It gives
// what its single steps would give.
type Batch interface {
	Model
	NextBatch(dst, states []State, tokens []int) // dst[i] is states[i] after tokens[i]; dst may be states
	LogProbsBatch(dst []float32, states []State) // dst is [len(states), VocabSize], row-major
}

// TopK is what a model offers that can find the likeliest tokens without looking at all of them.
type TopK interface {
	Model
	// TopK sets row i of tokens and logp, both [len(states), k], to the k likeliest tokens after states[i], the likeliest
	// first and of equal ones the smaller number, and to their log-probabilities. k is at most VocabSize. It returns false,
	// and sets nothing, if all tokens have to be looked at.
	TopK(tokens []int, logp []float32, states []State) bool
}

// Markov is what a model can be whose state is its last Order tokens, fewer at the beginning, and nothing else: what comes before them
// makes no difference, not even in the last bit. Order is 0 of one that is not.
type Markov interface {
	Model
	Order() int
}

// A Decoder makes sequences that go on from a prefix.
type Decoder interface {
	// Decode gives Request.N hypotheses, in the order of their samples. When ctx ends it gives what
	// there is by then, finished as [FinishCancelled], and no error. The error says in one line what
	// is wrong with the request or the model.
	Decode(ctx context.Context, m Model, req Request) ([]Hypothesis, error)
}

// Why a hypothesis ends.
const (
	FinishLength    = "length"    // it has as many tokens as were asked for
	FinishStop      = "stop"      // a stop string was written, or a token that ends a text
	FinishFull      = "full"      // it satisfies the constraint, and nothing can follow
	FinishFiltered  = "filtered"  // the filters of sampling left no token that may follow
	FinishCancelled = "cancelled" // the context ended
	FinishNodes     = "nodes"     // a search had expanded as many sequences as it may before it had a complete one
)

// A Hypothesis is one sequence that a decoder has made.
type Hypothesis struct {
	Tokens       []int     // without the prefix; all that were written, those of a stop string too
	Text         string    // what they spell, without the stop string and what came after it; empty without Request.Piece
	LogProb      float64   // of Tokens given the prefix, in nats, under the model itself, before any filter
	LogProbs     []float32 // of each token, if Request.LogProbs asks for them
	FinishReason string
	Certificate  *Certificate // what a search for the best sequence proved; nil of decoders that search for none
}

// A Certificate says what a search proved of the best of its hypotheses, in nats. If that is not complete, since the search was ended before
// it had any that is, nothing is.
type Certificate struct {
	Best     float64 `json:"best"`     // log-probability of the first hypothesis
	Bound    float64 `json:"bound"`    // no complete sequence has more
	Exact    bool    `json:"exact"`    // none is better: Bound does not exceed Best
	Expanded int     `json:"expanded"` // sequences whose next tokens were scored
	Calls    int     `json:"calls"`    // of the model for scores, those of many states at once counted once
}

// A Kind is one registered decoder.
type Kind struct {
	Name, Doc string
	Default   Decoder // with its options at their defaults
}

var kinds []Kind

func register(k Kind) { kinds = append(kinds, k) }

// Kinds lists the decoders by name.
func Kinds() []Kind {
	return slices.SortedFunc(slices.Values(kinds), func(a, b Kind) int { return strings.Compare(a.Name, b.Name) })
}
