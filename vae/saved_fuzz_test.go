package vae

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
)

// savedModel writes a small model as training does and returns its folder.
func savedModel(t testing.TB, c Config) (dir string, m *Model) {
	t.Helper()
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
	h := Header{Format: Format, Kind: Kind, Model: m.Config, Binarize: "none"}
	if err := h.Objective.Complete(); err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.WriteFile("config.json", config); err != nil {
		t.Fatal(err)
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

func loadModel(t testing.TB, dir string) (*Model, error) {
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	m, _, err := Load(run)
	return m, err
}

// TestLoadGivesBackTheModel of one stochastic layer and of two.
func TestLoadGivesBackTheModel(t *testing.T) {
	for _, c := range []Config{
		{Height: 2, Width: 3, Latent: []int{2}, Hidden: [][]int{{4}}, Seed: 3},
		{Height: 2, Width: 2, Channels: 3, Latent: []int{3, 2}, Hidden: [][]int{{4, 5}, {}}, Activation: "relu", Seed: 4},
	} {
		dir, m := savedModel(t, c)
		again, err := loadModel(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float32, m.Config.Inputs())
		if z := m.Encode(x, nil); !slices.Equal(z, again.Encode(x, nil)) || !slices.Equal(m.Decode(z, nil), again.Decode(z, nil)) {
			t.Errorf("%+v came back as another model", c)
		}
	}
}

// FuzzModel loads a folder of any config and header of weights. The data are as many as the header asks for, if it asks for little, so that
// what lies behind the checks of sizes is reached. A folder is refused in one line or gives a model that works, and neither takes much memory.
func FuzzModel(f *testing.F) {
	dir, _ := savedModel(f, Config{Height: 2, Width: 3, Latent: []int{3, 2}, Hidden: [][]int{{4}, {5}}})
	read := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			f.Fatal(err)
		}
		return content
	}
	config, weights := read("config.json"), read("model.safetensors")
	header := string(weights[8:][:binary.LittleEndian.Uint64(weights)])
	header = header[:strings.Index(header, `"__metadata__"`)] + header[strings.Index(header, `},`)+2:] // the checksums are not of these data
	if !json.Valid([]byte(header)) {
		f.Fatalf("the test's header is not JSON: %s", header)
	}
	for _, fill := range []byte{0, 0x3c, 0xff} {
		f.Add(config, header, fill)
	}
	for _, edit := range [][2]string{
		{`"height":2`, `"height":3`},
		{`"height":2`, `"height":-2`},
		{`"width":3`, `"width":4611686018427387904`},
		{`"latent":[3,2]`, `"latent":[3]`},
		{`"latent":[3,2]`, `"latent":[65536,65536]`},
		{`"hidden":[[4],[5]]`, `"hidden":[[65536,65536],[5]]`},
		{`"hidden":[[4],[5]]`, `"hidden":[[],[]]`},
		{`"bernoulli"`, `"none"`},
		{`"elbo"`, `"iwae"`},
		{`"k":1`, `"k":4096`},
		{`"format":1`, `"format":1,"format":1`},
		{`"none"`, `"fixed"`},
	} {
		f.Add(bytes.Replace(config, []byte(edit[0]), []byte(edit[1]), 1), header, byte(0))
	}
	for _, edit := range [][2]string{{`"F32"`, `"F64"`}, {`"F32"`, `"BF16"`}, {`[4,6]`, `[6,4]`}, {"encoder.0.0.bias", "decoder.0.0.bias"}, {"encoder", "../encoder"}} {
		f.Add(config, strings.Replace(header, edit[0], edit[1], 1), byte(0))
	}

	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, config []byte, header string, fill byte) {
		data := bytes.Repeat([]byte{fill}, dataSize(header))
		weights := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
		weights = append(append(weights, header...), data...)
		for name, content := range map[string][]byte{"config.json": config, "model.safetensors": weights} {
			if err := os.WriteFile(filepath.Join(folder, name), content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := loadModel(t, folder)
		runtime.ReadMemStats(&after)
		if used := int64(after.TotalAlloc - before.TotalAlloc); used > int64(8<<20+24*len(config)+24*len(header)+4*len(data)) {
			t.Errorf("%d bytes allocated for %d and %d of header", used, len(config)+len(weights), len(header))
		}
		if err != nil {
			if strings.Contains(err.Error(), "\n") || len(err.Error()) > 600 || !strings.HasPrefix(err.Error(), folder) {
				t.Errorf("not an error for people: %q", err)
			}
			return
		}
		x := make([]float32, m.Config.Inputs())
		m.Decode(m.Encode(x, nil), nil)
	})
}

// dataSize is how many bytes a header wants to follow it, at most 64 KiB.
func dataSize(header string) (size int) {
	var tensors map[string]json.RawMessage
	_ = json.Unmarshal([]byte(header), &tensors)
	for _, raw := range tensors {
		var t struct {
			Offsets []int `json:"data_offsets"`
		}
		_ = json.Unmarshal(raw, &t)
		for _, end := range t.Offsets {
			size = max(size, min(end, 1<<16))
		}
	}
	return size
}
