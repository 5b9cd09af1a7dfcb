package tables

import (
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
)

// A Table is rows as codes of the columns that are modelled. Rows and columns may be many, so that a code is four bytes and nothing else is kept.
type Table struct {
	Columns []*Column
	Codes   [][]int32 // of each column, by row
	Rows    int
}

// Learn reads a table for the second time, into codes, and learns the columns from the rows that are not held out: share of the rows is, chosen
// by the seed. learn and held are numbers of rows, in order.
func Learn(r *Reader, s *Survey, schema Schema, share float64, seed uint64) (t *Table, learn, held []int32, err error) {
	if !slices.Equal(r.Header, s.Header) {
		return nil, nil, nil, fmt.Errorf("%s: the header changed between two readings", r.name)
	}
	t = &Table{Rows: s.Rows}
	var from []int // column of the file
	for i, f := range schema.Columns {
		if f.Type == Skip {
			continue
		}
		c, err := newColumn(f, &s.profiles[i])
		if err != nil {
			return nil, nil, nil, fmt.Errorf("%s: %w", r.name, err)
		}
		s.profiles[i].values = nil // the strings are in c
		t.Columns, from = append(t.Columns, c), append(from, i)
		t.Codes = append(t.Codes, make([]int32, 0, s.Rows))
	}
	if len(t.Columns) == 0 {
		return nil, nil, nil, fmt.Errorf("%s has no column to learn: all are left out, %q since it is %s", r.name, short(schema.Columns[0].Name), cmp.Or(schema.Columns[0].Why, "not wanted"))
	}
	if err := t.read(r, from); err != nil {
		return nil, nil, nil, err
	}
	learn, held = Split(s.Rows, share, seed)
	for i, c := range t.Columns {
		c.Rows = len(learn)
		if c.Numeric() {
			err = c.learnNumbers(t.Codes[i], learn)
		} else {
			err = c.learnValues(t.Codes[i], learn)
		}
		if err != nil {
			return nil, nil, nil, fmt.Errorf("%s: column %q: %w", r.name, short(c.Name), err)
		}
	}
	return t, learn, held, nil
}

// read takes all rows; from says which columns of the file.
func (t *Table) read(r *Reader, from []int) error {
	for n := 0; ; n++ {
		row, err := r.Next()
		switch {
		case err == io.EOF && n == t.Rows:
			return nil
		case err == nil && n == t.Rows, err == io.EOF:
			return fmt.Errorf("%s changed between two readings", r.name)
		case err != nil:
			return err
		}
		for i, c := range t.Columns {
			t.Codes[i] = append(t.Codes[i], c.Code(row[from[i]]))
		}
	}
}

// Split chooses the rows that are held out.
func Split(rows int, share float64, seed uint64) (learn, held []int32) {
	n := int(share * float64(rows))
	out := make([]bool, rows)
	for i, at := range rand.New(rand.NewPCG(seed, 0x7ab)).Perm(rows) {
		out[at] = i < n
	}
	for i := range rows {
		if out[i] {
			held = append(held, int32(i))
		} else {
			learn = append(learn, int32(i))
		}
	}
	return learn, held
}

// learnNumbers learns how numbers are distributed.
func (c *Column) learnNumbers(codes, learn []int32) error {
	var seen []int32
	for _, i := range learn {
		if code := codes[i]; code >= 0 {
			seen = append(seen, code)
		} else {
			c.Blank++
		}
	}
	if len(seen) == 0 {
		return fmt.Errorf("every cell of the rows to learn from is missing: leave it out, with type skip")
	}
	c.learnEdges(seen)
	return nil
}

// learnValues counts values. One that is there once says nothing of itself, and much of how often a value is new: such values are a class, of
// which a value is that was never there. codes are changed to those of the classes.
func (c *Column) learnValues(codes, learn []int32) error {
	blankBefore := c.Blank > 0
	counts := make([]int64, len(c.Values)+1) // and of missing ones
	for _, i := range learn {
		counts[codes[i]]++
	}
	c.Blank = 0
	if blankBefore {
		c.Blank = counts[len(c.Values)]
	}
	order := make([]int32, len(c.Values))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return int(counts[b] - counts[a]) })
	var values []string
	to := make([]int32, len(c.Values)) // class of each, −1 of what is there no more than once
	for _, v := range order {
		to[v] = -1
		switch n := counts[v]; {
		case n > 1 && len(values) < maxKept:
			to[v] = int32(len(values))
			values, c.Counts = append(values, strings.Clone(c.Values[v])), append(c.Counts, n)
		default:
			c.Rare += n
		}
	}
	before := len(c.Values)
	c.Values = values
	other, blank := strangeCode, blankCode
	if c.Rare > 0 {
		other = int32(len(values))
	}
	if c.Blank > 0 {
		blank = int32(c.classes() - 1)
	}
	for i, code := range codes {
		switch {
		case int(code) == before:
			codes[i] = blank
		case to[code] < 0:
			codes[i] = other
		default:
			codes[i] = to[code]
		}
	}
	if c.classes() == 0 {
		return fmt.Errorf("no cell to learn from: leave it out, with type skip")
	}
	c.settle()
	return nil
}

// maxKept is the most values that a vocabulary keeps; rarer ones are of the class of the rare.
const maxKept = 1 << 18

// Sizes adds up the bytes of the codes.
func (t *Table) Bytes() int64 { return 4 * int64(len(t.Codes)) * int64(t.Rows) }
