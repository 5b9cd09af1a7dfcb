package softmax

import (
	"fmt"

	"inkling/tensor"
)

// A Scorer gives the log-probability of one word for each of many hidden vectors, cheaper than LogProbs of each of
// them: as products of matrices, and without the other words where the layer can. [Scores] asks for it.
type Scorer interface {
	// Scores sets dst[i] to log p(word[i] | row i of h), in nats, what LogProbs says within rounding. The tape, which
	// is for inference, lends memory: what the kind's Plan says of scoring.
	Scores(tp *tensor.Tape, dst []float32, h *tensor.Tensor, word []int)
}

// Scores sets dst[i] to log p(word[i] | row i of h), in nats: as a [Scorer] does it, or with LogProbs row by row.
func Scores(tp *tensor.Tape, d Distribution, vocab int, dst []float32, h *tensor.Tensor, word []int) {
	if len(dst) != h.Rows || len(word) != h.Rows {
		panic(fmt.Sprintf("softmax: %d scores of %d words by a %v", len(dst), len(word), h))
	}
	if s, ok := d.(Scorer); ok {
		s.Scores(tp, dst, h, word)
		return
	}
	all := tp.Scratch(vocab)
	for i, w := range word {
		d.LogProbs(all, h.Row(i))
		dst[i] = all[w]
	}
}

// exactLoss is the loss by exact probabilities, of any layer: what Loss is on a tape for inference.
func exactLoss(tp *tensor.Tape, d Distribution, vocab int, h *tensor.Tensor, t Targets) *tensor.Tensor {
	rows := h
	if !inOrder(t.Row, h.Rows) {
		rows = tensor.Gather(tp, h, t.Row)
	}
	scores := tp.Scratch(len(t.Word))
	Scores(tp, d, vocab, scores, rows, t.Word)
	totals := make([]float64, t.parts())
	for j, s := range scores {
		if w := t.weight(j); w != 0 {
			totals[t.part(t.Row[j])] -= float64(w) * float64(s)
		}
	}
	return column(tp, totals, false)
}

// column is a loss of these numbers.
func column(tp *tensor.Tape, totals []float64, wanted bool) *tensor.Tensor {
	loss := tp.New(len(totals), 1, wanted)
	for i, total := range totals {
		loss.Row(i)[0] = float32(total)
	}
	return loss
}

// inOrder says whether the targets are one for each row, in order, as in a sequence.
func inOrder(row []int, rows int) bool {
	if len(row) != rows {
		return false
	}
	for i, r := range row {
		if r != i {
			return false
		}
	}
	return true
}

// A block of logits is to stay in the second-level cache while it is summed up. It has some rows all the same, or the
// product would read all weights for each of them.
const (
	blockFloats = 1 << 15
	fewestRows  = 32
)

func scoreRows(vocab int) int { return max(fewestRows, blockFloats/tensor.Stride(vocab)) }
