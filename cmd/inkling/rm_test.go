package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/checkpoint"
)

// rm runs rm in this process, below f's folder; answer is what the user types, "" if nobody can be asked.
func (f *folder) rm(c rmCmd, answer string) result {
	for i, dir := range c.Dirs {
		c.Dirs[i] = filepath.Join(f.dir, dir)
	}
	var in io.Reader
	if answer != "" {
		in = strings.NewReader(answer)
	}
	return call(func(a *app) error { return c.run(a, in) }, false)
}

func TestRm(t *testing.T) {
	f := trainedFolder(t)
	for _, dir := range []string{"runs/a", "runs/b", "runs/c", "keep"} {
		f.copy("model", dir)
	}
	before := f.snapshot()
	if r := f.run("rm", "runs/a"); r.code != codeUsage || f.snapshot() != before {
		t.Errorf("%+v", r)
	}
	var done []removed
	r := f.json(&done, "rm", "runs/a", "runs/b/", "./runs/a", "--yes")
	if len(done) != 2 || done[0].Dir != "runs/a" || done[0].Files != 7 || done[0].Bytes < 10_000 || done[0].Left != nil || r.err != "" {
		t.Errorf("%+v, %s", done, r.err)
	}
	if f.exists("runs/a") || f.exists("runs/b") || !f.exists("runs/c/config.json") || !f.exists("keep/config.json") {
		t.Error(f.snapshot())
	}
	f.contains(f.must("rm", "-y", "runs/c").out, "runs/c: deleted, ")
	if f.exists("runs/c") || !f.exists("runs") {
		t.Error(f.snapshot())
	}

	// One that cannot be deleted saves all.
	before = f.snapshot()
	if r := f.run("rm", "--yes", "model", "text.txt"); r.code != codeInput || f.snapshot() != before {
		t.Errorf("%+v", r)
	}
}

func TestRmAsks(t *testing.T) {
	f := trainedFolder(t)
	for _, answer := range []string{"n\n", "\n", "nonsense\n", "yesterday", "N"} {
		r := f.rm(rmCmd{Dirs: []string{"model"}}, answer)
		if r.code != 0 || r.out != "" || !strings.Contains(r.err, "delete? [y/N]") || !strings.Contains(r.err, "nothing was deleted") || !f.exists("model/config.json") {
			t.Errorf("%q: %+v", answer, r)
		}
	}
	if r := f.rm(rmCmd{Dirs: []string{"model"}}, "Yes\n"); r.code != 0 || f.exists("model") || !strings.Contains(r.err, " in 7 files") {
		t.Errorf("%+v", r)
	}
}

func TestRmStates(t *testing.T) {
	f := trainedFolder(t)
	weights := string(f.read("model/model.safetensors"))
	f.contains(f.must("rm", "--states", "--yes", "model").out, "model: states deleted, model kept")
	if names := filesBelow(t, filepath.Join(f.dir, "model")); names != "README.md config.json lock metrics.jsonl model.safetensors tokenizer.json" {
		t.Error(names)
	}
	if string(f.read("model/model.safetensors")) != weights {
		t.Error("another model")
	}
	f.must("generate", "model", "--max-tokens", "3")
	if l := f.runs("model")["model"]; l.Status != "model" || l.Step != 80 {
		t.Errorf("%+v", l)
	}
}

// TestRmLeaves has things in a run's folder that are not of a run, and links.
func TestRmLeaves(t *testing.T) {
	f := trainedFolder(t)
	f.copy("model", "run")
	f.write("run/notes.txt", "mine")
	f.write("run/state/notes.txt", "mine")
	f.write("run/state/mine.safetensors", "mine")
	f.mkdir("run/README.md.d")
	f.mkdir("elsewhere")
	f.write("elsewhere/000000001.safetensors", "not yours")
	f.remove("run/tokenizer.json")
	link := func(to, name string) {
		if err := os.Symlink(to, filepath.Join(f.dir, name)); err != nil {
			t.Skip(err)
		}
	}
	link("../model/tokenizer.json", "run/tokenizer.json")
	r := f.must("rm", "run", "--yes")
	f.contains(r.err, "run: kept with what is not of a run: ", "state/notes.txt", "notes.txt", "README.md.d", "tokenizer.json")
	if names := filesBelow(t, filepath.Join(f.dir, "run")); names != "notes.txt state/mine.safetensors state/notes.txt tokenizer.json" {
		t.Error(names)
	}
	if !f.exists("model/tokenizer.json") {
		t.Error("deleted through a link")
	}

	f.copy("model", "linked")
	if err := os.RemoveAll(filepath.Join(f.dir, "linked/state")); err != nil {
		t.Fatal(err)
	}
	link("../elsewhere", "linked/state")
	f.run("rm", "linked", "--yes") // whether it can be opened or not
	if !f.exists("elsewhere/000000001.safetensors") || !f.exists("linked/state") {
		t.Error("deleted through a link, or the link")
	}

	link("model", "alias")
	if r := f.run("rm", "alias", "--yes"); r.code != codeInput || !strings.Contains(r.err, "a link: name the folder") || !f.exists("model/config.json") || !f.exists("alias") {
		t.Errorf("%+v", r)
	}
}

func TestRmInUse(t *testing.T) {
	f := trainedFolder(t)
	run, err := checkpoint.Open(filepath.Join(f.dir, "model"))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	before := f.snapshot()
	if r := f.run("rm", "model", "--yes"); r.code != codeIO || !strings.Contains(r.err, "is at work on this run") || f.snapshot() != before {
		t.Errorf("%+v", r)
	}
}

// TestRmCutShort wants a deletion that ended after any of its files to be finished by the next.
func TestRmCutShort(t *testing.T) {
	f := trainedFolder(t)
	const all = 7
	for n := range all + 3 {
		f.copy("model", "run")
		d, err := (&rmCmd{}).condemn(filepath.Join(f.dir, "run"), nil)
		if err != nil {
			t.Fatal(err)
		}
		files := d.files
		if len(files) != all || !strings.HasPrefix(files[0], "state/") || files[all-1] != "config.json" {
			t.Fatalf("to be deleted: %q", files)
		}
		for _, name := range files[:min(n, len(files))] {
			f.remove("run/" + name)
		}
		if n > all { // and its folder
			f.remove("run/state")
		}
		d.close()
		if n > all+1 { // and the lock: but for an empty folder, all is done
			f.remove("run/lock")
			f.remove("run")
			continue
		}
		if l := f.runs(".")["run"]; l.Dir == "" {
			t.Errorf("%d files deleted: not listed", n)
		}
		if r := f.run("rm", "run", "--yes"); r.code != 0 || f.exists("run") {
			t.Errorf("%d files deleted: %+v", n, r)
		}
	}

	// What is left of another thing is not touched.
	f.mkdir("rest")
	f.write("rest/lock", "")
	f.write("rest/notes.txt", "mine")
	if r := f.run("rm", "rest", "--yes"); r.code != codeInput || !strings.Contains(r.err, "delete the folder by hand") || !f.exists("rest/notes.txt") {
		t.Errorf("%+v", r)
	}
}
