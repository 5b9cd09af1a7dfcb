// Command tables makes a table of which all is known, and measures what Inkling makes of it.
//
//	go run ./bench/tables -made 200000 > made.csv                                                the table
//	go run ./bench/tables -made 20000 -seed 2 -spoil 0.02 -labels labels.txt > spoiled.csv       with rows that are not of its kind
//	go run ./bench/tables -measure                                                               memory, speed, and how good it is
//
// Rows that are spoiled are scored by Inkling and by scikit-learn's isolation forest (-python names the Python that has it).
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
)

// leastMeasured are so many rows that most of the 50,000 categories are there more than once.
const leastMeasured = 150_000

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("tables", flag.ContinueOnError)
	flags.SetOutput(progress)
	rows := flags.Int("made", 200_000, "rows to make")
	seed := flags.Uint64("seed", 1, "of what is drawn")
	share := flags.Float64("spoil", 0, "share of the rows that are spoiled")
	labels := flags.String("labels", "", "file for a line each: 1 if it was spoiled, else 0")
	measure := flags.Bool("measure", false, "measure Inkling, and write what came of it")
	epochs := flags.Int("epochs", 4, "of -measure: passes over the table")
	samples := flags.Int("samples", 1_000_000, "of -measure: rows to draw")
	binary := flags.String("inkling", "", "of -measure: the inkling to measure (default: built from ./cmd/inkling)")
	python := flags.String("python", "/usr/bin/python3", "of -measure: a Python with scikit-learn")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rows < leastMeasured && *measure || *rows < 1 || *epochs < 1 || *samples < 1 {
		return fmt.Errorf("-made %d, -epochs %d, -samples %d: must be at least 1, and to measure at least %d rows", *rows, *epochs, *samples, leastMeasured)
	}
	if !*measure {
		return makeTable(out, *labels, *rows, *seed, *share)
	}
	dir, err := os.MkdirTemp("", "inkling-tables-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m := &measurement{ctx: ctx, python: *python, dir: dir, rows: *rows, epochs: *epochs, samples: *samples, out: out, progress: progress}
	if m.inkling, err = filepath.Abs(*binary); err != nil {
		return err
	}
	if *binary == "" {
		m.inkling = filepath.Join(dir, "inkling")
		if text, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", m.inkling, "./cmd/inkling").CombinedOutput(); err != nil {
			return fmt.Errorf("building inkling (run this from the root of the repository): %w\n%s", err, text)
		}
	}
	return m.all()
}

func makeTable(out io.Writer, labels string, rows int, seed uint64, share float64) error {
	if labels == "" {
		return write(out, nil, rows, seed, share)
	}
	file, err := os.Create(labels)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(file)
	if err := write(out, b, rows, seed, share); err != nil {
		file.Close()
		return err
	}
	if err := b.Flush(); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
