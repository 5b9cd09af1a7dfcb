package main

import (
	"fmt"
	"slices"

	"inkling/eval"
	"inkling/vae/tables"
)

// evaluatedTable is what --json says of rows. Nats of each.
type evaluatedTable struct {
	Bound         float64  `json:"bound"`          // on log p(row), higher is better
	BoundKind     string   `json:"bound_kind"`     // elbo, iwae:K
	StandardError *float64 `json:"standard_error"` // of the mean over rows; null of one
	Alone         float64  `json:"alone"`          // log p(row) if columns were independent of each other
	Rows          int      `json:"rows"`
	judgedVAE
	Columns []evaluatedColumn `json:"columns"`
}

// evaluatedColumn is what a column costs, given z, and what it would by itself.
type evaluatedColumn struct {
	Name  string  `json:"name"`
	Nats  float64 `json:"nats"`
	Alone float64 `json:"alone"`
}

// table measures a VAE of a table by rows.
func (e *evalCmd) table(a *app) error {
	if len(e.Ext) > 0 || e.Lines || e.Field != "" || e.Cache != "" || e.Output != "" {
		return usage("--ext, --lines, --field, --cache and --output are for texts, and %s is of a table: leave them out", e.Dir)
	}
	kind, err := e.boundFlags.kind()
	if err != nil {
		return err
	}
	if flag := e.ofAIS(); flag != "" || kind.name == "ais" || e.Gaps {
		return usage("annealed importance sampling and --gaps are for pictures: choose --bound elbo, or iwae:1000, which is near log p of a table's row")
	}
	m, c, err := openTable(a, e.Dir, kind.most(nil))
	if err != nil {
		return err
	}
	t, of, err := e.rows(a, m, c)
	if err != nil {
		return err
	}
	examples, seed := tables.Examples{Table: t, Of: of}, valueOr(e.Seed, 1)
	j, err := m.Judge(a.ctx, examples, seed)
	if err != nil {
		return err
	}
	o := &evaluatedTable{BoundKind: kind.String(), Rows: len(of), judgedVAE: summarize(m.Config, j)}
	bounds := j.Bound()
	if kind.name == "iwae" {
		tally := newTally(a.err, fmt.Sprintf("%s samples of each row", thousands(kind.samples)), len(of))
		bounds, err = m.Importance(a.ctx, examples, kind.samples, seed, func(int, float64) { tally.add(1) })
		tally.close()
		if err != nil {
			return err
		}
	}
	o.Bound, o.StandardError = eval.Mean(bounds), standardError(bounds)
	if err := o.measure(a, m, t, of); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(o)
	}
	o.print(a)
	return nil
}

// rows are those to judge by: of the table that the model learned from only those that were held out.
func (e *evalCmd) rows(a *app, m *tables.Model, c *tableConfig) (*tables.Table, []int32, error) {
	t, err := readRows(a, m, e.File)
	if err != nil {
		return nil, nil, err
	}
	of := firstRows(t.Rows)
	if e.File != "-" {
		if _, sum, err := hashed(e.File); err != nil {
			return nil, nil, err
		} else if sum == c.Data.SHA256 && c.Data.Held > 0 && t.Rows == c.Data.Rows+c.Data.Held {
			_, of = tables.Split(t.Rows, c.Data.ValidShare, c.Train.Seed)
			a.note("this is the table that it learned from: judged by the %s that were held out", plural(len(of), "row"))
		} else if sum == c.Data.SHA256 {
			a.note("this is the table that it learned from: the figures say nothing of new rows")
		}
	}
	if n := len(of); e.Limit > 0 && e.Limit < n {
		few := make([]int32, e.Limit)
		for i := range few {
			few[i] = of[i*n/e.Limit]
		}
		of = few
		a.note("%s, spread over the %s there are", plural(e.Limit, "row"), thousands(n))
	}
	return t, of, nil
}

// measure says what each column costs.
func (o *evaluatedTable) measure(a *app, m *tables.Model, t *tables.Table, of []int32) error {
	alone := tables.Alone(m.Columns)
	for j, c := range m.Columns {
		col := evaluatedColumn{Name: c.Name}
		for _, i := range of {
			col.Alone -= alone.LogProb(j, t.Codes[j][i]) / float64(len(of))
		}
		o.Alone -= col.Alone
		o.Columns = append(o.Columns, col)
	}
	return m.NewScorer(1).ScoreTable(a.ctx, t, of, func(some *tables.Scored) error {
		for _, nats := range some.Columns {
			for j, v := range nats {
				o.Columns[j].Nats += float64(v) / float64(len(of))
			}
		}
		return nil
	})
}

func (o *evaluatedTable) print(a *app) {
	fmt.Fprintf(a.out, "nats of each of %s:\n", plural(o.Rows, "row"))
	rows := [][]string{}
	if o.BoundKind != "elbo" {
		rows = append(rows, []string{"log p(row) ≥", within(o.Bound, o.StandardError) + "   by " + o.BoundKind})
	}
	elbo := fmt.Sprintf("%.2f", o.ELBO)
	if o.BoundKind == "elbo" {
		elbo = within(o.ELBO, o.StandardError)
	}
	rows = append(rows,
		[]string{"ELBO", elbo + fmt.Sprintf("   log p(x|z) %.2f − KL %.2f", o.Reconstruction, o.KL)},
		[]string{"columns alone", fmt.Sprintf("%.2f   if they were independent of each other", o.Alone)},
		[]string{"active units", o.active()},
	)
	list(a.out, rows...)
	fmt.Fprintln(a.out)
	columns := slices.Clone(o.Columns)
	slices.SortStableFunc(columns, func(x, y evaluatedColumn) int { return int(1e6 * (y.Nats - x.Nats)) })
	cells := [][]string{{"column", "nats given z", "by itself"}}
	for _, c := range columns {
		cells = append(cells, []string{oneLine(c.Name), fmt.Sprintf("%.3f", c.Nats), fmt.Sprintf("%.3f", c.Alone)})
	}
	table(a.out, cells...)
	if why := o.collapse(); why != "" {
		fmt.Fprintln(a.out, "\n"+why)
	}
}
