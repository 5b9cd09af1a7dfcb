package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// isolation is the program of the peer; it is handed to Python as text.
//
//go:embed isolation.py
var isolation string

// measurement makes the tables, has Inkling learn from them, and writes what came of it.
type measurement struct {
	ctx                   context.Context
	inkling, python, dir  string
	rows, epochs, samples int
	out, progress         io.Writer
}

// ran is what a program took.
type ran struct {
	out       []byte
	wall, cpu time.Duration
	peak      int64 // bytes of memory; 0: the system does not tell
}

func (r ran) String() string {
	s := fmt.Sprintf("%.1f s, %.1f s of a core", r.wall.Seconds(), r.cpu.Seconds())
	if r.peak > 0 {
		s += fmt.Sprintf(", at most %d MB", r.peak/1e6)
	}
	return s
}

func (m *measurement) run(program string, args ...string) (r ran, err error) {
	command := strings.ReplaceAll(filepath.Base(program)+" "+strings.Join(args, " "), isolation, "isolation.py")
	fmt.Fprintln(m.progress, command)
	cmd := exec.CommandContext(m.ctx, program, args...)
	cmd.Dir = m.dir
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return r, fmt.Errorf("%s: %w\n%s", command, err, stderr.String())
	}
	return ran{out.Bytes(), time.Since(began), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peakOf(cmd.ProcessState)}, nil
}

func (m *measurement) table(name, labels string, rows int, seed uint64, spoiled float64) error {
	file, err := os.Create(filepath.Join(m.dir, name))
	if err != nil {
		return err
	}
	defer file.Close()
	var of bytes.Buffer
	if err := write(file, &of, rows, seed, spoiled); err != nil {
		return err
	}
	if labels != "" {
		return os.WriteFile(filepath.Join(m.dir, labels), of.Bytes(), 0o644)
	}
	return nil
}

// all measures everything, and writes each figure as soon as it is known.
func (m *measurement) all() error {
	if err := m.table("made.csv", "", m.rows, 1, 0); err != nil {
		return err
	}
	if err := m.table("spoiled.csv", "labels.txt", m.rows/10, 2, 0.02); err != nil {
		return err
	}
	skip := `{"columns": [{"name": "shop", "type": "skip"}]}`
	if err := os.WriteFile(filepath.Join(m.dir, "noshop.json"), []byte(skip), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(m.out, "%d rows × 24 columns, one of %d categories; %d passes.\n\n", m.rows, shops, m.epochs)
	epochs := strconv.Itoa(m.epochs)
	r, err := m.run(m.inkling, "train", "vae", "made.csv", "--out", "all", "--epochs", epochs, "--output", "sampled", "--json")
	if err != nil {
		return err
	}
	fmt.Fprintf(m.out, "- training: %v\n", r)
	if err := m.scoring(epochs); err != nil {
		return err
	}
	if err := m.transfer(); err != nil {
		return err
	}
	return m.anomalies()
}

// scoring measures a model without the column of many categories: how fast it scores and draws, and whether draws depend on the number of cores.
func (m *measurement) scoring(epochs string) error {
	r, err := m.run(m.inkling, "train", "vae", "made.csv", "--out", "small", "--epochs", epochs, "--schema", "noshop.json", "--json")
	if err != nil {
		return err
	}
	fmt.Fprintf(m.out, "- training without that column: %v\n", r)
	if r, err = m.run(m.inkling, "score", "small", "made.csv"); err != nil {
		return err
	}
	fmt.Fprintf(m.out, "- scoring without that column: %.0f rows/s, %.0f for each second of a core; %v\n", float64(m.rows)/r.wall.Seconds(), float64(m.rows)/r.cpu.Seconds(), r)
	var files [2][]byte
	for i, threads := range []string{"1", "4"} {
		name := "drawn" + threads + ".csv"
		if r, err = m.run(m.inkling, "sample", "small", "-n", strconv.Itoa(m.samples), "--seed", "7", "--threads", threads, "--out", name); err != nil {
			return err
		}
		if files[i], err = os.ReadFile(filepath.Join(m.dir, name)); err != nil {
			return err
		}
		fmt.Fprintf(m.out, "- drawing %d rows with --threads %s: %v\n", m.samples, threads, r)
	}
	fmt.Fprintf(m.out, "- both the same bytes: %v\n", bytes.Equal(files[0], files[1]))
	return nil
}

// transfer measures what a classifier learns from rows that were drawn.
func (m *measurement) transfer() error {
	r, err := m.run(m.inkling, "sample", "all", "-n", strconv.Itoa(m.rows/10), "--seed", "7", "--out", "synthetic.csv")
	if err != nil {
		return err
	}
	if r, err = m.run(m.inkling, "report", "all", "made.csv", "synthetic.csv", "--target", "churn", "--json"); err != nil {
		return err
	}
	var report struct {
		Classifier struct {
			Majority        float64
			Real, Synthetic struct{ Accuracy float64 }
		}
		Copies struct{ Synthetic int }
	}
	if err := json.Unmarshal(r.out, &report); err != nil {
		return err
	}
	c := report.Classifier
	fmt.Fprintf(m.out, "- churn foretold on real rows held out: learned from drawn rows %.1f %%, from real ones %.1f %%, always the most frequent %.1f %%; %d of the drawn are copies\n",
		100*c.Synthetic.Accuracy, 100*c.Real.Accuracy, 100*c.Majority, report.Copies.Synthetic)
	return nil
}

// anomalies measures how well spoiled rows are told from others, beside scikit-learn's isolation forest.
func (m *measurement) anomalies() error {
	labels, err := os.ReadFile(filepath.Join(m.dir, "labels.txt"))
	if err != nil {
		return err
	}
	bad := strings.Fields(string(labels))
	for _, samples := range []string{"1", "16"} {
		r, err := m.run(m.inkling, "score", "all", "spoiled.csv", "--samples", samples)
		if err != nil {
			return err
		}
		area, err := areaOf(r.out, bad, -1)
		if err != nil {
			return err
		}
		fmt.Fprintf(m.out, "- spoiled rows, area under the ROC curve: Inkling, %s samples: %.3f\n", samples, area)
	}
	version, err := m.run(m.python, "-c", isolation, "--version")
	if err != nil {
		fmt.Fprintf(m.progress, "no scikit-learn in %s: apt-get install python3-sklearn (Debian), or name its Python with -python. Going on without it.\n", m.python)
		return nil
	}
	r, err := m.run(m.python, "-c", isolation, "made.csv", "spoiled.csv")
	if err != nil {
		return err
	}
	area, err := areaOf(r.out, bad, 1)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.out, "- isolation forest of %s: %.3f; %v\n", strings.TrimSpace(string(version.out)), area, r)
	return nil
}

// areaOf is the area under the ROC curve of scores, the first number of each line, times sign: the probability that a spoiled row has a higher one
// than another.
func areaOf(lines []byte, bad []string, sign float64) (float64, error) {
	type row struct {
		score float64
		bad   bool
	}
	var rows []row
	in := bufio.NewScanner(bytes.NewReader(lines))
	for in.Scan() {
		cell, _, _ := strings.Cut(in.Text(), "\t")
		v, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			return 0, err
		}
		if len(rows) == len(bad) {
			return 0, fmt.Errorf("more scores than the %d rows there are", len(bad))
		}
		rows = append(rows, row{sign * v, bad[len(rows)] == "1"})
	}
	if len(rows) != len(bad) {
		return 0, fmt.Errorf("%d scores of %d rows", len(rows), len(bad))
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		switch {
		case a.score < b.score:
			return -1
		case a.score > b.score:
			return 1
		}
		return 0
	})
	above, good, total := 0.0, 0.0, 0.0 // pairs with the spoiled one above, halves of equal ones
	for from := 0; from < len(rows); {
		to, g, b := from, 0.0, 0.0
		for ; to < len(rows) && rows[to].score == rows[from].score; to++ {
			if rows[to].bad {
				b++
			} else {
				g++
			}
		}
		above += b * (good + g/2)
		good, total, from = good+g, total+b, to
	}
	if good*total == 0 {
		return 0, fmt.Errorf("no rows of one kind")
	}
	return above / (good * total), nil
}
