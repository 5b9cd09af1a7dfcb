// Package softmax holds the output layers of models over a vocabulary: the full softmax and what
// stands in for it when the vocabulary is large. A kind is one file that registers itself; the
// contract test runs over all of them.
package softmax

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"inkling/nn"
	"inkling/tensor"
)

// A Distribution over a vocabulary given a hidden vector. LogProbs sets dst[w] to log p(w|h), in nats,
// never approximate: it sums to one.
type Distribution interface{ LogProbs(dst, h []float32) }

// Batched is what a Distribution offers that can take many hidden vectors at once, as one matrix product.
type Batched interface {
	Distribution
	// LogProbsRows sets row i of dst [n, V] to what LogProbs gives for row i of h [n, Dim], bit for bit. Rows follow one
	// another without gaps.
	LogProbsRows(dst, h []float32)
}

// An Output is a Distribution that can be trained.
type Output interface {
	Distribution
	Params() nn.Params
	// Loss is the sum, in nats, of weight·(−log p(word|h[row])) or of what stands for it in training;
	// it may be approximate and random on a tape that records, and is exact on one that does not.
	Loss(tp *tensor.Tape, h *tensor.Tensor, t Targets) *tensor.Tensor
}

// Targets name a row of h, a word and a weight: a sequence has one word a row, padding has weight 0,
// a bag of words many words a row. Weight nil means all one.
type Targets struct {
	Row, Word []int
	Weight    []float32
}

// Spec is what an output layer is made from.
type Spec struct {
	Dim    int           // of the hidden vector
	Counts []int64       // of each word in the training text; its length is the vocabulary's
	Tied   *tensor.Param // an embedding [V, Dim] to share as output weights; nil for weights of its own
	Rand   *rand.Rand
}

// A Kind is one registered output layer.
type Kind struct {
	Name, Doc string
	New       func(Spec) (Output, error)
}

var kinds []Kind

func register(k Kind) { kinds = append(kinds, k) }

// Kinds lists the output layers by name.
func Kinds() []Kind {
	return slices.SortedFunc(slices.Values(kinds), func(a, b Kind) int { return strings.Compare(a.Name, b.Name) })
}

// New makes an output layer.
func New(kind string, spec Spec) (Output, error) {
	if spec.Dim < 1 || len(spec.Counts) < 1 {
		return nil, fmt.Errorf("output layer %q for a vocabulary of %d and hidden size %d: both must be at least 1", kind, len(spec.Counts), spec.Dim)
	}
	if t := spec.Tied; t != nil && (t.Rows != len(spec.Counts) || t.Cols != spec.Dim) {
		return nil, fmt.Errorf("tied embeddings are %d × %d, and the output layer needs %d × %d: make the embedding as wide as the hidden layer", t.Rows, t.Cols, len(spec.Counts), spec.Dim)
	}
	var names []string
	for _, k := range Kinds() {
		if k.Name == kind {
			return k.New(spec)
		}
		names = append(names, k.Name)
	}
	return nil, fmt.Errorf("no output layer %q: choose one of %s", kind, strings.Join(names, ", "))
}
