package lm

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/checkpoint"
	"inkling/data"
)

// saved writes a model as training does and returns its folder.
func saved(t *testing.T) (dir string, m *Model) {
	t.Helper()
	vocab, _ := data.Chars("to be, or not to be")
	m, err := New(Config{Hidden: 5, Layers: 2, Embed: 3, Counts: vocab.Counts, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "run")
	run, err := checkpoint.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	config, err := json.Marshal(Header{Format: Format, Kind: "lm", Model: m.Config})
	if err != nil {
		t.Fatal(err)
	}
	var tokenizer bytes.Buffer
	if err := vocab.WriteTokenizer(&tokenizer); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"config.json": config, "tokenizer.json": tokenizer.Bytes()} {
		if err := run.WriteFile(name, content); err != nil {
			t.Fatal(err)
		}
	}
	var tensors []checkpoint.Tensor
	for _, p := range m.Params() {
		tensors = append(tensors, checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Value})
	}
	if err := run.SaveModel(tensors, nil); err != nil {
		t.Fatal(err)
	}
	return dir, m
}

func open(t *testing.T, dir string) (*Model, *data.Vocab, error) {
	t.Helper()
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	return Load(run)
}

func TestLoadGivesBackTheModel(t *testing.T) {
	dir, m := saved(t)
	again, vocab, err := open(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range m.Params() {
		if q := again.Params()[i]; q.Name != p.Name || !slices.Equal(q.Value, p.Value) {
			t.Errorf("%s came back as %s with other values", p.Name, q.Name)
		}
	}
	one, two := make([]float32, m.VocabSize()), make([]float32, m.VocabSize())
	token := vocab.Encode("b")[0]
	m.LogProbs(one, m.Next(m.Start(), token))
	again.LogProbs(two, again.Next(again.Start(), token))
	if !slices.Equal(one, two) {
		t.Error("the loaded model gives other probabilities")
	}
}

// TestLoadRefuses: a config that lies about the weights, or is of another kind, is refused in words.
func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{`"hidden":5`, `"hidden":6`, "the config asks for"},
		{`"hidden":5`, `"hidden":65536`, "the config asks for"}, // and nothing of that size is made
		{`"hidden":5`, `"hidden":70000`, "at most"},
		{`"hidden":5`, `"hidden":-5`, "positive"},
		{`"layers":2`, `"layers":1`, "the config asks for"},
		{`"format":1`, `"format":99`, "newer"},
		{`"kind":"lm"`, `"kind":"vae"`, "not a language model"},
		{`"arch":"lstm"`, `"arch":"gru"`, "no architecture"},
		{`"output":"full"`, `"output":"nonsense"`, "no output layer"},
		{`{"format"`, `["format"`, "not a config"},
	} {
		dir, _ := saved(t)
		file := filepath.Join(dir, "config.json")
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lie := strings.Replace(string(raw), c.old, c.new, 1)
		if lie == string(raw) {
			t.Fatalf("%s is not in the config", c.old)
		}
		if err := os.WriteFile(file, []byte(lie), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := open(t, dir); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s instead of %s: %v", c.new, c.old, err)
		}
	}
}

// The same number of weights under other names or shapes does not fit either.
func TestLoadRefusesOtherTensors(t *testing.T) {
	dir, m := saved(t)
	for _, wrong := range []func(t *checkpoint.Tensor){
		func(t *checkpoint.Tensor) { t.Name = "lstm.other" },
		func(t *checkpoint.Tensor) { t.Shape = []int{len(t.Data)} },
	} {
		run, err := checkpoint.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		var tensors []checkpoint.Tensor
		for _, p := range m.Params() {
			tensors = append(tensors, checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Value})
		}
		wrong(&tensors[1])
		if err := run.SaveModel(tensors, nil); err != nil {
			t.Fatal(err)
		}
		run.Close()
		if _, _, err := open(t, dir); err == nil || !strings.Contains(err.Error(), "lstm.") {
			t.Errorf("accepted, or refused without the tensor's name: %v", err)
		}
	}
}
