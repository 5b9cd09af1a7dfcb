package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inkling/checkpoint"
)

// runs runs the command with --json and gives the runs by their folder.
func (f *folder) runs(args ...string) map[string]listed {
	f.Helper()
	var all []listed
	f.json(&all, append([]string{"list"}, args...)...)
	byName := map[string]listed{}
	for _, l := range all {
		byName[filepath.ToSlash(l.Dir)] = l
	}
	return byName
}

func TestList(t *testing.T) {
	f := newFolder(t)
	r := f.must("list")
	if r.out != "" || !strings.Contains(r.err, "there are no runs in runs") {
		t.Errorf("%+v", r)
	}
	if r := f.must("list", "--json"); r.out != "[]\n" {
		t.Errorf("%+v", r)
	}
	f.must(trainArgs("runs/a", "--steps", "80", "--checkpoint-every", "20")...)
	f.copy("runs/a", "runs/group/b")
	f.remove("runs/group/b/state/000000080.safetensors")
	f.copy("runs/a", "runs/c")
	if err := os.RemoveAll(filepath.Join(f.dir, "runs/c/state")); err != nil {
		t.Fatal(err)
	}
	f.mkdir("runs/empty")
	before := f.snapshot()

	runs := f.runs()
	if len(runs) != 3 {
		t.Errorf("%d runs: %+v", len(runs), runs)
	}
	a, b, c := runs["runs/a"], runs["runs/group/b"], runs["runs/c"]
	if a.Status != "finished" || a.Step != 80 || a.Steps != 80 || a.Model != "lstm 1×16 full" || a.Tokens != "char" || a.Process != "" || a.Problem != "" || !(a.Seconds > 0) {
		t.Errorf("%+v", a)
	}
	if b.Status != "stopped" || b.Step != 60 || c.Status != "model" || c.Step != 80 {
		t.Errorf("%+v\n%+v", b, c)
	}
	curve, err := readCurve(filepath.Join(f.dir, "runs/a"))
	if err != nil {
		t.Fatal(err)
	}
	best := math.Inf(1)
	for _, p := range curve {
		best = min(best, *p.Valid)
	}
	if a.Best == nil || *a.Best != best || math.Abs(*a.Bits-best/math.Ln2) > 1e-12 {
		t.Errorf("best %v, want %v", a.Best, best)
	}
	var size int64
	for _, name := range strings.Fields(filesBelow(t, filepath.Join(f.dir, "runs/a"))) {
		size += int64(len(f.read("runs/a/" + name)))
	}
	if a.Bytes != size || a.Changed == nil || time.Since(*a.Changed) > time.Hour {
		t.Errorf("%d bytes of %d, %v", a.Bytes, size, a.Changed)
	}

	table := f.must("list").out
	f.contains(table, "runs/a ", "finished", "stopped at step 60 of 80", "no state to go on from", fmt.Sprintf("%.4f", best), "best nats")
	if one := f.must("list", "runs/a").out; strings.Count(one, "\n") != 2 {
		t.Errorf("one run:\n%s", one)
	}
	if after := f.snapshot(); after != before {
		t.Errorf("there was\n%s\nand now there is\n%s", before, after)
	}
}

// TestListTraining looks at a run that a process, this one, has open.
func TestListTraining(t *testing.T) {
	f := trainedFolder(t)
	run, err := checkpoint.Open(filepath.Join(f.dir, "model"))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if l := f.runs("model")["model"]; l.Status != "training" || l.Process != fmt.Sprint(os.Getpid()) || l.Step != 80 {
		t.Errorf("%+v", l)
	}
	f.contains(f.must("list", "model").out, fmt.Sprintf("training now, process %d of 80", os.Getpid()))
}

// TestListBroken lists folders that are not right among others, with what is wrong with each.
func TestListBroken(t *testing.T) {
	f := wrongFolder(t)
	f.copy("model", "badstate")
	f.write("badstate/state/000000080.safetensors", "no state")
	f.write("badstate/state/000000000.safetensors", "no state")
	f.copy("model", "badmodel")
	f.write("badmodel/model.safetensors", "no model")
	f.copy("model", "badmetrics")
	f.write("badmetrics/metrics.jsonl", "{\n{\n{\n")
	f.copy("model", "badname\x1b[2J\n")
	f.mkdir("rest")
	f.write("rest/lock", "")
	runs := f.runs(".")
	for name, want := range map[string]string{
		"newer": "newer inkling", "garbage": "not a value of JSON", "foreign": "not one of ours", "outside": "not a regular file",
		"badstate": "000000080.safetensors", "badmodel": "model.safetensors", "badmetrics": "metrics.jsonl", "rest": "inkling rm rest",
	} {
		if l := runs[name]; l.Status != "broken" || !strings.Contains(l.Problem, want) {
			t.Errorf("%s: %+v", name, l)
		}
	}
	if l := runs["model"]; l.Status != "finished" {
		t.Errorf("%+v", l)
	}
	if _, there := runs["folder"]; there {
		t.Error("a folder of other things is listed")
	}
	table := f.must("list", ".").out
	if lines := strings.Count(table, "\n"); lines != len(runs)+1 || strings.Contains(table, "\x1b") {
		t.Errorf("%d lines of %d runs:\n%q", lines, len(runs), table)
	}
}

func TestListWords(t *testing.T) {
	for want, l := range map[string]listed{
		"stopped at step 1,200 of 5,000":      {Status: "stopped", Step: 1200, Steps: 5000, Budget: 60},
		"stopped at step 1,200, 2m of 10m":    {Status: "stopped", Step: 1200, Seconds: 120, Budget: 600},
		"stopped at step 1,200 of 2.5 passes": {Status: "stopped", Step: 1200, Epochs: 2.5},
		"training now, process 7, 30s of 1m":  {Status: "training", Process: "7", Seconds: 30, Budget: 60},
		"not begun":                           {Status: "new"},
		"broken: a/config.json is not ours":   {Status: "broken", Problem: "a/config.json is not ours"},
		"finished":                            {Status: "finished", Steps: 3},
		"a model; no state to go on from":     {Status: "model"},
	} {
		if got := l.state(); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	for d, want := range map[time.Duration]string{-time.Hour: "0s", 59 * time.Second: "59s", 61 * time.Minute: "1h", 47 * time.Hour: "47h", 50 * time.Hour: "2d", 119 * time.Second: "1m"} {
		if got := ageOf(d); got != want {
			t.Errorf("%v is %s, not %s", d, got, want)
		}
	}
	// No loss that is not a number comes into the table or into JSON.
	nan, inf, two := math.NaN(), math.Inf(-1), 2.0
	l := listed{}
	if l.take([]point{{Valid: &nan}, {Valid: &two}, {Valid: &inf}, {Step: 9}}); *l.Best != 2 || l.Step != 9 {
		t.Errorf("%+v", l)
	}
	if _, err := json.Marshal(l); err != nil {
		t.Error(err)
	}
}
