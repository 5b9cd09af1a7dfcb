package softmax

import (
	"math"

	"inkling/internal/kernel"
	"inkling/nn"
	"inkling/tensor"
)

func init() {
	register(Kind{"full", "the softmax itself: exact, and V·d operations a word", newFull})
}

// full is the softmax: log p(w|h) = s_w − log Σ_v e^s_v with s = W·h + b. Loss and gradient are fused
// with it, over one V-wide matrix.
type full struct {
	weight, bias *tensor.Param
	tied         bool
}

func newFull(s Spec) (Output, error) {
	f := &full{weight: s.Tied, bias: tensor.NewParam("out.bias", len(s.Counts)), tied: s.Tied != nil}
	if f.weight == nil {
		f.weight = nn.Uniform(tensor.NewParam("out.weight", len(s.Counts), s.Dim), 1/math.Sqrt(float64(s.Dim)), s.Rand)
	}
	// The bias begins at the log of the words' frequencies: the first steps need not learn them.
	total := 0.0
	for _, c := range s.Counts {
		total += float64(c) + 1
	}
	for w, c := range s.Counts {
		f.bias.Value[w] = float32(math.Log((float64(c) + 1) / total))
	}
	return f, nil
}

func (f *full) Params() nn.Params {
	if f.tied {
		return nn.Params{f.bias}
	}
	return nn.Params{f.weight, f.bias}
}

func (f *full) Loss(tp *tensor.Tape, h *tensor.Tensor, t Targets) *tensor.Tensor {
	return tensor.CrossEntropy(tp, tensor.Linear(tp, h, f.weight, f.bias), t.Row, t.Word, t.Weight)
}

func (f *full) LogProbs(dst, h []float32) { f.LogProbsRows(dst, h) }

func (f *full) LogProbsRows(dst, h []float32) {
	v, dim := f.weight.Rows, f.weight.Cols
	n := len(dst) / v
	for i := range n {
		copy(dst[i*v:(i+1)*v], f.bias.Value)
	}
	kernel.MatMul(dst, v, h, dim, n, f.weight.Packed(true, kernel.Float32), true)
	for i := range n {
		row := dst[i*v : (i+1)*v]
		lse := kernel.LogSumExp(row)
		for j := range row {
			row[j] -= lse
		}
	}
}
