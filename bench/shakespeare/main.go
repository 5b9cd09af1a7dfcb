// Command shakespeare does the task of Karpathy's char-rnn (2015) again: three LSTM layers of 512 on the
// complete works, held out: the last 5 % of each work. It took three days on a GPU or a month on a CPU.
//
//	go run ./bench/shakespeare -text shakespeare.txt -inkling bin/inkling -budget 20m
//
// It runs the ordinary command: train, eval, generate, and leaves their output in the folder -out.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	text := flag.String("text", "shakespeare.txt", "the complete works in one file")
	inkling := flag.String("inkling", "bin/inkling", "the command to run")
	budget := flag.Duration("budget", 20*time.Minute, "wall time of training")
	out := flag.String("out", "runs/shakespeare", "folder for the split, the run and the log")
	extra := flag.String("args", "--dropout 0.25 --batch 64 --time 64 --lr 4e-3", "further flags of train lm")
	flag.Parse()
	if err := run(*text, *inkling, *out, *budget, strings.Fields(*extra)); err != nil {
		fmt.Fprintln(os.Stderr, "shakespeare:", err)
		os.Exit(1)
	}
}

func run(text, inkling, out string, budget time.Duration, extra []string) error {
	raw, err := os.ReadFile(text)
	if err != nil {
		return err
	}
	parts := works(string(raw))
	train, valid := holdOut(parts, 0.05)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	files := map[string]string{"train.txt": train, "valid.txt": valid}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(out, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	log, err := os.Create(filepath.Join(out, "log.txt"))
	if err != nil {
		return err
	}
	defer log.Close()
	both := io.MultiWriter(os.Stdout, log)
	fmt.Fprintf(both, "%s: %d works, %d characters to train on, %d held out\n", time.Now().Format("2006-01-02"), len(parts), len(train), len(valid))

	at := func(name string) string { return filepath.Join(out, name) }
	commands := [][]string{
		append([]string{"train", "lm", at("train.txt"), "--valid", at("valid.txt"), "--hidden", "512", "--layers", "3", "--budget", budget.String(), "--out", at("run")}, extra...),
		{"eval", at("run"), at("valid.txt"), "--json"},
		{"generate", at("run"), "--prompt", "KING LEAR\t", "--length", "800", "--temp", "0.8", "--seed", "1"},
	}
	for _, args := range commands {
		fmt.Fprintf(both, "\n$ inkling %s\n", strings.Join(args, " "))
		cmd := exec.Command(inkling, args...)
		cmd.Stdout, cmd.Stderr = both, both
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("inkling %s: %w", args[0], err)
		}
	}
	return nil
}
