package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"inkling/checkpoint"
)

// TestFrom begins a run with the weights of another on a new text with new characters.
func TestFrom(t *testing.T) {
	f := trainedFolder(t)
	f.write("new.txt", strings.ReplaceAll(sampleText(12_000, 7), "glass", "gla\u1e9e")) // a character that the model never saw
	args := strings.Fields("train lm new.txt --from model --batch 4 --time 16 --shards 2 --steps 20 --checkpoint-every 10 --keep 5 --validations 2 --dropout 0.3 --out")
	r := f.must(append(args, "b")...)
	f.contains(r.err, "training text: ", "not in the vocabulary", "the first weights are those of model")

	var old, c runConfig
	for dir, v := range map[string]*runConfig{"model": &old, "b": &c} {
		if err := json.Unmarshal(f.read(dir+"/config.json"), v); err != nil {
			t.Fatal(err)
		}
	}
	sum := sha256.Sum256(f.read("model/model.safetensors"))
	if c.From == nil || c.From.SHA256 != hex.EncodeToString(sum[:]) || filepath.Base(c.From.Run) != "model" || !filepath.IsAbs(c.From.Run) {
		t.Errorf("from %+v", c.From)
	}
	if c.Model.Hidden != old.Model.Hidden || c.Model.Layers != old.Model.Layers || c.Model.Dropout != 0.3 || c.Train.Steps != 20 {
		t.Errorf("model %+v, settings %+v", c.Model, c.Train)
	}
	if !bytes.Equal(f.read("model/tokenizer.json"), f.read("b/tokenizer.json")) {
		t.Error("the tokens are not those of the model")
	}
	f.contains(f.must("info", "b").out, "the weights of "+c.From.Run)
	f.contains(string(f.read("b/README.md")), "begun with the weights of the run model")
	if !bytes.Equal(firstWeights(f, "b"), f.read("model/model.safetensors")) {
		t.Error("the first weights are not those of the model")
	}

	// Killed after its config, after its tokens, after its first state, after a later one.
	want := fingerprint(f, "b")
	for i, gone := range [][]string{
		{"tokenizer.json", "state/000000000.safetensors", "state/000000010.safetensors"},
		{"state/000000000.safetensors", "state/000000010.safetensors"},
		{"state/000000010.safetensors"},
		{},
	} {
		dir := string(rune('m' + i))
		f.copy("b", dir)
		for _, name := range append(gone, "state/000000020.safetensors", "model.safetensors", "metrics.jsonl") {
			if name != "metrics.jsonl" || len(gone) > 0 { // the last one has the lines of its state
				f.remove(dir + "/" + name)
			}
		}
		f.must("resume", dir)
		if got := fingerprint(f, dir); got != want {
			t.Errorf("resumed without %v:\n%s", gone, difference(want, got))
		}
	}

	// Once a state is saved, the model that it began with is not needed any more; before, it must be the same.
	f.copy("b", "early")
	f.copy("b", "late")
	f.remove("late/state/000000020.safetensors")
	for _, name := range f.list("early/state") {
		f.remove("early/state/" + name)
	}
	f.must(trainArgs("other", "--steps", "5")...)
	f.write("model/model.safetensors", string(f.read("other/model.safetensors")))
	if r := f.run("resume", "early"); r.code != codeInput {
		t.Errorf("other weights: exit code %d, %s", r.code, r.err)
	} else {
		f.contains(r.err, "its weights are not those that this run began with", "put those back")
	}
	if err := removeAll(f, "model"); err != nil {
		t.Fatal(err)
	}
	if r := f.run("resume", "early"); r.code != codeIO {
		t.Errorf("no weights: exit code %d, %s", r.code, r.err)
	}
	f.must("resume", "late")
	if got := fingerprint(f, "late"); got != want {
		t.Errorf("resumed without the first model:\n%s", difference(want, got))
	}
}

// firstWeights is the state of step 0 of a run as a model.
func firstWeights(f *folder, dir string) []byte {
	f.Helper()
	f.copy(dir, dir+"-first")
	for _, name := range f.list(dir + "-first/state") {
		if name != "000000000.safetensors" {
			f.remove(dir + "-first/state/" + name)
		}
	}
	run, err := checkpoint.OpenRead(filepath.Join(f.dir, dir+"-first"))
	if err != nil {
		f.Fatal(err)
	}
	defer run.Close()
	_, _, tensors, _, err := run.LatestState()
	if err != nil {
		f.Fatal(err)
	}
	var model []checkpoint.Tensor
	for _, t := range tensors {
		if name, ok := strings.CutPrefix(t.Name, "weight:"); ok {
			t.Name = name
			model = append(model, t)
		}
	}
	var b bytes.Buffer
	if err := checkpoint.Write(&b, model, nil); err != nil {
		f.Fatal(err)
	}
	return b.Bytes()
}

// TestFromBytes: what tokens are is inherited, and so is an embedding.
func TestFromBytes(t *testing.T) {
	f := newFolder(t)
	f.must(trainArgs("a", "--steps", "4", "--tokens", "byte", "--tied", "--layers", "2")...)
	f.must(strings.Fields("train lm text.txt --from a --hidden 16 --tied --layers 2 --tokens byte --budget 1s --out b")...)
	var c runConfig
	if err := json.Unmarshal(f.read("b/config.json"), &c); err != nil {
		t.Fatal(err)
	}
	if c.Tokens != "byte" || !c.Model.Tied || c.Model.Embed != 16 || c.Model.Hidden != 16 || c.Model.Layers != 2 {
		t.Errorf("%+v", c)
	}
}
