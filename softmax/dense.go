package softmax

import (
	"math"

	"inkling/internal/kernel"
	"inkling/nn"
	"inkling/tensor"
)

// dense is a weight vector and a bias for each word, with the softmax of all scores as exact probabilities:
//
//	log p(w|h) = s_w − log Σ_v e^s_v,  s = W·h + b
//
// It is most of what kinds are that differ in how they train only.
type dense struct {
	weight, bias *tensor.Param
	tied         bool
	shift        []float32 // that is added to the scores as well, a number a word; nil: nothing
}

// newDense draws the weights, or shares an embedding. The bias begins at the log of the words' frequencies: the first
// steps need not learn them.
func newDense(s Spec) *dense {
	f := &dense{weight: s.Tied, bias: tensor.NewParam("out.bias", len(s.Counts)), tied: s.Tied != nil}
	if f.weight == nil {
		f.weight = nn.Uniform(tensor.NewParam("out.weight", len(s.Counts), s.Dim), 1/math.Sqrt(float64(s.Dim)), s.Rand)
	}
	for w, p := range frequencies(s.Counts) {
		f.bias.Value[w] = float32(math.Log(p))
	}
	return f
}

// frequencies are the words' shares of the text, had each occurred once more.
func frequencies(counts []int64) []float64 {
	total := 0.0
	for _, c := range counts {
		total += float64(c) + 1
	}
	p := make([]float64, len(counts))
	for w, c := range counts {
		p[w] = (float64(c) + 1) / total
	}
	return p
}

func (f *dense) Params() nn.Params {
	if f.tied {
		return nn.Params{f.bias}
	}
	return nn.Params{f.weight, f.bias}
}

func (f *dense) vocab() int { return f.weight.Rows }

func (f *dense) LogProbs(dst, h []float32) { f.LogProbsRows(dst, h) }

func (f *dense) LogProbsRows(dst, h []float32) {
	v, dim := f.weight.Rows, f.weight.Cols
	n := len(dst) / v
	f.logits(dst, v, h, dim, n, kernel.Float32)
	for i := range n {
		row := dst[i*v : (i+1)*v]
		lse := kernel.LogSumExp(row)
		for j := range row {
			row[j] -= lse
		}
	}
}

// logits are the scores of all words for rows of h.
func (f *dense) logits(dst []float32, stride int, h []float32, hstride, rows int, precision tensor.Precision) {
	v := f.vocab()
	for i := range rows {
		row := dst[i*stride : i*stride+v]
		copy(row, f.bias.Value)
		if f.shift != nil {
			kernel.Add(row, f.shift)
		}
	}
	kernel.MatMul(dst, stride, h, hstride, rows, f.weight.Packed(true, precision), true)
}

// blocks calls f with the logits of some rows at a time, and the log of the sum of each row's exponentials.
func (f *dense) blocks(tp *tensor.Tape, h *tensor.Tensor, each func(from int, logits []float32, stride int, lse []float32)) {
	v := f.vocab()
	stride, block := tensor.Stride(v), scoreRows(v)
	logits, sums := tp.Scratch(min(block, h.Rows)*stride), tp.Scratch(min(block, h.Rows))
	for at := 0; at < h.Rows; at += block {
		rows := min(block, h.Rows-at)
		f.logits(logits, stride, h.Data[at*h.Stride:], h.Stride, rows, tp.Precision)
		for i := range rows {
			sums[i] = kernel.LogSumExp(logits[i*stride : i*stride+v])
		}
		each(at, logits, stride, sums[:rows])
	}
}

// Scores makes the logits of a block of rows as one product and sums up each row.
func (f *dense) Scores(tp *tensor.Tape, dst []float32, h *tensor.Tensor, word []int) {
	f.blocks(tp, h, func(from int, logits []float32, stride int, lse []float32) {
		for i, sum := range lse {
			dst[from+i] = logits[i*stride+word[from+i]] - sum
		}
	})
}

// exact is the loss by these probabilities. A row's scores are made once, for as many words as it has.
func (f *dense) exact(tp *tensor.Tape, h *tensor.Tensor, t Targets) *tensor.Tensor {
	totals := make([]float64, t.parts())
	f.blocks(tp, h, func(from int, logits []float32, stride int, lse []float32) {
		for j, row := range t.Row {
			if i, w := row-from, t.weight(j); i >= 0 && i < len(lse) && w != 0 {
				totals[t.part(row)] -= float64(w) * float64(logits[i*stride+t.Word[j]]-lse[i])
			}
		}
	})
	return column(tp, totals, false)
}

// planDense is the plan of a layer whose probabilities are those of dense.
func planDense(s Spec, tied bool) Plan {
	v, d := len(s.Counts), s.Dim
	p := Plan{Weights: int64(v), Exact: float64(v) * float64(d), Packed: [][2]int{{v, d}}}
	if !tied {
		p.Weights += int64(v) * int64(d)
	}
	p.Dense, p.Training = p.Weights, p.Exact
	p.Scoring = func(rows int) int64 { return int64(min(rows, scoreRows(v))) * (pad(v) + 1) }
	return p
}
