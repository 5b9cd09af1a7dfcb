package softmax

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"inkling/nn"
	"inkling/tensor"
)

// The adaptive softmax (Grave, Joulin, Cissé, Grangier & Jégou 2017). Words in the order of their frequencies are cut into
// a head and tails; the head has a score for each of its words and for each tail, and a tail is a softmax of its own, of a
// hidden vector that is the narrower the rarer its words are:
//
//	log p(w|h) = log head(w|h)                                     of a word of the head
//	log p(w|h) = log head(tail i|h) + log softmax(B_i·(A_i·h))_w    of a word of tail i;  A_i: d → d/div^(i+1)
//
// It is exact: these are the model's probabilities, not an approximation of others. A step has one product for the head,
// and for each tail those of the rows whose target is in it, which are few: (words + tails)·d + Σ p_i·(d + size_i)·d_i
// multiplications a word. Parameters are those of PyTorch's AdaptiveLogSoftmaxWithLoss, words in order of frequency.
//
// There are no biases, unless the head is given one. With a shared embedding, see sharedWeights.
func init() {
	register(Kind{
		Name: "adaptive", Doc: "the softmax in a head of frequent words and tails of rare ones, whose vectors are narrower unless the embedding is shared: exact, and several times less work where there are many words",
		Options: []string{"cutoffs", "div-value", "head-bias"}, Ties: true, Exact: true,
		settle: settleAdaptive, plan: planAdaptive, describe: describeAdaptive, why: whyAdaptive,
		make: func(s Spec) (Output, error) {
			if c := newCut(s); s.Tied != nil && c.tails() == 0 {
				return &full{newDense(s)}, nil
			}
			return newAdaptive(s), nil
		},
	})
}

type adaptive struct {
	*cut
	adaptiveWeights
	dim  int
	lent sync.Pool // tapes for inference, whose memory LogProbs uses
}

// adaptiveWeights make the scores of the head and of the tails, which are sections: the head, and each tail by its number.
type adaptiveWeights interface {
	Params() nn.Params
	scratch() int                                                                      // floats that the scores of a step need
	scores(tp *tensor.Tape, i int, x *tensor.Tensor, scratch []float32) *tensor.Tensor // of section i for rows of x
	section(i int, p tensor.Precision) section                                         // the same, without a tape
}

func newAdaptive(s Spec) *adaptive {
	a := &adaptive{cut: newCut(s), dim: s.Dim}
	if s.Tied != nil {
		a.adaptiveWeights = newSharedWeights(s, a.cut)
	} else {
		a.adaptiveWeights = newOwnWeights(s, a.cut)
	}
	return a
}

// Loss is the cross entropy of the head over all rows, and of each tail over the rows whose target it has.
func (a *adaptive) Loss(tp *tensor.Tape, h *tensor.Tensor, t Targets) *tensor.Tensor {
	if !tp.Recording() {
		return exactLoss(tp, a, len(a.order), h, t)
	}
	columns, scratch := a.columnsOf(tp, t.Word), tp.Scratch(a.scratch())
	loss := tensor.CrossEntropies(tp, a.scores(tp, headSection, h, scratch), t.Row, columns, t.Weight, t.Part, t.parts())
	for i := range a.tails() {
		rows, in := a.within(tp, i, t, columns)
		if len(in.Word) == 0 {
			continue
		}
		of := a.scores(tp, i, tensor.Gather(tp, h, rows), scratch)
		loss = tensor.Add(tp, loss, tensor.CrossEntropies(tp, of, in.Row, in.Word, in.Weight, in.Part, t.parts()))
	}
	return loss
}

// ownWeights are PyTorch's.
type ownWeights struct {
	head *tensor.Param   // out.head.weight [words + tails, d]
	bias []*tensor.Param // out.head.bias, or none
	tail []tailWeights
}

type tailWeights struct {
	down, words *tensor.Param // out.tail.I.0.weight [d_i, d] and out.tail.I.1.weight [words of the tail, d_i]
}

func newOwnWeights(s Spec, c *cut) *ownWeights {
	w := &ownWeights{}
	drawn := func(name string, rows, cols int) *tensor.Param {
		return nn.Uniform(tensor.NewParam(name, rows, cols), 1/math.Sqrt(float64(cols)), s.Rand)
	}
	w.head = drawn("out.head.weight", c.columns(), s.Dim)
	for i := range c.tails() {
		d := width(s.Dim, s.Options.DivValue, i)
		w.tail = append(w.tail, tailWeights{
			down:  drawn(fmt.Sprintf("out.tail.%d.0.weight", i), d, s.Dim),
			words: drawn(fmt.Sprintf("out.tail.%d.1.weight", i), len(c.tail(i)), d),
		})
	}
	if s.Options.HeadBias {
		bias := tensor.NewParam("out.head.bias", c.columns())
		for col, p := range c.shares(s.Counts) {
			bias.Value[col] = float32(math.Log(p))
		}
		w.bias = append(w.bias, bias)
	}
	return w
}

func (w *ownWeights) Params() nn.Params {
	params := append(nn.Params{w.head}, w.bias...)
	for _, t := range w.tail {
		params = append(params, t.down, t.words)
	}
	return params
}

func (w *ownWeights) scratch() int { return 0 }

func (w *ownWeights) scores(tp *tensor.Tape, i int, x *tensor.Tensor, _ []float32) *tensor.Tensor {
	if i == headSection {
		return tensor.Linear(tp, x, w.head, w.bias...)
	}
	return tensor.Linear(tp, tensor.Linear(tp, x, w.tail[i].down), w.tail[i].words)
}

func (w *ownWeights) section(i int, p tensor.Precision) section {
	if i == headSection {
		s := section{columns: w.head.Rows, words: w.head.Packed(true, p)}
		for _, b := range w.bias {
			s.bias = b.Value
		}
		return s
	}
	t := w.tail[i]
	return section{columns: t.words.Rows, words: t.words.Packed(true, p), down: t.down.Packed(true, p), width: t.down.Rows}
}

// ends are the cut-offs and the number of words: where the head ends, and each tail.
func ends(s Spec) []int {
	ends := slices.Clip(s.Options.Cutoffs)
	if ends[len(ends)-1] < len(s.Counts) {
		ends = append(ends, len(s.Counts))
	}
	return ends
}
