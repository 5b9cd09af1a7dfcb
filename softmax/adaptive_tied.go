package softmax

import (
	"math"

	"inkling/nn"
	"inkling/tensor"
)

// sharedWeights are those of an adaptive softmax that shares the embedding E [V, d], whose vectors are of one size (Baevski & Auli
// 2019 cut the embedding as well; here it stays whole, and any body can read it):
//
//	log p(w|h) = log head(w|h)                                 of a word of the head
//	log p(w|h) = log head(tail i|h) + log softmax(E·h + b)_w    of a word of tail i, among its words
//
// where the head has the scores E·h + b of its words, and one of its own for each tail. So it is the full softmax of the
// same embedding but for how words are grouped, and (words + tails)·d + Σ p_i·size_i·d multiplications a word.
//
// E is in the order of the vocabulary; the vectors of a section are brought together once a step, for all shards.
type sharedWeights struct {
	bias     *tensor.Param    // b; out.bias [V]
	tails    *tensor.Param    // out.tail.weight [tails, d]
	tailBias *tensor.Param    // out.tail.bias [tails]
	sections []*tensor.Joined // the head, then the tails
}

func newSharedWeights(s Spec, c *cut) *sharedWeights {
	n := c.tails()
	w := &sharedWeights{
		bias:     newDense(s).bias,
		tails:    nn.Uniform(tensor.NewParam("out.tail.weight", n, s.Dim), 1/math.Sqrt(float64(s.Dim)), s.Rand),
		tailBias: tensor.NewParam("out.tail.bias", n),
	}
	for i, p := range c.shares(s.Counts)[c.words:] {
		w.tailBias.Value[i] = float32(math.Log(p))
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	w.sections = append(w.sections, tensor.Join(tensor.RowsOf{W: s.Tied, B: w.bias, IDs: c.first()}, tensor.RowsOf{W: w.tails, B: w.tailBias, IDs: all}))
	for i := range n {
		w.sections = append(w.sections, tensor.Join(tensor.RowsOf{W: s.Tied, B: w.bias, IDs: c.tail(i)}))
	}
	return w
}

func (w *sharedWeights) Params() nn.Params { return nn.Params{w.bias, w.tails, w.tailBias} }

func (w *sharedWeights) scratch() (most int) {
	for _, s := range w.sections {
		most = max(most, s.ScratchFloats())
	}
	return most
}

func (w *sharedWeights) scores(tp *tensor.Tape, i int, x *tensor.Tensor, scratch []float32) *tensor.Tensor {
	return w.sections[i+1].Linear(tp, x, scratch)
}

func (w *sharedWeights) section(i int, p tensor.Precision) section {
	s := w.sections[i+1]
	packed, bias := s.Packed(true, p)
	return section{columns: s.Rows(), words: packed, bias: bias}
}
