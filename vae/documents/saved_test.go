package documents

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/softmax"
)

// savedModel writes a small model as training does and returns its folder.
func savedModel(t testing.TB, c Config) (dir string, m *Model) {
	t.Helper()
	m = toy(t, c)
	dir = filepath.Join(t.TempDir(), "run")
	run, err := checkpoint.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	h := Header{Format: Format, Kind: Kind, Model: m.Config}
	if err := h.Objective.Complete(); err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var words strings.Builder
	for i, n := range m.Config.Counts {
		words.WriteString(strings.Repeat("w", i+1) + "\t" + string(json.Number(itoa(n))) + "\t1\n")
	}
	for name, raw := range map[string][]byte{"config.json": config, VocabFile: []byte(words.String())} {
		if err := run.WriteFile(name, raw); err != nil {
			t.Fatal(err)
		}
	}
	var tensors []checkpoint.Tensor
	for _, p := range m.VAE.Params() {
		tensors = append(tensors, checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Value})
	}
	if err := run.SaveModel(tensors, nil); err != nil {
		t.Fatal(err)
	}
	return dir, m
}

func itoa(n int64) string {
	raw, _ := json.Marshal(n)
	return string(raw)
}

func loadModel(t testing.TB, dir string) (*Model, *data.BagVocab, error) {
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	m, v, _, err := Load(run)
	return m, v, err
}

// TestLoadGivesBackTheModel, whatever its networks and its output layer.
func TestLoadGivesBackTheModel(t *testing.T) {
	for _, c := range []Config{
		{Seed: 3},
		{Input: "log", Activation: "relu", Hidden: [][]int{{5, 3}}, Between: []int{4}, Output: "tree"},
		{Latent: []int{3, 2}, Output: "adaptive", Options: softmax.Options{Cutoffs: []int{3, 6}, DivValue: 1}},
		{Output: "nce"},
	} {
		dir, m := savedModel(t, c)
		again, v, err := loadModel(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		batch := Examples{bags()}.Batch(0, 5)
		z := make([]float32, m.VAE.Top())
		z[0] = 1
		if !slices.Equal(m.VAE.Posterior(batch), again.VAE.Posterior(batch)) || !slices.Equal(m.Words(z), again.Words(z)) || v.Find("ww") != 1 {
			t.Errorf("%s came back as another model", m.Config.Describe())
		}
	}
}

// TestLoadRefuses what is no model, in one line that names the file.
func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ file, old, new, want string }{
		{"config.json", `"documents"`, `"vae"`, "not a VAE of documents"},
		{"config.json", `"format":1`, `"format":2`, "newer inkling"},
		{"config.json", `"output":"full"`, `"output":"fast"`, "no output layer"},
		{"config.json", `"hidden":[[4]]`, `"hidden":[[5]]`, "the config asks for"},
		{"config.json", `"latent":[2]`, `"latent":[-2]`, "latent"},
		{"config.json", `{`, `[`, "config.json"},
		{VocabFile, "www\t", "ww\t", "once more"},
		{VocabFile, "w\t41\t1\n", "", "the config asks for"},
	} {
		dir, _ := savedModel(t, Config{})
		name := filepath.Join(dir, c.file)
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(raw, []byte(c.old)) {
			t.Fatalf("%s has no %s: %s", c.file, c.old, raw)
		}
		if err := os.WriteFile(name, bytes.Replace(raw, []byte(c.old), []byte(c.new), 1), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, _, err := loadModel(t, dir); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s with %s: %v, want %s", c.file, c.new, err, c.want)
		}
	}
}

// FuzzModel loads a folder of any config, words and header of weights. It is refused in one line or gives a model that works, and neither takes much memory.
func FuzzModel(f *testing.F) {
	for _, c := range []Config{{}, {Latent: []int{3, 2}, Between: []int{4}, Output: "tree"}} {
		dir, _ := savedModel(f, c)
		config, _ := os.ReadFile(filepath.Join(dir, "config.json"))
		words, _ := os.ReadFile(filepath.Join(dir, VocabFile))
		weights, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(config, words, weights[8:8+binary.LittleEndian.Uint64(weights)])
	}
	f.Add([]byte(`{"format":1,"kind":"documents","model":{"latent":[65536],"hidden":[[65536]],"output":"full"}}`), []byte("a\t1\t1\nb\t1\t1\n"), []byte(`{}`))
	f.Fuzz(func(t *testing.T, config, words, header []byte) {
		dir := t.TempDir()
		var elements uint64
		var sizes map[string]struct{ Data_offsets [2]uint64 }
		if json.Unmarshal(header, &sizes) == nil {
			for _, s := range sizes {
				elements = max(elements, s.Data_offsets[1])
			}
		}
		weights := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
		if elements < 1<<16 {
			weights = append(weights, make([]byte, elements)...)
		}
		for name, raw := range map[string][]byte{"config.json": config, VocabFile: words, "model.safetensors": weights} {
			if err := os.WriteFile(filepath.Join(dir, name), raw, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, _, err := loadModel(t, dir)
		runtime.ReadMemStats(&after)
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 24<<20+40*uint64(len(config)+len(words)+len(weights)) {
			t.Errorf("%d bytes taken for files of %d", taken, len(config)+len(words)+len(weights))
		}
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of many lines: %q", err)
			}
			return
		}
		m.Words(make([]float32, m.VAE.Top()))
		m.VAE.Posterior(Examples{data.NewBags([]map[int]int{{0: 1}})}.Batch(0, 1))
	})
}
