package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/vae/tables"
	"inkling/vae/tables/fidelity"
)

// customers is a table with a rule, big where the price is above 50, a column of many values, missing cells, and columns that are left out.
func customers(rows int, seed uint64) string {
	rnd := rand.New(rand.NewPCG(seed, 3))
	var b strings.Builder
	b.WriteString("id,price,count,kind,town,big\n")
	for i := range rows {
		k := rnd.IntN(3)
		price, cell := 20*float64(k)+30*rnd.Float64(), ""
		if rnd.IntN(10) > 0 {
			cell = fmt.Sprintf("%.1f", price)
		}
		big := "no"
		if price > 50 {
			big = "yes"
		}
		fmt.Fprintf(&b, "k%d,%s,%d,%s,town %d,%s\n", i, cell, 10*k+rnd.IntN(15), []string{"red", "green", "blue"}[k], int(300*rnd.Float64()*rnd.Float64()), big)
	}
	return b.String()
}

func tableArgs(out string, more ...string) []string {
	return append([]string{"train", "vae", "t.csv", "--out", out, "--latent", "3", "--hidden", "16", "--batch", "100", "--shards", "2", "--output", "full", "--validations", "4", "--lr", "0.01"}, more...)
}

func tableFolder(t *testing.T) *folder {
	f := newFolder(t)
	f.write("t.csv", customers(2000, 1))
	f.write("new.csv", "big,kind,extra,count,price,town\nno,red,x,5,12.5,town 3\nyes,red,x,5,12.5,town 3\nno,pink,x,5,9999,nowhere\n")
	return f
}

// TestTable trains, and goes through all that a VAE of a table is for.
func TestTable(t *testing.T) {
	f := tableFolder(t)
	var o trainedTable
	f.json(&o, tableArgs("m", "--steps", "600", "--seed", "3")...)
	if o.Steps != 600 || o.Valid == nil || math.Abs(o.ELBO-(o.Reconstruction-o.KL)) > 1e-9 || o.Scores == nil || o.Scores.Rows != 100 || o.RowsPerS <= 0 {
		t.Fatalf("%+v", o)
	}

	// What was found is told, and can be corrected and given back.
	r := f.must(tableArgs("x", "--plan")...)
	f.contains(r.err, "column id is left out: unique to each row", "1,900 rows of 5 columns to learn from, 100 held out")
	f.contains(r.out, "vocabulary", "from 0.", "in steps of 0.1")
	var plan plannedTable
	raw := f.json(&plan, tableArgs("x", "--plan")...).out
	if len(plan.Columns) != 6 || plan.Columns[0].Type != tables.Skip || plan.Rows != 2000 || plan.Training.Total <= 0 {
		t.Errorf("%+v", plan)
	}
	f.write("schema.json", strings.Replace(raw, `"name":"count","type":"integer"`, `"name":"count","type":"category"`, 1))
	f.contains(f.must(tableArgs("x", "--plan", "--schema", "schema.json")...).out, "35 values")
	f.contains(f.must("info", "m").out, "variational auto-encoder of a table", "vocabulary", "1,900 to learn from", "unique to each row")
	f.contains(f.must("list", "m").out, "vae table 3 elbo", "5 columns")
	var info struct {
		Trained bool
		Schema  tables.Schema
		Bound   *float64
	}
	if f.json(&info, "info", "m"); !info.Trained || len(info.Schema.Columns) != 6 || info.Bound == nil {
		t.Errorf("%+v", info)
	}
	f.contains(f.must("info", "m", "--plan").out, "training", "score and sample")

	// Scores: columns by name in any order; what breaks the rule and what was never seen is unusual, and why is said.
	var rows []scoredRow
	for _, line := range strings.Split(strings.TrimSpace(f.must("score", "m", "new.csv", "--json", "--samples", "16").out), "\n") {
		var row scoredRow
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		sum := row.Latent
		for _, nats := range row.Columns {
			sum += nats
		}
		if math.Abs(sum+row.Bound) > 1e-2 {
			t.Errorf("columns and z cost %g, the bound is %g", sum, row.Bound)
		}
		rows = append(rows, row)
	}
	if len(rows) != 3 || !(rows[0].Bound > rows[1].Bound+1) || !(rows[1].Bound > rows[2].Bound+5) || rows[0].Anomaly || !rows[2].Anomaly || fmt.Sprint(rows[2].Unseen) != "[price kind town]" {
		t.Errorf("%+v", rows)
	}
	if top := rows[1].Top[0].Column; top != "big" {
		t.Errorf("what is unusual is %s", top)
	}
	text := f.must("score", "m", "new.csv", "--anomalies")
	f.contains(text.out, "anomaly\t3\tprice=9999 +", "(new)")
	f.contains(text.err, "of 3 rows cost more than", "1 row with a cell that training never saw")

	// Draws: the same bytes on any number of cores.
	f.must("sample", "m", "-n", "3000", "--seed", "7", "--out", "a.csv", "--threads", "1")
	f.must("sample", "m", "-n", "3000", "--seed", "7", "--out", "b.csv", "--threads", "3")
	a := string(f.read("a.csv"))
	if a != string(f.read("b.csv")) || strings.Count(a, "\n") != 3001 || !strings.HasPrefix(a, "price,count,kind,town,big\n") {
		t.Errorf("drawn: %.300s", a)
	}
	f.must("sample", "m", "-n", "3000", "--seed", "8", "--out", "b.csv")
	if a == string(f.read("b.csv")) {
		t.Error("draws do not depend on the seed")
	}
	f.contains(f.must("score", "m", "a.csv").err, "of 3,000 rows")

	// The report, with its page.
	var report fidelity.Report
	f.json(&report, "report", "m", "t.csv", "a.csv", "--target", "big")
	if report.Transfer == nil || report.Transfer.Real.Accuracy < 0.9 || report.Transfer.Synthetic.Accuracy < 0.85 || len(report.Columns) != 5 || report.Rows.Held != 100 || report.Copies.Synthetic > 100 {
		t.Errorf("%+v", report)
	}
	page := string(f.read("report.html"))
	f.contains(page, "<svg", "not differentially private", "A classifier of big", "town")
	for _, outside := range []string{"http:", "https:", "src=", "@import", "url("} {
		if strings.Contains(page, outside) {
			t.Errorf("the page has %q", outside)
		}
	}
	f.contains(f.must("report", "m", "t.csv", "a.csv").out, "pairs of columns", "copies", "no proof")

	// Judged by the rows that were held out, better than columns alone.
	var e evaluatedTable
	f.json(&e, "eval", "m", "t.csv")
	if e.Rows != 100 || e.Bound < e.Alone+1 || len(e.Columns) != 5 || math.Abs(e.Bound-o.ELBO) > 0.5 {
		t.Errorf("%+v", e)
	}
	var better evaluatedTable
	f.json(&better, "eval", "m", "t.csv", "--bound", "iwae:50", "--limit", "90")
	if better.Rows != 90 || better.BoundKind != "iwae:50" || better.Bound < e.Bound-0.5 {
		t.Errorf("%+v", better)
	}
	f.contains(f.must("eval", "m", "new.csv").out, "nats of each of 3 rows", "if they were independent", "by itself")

	// Rows from rows.
	f.must("reconstruct", "m", "t.csv", "-n", "3")
	if n := strings.Count(string(f.read("reconstructions.csv")), "\n"); n != 7 {
		t.Errorf("3 rows and theirs are %d lines", n)
	}
	f.must("interpolate", "m", "t.csv", "--steps", "4", "--out", "way.csv")
	if n := strings.Count(string(f.read("way.csv")), "\n"); n != 5 {
		t.Errorf("4 rows on a way are %d lines", n)
	}
	f.must("encode", "m", "t.csv", "--out", "z.npy", "--deviations")
	f.floatsOf("z.npy", 2000, 6)
	if n := strings.Count(f.must("encode", "m", "new.csv").out, "\n"); n != 3 {
		t.Errorf("%d lines of 3 rows", n)
	}
}

// scoredRow is a row as score --json gives it.
type scoredRow struct {
	Row     int                `json:"row"`
	Bound   float64            `json:"bound"`
	Anomaly bool               `json:"anomaly"`
	Unseen  []string           `json:"unseen"`
	Latent  float64            `json:"latent"`
	Columns map[string]float64 `json:"columns"`
	Top     []struct {
		Column string  `json:"column"`
		Cell   string  `json:"cell"`
		Excess float64 `json:"excess"`
	} `json:"top"`
}

// TestTableResumes: a run that was stopped and goes on ends with the bits of one that was not.
func TestTableResumes(t *testing.T) {
	f := tableFolder(t)
	f.must(tableArgs("whole", "--steps", "60")...)
	f.must(tableArgs("cut", "--steps", "60", "--checkpoint-every", "25")...)
	states, err := filepath.Glob(filepath.Join(f.dir, "cut", "state", "*"))
	if err != nil || len(states) < 2 {
		t.Fatal(states, err)
	}
	if err := os.Remove(states[len(states)-1]); err != nil { // as if it had been stopped before
		t.Fatal(err)
	}
	before := f.read("cut/model.safetensors")
	f.write("cut/model.safetensors", "")
	if err := os.Remove(filepath.Join(f.dir, "cut", "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	f.contains(f.must("resume", "cut").err, "goes on after step 50")
	if string(f.read("cut/model.safetensors")) != string(before) || string(before) != string(f.read("whole/model.safetensors")) {
		t.Error("the run that went on ended with other bits")
	}
	f.contains(f.must("resume", "cut").out, "is finished")
	f.write("t.csv", customers(2000, 2))
	states, _ = filepath.Glob(filepath.Join(f.dir, "cut", "state", "*"))
	if err := os.Remove(states[len(states)-1]); err != nil {
		t.Fatal(err)
	}
	if r := f.run("resume", "cut"); r.code != codeInput || !strings.Contains(r.err, "is not the table that this run began with") {
		t.Errorf("another table: %+v", r)
	}
}

// TestTableHeldOutNone: without rows held out nothing says what is unusual.
func TestTableHeldOutNone(t *testing.T) {
	f := tableFolder(t)
	f.must(tableArgs("m", "--steps", "20", "--valid", "0")...)
	var row struct{ Anomaly *bool }
	line, _, _ := strings.Cut(f.must("score", "m", "new.csv", "--json").out, "\n")
	if err := json.Unmarshal([]byte(line), &row); err != nil || row.Anomaly != nil {
		t.Errorf("%s: %v", line, err)
	}
	if r := f.run("score", "m", "new.csv", "--anomalies"); r.code != codeUsage || !strings.Contains(r.err, "no rows were scored") {
		t.Errorf("%+v", r)
	}
}
