package main

import (
	"fmt"
	"io"
	"path/filepath"

	"inkling/checkpoint"
	"inkling/vae/tables"
	"inkling/vae/tables/fidelity"
)

type reportCmd struct {
	Dir       string `arg:"" help:"Folder of a model of a table."`
	Real      string `arg:"" help:"The real table: the one that it learned from, or another of the same columns."`
	Synthetic string `arg:"" help:"The table that was drawn."`

	Target string  `help:"A category that a classifier is to foretell, learned from rows that were drawn, and from real ones." placeholder:"COLUMN" env:"-"`
	Out    string  `help:"Where to: one page with its pictures in it." default:"report.html" placeholder:"report.html" env:"-"`
	Seed   *uint64 `help:"Of what rows are looked at where not all can be; 1." placeholder:"N"`
}

// Help is what report --help says beside the flags.
func (*reportCmd) Help() string {
	return `The page holds the distributions of columns in both tables, how pairs of columns hang together, what a classifier learns from one that it
can use on the other, how near drawn rows come to real ones, and how many are copies. Every figure stands beside that of real rows which
the model never saw: of the table that it learned from, those that were held out; of another, a fifth.

Rows that are drawn from a model are not differentially private. What the page finds is a reason not to give them away; that it finds
nothing is none to do so.`
}

func (r *reportCmd) Run(a *app) error {
	if k := vaeKindOf(r.Dir); k == nil || k.kind() != tables.Kind {
		run, err := checkpoint.OpenRead(r.Dir)
		if err != nil {
			return err
		}
		run.Close()
		return badInput("%s is no model of a table, and the report is on those: train one with inkling train vae TABLE.csv", r.Dir)
	}
	if _, err := suffix("--out", r.Out, ".html"); err != nil {
		return err
	}
	m, c, err := openTable(a, r.Dir, 0)
	if err != nil {
		return err
	}
	in := fidelity.Input{Target: r.Target, Seed: valueOr(r.Seed, 1)}
	if in.Real, err = readRows(a, m, r.Real); err != nil {
		return err
	}
	if in.Synthetic, err = readRows(a, m, r.Synthetic); err != nil {
		return err
	}
	_, sum, err := hashed(r.Real)
	if err != nil {
		return err
	}
	if sum == c.Data.SHA256 && c.Data.Held > 0 && in.Real.Rows == c.Data.Rows+c.Data.Held {
		in.Learn, in.Held = tables.Split(in.Real.Rows, c.Data.ValidShare, c.Train.Seed)
	} else {
		in.Learn, in.Held = tables.Split(in.Real.Rows, 0.2, in.Seed)
		a.note("%s is not what the model learned from, with rows held out: a fifth of its rows stands for those", r.Real)
	}
	o, err := fidelity.Compare(a.ctx, in)
	if err != nil {
		return badInput("%w", err)
	}
	title := fmt.Sprintf("%s and %s", filepath.Base(r.Synthetic), filepath.Base(r.Real))
	if err := writeOut(r.Out, func(w io.Writer) error { return o.WriteHTML(w, title) }); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(o)
	}
	printReport(a, o)
	fmt.Fprintf(a.out, "\n%s has pictures\nrows that are drawn are not differentially private: that nothing is found here is no proof that they can be given away\n", r.Out)
	return nil
}

func printReport(a *app, o *fidelity.Report) {
	rows := [][]string{{"column", "type", "drawn", "held out"}}
	for _, c := range o.Columns {
		rows = append(rows, []string{oneLine(c.Name), c.Type, fmt.Sprintf("%.3f", c.Distance), fmt.Sprintf("%.3f", c.HeldOut)})
	}
	fmt.Fprintln(a.out, "distance of distributions from that of the real rows, 0 to 1:")
	table(a.out, rows...)
	p := o.Pairs
	lines := [][]string{{"pairs of columns", fmt.Sprintf("%.3f mean difference, held out %.3f; largest %.3f, of %s and %s", p.Mean, p.HeldOut, p.Most, oneLine(p.MostOf[0]), oneLine(p.MostOf[1]))}}
	if t := o.Transfer; t != nil {
		lines = append(lines, []string{"classifier of " + oneLine(t.Target), fmt.Sprintf("%.1f %% right on %s, learned from real rows %.1f %%; always the most frequent %.1f %%",
			100*t.Synthetic.Accuracy, plural(t.Tested, "real row"), 100*t.Real.Accuracy, 100*t.Majority)})
	}
	lines = append(lines,
		[]string{"nearest real row", fmt.Sprintf("%.1f %% are nearer than all but 1 %% of the rows held out", 100*o.Distances.Nearer)},
		[]string{"copies", fmt.Sprintf("%s (%.2f %%), held out %s (%.2f %%)", thousands(o.Copies.Synthetic), 100*o.Copies.Share, thousands(o.Copies.HeldOut), 100*o.Copies.HeldShare)},
	)
	fmt.Fprintln(a.out)
	list(a.out, lines...)
}
