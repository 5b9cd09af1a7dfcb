package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script writes a shell program that stands in for one side.
func script(t *testing.T, name, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// fakeInkling answers `version` and `bench CASE --json`; its speed depends on how often it was asked.
func fakeInkling(t *testing.T) string {
	return script(t, "inkling", `
if [ "$1" = version ]; then echo "inkling 0.0-test"; exit; fi
[ "$1 $2 $3" = "bench lstm-train --json" ] || { echo "unexpected: $*" >&2; exit 3; }
n=$(cat "$0.count" 2>/dev/null || echo 0); echo $((n+1)) > "$0.count"
case $n in 0) v=1000 g=200;; 1) v=4000 g=200;; *) v=3000 g=200;; esac
cat <<JSON
[{"name":"peak","value":250,"unit":"GFLOP/s","isa":"avx512"},
 {"name":"lstm-train","value":$v,"unit":"chars/s","gflops":$g,"peak_share":0.8,"isa":"avx512","threads":2,"hidden":512,"layers":2,"batch":64,"time":100,"dtype":"float32"}]
JSON
`)
}

// fakePython answers as bench/peers/pytorch.py would: python -c SCRIPT ARG.
const fakePython = `
[ "$1" = -c ] || exit 3
if [ "$3" = --version ]; then echo "torch 9.9"; exit; fi
n=$(cat "$0.count" 2>/dev/null || echo 0); echo $((n+1)) > "$0.count"
case $n in 0) v=500;; 1) v=1000;; *) v=3000;; esac
cat <<JSON
[{"name":"lstm-train","value":$v,"unit":"chars/s","gflops":50,"dtype":"float32","threads":2,"setting":"as it comes","hidden":512,"layers":2,"batch":64,"time":100},
 {"name":"lstm-train","value":1500,"unit":"chars/s","gflops":500,"dtype":"bfloat16","threads":2,"setting":"best: $n","hidden":512,"layers":2,"batch":64,"time":100},
 {"name":"lstm-train","value":7,"unit":"chars/s","gflops":1,"dtype":"float32","threads":2,"setting":"as it comes","hidden":9,"layers":1,"batch":64,"time":100}]
JSON
`

func TestSideBySide(t *testing.T) {
	t.Setenv("PEER_PYTHON", script(t, "python", fakePython)+string(filepath.ListSeparator)+script(t, "bare", "exit 1\n"))
	t.Setenv("INKLING_ISA", "")
	dir := filepath.Join(t.TempDir(), "results")
	var out, progress bytes.Buffer
	if err := run(context.Background(), []string{"-inkling", fakeInkling(t), "-out", dir, "lstm-train"}, &out, &progress); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"- inkling 0.0-test\n- torch 9.9\n",
		// The median of 1000, 4000 and 3000.
		"| 2×512, batch 64, 100 steps | inkling | float32 | avx512, 2 threads | 3000 ± 1500 chars/s | 200.0 | 80 % |  |\n",
		// The ratios within the rounds are 2, 4 and 1; the ratio of the medians would be 3.
		"| 2×512, batch 64, 100 steps | torch 9.9 | float32 | as it comes, 2 threads | 1000 ± 1250 chars/s | 50.0 | 20 % | 2.00× |\n",
		// bfloat16 that Inkling lacks is set against its float32: 0.67, 2.67 and 2. One line, though the setting changed.
		"| 2×512, batch 64, 100 steps | torch 9.9 | bfloat16 | best: 0, 2 threads | 1500 ± 0 chars/s | 500.0 | 200 % | 2.00× |\n",
		// Work that Inkling did not measure has neither share nor ratio.
		"| 1×9, batch 64, 100 steps | torch 9.9 | float32 | as it comes, 2 threads | 7 ± 0 chars/s | 1.0 |  |  |\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
	if rows := strings.Count(out.String(), "\n| "); rows != 1+4 {
		t.Errorf("%d lines in the table, want a head and 4:\n%s", rows, out.String())
	}
	if !strings.Contains(progress.String(), "no PyTorch in") || !strings.Contains(progress.String(), "PEER_PYTHON") {
		t.Errorf("nothing says how to get PyTorch:\n%s", progress.String())
	}
	files, err := filepath.Glob(filepath.Join(dir, "*-lstm-train.md"))
	if err != nil || len(files) != 1 {
		t.Fatalf("report files: %v, %v", files, err)
	}
	if text, _ := os.ReadFile(files[0]); string(text) != out.String() {
		t.Errorf("the file differs from what was printed")
	}
}

// fakeScorer answers the commands of the case "score": every line takes as many bits as it has characters.
const fakeScorer = `
case "$1 $2" in
version*) echo "inkling 0.0-test";;
"train lm") [ "$4" = --out ] && mkdir "$5";;
info*) echo '{"vocabulary":40}';;
"bench peak") echo '[{"name":"peak","value":250,"unit":"GFLOP/s","gflops":250,"isa":"avx512","threads":2}]';;
score*) awk '{ printf "%.2f\t1.0000\t%s\n", length($0), $0 }' "$3";;
*) echo "unexpected: $*" >&2; exit 3;;
esac
`

// fakeScoringPeer answers as bench/peers/score.py would: python -c SCRIPT MODEL LINES.
const fakeScoringPeer = `
if [ "$3" = --version ]; then echo "torch 9.9"; exit; fi
[ -d "$3" ] || exit 3
bits=$(head -n 3 "$4" | awk '{ n += length($0) } END { print n+WRONG }')
echo '[{"name":"score","value":0.5,"unit":"lines/s","gflops":1,"dtype":"float32","threads":1,"setting":"as it comes","hidden":128,"layers":1,"checked":3,"bits":'$bits'}]'
`

func TestScoring(t *testing.T) {
	inkling := script(t, "inkling", fakeScorer)
	for wrong, want := range map[string]string{"0": "", "9": "they do not do the same work"} {
		t.Setenv("PEER_PYTHON", script(t, "python", strings.ReplaceAll(fakeScoringPeer, "WRONG", wrong)))
		var out, progress bytes.Buffer
		err := run(context.Background(), []string{"-inkling", inkling, "-out", t.TempDir(), "-rounds", "2", "-lines", "20", "score"}, &out, &progress)
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("bits that differ: %v, want an error with %q", err, want)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"| 1×128 | inkling | float32 | avx512, 2 threads | ", " lines/s | ", "| 1×128 | torch 9.9 | float32 | as it comes, 1 threads | 0 ± 0 lines/s | 1.0 | 0 % | "} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("the table lacks %q:\n%s", want, out.String())
			}
		}
	}
}

// TestDomains: the lines are always the same, as many as asked for, and more of them begin with the fewer.
func TestDomains(t *testing.T) {
	few, many := domains(100), domains(2000)
	if strings.Count(few, "\n") != 100 || !strings.HasPrefix(many, few) || many != domains(2000) {
		t.Error("other lines")
	}
	if mean := float64(len(many)) / 2000; mean < 10 || mean > 25 {
		t.Errorf("%g characters a line", mean)
	}
}

func TestWithoutPyTorch(t *testing.T) {
	t.Setenv("PEER_PYTHON", filepath.Join(t.TempDir(), "nowhere"))
	var out, progress bytes.Buffer
	err := run(context.Background(), []string{"-inkling", fakeInkling(t), "-out", t.TempDir(), "-rounds", "1", "lstm-train"}, &out, &progress)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "| inkling | float32 |") {
		t.Errorf("our side is missing:\n%s", out.String())
	}
}

func TestMistakes(t *testing.T) {
	t.Setenv("PEER_PYTHON", filepath.Join(t.TempDir(), "nowhere"))
	garbage := script(t, "garbage", "echo hello\n")
	failing := script(t, "failing", "echo the reason >&2; exit 1\n")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-rounds", "0"}, "at least 1"},
		{[]string{"-lines", "0"}, "at least 1"},
		{[]string{"lstm"}, "choose from"},
		{[]string{"-inkling", garbage, "matmul"}, "no JSON"},
		{[]string{"-inkling", failing, "matmul"}, "the reason"},
	} {
		var out, progress bytes.Buffer
		err := run(context.Background(), append([]string{"-out", t.TempDir()}, c.args...), &out, &progress)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want an error with %q", c.args, err, c.want)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values map[int]float64
		want   float64
	}{
		{nil, 0},
		{map[int]float64{0: 3}, 3},
		{map[int]float64{0: 3, 1: 9}, 6},
		{map[int]float64{0: 9, 1: 1, 2: 3}, 3},
	} {
		if got := median(c.values); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}
