// Command vectors puts word vectors by Inkling and by gensim side by side on this machine and writes a table.
//
//	go run ./bench/vectors -text english-mix.txt -pairs wordsim353.txt
//	go run ./bench/vectors -rounds 1 -epochs 1 …                       quickly
//
// In each round gensim, Inkling and Inkling with --hogwild run one after the other, each with all cores and another seed than
// in the round before; figures are medians, of Spearman's correlation means. Words a second are those of the text, with
// each pass counted; reading the text and counting its words is apart.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed gensim.py
var gensim string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "vectors:", err)
		os.Exit(1)
	}
}

// settings are what the command line says.
type settings struct {
	text, pairs, python, inkling, dir string
	epochs, rounds                    int
}

// result is one run of one side.
type result struct {
	WordsPerS float64 `json:"words_per_s"`
	Spearman  float64 `json:"spearman"`
}

// side is a program under comparison.
type side struct {
	name    string
	results []result
	run     func(ctx context.Context, seed int) (result, error)
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("vectors", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.StringVar(&s.text, "text", "", "the text to learn from: words with white space between")
	flags.StringVar(&s.pairs, "pairs", "", "pairs of words and how similar people find them")
	flags.StringVar(&s.python, "python", "/usr/bin/python3", "a Python with gensim")
	flags.StringVar(&s.inkling, "inkling", "bin/inkling", "the inkling to measure (make build)")
	flags.IntVar(&s.epochs, "epochs", 5, "passes over the text")
	flags.IntVar(&s.rounds, "rounds", 3, "how often each side runs")
	flags.StringVar(&s.dir, "out", filepath.Join("bench", "results"), "folder for the table")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if s.text == "" || s.pairs == "" || s.epochs < 1 || s.rounds < 1 {
		return fmt.Errorf("-text and -pairs name a text and a list of pairs; -epochs and -rounds must be at least 1")
	}
	temp, err := os.MkdirTemp("", "inkling-vectors-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	version, err := exec.CommandContext(ctx, s.python, "-c", gensim, "--version").Output()
	if err != nil {
		return fmt.Errorf("no gensim in %s: apt-get install python3-gensim (Debian), or name another with -python: %w", s.python, err)
	}
	sides := []*side{
		{name: strings.TrimSpace(string(version)), run: s.gensim},
		{name: "inkling", run: func(ctx context.Context, seed int) (result, error) { return s.ours(ctx, temp, seed) }},
		{name: "inkling --hogwild", run: func(ctx context.Context, seed int) (result, error) { return s.ours(ctx, temp, seed, "--hogwild") }},
	}
	for round := range s.rounds {
		for _, p := range sides {
			fmt.Fprintf(progress, "round %d of %d: %s\n", round+1, s.rounds, p.name)
			r, err := p.run(ctx, round+1)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			p.results = append(p.results, r)
		}
	}
	text := s.table(sides, args, time.Now())
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.dir, time.Now().Format("2006-01-02")+"-vectors.md"), []byte(text), 0o644)
}

func (s settings) gensim(ctx context.Context, seed int) (r result, err error) {
	return r, output(ctx, &r, s.python, "-c", gensim, s.text, s.pairs, strconv.Itoa(s.epochs), strconv.Itoa(seed))
}

// ours trains in a folder of its own and measures what came out.
func (s settings) ours(ctx context.Context, temp string, seed int, more ...string) (r result, err error) {
	dir := filepath.Join(temp, "run")
	defer os.RemoveAll(dir)
	train := []string{"train", "vectors", s.text, "--out", dir, "--epochs", strconv.Itoa(s.epochs), "--seed", strconv.Itoa(seed), "--json"}
	if err := output(ctx, &r, s.inkling, append(train, more...)...); err != nil {
		return r, err
	}
	return r, output(ctx, &r, s.inkling, "eval", dir, s.pairs, "--json")
}

// output runs a command that prints one JSON value.
func output(ctx context.Context, v any, command string, args ...string) error {
	cmd := exec.CommandContext(ctx, command, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, stderr.String())
	}
	return json.Unmarshal(text, v)
}

func (s settings) table(sides []*side, args []string, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Word vectors, %s\n\n`go run ./bench/vectors %s`\n\n", now.Format("2006-01-02"), strings.Join(args, " "))
	fmt.Fprintf(&b, "%d cores, %s/%s. Skip-gram, 100 numbers, window 5, 5 negatives, %d passes, %d rounds.\n\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, s.epochs, s.rounds)
	b.WriteString("| | words/s, median | of gensim | Spearman, mean | each |\n|---|---|---|---|---|\n")
	for _, p := range sides {
		var ratios, speeds []float64
		mean, each := 0.0, []string{}
		for i, r := range p.results {
			speeds = append(speeds, r.WordsPerS)
			ratios = append(ratios, r.WordsPerS/sides[0].results[i].WordsPerS)
			mean += r.Spearman / float64(len(p.results))
			each = append(each, fmt.Sprintf("%.4f", r.Spearman))
		}
		fmt.Fprintf(&b, "| %s | %.0f | %.2f | %.4f | %s |\n", p.name, median(speeds), median(ratios), mean, strings.Join(each, ", "))
	}
	return b.String()
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	n := len(x)
	if n%2 == 1 {
		return x[n/2]
	}
	return (x[n/2-1] + x[n/2]) / 2
}
