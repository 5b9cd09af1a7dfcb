package tables

import (
	"context"
	"fmt"
	"io"

	"inkling/tensor"
)

// A Block is some rows of a file, as they are written there: the columns that are modelled, row after row.
type Block struct {
	First int // number of the first row, from 1
	Rows  *Rows
	text  []string
}

// Cell is what is written in column j of row i.
func (b *Block) Cell(i, j int) string { return b.text[i*len(b.Rows.Codes)+j] }

// encode makes codes of the cells.
func (b *Block) encode(columns []*Column) {
	n := len(b.text) / len(columns)
	b.Rows = &Rows{N: n, Codes: make([][]int32, len(columns))}
	all := make([]int32, len(b.text))
	for j := range columns {
		b.Rows.Codes[j] = all[j*n : (j+1)*n]
	}
	for i := range n {
		for j, column := range columns {
			b.Rows.Codes[j][i] = column.Code(b.text[i*len(columns)+j])
		}
	}
}

// Match finds columns in a header by their names.
func Match(header []string, columns []*Column, name string) (from []int, err error) {
	at := map[string]int{}
	for i, h := range header {
		at[h] = i
	}
	for _, c := range columns {
		i, ok := at[c.Name]
		if !ok {
			return nil, fmt.Errorf("%s has no column %q, which the model is of: add it, with empty cells where it is not known", name, short(c.Name))
		}
		from = append(from, i)
	}
	return from, nil
}

// Stream reads rows of a file with these columns, in whatever order it has them, as work for all cores: f is called for some rows at a time, by
// several goroutines, and emit with what it gives, in order.
func Stream[R any](ctx context.Context, r *Reader, columns []*Column, f func(tp *tensor.Tape, b *Block) R, emit func(R) error) error {
	from, err := Match(r.Header, columns, r.name)
	if err != nil {
		return err
	}
	read := 0
	next := func() (*Block, bool, error) {
		b := &Block{First: read + 1, text: make([]string, 0, AtOnce*len(columns))}
		n := 0
		for ; n < AtOnce; n++ {
			row, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, false, err
			}
			for _, at := range from {
				b.text = append(b.text, row[at])
			}
		}
		read += n
		return b, n > 0, ctx.Err()
	}
	return ordered(ctx, next, func(tp *tensor.Tape, b *Block) R {
		b.encode(columns)
		return f(tp, b)
	}, emit)
}

// ReadTable reads all rows of a file with these columns into codes; limit, unless 0, is the most bytes that they may take.
func ReadTable(ctx context.Context, r *Reader, columns []*Column, limit int64) (*Table, error) {
	t := &Table{Columns: columns, Codes: make([][]int32, len(columns))}
	err := Stream(ctx, r, columns, func(_ *tensor.Tape, b *Block) *Rows { return b.Rows }, func(rows *Rows) error {
		for j := range t.Codes {
			t.Codes[j] = append(t.Codes[j], rows.Codes[j]...)
		}
		if t.Rows += rows.N; limit > 0 && t.Bytes() > limit || t.Rows > MaxRows {
			return fmt.Errorf("%s has more rows than fit into the memory there is: bring a part of it, or raise --memory", r.name)
		}
		return nil
	})
	if err == nil && t.Rows == 0 {
		return nil, fmt.Errorf("%s has a header and no rows", r.name)
	}
	return t, err
}
