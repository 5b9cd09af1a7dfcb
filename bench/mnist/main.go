// Command mnist trains VAEs of MNIST's digits, for a time each, and judges them by what their log-likelihood on the test part is at
// least: the models and figures of Burda, Grosse & Salakhutdinov (2016).
//
//	go run ./bench/mnist -images mnist -fixed binarized-mnist
//	go run ./bench/mnist -images mnist -scale 0.05 -samples 100 -limit 500      quickly
//
// Two are of pictures that are binarized anew whenever they are seen, and one of Larochelle's, which are binarized once and for all; that
// one is chosen by what is held out. Tables and logs go to -out.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "mnist:", err)
		os.Exit(1)
	}
}

// A task is a model to train and judge.
type task struct {
	name      string
	fixed     bool // pictures that are binarized already
	budget    time.Duration
	flags     []string
	published string // log p(x), the paper's and the best reproduction's
}

var tasks = []task{
	{"vae", false, 20 * time.Minute, []string{"--latent", "50", "--hidden", "200,200", "--valid", "0.01"}, "−86.76 / −86.35"},
	{"dreg5", false, 40 * time.Minute, []string{"--latent", "50", "--hidden", "200,200", "--valid", "0.01", "--objective", "dreg", "--k", "5"}, "−85.54 / −85.18"},
	{"fixed", true, time.Hour, []string{"--latent", "50", "--hidden", "200,200", "--objective", "dreg", "--k", "20", "--average", "0.999"}, "−87.10 / −86.71"},
}

// settings are what the command line says.
type settings struct {
	images, fixed, inkling, dir string
	scale                       float64
	samples, limit              int
}

// outcome is what a task came to.
type outcome struct {
	task
	Command  string
	Steps    int     `json:"steps"`
	Seconds  float64 `json:"seconds"`
	PerS     float64 `json:"images_per_s"`
	Bound    float64 `json:"bound"`
	Error    float64 `json:"standard_error"`
	KL       float64 `json:"kl"`
	ELBO     float64 `json:"elbo"`
	Active   int     `json:"active_units"`
	Examples int     `json:"examples"`
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("mnist", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.StringVar(&s.images, "images", "", "a folder with MNIST's files")
	flags.StringVar(&s.fixed, "fixed", "", "a folder with Larochelle's binarized MNIST; without, its task is left out")
	flags.StringVar(&s.inkling, "inkling", "bin/inkling", "the inkling to measure (make build)")
	flags.Float64Var(&s.scale, "scale", 1, "times the budgets of 20, 40 and 60 minutes")
	flags.IntVar(&s.samples, "samples", 5000, "importance samples of each test picture")
	flags.IntVar(&s.limit, "limit", 0, "test pictures to judge by, spread over all; 0: all")
	flags.StringVar(&s.dir, "out", filepath.Join("bench", "results"), "folder for the table and the logs")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if s.images == "" || !(s.scale > 0) || s.samples < 1 || s.limit < 0 {
		return fmt.Errorf("-images names a folder with MNIST's files; -scale must be above 0, -samples at least 1")
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "inkling-mnist-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	day := time.Now().Format("2006-01-02")
	var done []outcome
	for _, t := range tasks {
		if t.fixed && s.fixed == "" {
			continue
		}
		fmt.Fprintf(progress, "%s: %v of training\n", t.name, s.budget(t))
		o, log, err := s.perform(ctx, t, filepath.Join(temp, t.name))
		if err := os.WriteFile(filepath.Join(s.dir, day+"-mnist-"+t.name+".log"), log, 0o644); err != nil {
			return err
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		done = append(done, o)
	}
	text := s.table(done, args, day)
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.dir, day+"-mnist.md"), []byte(text), 0o644)
}

func (s settings) budget(t task) time.Duration {
	return time.Duration(float64(t.budget) * s.scale).Round(time.Second)
}

// perform trains a model and judges it. log is what training wrote on the way.
func (s settings) perform(ctx context.Context, t task, dir string) (o outcome, log []byte, err error) {
	o.task = t
	pictures := s.images
	if t.fixed {
		pictures = s.fixed
	}
	train := append([]string{"train", "vae", pictures, "--budget", s.budget(t).String(), "--out", dir, "--json"}, t.flags...)
	o.Command = "inkling " + strings.Join(append([]string{"train", "vae", filepath.Base(pictures), "--budget", s.budget(t).String()}, t.flags...), " ")
	if log, err = output(ctx, &o, s.inkling, train...); err != nil {
		return o, log, err
	}
	judge := []string{"eval", dir, pictures, "--bound", "iwae:" + strconv.Itoa(s.samples), "--json"}
	if s.limit > 0 {
		judge = append(judge, "--limit", strconv.Itoa(s.limit))
	}
	_, err = output(ctx, &o, s.inkling, judge...)
	return o, log, err
}

// output runs a command that prints one JSON value, and gives what else it said.
func output(ctx context.Context, v any, command string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, command, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		return stderr.Bytes(), fmt.Errorf("%w\n%s", err, stderr.String())
	}
	return stderr.Bytes(), json.Unmarshal(text, v)
}

func (s settings) table(done []outcome, args []string, day string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# VAEs of MNIST, %s\n\n`go run ./bench/mnist %s`\n\n", day, strings.Join(args, " "))
	fmt.Fprintf(&b, "log p(x) of test pictures is at least this, by %d importance samples of each; nats, with the standard error over the pictures.\n\n", s.samples)
	b.WriteString("| | log p(x) ≥ | published / reproduced | ELBO | active units | steps | images/s |\n|---|---|---|---|---|---|---|\n")
	for _, o := range done {
		fmt.Fprintf(&b, "| %s | %.2f ± %.2f | %s | %.2f | %d | %d | %.0f |\n", o.name, o.Bound, o.Error, o.published, o.ELBO, o.Active, o.Steps, o.PerS)
	}
	b.WriteString("\n")
	for _, o := range done {
		fmt.Fprintf(&b, "- %s: `%s`, %d test pictures; its log is beside this file\n", o.name, o.Command, o.Examples)
	}
	return b.String()
}
