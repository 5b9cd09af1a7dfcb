// Package fidelity says how much a table that was drawn is like a real one, and how near it comes to single rows of it: distributions of columns,
// how pairs of columns hang together, what a classifier learns from one that it can use on the other, distances to the nearest real row, and
// copies. Every figure stands beside the same of real rows that no model saw, since two draws of one thing differ too.
//
// Nothing here is a proof of privacy. What it finds is a reason not to give a table away; that it finds nothing is none to do so.
package fidelity

import (
	"context"
	"fmt"

	"inkling/vae/tables"
)

// Input is what is compared. All tables have the same columns.
type Input struct {
	Real      *tables.Table
	Learn     []int32 // rows of Real that the model learned from
	Held      []int32 // rows of Real that it never saw
	Synthetic *tables.Table
	Target    string // the column that a classifier is to foretell; "": none
	Seed      uint64 // of what is drawn where not all rows are looked at
}

// Report is what there is to say.
type Report struct {
	Rows      Counts     `json:"rows"`
	Columns   []Marginal `json:"columns"`
	Pairs     Pairs      `json:"pairs"`
	Transfer  *Transfer  `json:"classifier,omitempty"` // nil if no target was named
	Distances Distances  `json:"nearest"`
	Copies    Copies     `json:"copies"`
}

// Counts are numbers of rows.
type Counts struct {
	Learned   int `json:"learned_from"`
	Held      int `json:"held_out"`
	Synthetic int `json:"synthetic"`
}

// Compare makes the report.
func Compare(ctx context.Context, in Input) (*Report, error) {
	if len(in.Learn) == 0 || len(in.Held) == 0 || in.Synthetic.Rows == 0 {
		return nil, fmt.Errorf("%d rows to learn from, %d that were held out and %d that were drawn: there must be some of each", len(in.Learn), len(in.Held), in.Synthetic.Rows)
	}
	r := &Report{Rows: Counts{len(in.Learn), len(in.Held), in.Synthetic.Rows}}
	learn, held, drawn := part{in.Real, in.Learn}, part{in.Real, in.Held}, part{in.Synthetic, everyRow(in.Synthetic)}
	for j := range in.Real.Columns {
		r.Columns = append(r.Columns, marginal(j, learn, held, drawn))
	}
	r.Pairs = pairs(learn.some(in.Seed, mostPaired), held.some(in.Seed, mostPaired), drawn.some(in.Seed, mostPaired))
	if in.Target != "" {
		var err error
		if r.Transfer, err = transfer(ctx, in.Target, in.Seed, learn, held, drawn); err != nil {
			return nil, err
		}
	}
	r.Copies = copies(learn, held, drawn)
	var err error
	r.Distances, err = distances(ctx, learn.some(in.Seed, mostReal), held.some(in.Seed, mostNear), drawn.some(in.Seed, mostNear))
	return r, err
}

// How many rows are looked at where each is compared with each.
const (
	mostPaired = 50_000
	mostReal   = 20_000
	mostNear   = 2_000
)

// part is some rows of a table.
type part struct {
	table *tables.Table
	of    []int32
}

func everyRow(t *tables.Table) []int32 {
	of := make([]int32, t.Rows)
	for i := range of {
		of[i] = int32(i)
	}
	return of
}

// some are no more than n of them, by chance.
func (p part) some(seed uint64, n int) part {
	if len(p.of) <= n {
		return p
	}
	chosen, _ := tables.Split(len(p.of), 1-float64(n)/float64(len(p.of)), seed)
	of := make([]int32, len(chosen))
	for i, at := range chosen {
		of[i] = p.of[at]
	}
	return part{p.table, of}
}

// codes are those of a column.
func (p part) codes(j int) []int32 {
	list := make([]int32, len(p.of))
	for i, at := range p.of {
		list[i] = p.table.Codes[j][at]
	}
	return list
}
