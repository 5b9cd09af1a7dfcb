// Command bench puts Inkling and PyTorch side by side on this machine and writes a table.
//
//	go run ./bench                                       every case, three rounds
//	go run ./bench -rounds 5 lstm-train                  one case
//	PEER_PYTHON=/usr/bin/python3:/venv/bin/python go run ./bench      two versions of PyTorch
//	INKLING_ISA=avx2 go run ./bench                      Inkling held to one instruction set
//
// In each round and case `inkling bench CASE --json` (or `inkling score`) and every PyTorch run one after the other, so that a
// machine that slows down slows them all; figures are medians over the rounds, ratios are medians of the
// ratios within a round. The table goes to standard output and to a file in bench/results.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

// pytorch is the program that measures the peer; it is handed to each Python as text.
//
//go:embed peers/pytorch.py
var pytorch string

// cases are what both sides can measure, by the names of `inkling bench`, and "score", which is a command of its own.
var cases = []string{"matmul", "lstm-train", "wordlm-train", "lstm-generate", "lstm-beam", "vae-train", "score"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run does what the command line says: it measures, prints the table to out and writes it to a file.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(progress)
	rounds := flags.Int("rounds", 3, "how often each side runs each case")
	binary := flags.String("inkling", "", "the inkling to measure (default: built from ./cmd/inkling)")
	lines := flags.Int("lines", 1_000_000, "how many lines the case score has; the peer scores as many as it can in ten seconds")
	dir := flags.String("out", filepath.Join("bench", "results"), "folder for the table")
	flags.Usage = func() {
		fmt.Fprintf(progress, "usage: bench [flags] [%s]…\n", strings.Join(cases, "|"))
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rounds < 1 || *lines < 1 {
		return fmt.Errorf("-rounds %d, -lines %d: must be at least 1", *rounds, *lines)
	}
	chosen, err := choose(flags.Args())
	if err != nil {
		return err
	}

	inkling, cleanUp, err := build(ctx, *binary)
	if err != nil {
		return err
	}
	defer cleanUp()
	programs := append([]program{inkling}, peers(ctx, os.Getenv("PEER_PYTHON"), progress)...)

	report := newReport(programs, args, time.Now())
	for _, name := range chosen {
		measure := func(p program) ([]row, error) { return p.measure(ctx, name) }
		if name == "score" {
			fmt.Fprintf(progress, "%s: writing %d lines and training a model on some\n", name, *lines)
			s, cleanUp, err := newScoring(ctx, inkling, *lines)
			if err != nil {
				return err
			}
			defer cleanUp()
			measure = func(p program) ([]row, error) { return s.measure(ctx, p) }
		}
		for round := range *rounds {
			for _, p := range programs {
				fmt.Fprintf(progress, "%s: round %d of %d: %s\n", name, round+1, *rounds, p.name)
				rows, err := measure(p)
				if err != nil {
					return err
				}
				report.add(name, round, p, rows)
			}
		}
	}

	text := report.markdown()
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(*dir, report.fileName(chosen))
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	fmt.Fprintln(progress, "written to", path)
	return nil
}

// choose checks the names of the cases; none means all.
func choose(names []string) ([]string, error) {
	if len(names) == 0 {
		return cases, nil
	}
	for _, name := range names {
		if !strings.Contains(" "+strings.Join(cases, " ")+" ", " "+name+" ") {
			return nil, fmt.Errorf("no case %q: choose from %s", name, strings.Join(cases, ", "))
		}
	}
	return names, nil
}

// build is Inkling as a program: the one given, or one built from this source into a temporary folder
// that cleanUp removes.
func build(ctx context.Context, binary string) (p program, cleanUp func(), err error) {
	cleanUp = func() {}
	if binary == "" {
		dir, err := os.MkdirTemp("", "inkling-bench-")
		if err != nil {
			return p, cleanUp, err
		}
		cleanUp = func() { os.RemoveAll(dir) }
		binary = filepath.Join(dir, "inkling")
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "./cmd/inkling")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			cleanUp()
			return p, func() {}, fmt.Errorf("building inkling (run this from the root of the repository): %w\n%s", err, text)
		}
	}
	return program{name: "inkling", version: versionOf(ctx, binary, "version"), command: []string{binary, "bench"}, tail: []string{"--json"}}, cleanUp, nil
}

// peers are the PyTorches of the Pythons in list (separated like PATH; empty means what Debian or PATH has).
// A Python without PyTorch is left out, with a line that says how to get it.
func peers(ctx context.Context, list string, progress io.Writer) []program {
	pythons := filepath.SplitList(list)
	if len(pythons) == 0 {
		pythons = []string{"/usr/bin/python3"}
		if _, err := os.Stat(pythons[0]); err != nil {
			pythons = []string{"python3"}
		}
	}
	var found []program
	for _, python := range pythons {
		command := []string{python, "-c", pytorch}
		version := versionOf(ctx, command[0], command[1], command[2], "--version")
		if version == "" {
			fmt.Fprintf(progress, "no PyTorch in %s: apt-get install python3-torch (Debian), or pip install torch in a virtual "+
				"environment, and name its Python in PEER_PYTHON. Going on without it.\n", python)
			continue
		}
		found = append(found, program{name: version, version: version, command: command})
	}
	return found
}
