package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"inkling/checkpoint"
)

// fingerprint is all that a run left that must not depend on how often it was stopped: every file, with the
// seconds and what follows from them taken out.
func fingerprint(f *folder, dir string) string {
	f.Helper()
	var b strings.Builder
	for _, name := range []string{"config.json", "tokenizer.json", "model.safetensors", "samples.png"} {
		if f.exists(dir + "/" + name) {
			fmt.Fprintf(&b, "%s %x\n", name, hash(f.read(dir+"/"+name)))
		}
	}
	b.WriteString(regexp.MustCompile(`"seconds":[^,}]*`).ReplaceAllString(string(f.read(dir+"/metrics.jsonl")), `"seconds":…`))
	run, err := checkpoint.OpenRead(filepath.Join(f.dir, dir))
	if err != nil {
		f.Fatal(err)
	}
	defer run.Close()
	step, meta, tensors, warnings, err := run.LatestState()
	if err != nil || len(warnings) > 0 {
		f.Fatal(err, warnings)
	}
	var state map[string]any
	if err := json.Unmarshal(meta, &state); err != nil {
		f.Fatal(err)
	}
	for key := range state {
		if strings.Contains(key, "seconds") || key == "metrics_bytes" {
			delete(state, key)
		}
	}
	meta, _ = json.Marshal(state)
	fmt.Fprintf(&b, "state of step %d: %s\n", step, meta)
	for _, t := range tensors {
		var raw bytes.Buffer
		if err := checkpoint.Write(&raw, []checkpoint.Tensor{t}, nil); err != nil {
			f.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %x\n", t.Name, hash(raw.Bytes()))
	}
	return b.String()
}

// stoppedRun is a run of 80 steps, saved every 20, as if it had been killed after step 60 or so; it has
// states of steps 20, 40 and 60. whole is the same run, never stopped.
func stoppedRun(t *testing.T) *folder {
	f := newFolder(t)
	for _, dir := range []string{"whole", "run"} {
		f.must(trainArgs(dir, "--steps", "80", "--checkpoint-every", "20", "--keep", "4")...)
	}
	f.remove("run/state/000000080.safetensors")
	return f
}

// equal fails if a run is not what it would be, had it never been stopped.
func (f *folder) equal(dir string) {
	f.Helper()
	if got, want := fingerprint(f, dir), fingerprint(f, "whole"); got != want {
		f.Errorf("%s differs from a run that was never stopped:\n%s", dir, difference(want, got))
	}
}

// TestDamagedCheckpoint flips a bit of the newest state, and cuts the one before short: both are passed over,
// in words, for the one before them, and the run ends as if nothing had happened.
func TestDamagedCheckpoint(t *testing.T) {
	f := stoppedRun(t)
	newest := f.read("run/state/000000060.safetensors")
	newest[len(newest)-100] ^= 4
	f.write("run/state/000000060.safetensors", string(newest))
	older := f.read("run/state/000000040.safetensors")
	f.write("run/state/000000040.safetensors", string(older[:len(older)-1000]))
	r := f.must("resume", "run")
	f.contains(r.err, "goes on after step 20",
		"000000060.safetensors: damaged: the data do not match their checksum; going on from step 20",
		"000000040.safetensors: ", "cut short")
	f.equal("run")
}

// TestNoWholeCheckpoint damages all states: nothing is done until the user says so.
func TestNoWholeCheckpoint(t *testing.T) {
	f := stoppedRun(t)
	for _, name := range f.list("run/state") {
		f.write("run/state/"+name, "nonsense")
	}
	r := f.run("resume", "run")
	if r.code != codeInput {
		t.Errorf("exit code %d: %s", r.code, r.err)
	}
	f.contains(r.err, "no state is whole: to begin this run anew, delete the folder run/state")
	if err := removeAll(f, "run/state"); err != nil { // what the message says
		t.Fatal(err)
	}
	f.must("resume", "run")
	f.remove("whole/state/000000020.safetensors") // all that a run may do without
	f.equal("run")
}

// TestChangedText changes one letter of the text that a run learns from, without changing its length.
func TestChangedText(t *testing.T) {
	f := stoppedRun(t)
	text := f.read("text.txt")
	text[5000] ^= 2
	f.write("text.txt", string(text))
	before := f.snapshot()
	r := f.run("resume", "run")
	if r.code != codeInput {
		t.Errorf("exit code %d: %s", r.code, r.err)
	}
	f.contains(r.err, "text.txt is not the text that this run began with", "put that one back")
	if f.snapshot() != before {
		t.Error("refused, and yet something changed")
	}
	text[5000] ^= 2
	f.write("text.txt", string(text))
	f.must("resume", "run")
	f.equal("run")
}

// TestKeep keeps as many states as were asked for, also over a resume, and the best weights apart.
func TestKeep(t *testing.T) {
	f := newFolder(t)
	f.must(trainArgs("one", "--steps", "100", "--checkpoint-every", "10", "--keep", "1")...)
	f.must(trainArgs("five", "--steps", "100", "--checkpoint-every", "10", "--keep", "5")...)
	f.must(trainArgs("usual", "--steps", "100", "--checkpoint-every", "10")...)
	for dir, want := range map[string]int{"one": 1, "five": 5, "usual": 2} {
		states := f.list(dir + "/state")
		if len(states) != want || states[want-1] != "000000100.safetensors" {
			t.Errorf("%s: states %q, want %d", dir, states, want)
		}
		if !f.exists(dir + "/model.safetensors") {
			t.Errorf("%s: no model.safetensors", dir)
		}
	}
	f.remove("five/state/000000100.safetensors")
	f.must("resume", "five")
	if states := f.list("five/state"); len(states) != 5 {
		t.Errorf("after a resume: %s", strings.Join(states, ", "))
	}
}
