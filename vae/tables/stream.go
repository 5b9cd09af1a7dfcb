package tables

import (
	"context"
	"fmt"
	"io"

	"inkling/tensor"
)

// cells are some rows of a file, as they are written there: the columns that are modelled, row after row.
type cells struct {
	first int // number of the first row, from 1
	n     int
	text  []string
}

// rows are the codes of cells.
func (c *cells) rows(columns []*Column) *Rows {
	r := &Rows{N: c.n, Codes: make([][]int32, len(columns))}
	all := make([]int32, c.n*len(columns))
	for j, column := range columns {
		r.Codes[j] = all[j*c.n : (j+1)*c.n]
		for i := range c.n {
			r.Codes[j][i] = column.Code(c.text[i*len(columns)+j])
		}
	}
	return r
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
func Stream[R any](ctx context.Context, r *Reader, columns []*Column, f func(tp *tensor.Tape, first int, rows *Rows) R, emit func(R) error) error {
	from, err := Match(r.Header, columns, r.name)
	if err != nil {
		return err
	}
	read := 0
	next := func() (*cells, bool, error) {
		c := &cells{first: read + 1}
		for c.n < atOnce {
			row, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, false, err
			}
			for _, at := range from {
				c.text = append(c.text, row[at])
			}
			c.n++
		}
		read += c.n
		return c, c.n > 0, ctx.Err()
	}
	return ordered(ctx, next, func(tp *tensor.Tape, c *cells) R {
		return f(tp, c.first, c.rows(columns))
	}, emit)
}
