package fidelity

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"inkling/vae/tables"
)

// Transfer is what a classifier learns from rows that were drawn, tried on real rows held out, beside what it learns from as many real ones.
type Transfer struct {
	Target    string  `json:"target"`
	Method    string  `json:"method"`
	Rows      int     `json:"rows"` // to learn from, of either
	Tested    int     `json:"tested"`
	Majority  float64 `json:"majority"`  // accuracy of always the most frequent class
	Real      Learned `json:"real"`      // from real rows
	Synthetic Learned `json:"synthetic"` // from those that were drawn
}

// Learned is how good a classifier is on real rows held out.
type Learned struct {
	Accuracy float64 `json:"accuracy"`
	LogLoss  float64 `json:"log_loss"` // nats
}

const method = "multinomial logistic regression on one-hot values, numbers in 16 bins"

func transfer(ctx context.Context, target string, seed uint64, learn, held, drawn part) (*Transfer, error) {
	at := -1
	for j, c := range learn.table.Columns {
		if c.Name == target {
			at = j
		}
	}
	switch {
	case at < 0:
		return nil, fmt.Errorf("no column %q: name one that the model has", target)
	case learn.table.Columns[at].Type != tables.Category:
		return nil, fmt.Errorf("column %q is of type %s: a classifier foretells a category", target, learn.table.Columns[at].Type)
	}
	n := min(len(learn.of), len(drawn.of), mostPaired)
	learn, drawn, held = learn.some(seed, n), drawn.some(seed, n), held.some(seed, mostPaired)
	t := &Transfer{Target: target, Method: method, Rows: n, Tested: len(held.of)}
	most := 0.0
	for _, times := range counts(held.codes(at)) {
		most = max(most, times/float64(len(held.of)))
	}
	t.Majority = most
	for i, from := range []part{learn, drawn} {
		c := newClassifier(learn.table.Columns, at)
		if err := c.learn(ctx, from, seed); err != nil {
			return nil, err
		}
		*[]*Learned{&t.Real, &t.Synthetic}[i] = c.judge(held)
	}
	return t, nil
}

// classifier is multinomial logistic regression: a score of each class is a sum of a weight for each cell. Every column has one feature that is 1, so
// that a row costs as much as there are columns and classes. It is fitted by Adagrad (Duchi et al. 2011), row by row.
type classifier struct {
	columns []*tables.Column
	target  int
	classes int
	from    []int     // first feature of each column; −1: not used
	weights []float64 // [features, classes]
	squares []float64 // sums of those of gradients
}

// bins is how many numbers are put in, by their place in the column's distribution; one more is for those that are missing.
const bins = 16

func newClassifier(columns []*tables.Column, target int) *classifier {
	c := &classifier{columns: columns, target: target, classes: columns[target].Classes()}
	n := 1 // the bias
	for j, col := range columns {
		switch {
		case j == target || col.Type == tables.Vocabulary:
			c.from = append(c.from, -1)
		case col.Numeric():
			c.from = append(c.from, n)
			n += bins + 1
		default:
			c.from = append(c.from, n)
			n += col.Classes() + 1
		}
	}
	c.weights, c.squares = make([]float64, n*c.classes), make([]float64, n*c.classes)
	return c
}

// features are those of a row that are 1.
func (c *classifier) features(dst []int, t *tables.Table, row int32) []int {
	dst = append(dst[:0], 0)
	for j, col := range c.columns {
		if c.from[j] < 0 {
			continue
		}
		code := t.Codes[j][row]
		f := 0 // what is not there, or was never seen
		if col.Numeric() {
			if code != blank && code != -2 {
				share := 1 / (1 + math.Exp(-1.8138*float64(col.Place(code))))
				f = 1 + min(int(share*bins), bins-1)
			}
		} else if code >= 0 {
			f = 1 + int(code)
		}
		dst = append(dst, c.from[j]+f)
	}
	return dst
}

// probabilities are those of the classes.
func (c *classifier) probabilities(p []float64, features []int) {
	clear(p)
	for _, f := range features {
		for k := range p {
			p[k] += c.weights[f*c.classes+k]
		}
	}
	top := math.Inf(-1)
	for _, s := range p {
		top = max(top, s)
	}
	sum := 0.0
	for k, s := range p {
		p[k] = math.Exp(s - top)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
}

func (c *classifier) learn(ctx context.Context, from part, seed uint64) error {
	const passes, rate, decay = 8, 0.1, 1e-6
	rnd := rand.New(rand.NewPCG(seed, 0xc1a55))
	order := append([]int32(nil), from.of...)
	p, features := make([]float64, c.classes), make([]int, 0, len(c.columns)+1)
	for range passes {
		if err := ctx.Err(); err != nil {
			return err
		}
		rnd.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
		for _, row := range order {
			class := from.table.Codes[c.target][row]
			if class < 0 {
				continue
			}
			features = c.features(features, from.table, row)
			c.probabilities(p, features)
			p[class]--
			for _, f := range features {
				for k, g := range p {
					at := f*c.classes + k
					g += decay * c.weights[at]
					c.squares[at] += g * g
					c.weights[at] -= rate * g / math.Sqrt(c.squares[at]+1e-9)
				}
			}
		}
	}
	return nil
}

func (c *classifier) judge(held part) (l Learned) {
	p, features, n := make([]float64, c.classes), make([]int, 0, len(c.columns)+1), 0.0
	for _, row := range held.of {
		class := held.table.Codes[c.target][row]
		if class < 0 {
			continue
		}
		n++
		features = c.features(features, held.table, row)
		c.probabilities(p, features)
		best := 0
		for k := range p {
			if p[k] > p[best] {
				best = k
			}
		}
		if best == int(class) {
			l.Accuracy++
		}
		l.LogLoss -= math.Log(max(p[class], 1e-12))
	}
	l.Accuracy, l.LogLoss = l.Accuracy/max(n, 1), l.LogLoss/max(n, 1)
	return l
}
