package softmax

import (
	"fmt"
	"math"
	"slices"

	"inkling/internal/kernel"
	"inkling/tensor"
)

func init() {
	register(Kind{
		Name: "ove", Doc: "one-vs-each: a bound on the softmax, a product over all other words of how the target compares with each",
		Options: []string{"samples", "block"}, Ties: true,
		settle: settleOVE, plan: planOVE,
		make: func(s Spec) (Output, error) { return newOVE(s), nil },
	})
}

// ove is the one-vs-each bound (M. Titsias, 2016). Since Π(1+a) ≥ 1+Σa for positive a, the softmax is at least a product:
//
//	log p(y|h) = −log(1 + Σ e^(s_m − s_y)) ≥ Σ log σ(s_y − s_m),  over the words m ≠ y
//
// The loss is the negative of the bound: a sum over words, which some of them drawn at random estimate without bias. The
// bound is tighter with the words in blocks, of which each gives −log(1 + Σ e^(s_m − s_y) over its m): a block of all words is
// the softmax itself. The probabilities are the softmax of the scores in every case. The best scores of the bound
// of single words are the logs of the frequencies, where nothing but frequencies is to be learned, as with the softmax; blocks of
// more than one word and fewer than all have an optimum slightly off it.
//
// Cost: with all words, that of the full softmax and, for single words, as many sigmoids. With S of them drawn, 6·rows·S·d. They are
// drawn by whole blocks, with replacement and evenly, by a step for all its targets, and each counts as often as it
// was drawn times the blocks there are for each that is drawn. A word in it that is the target does not count. Rows of many
// targets are scored once for each.
type ove struct {
	*dense
	block  int
	blocks int    // of the vocabulary, the last of them shorter perhaps
	drawn  int    // of them, in a step; 0: all
	noise  *noise // an even one, of blocks
}

func settleOVE(s Spec, _ bool) (Options, error) {
	o, v := s.Options, len(s.Counts)
	if o.Block == 0 {
		o.Block = 1
	}
	switch {
	case o.Block < 0:
		return o, fmt.Errorf("blocks of %d words of output layer ove: at least 1", o.Block)
	case o.Samples < 0 || o.Samples > mostSamples:
		return o, fmt.Errorf("%d samples of output layer ove: at least 1, and at most %d; without samples, all words are compared", o.Samples, mostSamples)
	}
	o.Block = min(o.Block, v)
	return o, nil
}

// drawnBlocks is how many blocks a step draws for so many samples: 0, which is all, if there are no more than these.
func drawnBlocks(s Spec) int {
	block, v := s.Options.Block, len(s.Counts)
	n := ceil(s.Options.Samples, block)
	if n >= ceil(v, block) {
		return 0
	}
	return n
}

func ceil(a, b int) int { return (a + b - 1) / b }

func newOVE(s Spec) *ove {
	o := &ove{dense: newDense(s), block: s.Options.Block, blocks: ceil(len(s.Counts), s.Options.Block), drawn: drawnBlocks(s)}
	if o.drawn > 0 {
		even := make([]float64, o.blocks)
		for i := range even {
			even[i] = 1
		}
		o.noise = noiseOf(even)
		o.weight.Sparse = o.weight.Sparse || s.Tied == nil
	}
	return o
}

func (o *ove) Loss(tp *tensor.Tape, h *tensor.Tensor, t Targets) *tensor.Tensor {
	if !tp.Recording() {
		return o.exact(tp, h, t)
	}
	rows := t.Row
	if !inOrder(rows, h.Rows) {
		h = tensor.Gather(tp, h, rows)
		rows = tp.ScratchInts(len(rows))
		for j := range t.Row {
			rows = append(rows, j)
		}
	}
	if o.drawn == 0 {
		scores := tensor.Linear(tp, h, o.weight, o.bias)
		each, totals := comparison{o.block, nil, tp.Scratch(o.blocks)}, make([]float64, t.parts())
		for j, y := range t.Word {
			row, weight := scores.Row(j), t.weight(j)
			loss, others := each.with(row, row[y], y, weight)
			row[y] = -others
			totals[t.part(t.Row[j])] += loss
		}
		return fused(tp, totals, t, nil, scores)
	}
	blocks, times := o.noise.sample(tp, o.drawn)
	words := tp.ScratchInts(o.drawn * o.block)
	for _, b := range blocks {
		for w := b * o.block; w < min((b+1)*o.block, o.vocab()); w++ {
			words = append(words, w)
		}
	}
	scores := tensor.LinearRows(tp, h, o.weight, o.bias, words, o.drawn*o.block)
	own := tensor.RowDots(tp, h, o.weight, o.bias, rows, t.Word)
	each, totals := comparison{o.block, times, tp.Scratch(len(blocks))}, make([]float64, t.parts())
	by := float32(o.blocks) / float32(o.drawn)
	for j, y := range t.Word {
		at, hit := slices.BinarySearch(words, y)
		if !hit {
			at = -1
		}
		loss, others := each.with(scores.Row(j), own.Data[j], at, by*t.weight(j))
		own.Data[j] = -others
		totals[t.part(t.Row[j])] += loss
	}
	return fused(tp, totals, t, nil, scores, own)
}

// comparison is what a target is compared with: the words of a row of scores, in blocks, the last of them shorter perhaps.
type comparison struct {
	block int
	times []float32 // of each block; nil: 1
	sums  []float32 // room for a number a block
}

// with is weight·Σ times·log(1 + Σ e^(s − target)) over the blocks of scores s; these become its gradient by them, and less
// the sum of it is the gradient by the target's score. The target itself is at a place of the row, or at −1.
func (c comparison) with(row []float32, target float32, at int, weight float32) (loss float64, sum float32) {
	if weight == 0 {
		clear(row)
		return 0, 0
	}
	kernel.Normalize(row, row, target, 1)
	if at >= 0 {
		row[at] = -math.MaxFloat32 // and so is nothing beside the 1
	}
	if c.block == 1 {
		loss = softplus(row, c.times)
		if c.times != nil {
			kernel.Mul(row, row, c.times)
		}
	} else {
		for b := range c.sums {
			some := row[b*c.block : min((b+1)*c.block, len(row))]
			c.sums[b] = kernel.Softmax(some, some)
		}
		loss = softplus(c.sums, c.times)
		for b, slope := range c.sums {
			if c.times != nil {
				slope *= c.times[b]
			}
			kernel.Scale(row[b*c.block:min((b+1)*c.block, len(row))], slope)
		}
	}
	kernel.Scale(row, weight)
	return loss * float64(weight), kernel.Sum(row)
}

func planOVE(s Spec, tied bool) Plan {
	if drawn := drawnBlocks(s) * s.Options.Block; drawn > 0 {
		p := planDrawn(s, tied, drawn)
		p.Bags = nil // rows are scored once for each of their targets
		if tied {
			p.RowGrads = nil // the embedding is dense, as it must be where nothing is drawn
		}
		return p
	}
	p := planFull(s, tied)
	p.Bags = nil
	return p
}
