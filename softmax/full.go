package softmax

import "inkling/tensor"

func init() {
	register(Kind{
		Name: "full", Doc: "the softmax itself: exact, and V·d operations a word",
		Ties: true, Exact: true, plan: planFull, make: func(s Spec) (Output, error) { return &full{newDense(s)}, nil },
	})
}

// full is the softmax of the scores of all words. Loss and gradient are fused with it, over one V-wide matrix.
type full struct{ *dense }

func (f *full) Loss(tp *tensor.Tape, h *tensor.Tensor, t Targets) *tensor.Tensor {
	if !tp.Recording() {
		return f.exact(tp, h, t)
	}
	return tensor.CrossEntropies(tp, tensor.Linear(tp, h, f.weight, f.bias), t.Row, t.Word, t.Weight, t.Part, t.parts())
}

func planFull(s Spec, tied bool) Plan {
	p := planDense(s, tied)
	// The logits, over which their gradient is written; the sums of rows; the bias and its gradient.
	p.Forward = func(rows int) int64 { return int64(rows) * pad(len(s.Counts)) }
	p.Bags = func(rows, _ int) int64 { return p.Forward(rows) }
	return p
}
