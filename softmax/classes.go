package softmax

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"

	"inkling/internal/kernel"
	"inkling/nn"
	"inkling/tensor"
)

// Goodman, "Classes for fast maximum entropy training" (2001): a word is found in two steps, its class and then itself
// among the words of the class,
//
//	log p(w|h) = log p(class(w)|h) + log p(w|class(w), h)
//
// each a softmax of its own, and so V·d operations a word become (C + words of a class)·d for C classes. Words are
// shared out by frequency, as in Mikolov et al., "Extensions of recurrent neural network language model" (2011), by the
// roots of the counts unless told otherwise, which Mikolov's rnnlm found to be better.
//
// In training, targets are sorted by class. A class that few rows of a step want, as most are, is read and written once,
// as dot products and multiples of its rows; one that many want is three products of matrices. Its own weights lie
// in the order of classes, so that those of a class follow one another; those of a shared embedding are in the order of
// words, and are brought together first.

func init() {
	register(Kind{
		Name: "classes", Doc: "the class of a word, then the word in its class: exact, and about 2·√V·d operations a word",
		Options: []string{"classes", "binning"}, Ties: true, RowWise: true, Exact: true,
		settle: settleClasses, plan: planClasses, make: func(s Spec) (Output, error) { return newClasses(s), nil },
	})
}

func settleClasses(s Spec, _ bool) (Options, error) {
	o, v := s.Options, len(s.Counts)
	o.Classes = cmp.Or(o.Classes, int(math.Round(math.Sqrt(float64(v)))))
	o.Binning = cmp.Or(o.Binning, "sqrt")
	switch {
	case o.Classes < 1 || o.Classes > v:
		return o, fmt.Errorf("%d classes of a vocabulary of %d: at least 1, and at most one a word", o.Classes, v)
	case o.Binning != "sqrt" && o.Binning != "count":
		return o, fmt.Errorf("no binning %q: choose count or sqrt", o.Binning)
	}
	return o, nil
}

type classes struct {
	*binning
	head         *dense        // of the classes
	weight, bias *tensor.Param // of the words, in the order of classes; a shared embedding in that of words
	tied         bool

	floats sync.Pool // *[]float32, of LogProbs
}

func newClasses(s Spec) *classes {
	v := len(s.Counts)
	b := newBinning(s.Counts, s.Options.Classes, s.Options.Binning)
	c := &classes{binning: b, weight: s.Tied, bias: tensor.NewParam("out.bias", v), tied: s.Tied != nil}
	bound := 1 / math.Sqrt(float64(s.Dim))
	c.head = &dense{
		weight: nn.Uniform(tensor.NewParam("out.class_weight", b.classes(), s.Dim), bound, s.Rand),
		bias:   tensor.NewParam("out.class_bias", b.classes()),
	}
	if !c.tied {
		c.weight = nn.Uniform(tensor.NewParam("out.weight", v, s.Dim), bound, s.Rand)
		c.weight.Sparse = v >= SparseVocab
	}
	for w, p := range frequencies(s.Counts) {
		c.bias.Value[b.place[w]] = float32(math.Log(p))
	}
	for class, p := range b.probabilities(s.Counts) {
		c.head.bias.Value[class] = float32(math.Log(p))
	}
	return c
}

func (c *classes) Params() nn.Params {
	p := nn.Params{c.head.weight, c.head.bias}
	if !c.tied {
		p = append(p, c.weight)
	}
	return append(p, c.bias)
}

// row of the weights that the word at a place has.
func (c *classes) row(place int) int {
	if c.tied {
		return c.order[place]
	}
	return place
}

func (c *classes) Loss(tp *tensor.Tape, h *tensor.Tensor, t Targets) *tensor.Tensor {
	if !tp.Recording() {
		return exactLoss(tp, c, len(c.order), h, t)
	}
	g := c.group(tp, t)
	class := tensor.CrossEntropies(tp, tensor.Linear(tp, h, c.head.weight, c.head.bias), t.Row, g.class, t.Weight, t.Part, t.parts())
	return tensor.Add(tp, class, c.within(tp, tensor.Gather(tp, h, g.row), g, t))
}

// within is Σ weight·(−log p(word|class, x)), for the rows of x in the order of classes.
func (c *classes) within(tp *tensor.Tape, x *tensor.Tensor, g *grouped, t Targets) *tensor.Tensor {
	size := 0
	for class := range c.classes() {
		size += (g.starts[class+1] - g.starts[class]) * c.size(class)
	}
	p, at, totals := tp.Scratch(size), 0, make([]float64, t.parts()) // of each row the probabilities in its class, and then their gradient
	for class := range c.classes() {
		from, to, n := g.starts[class], g.starts[class+1], c.size(class)
		if from == to {
			continue
		}
		c.logits(tp, g, p[at:], x, class, from, to)
		for i := from; i < to; i++ {
			row, target := p[at:at+n], g.place[i]-c.starts[class]
			score := row[target]
			lse := kernel.Softmax(row, row)
			totals[t.part(g.row[i])] += float64(g.weight[i]) * float64(lse-score)
			row[target]--
			if g.weight[i] != 1 {
				kernel.Scale(row, g.weight[i])
			}
			at += n
		}
	}
	loss := column(tp, totals, true)
	tp.Record(func() {
		if !loss.HasGrad() {
			return
		}
		at := 0
		for class := range c.classes() {
			if from, to := g.starts[class], g.starts[class+1]; from < to {
				n := c.size(class)
				for i := from; i < to; i++ {
					if by := loss.GradRow(t.part(g.row[i]))[0]; by != 1 {
						kernel.Scale(p[at+(i-from)*n:at+(i-from+1)*n], by)
					}
				}
				c.backward(tp, g, p[at:], x, class, from, to)
				at += (to - from) * c.size(class)
			}
		}
	})
	return loss
}

// fewRows are so few that products of matrices would spend more time on laying the weights of a class out than on
// multiplying.
const fewRows = 12

// logits are the scores of the words of a class, for some rows of x, without gaps.
func (c *classes) logits(tp *tensor.Tape, g *grouped, dst []float32, x *tensor.Tensor, class, from, to int) {
	first, n := c.starts[class], c.size(class)
	if to-from < fewRows {
		for j := range n {
			w, b := c.weight.Row(c.row(first+j)), c.bias.Value[first+j]
			for i := from; i < to; i++ {
				dst[(i-from)*n+j] = kernel.Dot(w, x.Row(i)) + b
			}
		}
		return
	}
	for i := range to - from {
		copy(dst[i*n:(i+1)*n], c.bias.Value[first:first+n])
	}
	g.packed.PackT(c.together(g, class), c.weight.Cols, c.weight.Cols, n, tp.Precision)
	kernel.MatMul(dst, n, x.Data[from*x.Stride:], x.Stride, to-from, g.packed, true)
}

// backward adds to the gradients of the weights of a class and of some rows of x what dy, the gradient of their
// scores, says.
func (c *classes) backward(tp *tensor.Tape, g *grouped, dy []float32, x *tensor.Tensor, class, from, to int) {
	first, n, trains := c.starts[class], c.size(class), tp.Trains(c.weight)
	if tp.Trains(c.bias) {
		db := tp.ParamGrad(c.bias)[first : first+n]
		for i := range to - from {
			kernel.Add(db, dy[i*n:(i+1)*n])
		}
	}
	if to-from < fewRows {
		for j := range n {
			r := c.row(first + j)
			var dw []float32
			if trains {
				dw = tp.RowGrad(c.weight, r)
			}
			for i := from; i < to; i++ {
				d := dy[(i-from)*n+j]
				if trains {
					kernel.Axpy(dw, d, x.Row(i))
				}
				if x.Wanted() {
					kernel.Axpy(x.GradRow(i), d, c.weight.Row(r))
				}
			}
		}
		return
	}
	dim, rows := c.weight.Cols, to-from
	if trains {
		whole := !c.tied && !c.weight.Sparse
		var dw []float32
		if whole {
			dw = tp.ParamGrad(c.weight)[first*dim : (first+n)*dim]
		} else {
			dw = g.floats[:n*dim]
			clear(dw)
		}
		kernel.MatMulTN(dw, dim, dy, n, x.Data[from*x.Stride:], x.Stride, n, dim, rows, tp.Precision)
		if !whole {
			for j := range n {
				kernel.Add(tp.RowGrad(c.weight, c.row(first+j)), dw[j*dim:(j+1)*dim])
			}
		}
	}
	if x.Wanted() {
		g.packed.Pack(c.together(g, class), dim, n, dim, tp.Precision)
		kernel.MatMul(x.Grad()[from*x.Stride:], x.Stride, dy, n, rows, g.packed, true)
	}
}

// together are the weights of a class, one row after the other.
func (c *classes) together(g *grouped, class int) []float32 {
	first, n, dim := c.starts[class], c.size(class), c.weight.Cols
	if !c.tied {
		return c.weight.Value[first*dim : (first+n)*dim]
	}
	w := g.floats[:n*dim]
	for j := range n {
		copy(w[j*dim:(j+1)*dim], c.weight.Row(c.order[first+j]))
	}
	return w
}

// Scores makes the classes' probabilities as the full softmax does and then goes class by class, as training does.
func (c *classes) Scores(tp *tensor.Tape, dst []float32, h *tensor.Tensor, word []int) {
	g := c.group(tp, Targets{Word: word})
	c.head.Scores(tp, dst, h, g.class)
	largest := 0
	for class := range c.classes() {
		largest = max(largest, min(fewestRows, g.starts[class+1]-g.starts[class])*c.size(class))
	}
	logits, x := tp.Scratch(largest), tensor.Gather(tp, h, g.row)
	for class := range c.classes() {
		n := c.size(class)
		for from := g.starts[class]; from < g.starts[class+1]; from += fewestRows {
			to := min(from+fewestRows, g.starts[class+1])
			c.logits(tp, g, logits, x, class, from, to)
			for i := from; i < to; i++ {
				row := logits[(i-from)*n : (i-from+1)*n]
				dst[g.target[i]] += row[g.place[i]-c.starts[class]] - kernel.LogSumExp(row)
			}
		}
	}
}

func (c *classes) LogProbs(dst, h []float32) { c.LogProbsRows(dst, h) }

// LogProbsRows is one product for the classes of all rows and one for their words.
func (c *classes) LogProbsRows(dst, h []float32) {
	v, dim := len(c.order), c.weight.Cols
	n := len(dst) / v
	memory, _ := c.floats.Get().(*[]float32)
	if memory == nil {
		memory = new([]float32)
	}
	*memory = slices.Grow((*memory)[:0], n*c.classes()+v)[:n*c.classes()+v]
	class, row := (*memory)[:n*c.classes()], (*memory)[n*c.classes():]
	c.head.LogProbsRows(class, h)
	kernel.MatMul(dst, v, h, dim, n, c.weight.Packed(true, kernel.Float32), false)
	for i := range n {
		all := dst[i*v : (i+1)*v]
		for place, b := range c.bias.Value {
			row[place] = all[c.row(place)] + b
		}
		for k := range c.classes() {
			from, to := c.starts[k], c.starts[k+1]
			shift := class[i*c.classes()+k] - kernel.LogSumExp(row[from:to])
			for place := from; place < to; place++ {
				all[c.order[place]] = row[place] + shift
			}
		}
	}
	c.floats.Put(memory)
}
