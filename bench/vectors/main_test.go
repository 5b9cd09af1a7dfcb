package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRun runs the whole with programs that print what it expects.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	script := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	python := script("python", `case "$3" in --version) echo gensim 9;; *) echo '{"words_per_s": 100, "spearman": 0.5}';; esac`)
	inkling := script("inkling", `case "$1 $*" in eval*) echo '{"spearman": 0.6}';; *hogwild*) echo '{"words_per_s": 900}';; *) echo '{"words_per_s": 400}';; esac`)
	var out strings.Builder
	args := []string{"-text", "t", "-pairs", "p", "-python", python, "-inkling", inkling, "-rounds", "2", "-out", filepath.Join(dir, "results")}
	if err := run(context.Background(), args, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| gensim 9 | 100 | 1.00 | 0.5000 | 0.5000, 0.5000 |",
		"| inkling | 400 | 4.00 | 0.6000 |",
		"| inkling --hogwild | 900 | 9.00 | 0.6000 |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if err := run(context.Background(), nil, io.Discard, io.Discard); err == nil {
		t.Error("no text, and no error")
	}
	if err := run(context.Background(), append(args, "-python", filepath.Join(dir, "none")), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "apt-get install python3-gensim") {
		t.Errorf("no Python: %v", err)
	}
}

func TestMedian(t *testing.T) {
	for want, x := range map[float64][]float64{2: {3, 1, 2}, 1.5: {2, 1}, 7: {7}} {
		if got := median(x); got != want {
			t.Errorf("%v: %g, want %g", x, got, want)
		}
	}
}
