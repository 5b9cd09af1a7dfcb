package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"inkling/tensor"
	"inkling/vae/tables"
)

// tableScoreFlags say what of scored rows is shown.
type tableScoreFlags struct {
	Threshold *float64 `help:"Of a table: an anomaly is a row of more nats than so large a share of the rows held out; 0.99, or the most that so few of them can tell." placeholder:"SHARE" env:"-" group:"A table" of:"tables"`
	Anomalies bool     `help:"Pass on only rows that are anomalies." env:"-" group:"A table" of:"tables"`
	Top       *int     `help:"Columns that are named for each row, those that cost most beyond what is usual; 3." placeholder:"N" env:"-" group:"A table" of:"tables"`
}

// given names the first flag that was given, if any.
func (f tableScoreFlags) given() string {
	switch {
	case f.Threshold != nil:
		return "--threshold"
	case f.Anomalies:
		return "--anomalies"
	case f.Top != nil:
		return "--top"
	}
	return ""
}

// table scores rows with a VAE of a table.
func (s *scoreCmd) table(a *app) error {
	if s.Above != nil || s.PerChar || s.Tokens || s.Part != "" {
		return usage("--above, --per-char, --tokens and --part are for others, and %s is of a table: leave them out", s.Dir)
	}
	samples := valueOr(s.Samples, defaultTableSamples)
	if err := check(bound{"--samples", &samples, 1, mostTableSamples}, bound{"--top", s.Top, 0, tables.MaxColumns}); err != nil {
		return err
	}
	m, c, err := openTable(a, s.Dir, samples)
	if err != nil {
		return err
	}
	w := &rowWriter{m: m, top: min(valueOr(s.Top, 3), len(m.Columns)), only: s.Anomalies, json: a.json, threshold: math.Inf(1)}
	var share float64 // of the rows held out that cost no more than the threshold
	switch {
	case c.Scores != nil:
		share = valueOr(s.Threshold, c.Scores.usualShare())
		if w.threshold, err = c.Scores.threshold(share); err != nil {
			return err
		}
		w.usual = c.Scores.Columns
		if samples != c.Scores.Samples {
			a.note("what is an anomaly is known for --samples %d, which the rows held out were scored with", c.Scores.Samples)
		}
	case s.Threshold != nil || s.Anomalies:
		return usage("no rows were scored that had been held out from %s, so that nothing says what is an anomaly: leave --threshold and --anomalies out", s.Dir)
	default:
		w.usual = make([]float64, len(m.Columns))
	}
	w.settle()
	in, name, err := openLines(s.File)
	if err != nil {
		return err
	}
	defer in.Close()
	r, err := tables.NewReader(in, name)
	if err != nil {
		return err
	}
	a.orderly()
	scorer := m.NewScorer(samples)
	out := bufio.NewWriterSize(onTerminal(a), readBytes)
	rows, anomalies, unseen := 0, 0, 0
	err = tables.Stream(a.ctx, r, m.Columns, func(tp *tensor.Tape, b *tables.Block) *scoredRows {
		return w.write(b, scorer.Score(tp, b.Rows))
	}, func(some *scoredRows) error {
		if some.bad > 0 {
			return badInput("%s: row %d has no probability: the model's weights are damaged", s.Dir, some.bad)
		}
		rows, anomalies, unseen = rows+some.rows, anomalies+some.anomalies, unseen+some.unseen
		out.Write(some.text)
		return a.out.err
	})
	if flushed := out.Flush(); a.out.err != nil {
		return nil // the program tells of it
	} else if err != nil {
		return err
	} else if flushed != nil {
		return flushed
	}
	if rows == 0 {
		a.note("%s has a header and no rows", name)
	}
	if c.Scores != nil && rows > 0 {
		a.note("%s of %s cost more than %.2f nats, as %.3g %% of the rows held out did", thousands(anomalies), plural(rows, "row"), w.threshold, 100*(1-share))
	}
	if unseen > 0 {
		a.note("%s with a cell that training never saw, or saw once", plural(unseen, "row"))
	}
	return nil
}

// rowWriter writes scored rows, for many cores at once.
type rowWriter struct {
	m         *tables.Model
	top       int
	only      bool
	json      bool
	threshold float64
	usual     []float64 // nats of each column
	names     [][]byte  // of columns, as JSON
}

func (w *rowWriter) settle() {
	for _, c := range w.m.Columns {
		raw, err := json.Marshal(c.Name)
		if err != nil {
			panic("inkling: " + err.Error())
		}
		w.names = append(w.names, raw)
	}
}

// scoredRows are some of them, written.
type scoredRows struct {
	text                    []byte
	rows, anomalies, unseen int
	bad                     int // the first row that has no probability
}

func (w *rowWriter) write(b *tables.Block, s *tables.Scored) *scoredRows {
	out := &scoredRows{rows: b.Rows.N}
	order := make([]int, len(w.m.Columns))
	for i := range b.Rows.N {
		bound := float64(s.Bound[i])
		if math.IsNaN(bound) || math.IsInf(bound, 0) {
			out.bad = b.First + i
			return out
		}
		anomaly, unseen := -bound > w.threshold, false
		for j, c := range w.m.Columns {
			unseen = unseen || c.Unseen(b.Rows.Codes[j][i])
		}
		if anomaly {
			out.anomalies++
		}
		if unseen {
			out.unseen++
		}
		if w.only && !anomaly {
			continue
		}
		w.rank(order, s.Columns[i])
		if w.json {
			out.text = w.object(out.text, b, s, i, anomaly, order)
		} else {
			out.text = w.line(out.text, b, s, i, anomaly, order)
		}
	}
	return out
}

// rank sets the first of order to the columns that cost most beyond what is usual.
func (w *rowWriter) rank(order []int, nats []float32) {
	if w.top == 0 {
		return
	}
	for j := range order {
		order[j] = j
	}
	excess := func(j int) float64 { return float64(nats[j]) - w.usual[j] }
	if w.top > 8 {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(excess(b), excess(a)) })
		return
	}
	for at := range w.top { // of few, each the most of what is left
		best := at
		for j := at + 1; j < len(order); j++ {
			if excess(order[j]) > excess(order[best]) {
				best = j
			}
		}
		order[at], order[best] = order[best], order[at]
	}
}

// line is a row for people, in columns that scripts can read.
func (w *rowWriter) line(dst []byte, b *tables.Block, s *tables.Scored, i int, anomaly bool, order []int) []byte {
	dst = append(strconv.AppendFloat(dst, float64(s.Bound[i]), 'f', 2, 32), '\t')
	if anomaly {
		dst = append(dst, "anomaly"...)
	}
	dst = append(strconv.AppendInt(append(dst, '\t'), int64(b.First+i), 10), '\t')
	for n, j := range order[:w.top] {
		if n > 0 {
			dst = append(dst, ", "...)
		}
		c := w.m.Columns[j]
		dst = append(append(dst, printed(c.Name)...), '=')
		dst = append(append(dst, printed(b.Cell(i, j))...), ' ')
		excess := math.Round(10*(float64(s.Columns[i][j])-w.usual[j]))/10 + 0 // no −0
		if excess >= 0 {
			dst = append(dst, '+')
		}
		dst = strconv.AppendFloat(dst, excess, 'f', 1, 32)
		if c.Unseen(b.Rows.Codes[j][i]) {
			dst = append(dst, " (new)"...)
		}
	}
	return append(dst, '\n')
}

// printed is a cell in a line: short, and without what would break it.
func printed(cell string) string {
	const most = 30 // characters
	if len(cell) > most {
		if c := []rune(cell); len(c) > most {
			cell = string(c[:most]) + "…"
		}
	}
	return oneLine(cell)
}

// object is a row as --json gives it.
func (w *rowWriter) object(dst []byte, b *tables.Block, s *tables.Scored, i int, anomaly bool, order []int) []byte {
	number := func(v float64) { dst = strconv.AppendFloat(dst, v, 'f', 4, 64) }
	dst = strconv.AppendInt(append(dst, `{"row":`...), int64(b.First+i), 10)
	dst = append(dst, `,"bound":`...)
	number(float64(s.Bound[i]))
	dst = append(dst, `,"anomaly":`...)
	if math.IsInf(w.threshold, 1) {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendBool(dst, anomaly)
	}
	dst = append(dst, `,"unseen":[`...)
	before := len(dst)
	for j, c := range w.m.Columns {
		if c.Unseen(b.Rows.Codes[j][i]) {
			if len(dst) > before {
				dst = append(dst, ',')
			}
			dst = append(dst, w.names[j]...)
		}
	}
	dst = append(dst, `],"latent":`...)
	number(float64(s.Latent[i]))
	dst = append(dst, `,"columns":{`...)
	for j, v := range s.Columns[i] {
		if j > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, w.names[j]...), ':')
		number(float64(v))
	}
	dst = append(dst, `},"top":[`...)
	for n, j := range order[:w.top] {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, `{"column":`...), w.names[j]...)
		cell, err := json.Marshal(b.Cell(i, j))
		if err != nil {
			panic("inkling: " + err.Error())
		}
		dst = append(append(dst, `,"cell":`...), cell...)
		dst = append(dst, `,"excess":`...)
		number(float64(s.Columns[i][j]) - w.usual[j])
		dst = append(dst, '}')
	}
	return append(dst, "]}\n"...)
}
