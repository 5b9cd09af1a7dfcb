package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// CrossEntropy is the loss of a softmax in nats, fused with it:
//
//	Σ_j weight[j]·(log Σ_w e^logits[row[j],w] − logits[row[j], word[j]])
//
// A row may be named by many j (a bag of words) or by none. weight nil means all one. logits is
// consumed: probabilities, then gradients, are written over it, so there is one V-wide matrix.
func CrossEntropy(tp *Tape, logits *Tensor, row, word []int, weight []float32) *Tensor {
	return CrossEntropies(tp, logits, row, word, weight, nil, 1)
}

// CrossEntropies is the same in parts, [parts, 1]: part[r] is the one that row r of logits belongs to; nil: all to the first.
func CrossEntropies(tp *Tape, logits *Tensor, row, word []int, weight []float32, part []int, parts int) *Tensor {
	if part != nil && len(part) != logits.Rows {
		panic(fmt.Sprintf("tensor: CrossEntropies of a %v, and %d rows belong to a part", logits, len(part)))
	}
	of := func(r int) int {
		if part == nil {
			return 0
		}
		return part[r]
	}
	if len(row) != len(word) || weight != nil && len(weight) != len(word) {
		panic(fmt.Sprintf("tensor: CrossEntropy of %d rows, %d words and %d weights", len(row), len(word), len(weight)))
	}
	at := func(j int) (w float32) {
		if weight == nil {
			return 1
		}
		return weight[j]
	}
	lse := tp.Scratch(logits.Rows)
	totals := make([]float64, parts)
	for j, r := range row { // before the logits are overwritten
		if r < 0 || r >= logits.Rows || word[j] < 0 || word[j] >= logits.Cols {
			panic(fmt.Sprintf("tensor: CrossEntropy of word %d in row %d of a %v", word[j], r, logits))
		}
		if w := at(j); w != 0 {
			totals[of(r)] -= float64(w) * float64(logits.Row(r)[word[j]])
		}
	}
	for r := range lse {
		if tp.recording {
			lse[r] = kernel.Softmax(logits.Row(r), logits.Row(r))
		} else {
			lse[r] = kernel.LogSumExp(logits.Row(r))
		}
	}
	rowWeight := tp.Scratch(logits.Rows)
	clear(rowWeight)
	for j, r := range row {
		if w := at(j); w != 0 {
			totals[of(r)] += float64(w) * float64(lse[r])
			rowWeight[r] += w
		}
	}
	loss := tp.New(parts, 1, logits.Wanted())
	for i, total := range totals {
		loss.Row(i)[0] = float32(total)
	}
	if loss.Wanted() {
		tp.Record(func() {
			if !loss.HasGrad() {
				return
			}
			logits.Consume()
			for r := range logits.Rows {
				switch p, by := logits.Row(r), loss.GradRow(of(r))[0]*rowWeight[r]; by {
				case 0:
					clear(p)
				case 1: // as almost always: the probabilities are the gradient
				default:
					kernel.Scale(p, by)
				}
			}
			for j, r := range row {
				logits.Row(r)[word[j]] -= loss.GradRow(of(r))[0] * at(j)
			}
		})
	}
	return loss
}
