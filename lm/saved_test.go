package lm

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"inkling/checkpoint"
	"inkling/data"
)

// saved writes a model as training does and returns its folder.
func saved(t testing.TB) (dir string, m *Model) {
	return savedAs(t, Config{Hidden: 5, Layers: 2, Embed: 3, Seed: 4})
}

func savedAs(t testing.TB, c Config) (dir string, m *Model) {
	t.Helper()
	vocab, _ := data.Chars("to be, or not to be")
	c.Counts = vocab.Counts
	m, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, m, vocab), m
}

// write is the folder of a run that has a model of such a vocabulary.
func write(t testing.TB, m *Model, vocab *data.Vocab) (dir string) {
	t.Helper()
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
	return dir
}

func open(t testing.TB, dir string) (*Model, *data.Vocab, error) {
	t.Helper()
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	return Load(run)
}

func TestLoadGivesBackTheModel(t *testing.T) {
	for _, c := range append(kinds(0), Config{Hidden: 5, Layers: 2, Embed: 3, DropoutIn: 0.25, Variational: true}) {
		dir, m := savedAs(t, c)
		again, vocab, err := open(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		again.Config.Seed = m.Config.Seed // which is not the model's, but its beginning's
		if fmt.Sprint(again.Config) != fmt.Sprint(m.Config) {
			t.Errorf("%+v: came back as %+v", c, again.Config)
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
}

// TestConfigOnDisk: what a config says on disk is what it said before there was more than one architecture, and each
// setting has its name.
func TestConfigOnDisk(t *testing.T) {
	full := Config{Arch: "window", Hidden: 3, Layers: 1, Embed: 4, Context: 2, Direct: true, Norm: true, Output: "full", Dropout: 0.5, DropoutOut: 0.5, DropoutIn: 0.5, Variational: true}
	for want, c := range map[string]Config{
		`{"arch":"lstm","hidden":256,"layers":1,"output":"full"}`:                                                      {},
		`{"arch":"lstm","hidden":8,"layers":2,"embed":8,"tied":true,"output":"full","dropout":0.25,"dropout_out":0.5}`: {Hidden: 8, Layers: 2, Tied: true, Dropout: 0.25, DropoutOut: 0.5},
		`{"arch":"window","hidden":3,"layers":1,"embed":4,"context":2,"direct":true,"norm":true,"output":"full",` +
			`"dropout":0.5,"dropout_out":0.5,"dropout_in":0.5,"variational":true}`: full,
		`{"arch":"window","hidden":256,"layers":1,"embed":100,"context":5,"output":"full"}`: {Arch: "window"},
	} {
		c.Counts = make([]int64, 5)
		m, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(m.Config); err != nil || string(got) != want {
			t.Errorf("%v, %s\nwant %s", err, got, want)
		}
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
		{`"arch":"lstm"`, `"arch":"elman"`, "no architecture"},
		{`"output":"full"`, `"output":"nonsense"`, "no output layer"},
		{`{"format"`, `["format"`, "not a config"},
		{`"hidden":5`, `"hidden":0`, "the config asks for"}, // 256, the default
		{`"layers":2`, `"layers":64`, "the config asks for"},
		{`"layers":2`, `"layers":65`, "at most"},
		{`"embed":3`, `"embed":-3`, "positive"},
		{`"embed":3`, `"embed":3,"tied":true`, "the config asks for"},
		{`"embed":3`, `"embed":3,"dropout":1`, "below 1"},
		{`"embed":3`, `"embed":3,"dropout":-0.1`, "below 1"},
		{`"embed":3`, `"embed":3,"dropout":1e400`, "model.dropout: number 1e400 where float32 is expected"},
		{`"hidden":5`, `"hidden":5.5`, "model.hidden: number 5.5 where int is expected"},
		{`"hidden":5`, `"hidden":99999999999999999999`, "where int is expected"},
		{`"hidden":5`, `"hidden":"5"`, "model.hidden: string where"},
		{`"hidden":5`, `"hidden":5,"hidden":5`, `"hidden" is there twice`},
		{`"hidden":5`, `"hidden":5,"Hidden":6`, `"Hidden" is there twice`},
		{`"format":1`, `"format":0`, "not a language model"},
		{`"format":1`, `"format":-1`, "not a language model"},
		{`"format":1`, `"format":1,"x":` + strings.Repeat("[", 100_000), "nested deeper than 8"},
		{`"format":1`, `"format":1,"x":[` + strings.Repeat("0,", 100_000) + "0]", "more than 4096 values"},
		{`"format":1`, `"format":1,"x":"` + strings.Repeat("x", 1<<20) + `"`, "more than 1048576"},
		{`"kind":"lm"`, `"kind":"` + strings.Repeat("x", 100_000) + `"`, "not a language model"},
		{`"arch":"lstm"`, `"arch":"` + strings.Repeat("x", 100_000) + `"`, "more than 64 bytes"},
		{`{"format"`, "{\"\xff\":1,\"format\"", "not valid UTF-8"},
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
		used := allocated(func() { _, _, err = open(t, dir) })
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 500 || !strings.Contains(err.Error(), dir) {
			t.Errorf("%.80s instead of %s: %v", c.new, c.old, err)
		}
		if used > 8<<20 {
			t.Errorf("%.80s instead of %s: %d bytes allocated before it was refused", c.new, c.old, used)
		}
	}
}

// halves writes a model with weights of 16 bits, all zero, of any number of tokens, and gives the
// bytes of its three files and of its header.
func halves(t *testing.T, c Config, tokens int) (dir string, size, header int) {
	t.Helper()
	vocab, c2 := &data.Vocab{Kind: "char", Tokens: []string{"\ufffd"}}, c
	for r := rune(0x10000); len(vocab.Tokens) < tokens; r++ {
		vocab.Tokens = append(vocab.Tokens, string(r))
	}
	vocab.Counts = make([]int64, tokens)
	c2.Counts = vocab.Counts
	m, err := New(c2)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	at := 0
	for _, p := range m.Params() {
		shape, _ := json.Marshal(p.Shape)
		fmt.Fprintf(&b, `,%q:{"dtype":"F16","shape":%s,"data_offsets":[%d,%d]}`, p.Name, shape, at, at+2*len(p.Value))
		at += 2 * len(p.Value)
	}
	text := "{" + b.String()[1:] + "}"
	weights := append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)
	weights = append(weights, make([]byte, at)...)
	config, err := json.Marshal(Header{Format: Format, Kind: "lm", Model: m.Config})
	if err != nil {
		t.Fatal(err)
	}
	var tokenizer bytes.Buffer
	if err := vocab.WriteTokenizer(&tokenizer); err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for name, content := range map[string][]byte{"config.json": config, "tokenizer.json": tokenizer.Bytes(), "model.safetensors": weights} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
		size += len(content)
	}
	return dir, size, len(text)
}

func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// bound is what Load promises to allocate at most.
func bound(size, header int) int { return 3*size + 16*header + 8<<20 }

// TestLoadMemory holds the promise where it is hardest: weights of two bytes, and tokens of few.
func TestLoadMemory(t *testing.T) {
	for _, c := range []struct {
		Config
		tokens int
	}{
		{Config{Hidden: 1500}, 50},
		{Config{Hidden: 1}, 800_000},
		{Config{Hidden: 1, Layers: 64}, 2},
	} {
		dir, size, header := halves(t, c.Config, c.tokens)
		var err error
		used := allocated(func() { _, _, err = open(t, dir) })
		t.Logf("hidden %d, %d tokens: %d bytes of files, %d allocated, %.1f a byte", c.Hidden, c.tokens, size, used, float64(used)/float64(size))
		if err != nil {
			t.Error(err)
		}
		if used > bound(size, header) {
			t.Errorf("%d bytes allocated for %d, %d were promised", used, size, bound(size, header))
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
