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
// There are no biases, unless the head is given one. With a shared embedding, see adaptiveTied.
func init() {
	register(Kind{
		Name: "adaptive", Doc: "the softmax in a head of frequent words and narrower tails of rare ones: exact, and several times less work where there are many words",
		Options: []string{"cutoffs", "div-value", "head-bias"}, Ties: true, Exact: true,
		settle: settleAdaptive, plan: planAdaptive, describe: describeAdaptive, why: whyAdaptive,
		make: func(s Spec) (Output, error) {
			if s.Tied != nil {
				return newAdaptiveTied(s), nil
			}
			return newAdaptive(s), nil
		},
	})
}

type adaptive struct {
	*cut
	dim     int
	weights *tensor.Param   // out.head.weight [words + tails, d]
	bias    []*tensor.Param // out.head.bias, or none
	narrow  []narrow        // of the tails

	lent sync.Pool // tapes for inference, whose memory LogProbs uses
}

// narrow are the weights of a tail.
type narrow struct {
	down, words *tensor.Param // out.tail.I.0.weight [d_i, d] and out.tail.I.1.weight [words of the tail, d_i]
}

func newAdaptive(s Spec) *adaptive {
	a := &adaptive{cut: newCut(s), dim: s.Dim}
	drawn := func(name string, rows, cols int) *tensor.Param {
		return nn.Uniform(tensor.NewParam(name, rows, cols), 1/math.Sqrt(float64(cols)), s.Rand)
	}
	a.weights = drawn("out.head.weight", a.columns(), s.Dim)
	for i := range a.tails() {
		d := width(s.Dim, s.Options.DivValue, i)
		a.narrow = append(a.narrow, narrow{
			down:  drawn(fmt.Sprintf("out.tail.%d.0.weight", i), d, s.Dim),
			words: drawn(fmt.Sprintf("out.tail.%d.1.weight", i), len(a.tail(i)), d),
		})
	}
	if s.Options.HeadBias {
		bias := tensor.NewParam("out.head.bias", a.columns())
		for c, p := range a.shares(s.Counts) {
			bias.Value[c] = float32(math.Log(p))
		}
		a.bias = append(a.bias, bias)
	}
	return a
}

// ends are the cut-offs and the number of words: where the head ends, and each tail.
func ends(s Spec) []int {
	ends := slices.Clip(s.Options.Cutoffs)
	if ends[len(ends)-1] < len(s.Counts) {
		ends = append(ends, len(s.Counts))
	}
	return ends
}

func (a *adaptive) Params() nn.Params {
	params := append(nn.Params{a.weights}, a.bias...)
	for _, t := range a.narrow {
		params = append(params, t.down, t.words)
	}
	return params
}

func (a *adaptive) Loss(tp *tensor.Tape, h *tensor.Tensor, t Targets) *tensor.Tensor {
	if !tp.Recording() {
		return exactLoss(tp, a, len(a.order), h, t)
	}
	return a.loss(tp, tensor.Linear(tp, h, a.weights, a.bias...), t, func(i int, rows []int) *tensor.Tensor {
		x := tensor.Linear(tp, tensor.Gather(tp, h, rows), a.narrow[i].down)
		return tensor.Linear(tp, x, a.narrow[i].words)
	})
}
