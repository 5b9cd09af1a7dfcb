package lm

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzModel loads a folder of any config, tokenizer and header of weights. The data are as many as
// the header asks for, if it asks for little, so that what lies behind the checks of sizes is reached.
// A folder is refused in one line or gives a model that works.
func FuzzModel(f *testing.F) {
	dir, _ := saved(f)
	read := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			f.Fatal(err)
		}
		return content
	}
	config, tokenizer, weights := read("config.json"), read("tokenizer.json"), read("model.safetensors")
	header := string(weights[8:][:binary.LittleEndian.Uint64(weights)])
	header = header[:strings.Index(header, `"__metadata__"`)] + header[strings.Index(header, `},`)+2:] // the checksums are not of these data
	if !json.Valid([]byte(header)) {
		f.Fatalf("the test's header is not JSON: %s", header)
	}
	f.Add(config, tokenizer, header, byte(0))
	f.Add(config, tokenizer, header, byte(0x3c))
	f.Add(config, tokenizer, header, byte(0xff))
	for _, edit := range [][2]string{
		{`"hidden":5`, `"hidden":6`},
		{`"layers":2`, `"layers":1`},
		{`"embed":3`, `"tied":true`},
		{`"hidden":5`, `"hidden":65536`},
		{`"format":1`, `"format":1,"format":1`},
	} {
		f.Add(bytes.Replace(config, []byte(edit[0]), []byte(edit[1]), 1), tokenizer, header, byte(0))
	}
	for _, edit := range [][2]string{{`"F32"`, `"F64"`}, {`"F32"`, `"BF16"`}, {`[20,5]`, `[5,20]`}, {"lstm.", "gru."}, {"out.bias", "../bias"}} {
		f.Add(config, tokenizer, strings.Replace(header, edit[0], edit[1], 1), byte(0))
	}
	for _, edit := range [][2]string{{`: 1`, `: 0`}, {`"b"`, `"bc"`}, {`"counts"`, `"x"`}, {`"Isolated"`, `"Removed"`}} {
		f.Add(config, bytes.Replace(tokenizer, []byte(edit[0]), []byte(edit[1]), 1), header, byte(0))
	}
	f.Add([]byte(`{"format":1,"kind":"lm","model":{"hidden":1}}`), tokenizer,
		`{"lstm.weight_ih_l0":{"dtype":"F16","shape":[4,8],"data_offsets":[0,64]}}`, byte(0))

	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, config, tokenizer []byte, header string, fill byte) {
		weights := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
		weights = append(append(weights, header...), bytes.Repeat([]byte{fill}, dataSize(header))...)
		size := 0
		for name, content := range map[string][]byte{"config.json": config, "tokenizer.json": tokenizer, "model.safetensors": weights} {
			if err := os.WriteFile(filepath.Join(folder, name), content, 0o666); err != nil {
				t.Fatal(err)
			}
			size += len(content)
		}
		var m *Model
		var err error
		if used := allocated(func() { m, _, err = open(t, folder) }); used > bound(size, len(header)) {
			t.Errorf("%d bytes allocated for %d, %d were promised", used, size, bound(size, len(header)))
		}
		if err != nil {
			if strings.Contains(err.Error(), "\n") || len(err.Error()) > 600 || !strings.HasPrefix(err.Error(), folder) {
				t.Errorf("not an error for people: %q", err)
			}
			return
		}
		dst := make([]float32, m.VocabSize())
		m.LogProbs(dst, m.Next(m.Start(), m.VocabSize()-1))
	})
}

// dataSize is how many bytes a header wants to follow it, at most 64 KiB.
func dataSize(header string) (size int) {
	var tensors map[string]json.RawMessage
	json.Unmarshal([]byte(header), &tensors)
	for _, raw := range tensors {
		var t struct {
			Offsets []int `json:"data_offsets"`
		}
		json.Unmarshal(raw, &t)
		for _, end := range t.Offsets {
			size = max(size, min(end, 1<<16))
		}
	}
	return size
}
