package main

import (
	"strings"
	"testing"
)

// TestTableOfFewRows: where so few rows were held out that the usual threshold is not known, rows are scored by the highest that is, and a share
// that was asked for is refused. Rows also go to standard output, the same as into a file.
func TestTableOfFewRows(t *testing.T) {
	f := newFolder(t)
	f.write("t.csv", customers(400, 1)) // 20 are held out
	f.must("train", "vae", "t.csv", "--out", "m", "--steps", "5", "--latent", "2", "--hidden", "8")
	r := f.must("score", "m", "t.csv")
	f.contains(r.err, "as 5 % of the rows held out did")
	if n := strings.Count(r.out, "\n"); n != 400 {
		t.Errorf("%d lines of 400 rows", n)
	}
	if r := f.run("score", "m", "t.csv", "--threshold", "0.99"); r.code != codeUsage || !strings.Contains(r.err, "0.5, 0.9 and 0.95") {
		t.Errorf("%d: %s", r.code, r.err)
	}

	f.must("sample", "m", "-n", "30", "--seed", "3", "--out", "s.csv")
	if r = f.must("sample", "m", "-n", "30", "--seed", "3", "--out", "-"); r.out != string(f.read("s.csv")) || !strings.Contains(r.err, "not differentially private") {
		t.Errorf("to standard output: %s\n%s", r.out, r.err)
	}
	if r := f.run("sample", "m", "--out", "-", "--json"); r.code != codeUsage {
		t.Errorf("%d: %s", r.code, r.err)
	}
}

// TestPrintedCell: a long cell is cut between characters, and says so.
func TestPrintedCell(t *testing.T) {
	for cell, want := range map[string]string{
		"short":                 "short",
		strings.Repeat("é", 30): strings.Repeat("é", 30),
		strings.Repeat("é", 31): strings.Repeat("é", 30) + "…",
	} {
		if got := printed(cell); got != want {
			t.Errorf("%q is printed as %q, want %q", cell, got, want)
		}
	}
}
