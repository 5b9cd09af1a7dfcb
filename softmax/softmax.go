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

// TopK is what a Distribution offers that can find its best words without looking at all of them.
type TopK interface {
	// TopK gives the k likeliest words, all if there are fewer and none if k is less than 1, the likeliest first and of
	// equal ones the smaller number first, with their log-probabilities in nats. Certified says that these are proven to be the best; if it is
	// false they may not be, and their log-probabilities may be approximate. (Those of [SVD] always may, by a number
	// that they have in common.)
	TopK(h []float32, k int) (best []Ranked, certified bool)
}

// Ranked is a word and its log-probability in nats.
type Ranked struct {
	Word    int
	LogProb float32
}

// An Output is a Distribution that can be trained.
type Output interface {
	Distribution
	Params() nn.Params
	// Loss is the sum, in nats, of weight·(−log p(word|h[row])) or of what stands for it in training, [Parts, 1];
	// it may be approximate and random on a tape that records, and is exact on one that does not.
	Loss(tp *tensor.Tape, h *tensor.Tensor, t Targets) *tensor.Tensor
}

// Targets name a row of h, a word and a weight: a sequence has one word a row, padding has weight 0,
// a bag of words many words a row. Weight nil means all one.
type Targets struct {
	Row, Word []int
	Weight    []float32

	Part  []int // which number of the loss each row of h counts for; nil: all for the first
	Parts int   // how many numbers the loss has; 0: 1
}

// parts is how many numbers the loss has.
func (t Targets) parts() int { return max(1, t.Parts) }

// part is the number of the loss that a row of h counts for.
func (t Targets) part(row int) int {
	if t.Part == nil {
		return 0
	}
	return t.Part[row]
}

// weight of target j.
func (t Targets) weight(j int) float32 {
	if t.Weight == nil {
		return 1
	}
	return t.Weight[j]
}

// Spec is what an output layer is made from.
type Spec struct {
	Dim     int           // of the hidden vector
	Counts  []int64       // of each word in the training text; its length is the vocabulary's. The order is any
	Tied    *tensor.Param // an embedding [V, Dim] to share as output weights; nil for weights of its own
	Options Options
	Rand    *rand.Rand
}

// A Kind is one registered output layer.
type Kind struct {
	Name, Doc string
	Options   []string // those that it has, named as flags are
	Ties      bool     // it can share the embedding
	Exact     bool     // the loss is exact in training as well
	RowWise   bool     // training touches single rows of the weights, so that an embedding it shares may be sparse

	settle   func(s Spec, tied bool) (Options, error) // completes the options for a vocabulary; nil: there are none
	plan     func(s Spec, tied bool) Plan
	describe func(s Spec, tied bool) string // says what settled options come to; nil: nothing that they do not say themselves
	why      func(open Options) string      // says by what settle chooses, if that is measured; nil: it is not
	make     func(Spec) (Output, error)
}

var kinds []Kind

func register(k Kind) { kinds = append(kinds, k) }

// Kinds lists the output layers by name.
func Kinds() []Kind {
	return slices.SortedFunc(slices.Values(kinds), func(a, b Kind) int { return strings.Compare(a.Name, b.Name) })
}

func kindNamed(name string) (Kind, error) {
	var names []string
	for _, k := range Kinds() {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kind{}, fmt.Errorf("no output layer %q: choose one of %s", name, strings.Join(names, ", "))
}

// RowWise says whether training of a kind touches single rows of its weights only.
func RowWise(kind string) bool {
	k, err := kindNamed(kind)
	return err == nil && k.RowWise
}

// Exact says whether the loss of a kind is that of its probabilities in training as well, and neither an estimate of it nor something else.
func Exact(kind string) bool {
	k, err := kindNamed(kind)
	return err == nil && k.Exact
}

// New makes an output layer of settled options; what is open in them is settled as Settle does.
func New(kind string, spec Spec) (Output, error) {
	k, err := kindNamed(kind)
	if err != nil {
		return nil, err
	}
	if spec.Options, err = Settle(kind, spec, spec.Tied != nil); err != nil {
		return nil, err
	}
	if t := spec.Tied; t != nil && (t.Rows != len(spec.Counts) || t.Cols != spec.Dim) {
		return nil, fmt.Errorf("tied embeddings are %d × %d, and the output layer needs %d × %d: make the embedding as wide as the hidden layer", t.Rows, t.Cols, len(spec.Counts), spec.Dim)
	}
	return k.make(spec)
}
