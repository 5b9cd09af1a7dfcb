package softmax

import (
	"slices"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// A section of an adaptive softmax is its head or one of its tails, ready to make scores of rows of hidden vectors:
// words·x + bias, where x is a hidden vector or down·h, which is narrower.
type section struct {
	columns int       // scores of a row
	bias    []float32 // none: zero
	words   *kernel.Packed
	down    *kernel.Packed // none: x is h
	width   int            // of x, if there is down
}

// headSection is the section before tail 0.
const headSection = -1

// scores are written for rows of h. narrow is memory for rows·width numbers; none is needed without down.
func (s section) scores(dst []float32, stride int, narrow, h []float32, hstride, rows int) {
	if s.down != nil {
		kernel.MatMul(narrow, s.width, h, hstride, rows, s.down, false)
		h, hstride = narrow, s.width
	}
	if s.bias != nil {
		for i := range rows {
			copy(dst[i*stride:], s.bias)
		}
	}
	kernel.MatMul(dst, stride, h, hstride, rows, s.words, s.bias != nil)
}

// score sets dst[i] to log p(word[i] | row i of h): the head's scores for all rows, and those of each tail for the rows whose
// word it has.
func (c *cut) score(tp *tensor.Tape, of adaptiveWeights, dst []float32, h *tensor.Tensor, word []int) {
	s := of.section(headSection, tp.Precision)
	stride, block := tensor.Stride(s.columns), min(h.Rows, scoreRows(s.columns))
	scores := tp.Scratch(block * stride)
	for at := 0; at < h.Rows; at += block {
		rows := min(block, h.Rows-at)
		s.scores(scores, stride, nil, h.Data[at*h.Stride:], h.Stride, rows)
		for i := range rows {
			row := scores[i*stride : i*stride+s.columns]
			dst[at+i] = row[c.column(c.rank[word[at+i]])] - kernel.LogSumExp(row)
		}
	}
	for k := range c.tails() {
		c.addTail(tp, of, k, dst, h, word)
	}
}

// addTail adds log p(word | tail k) to the rows whose word is in it, some at a time.
func (c *cut) addTail(tp *tensor.Tape, of adaptiveWeights, k int, dst []float32, h *tensor.Tensor, word []int) {
	own := tp.ScratchInts(len(word)) // rows
	for i, w := range word {
		if c.tailOf(c.rank[w]) == k {
			own = append(own, i)
		}
	}
	if len(own) == 0 {
		return
	}
	s := of.section(k, tp.Precision)
	stride, block := tensor.Stride(s.columns), min(len(own), scoreRows(s.columns))
	scores, narrow, x := tp.Scratch(block*stride), tp.Scratch(block*s.width), tp.Scratch(block*h.Cols)
	for some := range slices.Chunk(own, block) {
		for i, row := range some {
			copy(x[i*h.Cols:], h.Row(row))
		}
		s.scores(scores, stride, narrow, x, h.Cols, len(some))
		for i, row := range some {
			of := scores[i*stride : i*stride+s.columns]
			dst[row] += of[c.rank[word[row]]-c.ends[k]] - kernel.LogSumExp(of)
		}
	}
}
