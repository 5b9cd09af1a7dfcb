package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"inkling/vae"
	"inkling/vae/tables"
)

// rowsOut is where rows go: NAME.csv.
func rowsOut(out, usual string) (string, error) {
	out = cmp.Or(out, usual)
	_, err := suffix("--out", out, ".csv")
	return out, err
}

// drawnRows is what --json says of rows that were written.
type drawnRows struct {
	Out  string  `json:"out"`
	Rows int     `json:"rows"`
	Seed *uint64 `json:"seed,omitempty"`
}

// notPrivate is said wherever rows are drawn.
const notPrivate = "what is drawn is not differentially private: inkling report says how near it comes to real rows"

// table draws rows.
func (s *sampleCmd) table(a *app) error {
	if s.Draw {
		return usage("--draw is for pictures, and %s is of a table, whose rows are always drawn: leave it out", s.Dir)
	}
	n := int(valueOr(s.N, 1000))
	if err := check(bound{"-n", &n, 1, math.MaxInt32}); err != nil {
		return err
	}
	if err := checkNumbers(number{"temp", &s.Temp, func(v float64) bool { return v >= 0 && v <= 1e6 }, "at least 0"}); err != nil {
		return err
	}
	out, err := s.Out, error(nil)
	if out != "-" {
		out, err = rowsOut(out, "samples.csv")
	}
	switch {
	case err != nil:
		return err
	case out == "-" && a.json:
		return usage("--out - writes rows, and --json a value, to the same place: leave one of them out")
	}
	m, _, err := openTable(a, s.Dir, 1)
	if err != nil {
		return err
	}
	d := tables.Draws{Temperature: s.Temp, Seed: rand.Uint64()}
	set(&d.Seed, s.Seed)
	a.orderly() // a file that is not whole is removed
	t := newTally(a.err, plural(n, "row"), n)
	write := func(w io.Writer) error {
		b, first := bufio.NewWriterSize(w, 1<<18), true
		err := m.Draw(a.ctx, n, d, func(lines []byte) error {
			if _, err := b.Write(lines); err != nil {
				return err
			}
			if !first {
				t.add(min(tables.AtOnce, n))
			}
			first = false
			return nil
		})
		if err != nil {
			return err
		}
		return b.Flush()
	}
	if out == "-" {
		err = write(a.out)
	} else {
		err = writeOut(out, write)
	}
	t.close()
	switch {
	case a.out.err != nil:
		return nil // the program tells of it
	case err != nil:
		return err
	case out == "-":
		a.note("%s, seed %d; %s", plural(n, "row"), d.Seed, notPrivate)
		return nil
	case a.json:
		return a.printJSON(drawnRows{out, n, &d.Seed})
	}
	fmt.Fprintf(a.out, "%s: %s, seed %d\n%s\n", out, plural(n, "row"), d.Seed, notPrivate)
	return nil
}

// readRows reads a table that a model is to look at.
func readRows(a *app, m *tables.Model, path string) (*tables.Table, error) {
	in, name, err := openLines(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	r, err := tables.NewReader(in, name)
	if err != nil {
		return nil, err
	}
	return tables.ReadTable(a.ctx, r, m.Columns, a.memory())
}

// firstRows are the numbers of the first rows.
func firstRows(n int) []int32 {
	of := make([]int32, n)
	for i := range of {
		of[i] = int32(i)
	}
	return of
}

// table writes rows, each above what the model makes of it.
func (r *reconstructCmd) table(a *app) error {
	if err := check(bound{"-n", &r.N, 1, mostInGrid}); err != nil {
		return err
	}
	if r.Seed != nil && !r.Draw {
		return usage("--seed is of what --draw draws, and nothing is drawn: leave it out, or give --draw")
	}
	out, err := rowsOut(r.Out, "reconstructions.csv")
	if err != nil {
		return err
	}
	m, _, err := openTable(a, r.Dir, 1)
	if err != nil {
		return err
	}
	t, err := readRows(a, m, r.Path)
	if err != nil {
		return err
	}
	n := min(r.N, t.Rows)
	if n < r.N {
		a.note("there are only %s", plural(n, "row"))
	}
	var rnd *rand.Rand
	if r.Draw {
		rnd = rand.New(rand.NewPCG(valueOr(r.Seed, 1), 0))
	}
	text := m.Header()
	for i := range n {
		of := []int32{int32(i)}
		text = append(append(text, m.Lines(t, of)...), m.Decode(m.Means(t, of), rnd)...)
	}
	return a.wroteRows(out, text, n)
}

// wroteRows writes rows, and tells of them.
func (a *app) wroteRows(out string, text []byte, n int) error {
	err := writeOut(out, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(drawnRows{Out: out, Rows: n})
	}
	fmt.Fprintf(a.out, "%s: %s\n", out, plural(n, "row"))
	return nil
}

// table goes from one row to another.
func (i *interpolateCmd) table(a *app) error {
	if err := check(bound{"--steps", &i.Steps, 2, mostInGrid}); err != nil {
		return err
	}
	if i.Path == "" {
		return usage("which rows? inkling interpolate %s FILE", i.Dir)
	}
	first, err := numberOf("--from", i.From, 0)
	if err != nil {
		return err
	}
	last, err := numberOf("--to", i.To, 1)
	if err != nil {
		return err
	}
	out, err := rowsOut(i.Out, "interpolation.csv")
	if err != nil {
		return err
	}
	m, _, err := openTable(a, i.Dir, 1)
	if err != nil {
		return err
	}
	t, err := readRows(a, m, i.Path)
	if err != nil {
		return err
	}
	for _, at := range []int{first, last} {
		if at >= t.Rows {
			return badInput("%s has %s, and none is number %d: they are counted from 0", i.Path, plural(t.Rows, "row"), at)
		}
	}
	from, to := m.Means(t, []int32{int32(first)}), m.Means(t, []int32{int32(last)})
	way := vae.Between
	if i.Slerp {
		way = vae.Around
	}
	var z []float32
	for s := range i.Steps {
		z = append(z, way(from, to, float64(s)/float64(i.Steps-1))...)
	}
	return a.wroteRows(out, append(m.Header(), m.Decode(z, nil)...), i.Steps)
}

// table writes what rows come to.
func (e *encodeCmd) table(a *app) error {
	if err := check(bound{"--limit", &e.Limit, 0, unbounded}); err != nil {
		return err
	}
	kind := ""
	if e.Out != "-" {
		var err error
		if kind, err = suffix("--out", e.Out, ".npy", ".csv"); err != nil {
			return err
		}
	}
	m, c, err := openTable(a, e.Dir, 1)
	if err != nil {
		return err
	}
	t, err := readRows(a, m, e.Path)
	if err != nil {
		return err
	}
	n, d, width := t.Rows, c.Model.Latent, c.Model.Latent
	if e.Limit > 0 {
		n = min(n, e.Limit)
	}
	if e.Deviations {
		width *= 2
	}
	a.orderly()
	rows := func(emit func([]float32) error) error {
		return m.Encodings(a.ctx, t, firstRows(n), func(q []float32) error { return emit(firstOf(q, 2*d, width)) })
	}
	switch {
	case kind == ".npy":
		err = writeNPY(e.Out, []int{n, width}, rows)
	case kind == ".csv":
		err = writeOut(e.Out, func(w io.Writer) error { return writeRows(w, ",", e.namesOf(d), width, rows) })
	case a.json:
		return e.objects(a, d, width, rows, func(i int) encoded { return encoded{Index: i} })
	default:
		return writeRows(a.out, "\t", nil, width, rows)
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(drawnRows{Out: e.Out, Rows: n})
	}
	fmt.Fprintf(a.out, "%s: %s of %s\n", e.Out, plural(n, "line"), plural(width, "number"))
	return nil
}
