package tables

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"inkling/nn"
	"inkling/softmax"
	"inkling/tensor"
	"inkling/vae"
)

// decoder is p(row|z): a network that puts out the numbers of all heads side by side, and behind them a hidden vector for the output layer of each
// vocabulary.
type decoder struct {
	columns []*Column
	config  *Config
	net     vae.Dense
	width   int              // of all heads
	outputs []softmax.Output // of each vocabulary
	of      []int            // its column
	heads   sync.Pool        // of *[]head
}

func newDecoder(c *Config, columns []*Column, rnd *rand.Rand) (*decoder, error) {
	d := &decoder{columns: columns, config: c}
	d.heads.New = func() any { heads := d.newHeads(); return &heads }
	for _, col := range columns {
		d.width += headWidth(col, c.Components)
	}
	for i, col := range columns {
		if col.Type != Vocabulary {
			continue
		}
		spec := c.spec(col, c.Options[len(d.outputs)])
		spec.Rand = rnd
		out, err := softmax.New(c.Output, spec)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", short(col.Name), err)
		}
		for _, p := range out.Params() {
			p.Name = fmt.Sprintf("decoder.0.column.%d.%s", i, p.Name)
		}
		d.outputs, d.of = append(d.outputs, out), append(d.of, i)
	}
	d.net = vae.NewDense("decoder.0", c.Activation, c.Latent, reversed(c.Hidden), d.width+c.Embed*len(d.outputs), rnd)
	bias, at := d.net.Bias(), 0
	for _, h := range d.newHeads() {
		if h != nil {
			h.begin(bias.Value[at : at+h.width()])
			at += h.width()
		}
	}
	for i := at; i < len(bias.Value); i++ { // hidden vectors of zeros would learn nothing
		bias.Value[i] = rnd.Float32() - 0.5
	}
	bias.Changed()
	return d, nil
}

func reversed(x []int) []int {
	y := make([]int, len(x))
	for i, v := range x {
		y[len(x)-1-i] = v
	}
	return y
}

func (d *decoder) newHeads() []head {
	heads := make([]head, len(d.columns))
	for i, c := range d.columns {
		if h := newHead(c, d.config.Components); h != nil {
			heads[i] = h
		}
	}
	return heads
}

func (d *decoder) Params() nn.Params {
	ps := append(nn.Params{}, d.net.Params()...)
	for _, out := range d.outputs {
		ps = append(ps, out.Params()...)
	}
	return ps
}

// LogLikelihood is log p(row|z), a sum over columns.
func (d *decoder) LogLikelihood(tp *tensor.Tape, b vae.Batch, z *tensor.Tensor) *tensor.Tensor {
	columns, vocabularies := d.logProbs(tp, b.Data.(*Rows), d.net.Apply(tp, z))
	y := tensor.SumCols(tp, columns)
	for _, loss := range vocabularies {
		y = tensor.Add(tp, y, tensor.Scale(tp, loss, -1))
	}
	return y
}

// logProbs is log p(cell|z) of each column, [n·k, columns], for what the network puts out, and −log p of what vocabularies add to it, [n·k, 1]
// each.
func (d *decoder) logProbs(tp *tensor.Tape, rows *Rows, out *tensor.Tensor) (columns *tensor.Tensor, vocabularies []*tensor.Tensor) {
	heads := d.heads.Get().(*[]head)
	columns = columnsLogProb(tp, d.columns, *heads, out, rows)
	d.heads.Put(heads)
	for v, output := range d.outputs {
		vocabularies = append(vocabularies, output.Loss(tp, d.hidden(tp, out, v), targets(tp, rows.Codes[d.of[v]], out.Rows)))
	}
	return columns, vocabularies
}

// hidden is the vector of a vocabulary's output layer.
func (d *decoder) hidden(tp *tensor.Tape, out *tensor.Tensor, v int) *tensor.Tensor {
	from := d.width + v*d.config.Embed
	return tensor.Cols(tp, out, from, from+d.config.Embed)
}

// targets are the classes of codes for m rows, each a part of its own; a code that is no class counts for nothing.
func targets(tp *tensor.Tape, codes []int32, m int) softmax.Targets {
	k := m / max(1, len(codes))
	t := softmax.Targets{Row: tp.ScratchInts(m), Word: tp.ScratchInts(m), Part: tp.ScratchInts(m), Parts: m}
	for i := range m {
		t.Part = append(t.Part, i)
		if code := codes[i/k]; code >= 0 {
			t.Row, t.Word = append(t.Row, i), append(t.Word, int(code))
		}
	}
	return t
}
