package sentences

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
	"inkling/tensor"
)

// savedModel writes a small model as training does and returns its folder.
func savedModel(t testing.TB) (dir string, m *Model) {
	t.Helper()
	vocab, _ := data.Chars("abcd")
	vocab = vocab.WithItems()
	c := Config{Hidden: 4, Embed: 3, Latent: 2, WordDropout: 0.5, Seed: 3}
	c.Speak(vocab)
	m, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "run")
	run, err := checkpoint.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	h := Header{Format: Format, Kind: Kind, Model: m.Sentences}
	if err := h.Objective.Complete(); err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(h)
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

func loadModel(t testing.TB, dir string) (*Model, *data.Vocab, error) {
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	return Load(run)
}

func TestLoadGivesBackTheModel(t *testing.T) {
	dir, m := savedModel(t)
	again, vocab, err := loadModel(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := again.Sentences; got.Begin != m.Sentences.Begin || got.End != m.Sentences.End || got.Dropped != vocab.Unknown || got.WordDropout != 0.5 {
		t.Errorf("%+v came back as %+v", m.Sentences, got)
	}
	e := Examples{append(vocab.Encode("abca"), vocab.End), {vocab.End}}
	z := latents(2, 2)
	if !slices.Equal(m.Posterior(e.Batch(0, 2)), again.Posterior(e.Batch(0, 2))) ||
		!slices.Equal(logLikelihoods(m, e, z, tensor.NewInference()), logLikelihoods(again, e, z, tensor.NewInference())) {
		t.Error("another model came back")
	}
}

// TestDropped: what stands for a word that is dropped is the unknown word, or what sentences begin with where there is none.
func TestDropped(t *testing.T) {
	known, _ := data.Chars("abcd")
	all, _ := data.Bytes("abcd")
	for _, v := range []*data.Vocab{known.WithItems(), all.WithItems()} {
		var c Config
		c.Speak(v)
		if want := v.Unknown; want < 0 && c.Dropped != v.Begin || want >= 0 && c.Dropped != want {
			t.Errorf("%s: token %d stands for what is dropped", v.Kind, c.Dropped)
		}
	}
}

// FuzzConfig loads a folder of any config and tokenizer beside good weights: it is refused in one line, or gives a model that works.
func FuzzConfig(f *testing.F) {
	dir, _ := savedModel(f)
	read := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			f.Fatal(err)
		}
		return content
	}
	config, tokenizer := read("config.json"), read("tokenizer.json")
	f.Add(config, tokenizer)
	for _, edit := range [][2]string{
		{`"hidden":4`, `"hidden":-4`},
		{`"hidden":4`, `"hidden":4611686018427387904`},
		{`"latent":2`, `"latent":3`},
		{`"longest":100`, `"longest":0`},
		{`"longest":100`, `"longest":70000`},
		{`"lstm"`, `"gru"`},
		{`"lstm"`, `"rnn"`},
		{`"full"`, `"adaptive"`},
		{`"full"`, `"none"`},
		{`"word_dropout":0.5`, `"word_dropout":1`},
		{`"elbo"`, `"iwae"`},
		{`"format":1`, `"format":1,"format":1`},
		{`"format":1`, `"format":2`},
		{`"sentences"`, `"vae"`},
	} {
		f.Add(bytes.Replace(config, []byte(edit[0]), []byte(edit[1]), 1), tokenizer)
	}
	f.Add(config, bytes.ReplaceAll(tokenizer, []byte("<|begin|>"), []byte("x")))
	f.Add(config, bytes.ReplaceAll(tokenizer, []byte("<|end|>"), []byte("<|begin|>")))
	f.Fuzz(func(t *testing.T, config, tokenizer []byte) {
		for name, content := range map[string][]byte{"config.json": config, "tokenizer.json": tokenizer} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		m, vocab, err := loadModel(t, dir)
		if err != nil {
			if strings.Contains(err.Error(), "\n") || len(err.Error()) > 600 || !strings.HasPrefix(err.Error(), dir) {
				t.Errorf("not an error for people: %q", err)
			}
			return
		}
		e := Examples{append(vocab.Encode("bad\xff"), vocab.End)}
		text := m.At(m.Posterior(e.Batch(0, 1))[:m.Sentences.Latent])
		text.LogProbs(make([]float32, text.VocabSize()), text.Next(text.Start(), vocab.Begin))
	})
}
