package softmax

import (
	"fmt"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// A Scorer gives the log-probability of one word for each of many hidden vectors, cheaper than LogProbs of each of
// them: as products of matrices, and without the other words where the layer can. [Scores] asks for it.
type Scorer interface {
	// Scores sets dst[i] to log p(word[i] | row i of h), in nats, what LogProbs says within rounding. The tape, which
	// is for inference, lends memory: at most [ScoreFloats].
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

// Scores makes the logits of a block of rows as one product and sums up each row.
func (f *full) Scores(tp *tensor.Tape, dst []float32, h *tensor.Tensor, word []int) {
	v := len(f.bias.Value)
	stride, block := tensor.Stride(v), scoreRows(v)
	logits := tp.Scratch(min(block, h.Rows) * stride)
	weight := f.weight.Packed(true, kernel.Float32)
	for at := 0; at < h.Rows; at += block {
		rows := min(block, h.Rows-at)
		for i := range rows {
			copy(logits[i*stride:], f.bias.Value)
		}
		kernel.MatMul(logits, stride, h.Data[at*h.Stride:], h.Stride, rows, weight, true)
		for i := range rows {
			row := logits[i*stride : i*stride+v]
			dst[at+i] = row[word[at+i]] - kernel.LogSumExp(row)
		}
	}
}

// A block of logits is to stay in the second-level cache while it is summed up. It has some rows all the same, or the
// product would read all weights for each of them.
const (
	blockFloats = 1 << 15
	fewestRows  = 32
)

func scoreRows(vocab int) int { return max(fewestRows, blockFloats/tensor.Stride(vocab)) }

// ScoreFloats is the most memory, in floats, that Scores takes of a tape for so many rows.
func ScoreFloats(vocab, rows int) int { return min(rows, scoreRows(vocab)) * tensor.Stride(vocab) }
