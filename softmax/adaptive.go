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
// There are no biases, unless the head is given one, and a word of a tail has no vector of the hidden layer's size, so that
// no embedding can be shared. (Baevski & Auli 2019 share embeddings cut in the same way; these would be another kind.)
func init() {
	register(Kind{
		Name: "adaptive", Doc: "the softmax in a head of frequent words and narrower tails of rare ones: exact, and several times less work where there are many words",
		Options: []string{"cutoffs", "div-value", "head-bias"}, Exact: true,
		settle: settleAdaptive, plan: planAdaptive, describe: describeAdaptive, why: whyAdaptive,
		make: func(s Spec) (Output, error) { return newAdaptive(s), nil },
	})
}

type adaptive struct {
	dim   int
	head  *tensor.Param   // out.head.weight [words + tails, d]
	bias  []*tensor.Param // out.head.bias, or none
	words int             // in the head
	tails []tail
	order []int // the words, the most frequent first, and of equal ones the smaller number
	rank  []int // of each word: its place in order

	lent sync.Pool // tapes for inference, whose memory LogProbs uses
}

// tail has the words order[from:to].
type tail struct {
	from, to    int
	down, words *tensor.Param // out.tail.I.0.weight [d_i, d] and out.tail.I.1.weight [to − from, d_i]
}

func newAdaptive(s Spec) *adaptive {
	ends := ends(s)
	a := &adaptive{dim: s.Dim, words: ends[0], order: byFrequency(s.Counts)}
	a.rank = make([]int, len(a.order))
	for r, w := range a.order {
		a.rank[w] = r
	}
	tails := len(ends) - 1
	drawn := func(name string, rows, cols int) *tensor.Param {
		return nn.Uniform(tensor.NewParam(name, rows, cols), 1/math.Sqrt(float64(cols)), s.Rand)
	}
	a.head = drawn("out.head.weight", a.words+tails, s.Dim)
	for i := range tails {
		t := tail{from: ends[i], to: ends[i+1]}
		narrow := width(s.Dim, s.Options.DivValue, i)
		t.down = drawn(fmt.Sprintf("out.tail.%d.0.weight", i), narrow, s.Dim)
		t.words = drawn(fmt.Sprintf("out.tail.%d.1.weight", i), t.to-t.from, narrow)
		a.tails = append(a.tails, t)
	}
	if s.Options.HeadBias {
		bias, p := tensor.NewParam("out.head.bias", a.words+tails), frequencies(s.Counts)
		sum := make([]float64, a.words+tails)
		for w, r := range a.rank {
			sum[a.column(r)] += p[w]
		}
		for c, p := range sum {
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
	params := append(nn.Params{a.head}, a.bias...)
	for _, t := range a.tails {
		params = append(params, t.down, t.words)
	}
	return params
}

// tailOf is the tail that has the word of a rank; −1: the head.
func (a *adaptive) tailOf(rank int) int {
	for i := len(a.tails) - 1; i >= 0; i-- {
		if rank >= a.tails[i].from {
			return i
		}
	}
	return -1
}

// column of the head that the word of a rank has: its own or its tail's.
func (a *adaptive) column(rank int) int {
	if i := a.tailOf(rank); i >= 0 {
		return a.words + i
	}
	return rank
}

// Loss is the cross entropy of the head over all rows, and of each tail over the rows whose target it has.
func (a *adaptive) Loss(tp *tensor.Tape, h *tensor.Tensor, t Targets) *tensor.Tensor {
	if !tp.Recording() {
		return exactLoss(tp, a, len(a.order), h, t)
	}
	columns := tp.ScratchInts(len(t.Word))
	for _, w := range t.Word {
		columns = append(columns, a.column(a.rank[w]))
	}
	loss := tensor.CrossEntropies(tp, tensor.Linear(tp, h, a.head, a.bias...), t.Row, columns, t.Weight, t.Part, t.parts())
	for i, own := range a.tails {
		rows, in := a.within(tp, i, t, columns)
		if len(in.Word) == 0 {
			continue
		}
		narrow := tensor.Linear(tp, tensor.Gather(tp, h, rows), own.down)
		loss = tensor.Add(tp, loss, tensor.CrossEntropies(tp, tensor.Linear(tp, narrow, own.words), in.Row, in.Word, in.Weight, in.Part, t.parts()))
	}
	return loss
}

// within are the rows whose targets are in tail i, and these targets, counted within the tail. Targets that follow one
// another and are of the same row, as in a bag of words, share it.
func (a *adaptive) within(tp *tensor.Tape, i int, t Targets, columns []int) (rows []int, in Targets) {
	most := 0
	for j, c := range columns {
		if c == a.words+i && t.weight(j) != 0 {
			most++
		}
	}
	rows = tp.ScratchInts(most)
	in = Targets{Row: tp.ScratchInts(most), Word: tp.ScratchInts(most), Weight: tp.Scratch(most)[:0]}
	for j, c := range columns {
		if c != a.words+i || t.weight(j) == 0 {
			continue
		}
		if n := len(rows); n == 0 || rows[n-1] != t.Row[j] {
			rows = append(rows, t.Row[j])
		}
		in.Row = append(in.Row, len(rows)-1)
		in.Word = append(in.Word, a.rank[t.Word[j]]-a.tails[i].from)
		in.Weight = append(in.Weight, t.weight(j))
	}
	if t.Part != nil {
		in.Part = tp.ScratchInts(len(rows))
		for _, r := range rows {
			in.Part = append(in.Part, t.Part[r])
		}
	}
	return rows, in
}
