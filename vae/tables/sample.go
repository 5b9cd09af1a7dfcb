package tables

import (
	"context"
	"math/rand/v2"
	"strings"

	"inkling/internal/kernel"
	"inkling/softmax"
	"inkling/tensor"
)

// Draws say how rows are drawn from a model.
type Draws struct {
	Temperature float64 // times which the deviation of the prior is taken
	Seed        uint64
}

// Draw gives n rows to emit as lines of comma-separated values, below a header, in order and some at a time, so that memory is bounded however many
// they are. All cores are used; the bytes are a function of n and d alone.
func (m *Model) Draw(ctx context.Context, n int, d Draws, emit func(lines []byte) error) error {
	if err := emit(m.header()); err != nil {
		return err
	}
	at := 0
	next := func() (from int, more bool, err error) {
		from, at = at, min(n, at+AtOnce)
		return from, from < n, nil
	}
	return ordered(ctx, next, func(tp *tensor.Tape, from int) []byte {
		rnd := rand.New(rand.NewPCG(d.Seed, uint64(from)))
		z := make([]float32, (min(n, from+AtOnce)-from)*m.Table.Latent)
		for i := range z {
			z[i] = float32(d.Temperature * rnd.NormFloat64())
		}
		return m.lines(m.sample(tp, z, rnd))
	}, emit)
}

// Decode gives the likeliest cells of a row for each z, or, if rnd is not nil, draws them, as lines below each other.
func (m *Model) Decode(z []float32, rnd *rand.Rand) []byte {
	return m.lines(m.sample(tensor.NewInference(), z, rnd))
}

// Means are those of q(z|row), of rows of a table.
func (m *Model) Means(t *Table, of []int32) (z []float32) {
	rows := new(Rows)
	rows.take(t, of)
	q := m.encoder.encode(tensor.NewInference(), rows)
	for i := range q.Rows {
		z = append(z, q.Row(i)[:m.Table.Latent]...)
	}
	return z
}

// Lines are rows of a table as they are written, which is how they were read but for how numbers are spelled and for what no code tells.
func (m *Model) Lines(t *Table, of []int32) []byte {
	rows := new(Rows)
	rows.take(t, of)
	return m.lines(rows)
}

// Header is the line of names.
func (m *Model) Header() []byte { return m.header() }

// sample draws the cells of a row for each z, or takes the likeliest.
func (m *Model) sample(tp *tensor.Tape, z []float32, rnd *rand.Rand) *Rows {
	n := len(z) / m.Table.Latent
	rows := &Rows{N: n, Codes: make([][]int32, len(m.Columns))}
	for j := range rows.Codes {
		rows.Codes[j] = make([]int32, n)
	}
	dec := m.decoder
	out := dec.net.Apply(tp, tp.Const(n, m.Table.Latent, z))
	heads := dec.heads.Get().([]head)
	defer dec.heads.Put(heads)
	for i := range n {
		at := 0
		for j, h := range heads {
			if h != nil {
				if params := out.Row(i)[at : at+h.width()]; rnd == nil {
					rows.Codes[j][i] = h.likely(params)
				} else {
					rows.Codes[j][i] = h.sample(params, rnd)
				}
				at += h.width()
			}
		}
	}
	for v, j := range dec.of {
		words(rows.Codes[j], dec.outputs[v], m.Columns[j].classes(), dec.hidden(tp, out, v), rnd)
	}
	return rows
}

// wordsAtOnce is for how many rows all probabilities of a vocabulary are known at a time.
const wordsAtOnce = 16

// words draws a word for each hidden vector, or takes the likeliest.
func words(dst []int32, output softmax.Output, vocab int, h *tensor.Tensor, rnd *rand.Rand) {
	p, hidden := make([]float32, wordsAtOnce*vocab), make([]float32, wordsAtOnce*h.Cols)
	batched, _ := output.(softmax.Batched)
	for from := 0; from < h.Rows; from += wordsAtOnce {
		n := min(wordsAtOnce, h.Rows-from)
		for i := range n {
			copy(hidden[i*h.Cols:], h.Row(from+i))
			if batched == nil {
				output.LogProbs(p[i*vocab:(i+1)*vocab], h.Row(from+i))
			}
		}
		if batched != nil {
			batched.LogProbsRows(p[:n*vocab], hidden[:n*h.Cols])
		}
		for i := range n {
			row := p[i*vocab : (i+1)*vocab]
			if rnd == nil {
				dst[from+i] = largest(row)
				continue
			}
			kernel.Exp(row, row)
			dst[from+i] = drawn(row, rnd)
		}
	}
}

// header is the line of names.
func (m *Model) header() (line []byte) {
	for j, c := range m.Columns {
		if j > 0 {
			line = append(line, ',')
		}
		line = appendCell(line, c.Name)
	}
	return append(line, '\n')
}

// lines are rows as they are written.
func (m *Model) lines(rows *Rows) (b []byte) {
	var cell []byte
	for i := range rows.N {
		for j, c := range m.Columns {
			if j > 0 {
				b = append(b, ',')
			}
			if code := rows.Codes[j][i]; c.Numeric() && code != strangeCode {
				b = c.Append(b, code)
			} else if c.known(code) {
				cell = c.Append(cell[:0], code)
				b = appendCell(b, string(cell))
			}
		}
		if len(m.Columns) == 1 && (len(b) == 0 || b[len(b)-1] == '\n') {
			b = append(b, `""`...) // an empty line would be no row
		}
		b = append(b, '\n')
	}
	return b
}

// appendCell writes a cell, in quotes where it needs them.
func appendCell(b []byte, cell string) []byte {
	if !strings.ContainsAny(cell, ",\"\r\n") && strings.TrimSpace(cell) == cell {
		return append(b, cell...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(cell, `"`, `""`)...)
	return append(b, '"')
}

// Encodings gives the means and log deviations of q(z|row), side by side, of rows of a table to emit, in order and some at a time.
func (m *Model) Encodings(ctx context.Context, t *Table, of []int32, emit func(q []float32) error) error {
	return ordered(ctx, blocksOf(t, of), m.encoded, emit)
}

func (m *Model) encoded(tp *tensor.Tape, rows *Rows) []float32 {
	q := m.encoder.encode(tp, rows)
	all := make([]float32, 0, q.Rows*q.Cols)
	for i := range q.Rows {
		all = append(all, q.Row(i)...)
	}
	return all
}
