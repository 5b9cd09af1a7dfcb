package tables

import (
	"fmt"
	"math"
	"math/rand/v2"

	"inkling/internal/kernel"
	"inkling/nn"
	"inkling/softmax"
	"inkling/tensor"
	"inkling/vae"
)

// encoder is q(z|row). What it sees of a row is made of three things: of a number its place in its column's distribution, and 1 where it is missing;
// of a vocabulary's value an embedding; and of a category a row of a table as wide as the first layer, which is what a one-hot input comes to
// without multiplying anything. Of a cell never seen it sees nothing.
type encoder struct {
	columns []*Column
	act     func(tp *tensor.Tape, x *tensor.Tensor) *tensor.Tensor

	inputs      int             // numbers, and whether they are missing
	weight      *tensor.Param   // of the first layer [first, inputs + embeddings]; nil: there are none
	bias        *tensor.Param   // of it
	values      *tensor.Param   // [classes of all categories, first]; nil: there are none
	from        []int           // of each column: its first row of values
	vocabulary  []*tensor.Param // of each: [classes, embed]
	rest        *vae.Dense      // after the first layer; nil: nothing
	categorical int             // how many columns are
}

// first is how many numbers the first layer puts out, and inputs how many go in that are no embeddings.
func (c *Config) first() int {
	if len(c.Hidden) > 0 {
		return c.Hidden[0]
	}
	return 2 * c.Latent
}

// seen is what the encoder sees of columns: numbers, classes of categories, and embeddings.
func (c *Config) seen(columns []*Column) (inputs, classes, categorical, embeddings int) {
	for _, col := range columns {
		switch {
		case col.Numeric():
			inputs++
			if col.Blank > 0 {
				inputs++
			}
		case col.Type == Vocabulary:
			embeddings += c.Embed
		default:
			classes += col.classes()
			categorical++
		}
	}
	return inputs, classes, categorical, embeddings
}

func newEncoder(c *Config, columns []*Column, rnd *rand.Rand) *encoder {
	e := &encoder{columns: columns, act: tensor.ReLU}
	gain := math.Sqrt2
	if c.Activation == "tanh" {
		e.act, gain = tensor.Tanh, 1
	}
	inputs, classes, categorical, embeddings := c.seen(columns)
	first := c.first()
	e.inputs, e.categorical = inputs, categorical
	bound := gain * math.Sqrt(6/float64(inputs+embeddings+categorical+first))
	if len(c.Hidden) == 0 {
		bound /= 10
	}
	if inputs+embeddings > 0 {
		e.weight = nn.Uniform(tensor.NewParam("encoder.0.first.weight", first, inputs+embeddings), bound, rnd)
	}
	e.bias = tensor.NewParam("encoder.0.first.bias", first)
	if classes > 0 {
		e.values = nn.Uniform(tensor.NewParam("encoder.0.values.weight", classes, first), bound, rnd)
	}
	at := 0
	for i, col := range columns {
		e.from = append(e.from, at)
		switch col.Type {
		case Category:
			at += col.classes()
		case Vocabulary:
			p := tensor.NewParam(fmt.Sprintf("encoder.0.column.%d.weight", i), col.classes(), c.Embed)
			p.Sparse = sparse(col)
			e.vocabulary = append(e.vocabulary, nn.Uniform(p, 1, rnd))
		}
	}
	if len(c.Hidden) > 0 {
		rest := vae.NewDense("encoder.0", c.Activation, first, c.Hidden[1:], 2*c.Latent, rnd)
		e.rest = &rest
	}
	return e
}

// sparse says whether steps touch few of the rows of a vocabulary.
func sparse(c *Column) bool { return c.classes() >= softmax.SparseVocab }

func (e *encoder) Params() (ps nn.Params) {
	if e.weight != nil {
		ps = append(ps, e.weight)
	}
	ps = append(ps, e.bias)
	if e.values != nil {
		ps = append(ps, e.values)
	}
	ps = append(ps, e.vocabulary...)
	if e.rest != nil {
		ps = append(ps, e.rest.Params()...)
	}
	return ps
}

// Encode gives the means and log deviations of q, [Rows, 2·Latent].
func (e *encoder) Encode(tp *tensor.Tape, b vae.Batch) *tensor.Tensor {
	return e.encode(tp, b.Data.(*Rows))
}

func (e *encoder) encode(tp *tensor.Tape, rows *Rows) *tensor.Tensor {
	var y *tensor.Tensor
	if e.weight != nil {
		y = tensor.Linear(tp, e.see(tp, rows), e.weight, e.bias)
	}
	if e.values != nil {
		sum := rowSums(tp, e.values, e.classes(tp, rows), e.categorical, rows.N)
		if y == nil {
			y = addBias(tp, sum, e.bias)
		} else {
			y = tensor.Add(tp, y, sum)
		}
	}
	if e.rest == nil {
		return y
	}
	return e.rest.Apply(tp, e.act(tp, y))
}

// see is what goes into the first layer's product.
func (e *encoder) see(tp *tensor.Tape, rows *Rows) *tensor.Tensor {
	var parts []*tensor.Tensor
	if e.inputs > 0 {
		x := tp.New(rows.N, e.inputs, false)
		at := 0
		for j, c := range e.columns {
			if !c.Numeric() {
				continue
			}
			for i, code := range rows.Codes[j] {
				row := x.Row(i)
				row[at] = 0
				if code != blankCode && code != strangeCode {
					row[at] = c.Place(code)
				}
				if c.Blank > 0 {
					row[at+1] = 0
					if code == blankCode {
						row[at+1] = 1
					}
				}
			}
			at++
			if c.Blank > 0 {
				at++
			}
		}
		parts = append(parts, x)
	}
	v := 0
	for j, c := range e.columns {
		if c.Type != Vocabulary {
			continue
		}
		ids := tp.ScratchInts(rows.N)
		for _, code := range rows.Codes[j] {
			ids = append(ids, int(max(code, -1)))
		}
		parts = append(parts, rowSums(tp, e.vocabulary[v], ids, 1, rows.N))
		v++
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return tensor.ConcatCols(tp, parts...)
}

// classes are the rows of values that each row of the table is a sum of.
func (e *encoder) classes(tp *tensor.Tape, rows *Rows) []int {
	ids := tp.ScratchInts(rows.N * e.categorical)[:rows.N*e.categorical]
	at := 0
	for j, c := range e.columns {
		if c.Type != Category {
			continue
		}
		for i, code := range rows.Codes[j] {
			id := -1
			if code >= 0 {
				id = e.from[j] + int(code)
			}
			ids[i*e.categorical+at] = id
		}
		at++
	}
	return ids
}

// rowSums is y[i] = Σ_j rows ids[i·per + j] of a table, [n, columns]; one below 0 is none.
func rowSums(tp *tensor.Tape, table *tensor.Param, ids []int, per, n int) *tensor.Tensor {
	y := tp.New(n, table.Cols, tp.Trains(table))
	for i := range n {
		row := y.Row(i)
		clear(row)
		for _, id := range ids[i*per : (i+1)*per] {
			if id >= 0 {
				kernel.Add(row, table.Row(id))
			}
		}
	}
	if y.Wanted() {
		tp.Record(func() {
			if !y.HasGrad() {
				return
			}
			for i := range n {
				for _, id := range ids[i*per : (i+1)*per] {
					if id >= 0 {
						kernel.Add(tp.RowGrad(table, id), y.GradRow(i))
					}
				}
			}
		})
	}
	return y
}

// addBias adds a parameter to each row.
func addBias(tp *tensor.Tape, x *tensor.Tensor, bias *tensor.Param) *tensor.Tensor {
	y := tp.New(x.Rows, x.Cols, x.Wanted() || tp.Trains(bias))
	for i := range y.Rows {
		copy(y.Row(i), x.Row(i))
		kernel.Add(y.Row(i), bias.Value)
	}
	if y.Wanted() {
		tp.Record(func() {
			if !y.HasGrad() {
				return
			}
			for i := range y.Rows {
				if x.Wanted() {
					kernel.Add(x.GradRow(i), y.GradRow(i))
				}
				if tp.Trains(bias) {
					kernel.Add(tp.ParamGrad(bias), y.GradRow(i))
				}
			}
		})
	}
	return y
}
