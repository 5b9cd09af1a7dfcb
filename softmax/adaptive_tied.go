package softmax

import (
	"math"
	"sync"

	"inkling/internal/kernel"
	"inkling/nn"
	"inkling/tensor"
)

// adaptiveTied is the adaptive softmax of a shared embedding E [V, d], whose vectors are of one size (Baevski & Auli 2019 cut
// the embedding as well; here it stays whole, and any body can read it):
//
//	log p(w|h) = log head(w|h)                                 of a word of the head
//	log p(w|h) = log head(tail i|h) + log softmax(E·h + b)_w    of a word of tail i, among its words
//
// where the head has the scores E·h + b of its words, and one of its own for each tail. So it is the full softmax of the
// same embedding but for how words are grouped, and (words + tails)·d + Σ p_i·size_i·d multiplications a word.
//
// E is in the order of the vocabulary, and a step brings the vectors of a section together, which is little work beside its
// products unless the tails are of a hundred thousand words. All probabilities of a row are one product with E as it is.
type adaptiveTied struct {
	*cut
	each   *dense // E and b; out.bias [V]
	toTail *dense // out.tail.weight [tails, d], out.tail.bias [tails]

	floats sync.Pool // *[]float32, of LogProbsRows
}

func newAdaptiveTied(s Spec) Output {
	a := &adaptiveTied{cut: newCut(s), each: newDense(s)}
	n := a.tails()
	if n == 0 {
		return &full{a.each}
	}
	a.toTail = &dense{
		weight: nn.Uniform(tensor.NewParam("out.tail.weight", n, s.Dim), 1/math.Sqrt(float64(s.Dim)), s.Rand),
		bias:   tensor.NewParam("out.tail.bias", n),
	}
	for i, p := range a.shares(s.Counts)[a.words:] {
		a.toTail.bias.Value[i] = float32(math.Log(p))
	}
	return a
}

func (a *adaptiveTied) Params() nn.Params { return append(a.each.Params(), a.toTail.Params()...) }

func (a *adaptiveTied) Loss(tp *tensor.Tape, h *tensor.Tensor, t Targets) *tensor.Tensor {
	if !tp.Recording() {
		return exactLoss(tp, a, len(a.order), h, t)
	}
	of := func(x *tensor.Tensor, words []int) *tensor.Tensor {
		return tensor.LinearRows(tp, x, a.each.weight, a.each.bias, words, len(words))
	}
	top := tensor.ConcatCols(tp, of(h, a.first()), tensor.Linear(tp, h, a.toTail.weight, a.toTail.bias))
	return a.loss(tp, top, t, func(i int, rows []int) *tensor.Tensor {
		return of(tensor.Gather(tp, h, rows), a.tail(i))
	})
}

// section brings vectors and biases together.
func (a *adaptiveTied) section(tp *tensor.Tape, i int, p tensor.Precision) section {
	words, n := a.first(), a.columns()
	if i != head {
		words = a.tail(i)
		n = len(words)
	}
	d := a.each.weight.Cols
	s := section{columns: n, bias: tp.Scratch(n), words: tp.ScratchPacked()}
	rows := tp.Scratch(n * d)
	for k, w := range words {
		copy(rows[k*d:], a.each.weight.Row(w))
		s.bias[k] = a.each.bias.Value[w]
	}
	if i == head {
		copy(rows[len(words)*d:], a.toTail.weight.Value)
		copy(s.bias[len(words):], a.toTail.bias.Value)
	}
	s.words.PackT(rows, d, d, n, p)
	return s
}

func (a *adaptiveTied) Scores(tp *tensor.Tape, dst []float32, h *tensor.Tensor, word []int) {
	a.score(tp, a, dst, h, word)
}

func (a *adaptiveTied) LogProbs(dst, h []float32) { a.LogProbsRows(dst, h) }

// LogProbsRows is one product for the words of all rows and one for the tails; then each section's scores have their own
// sum taken off.
func (a *adaptiveTied) LogProbsRows(dst, h []float32) {
	v, d, tails := len(a.order), a.each.weight.Cols, a.tails()
	n := len(dst) / v
	memory, _ := a.floats.Get().(*[]float32)
	if memory == nil {
		memory = new([]float32)
	}
	*memory = sized(*memory, n*tails+v+tails)
	defer a.floats.Put(memory)
	logTail, row := (*memory)[:n*tails], (*memory)[n*tails:]
	a.each.logits(dst, v, h, d, n, kernel.Float32)
	a.toTail.logits(logTail, tails, h, d, n, kernel.Float32)
	for i := range n {
		all, of := dst[i*v:(i+1)*v], logTail[i*tails:(i+1)*tails]
		// normalize takes the sum of these words' scores, and of more scores, off the words; it adds shift.
		normalize := func(words []int, more []float32, shift float32) (lse float32) {
			scores := row[:len(words)]
			for k, w := range words {
				scores[k] = all[w]
			}
			lse = kernel.LogSumExp(append(scores, more...))
			for _, w := range words {
				all[w] += shift - lse
			}
			return lse
		}
		lse := normalize(a.first(), of, 0)
		for k, s := range of {
			normalize(a.tail(k), nil, s-lse)
		}
	}
}
