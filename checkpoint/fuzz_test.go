package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// checkRead reads a file of any content: an error in words, or something consistent.
func checkRead(t *testing.T, file []byte) {
	var tensors []Tensor
	var meta map[string]string
	var err error
	used := allocated(func() { tensors, meta, err = decode(file) })
	if used > bound(file) {
		t.Errorf("%d bytes allocated for a file of %d, promised %d", used, len(file), bound(file))
	}
	if err != nil {
		if !errors.Is(err, ErrFormat) || !strings.HasPrefix(err.Error(), "f: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("not an error for people: %q", err)
		}
		return
	}
	// What another reader of JSON takes for the header is the same.
	n := binary.LittleEndian.Uint64(file)
	var other map[string]struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets []int  `json:"data_offsets"`
	}
	var texts struct {
		Metadata map[string]string `json:"__metadata__"`
	}
	header := file[prefixLen : prefixLen+n]
	if err := json.Unmarshal(header, &texts); err != nil {
		t.Fatalf("not JSON: %v", err)
	}
	delete(texts.Metadata, keyData)
	delete(texts.Metadata, keyHeader)
	if !maps.Equal(texts.Metadata, meta) {
		t.Errorf("metadata %q, not %q", meta, texts.Metadata)
	}
	raw := map[string]json.RawMessage{}
	json.Unmarshal(header, &raw)
	delete(raw, metadataKey)
	rest, _ := json.Marshal(raw)
	if err := json.Unmarshal(rest, &other); err != nil || len(other) != len(tensors) {
		t.Fatalf("%d tensors, not %d; %v", len(tensors), len(other), err)
	}
	bytesOfData := 0
	for _, w := range tensors {
		o, ok := other[w.Name]
		if !ok || !slices.Equal(o.Shape, w.Shape) || len(w.Data)*typeOf([]byte(o.DType)).size != o.Offsets[1]-o.Offsets[0] {
			t.Errorf("tensor %q: %v, %d elements, not %+v", w.Name, w.Shape, len(w.Data), o)
		}
		bytesOfData += o.Offsets[1] - o.Offsets[0]
	}
	if bytesOfData != len(file)-prefixLen-int(n) {
		t.Errorf("%d bytes of data are in tensors, of %d", bytesOfData, len(file)-prefixLen-int(n))
	}
	// Written and read again, it is the same.
	if len(meta) > maxMetadata-2 {
		return
	}
	var b bytes.Buffer
	if err := Write(&b, tensors, meta); err != nil {
		t.Fatal(err)
	}
	again, metaAgain, err := decode(b.Bytes())
	if err != nil || !equal(again, tensors) || !maps.Equal(meta, metaAgain) {
		t.Errorf("not the same when written and read again: %v", err)
	}
}

// FuzzSafetensors reads any bytes.
func FuzzSafetensors(f *testing.F) {
	file := small(f)
	f.Add(file)
	f.Add(file[:len(file)/2])
	f.Add(encode(f, nil, nil))
	f.Add([]byte{})
	for _, c := range hostile {
		f.Add(build(c.header, make([]byte, c.data)))
	}
	f.Fuzz(checkRead)
}

// FuzzHeader reads any header before data of the length that it asks for, if it asks for
// little, so that what lies behind the checks of sizes is reached.
func FuzzHeader(f *testing.F) {
	f.Add(`{"__metadata__":{"a\u0041":"\ud83d\ude00"},"w":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]}}  `, byte(0x3c))
	f.Add(`{"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}`, byte(0))
	f.Add(`{"b":{"dtype":"BF16","shape":[3,0],"data_offsets":[0,0]}}`, byte(0xff))
	for _, c := range hostile {
		f.Add(c.header, byte(0))
	}
	f.Fuzz(func(t *testing.T, header string, fill byte) {
		size := 0
		if len(header) > 1 {
			if h, err := parseHeader([]byte(header)); err == nil {
				for _, info := range h.Tensors {
					size = max(size, info.end)
				}
			}
		}
		if size > 1<<16 {
			size = 5
		}
		checkRead(t, build(header, bytes.Repeat([]byte{fill}, size)))
	})
}

// FuzzState puts any bytes in the place of the newest state.
func FuzzState(f *testing.F) {
	file := encode(f, []Tensor{{"w", []int{2}, []float32{3, 4}}}, map[string]string{keyStep: "2", keyState: "{}"})
	f.Add(file)
	f.Add(file[:len(file)-1])
	f.Add(encode(f, []Tensor{{"w", []int{2}, []float32{3, 4}}}, map[string]string{keyStep: "3", keyState: "{}"}))
	f.Add(encode(f, nil, map[string]string{keyStep: "2", keyState: "{"}))
	f.Add(build(`{"__metadata__":{"inkling.step":"2","inkling.state":"{}"}}`, nil))
	r := newRun(f, filepath.Join(f.TempDir(), "run"))
	want := []Tensor{{"w", []int{2}, []float32{1, 2}}}
	if err := r.SaveState(1, []byte(`{"n":1}`), want); err != nil {
		f.Fatal(err)
	}
	newest := filepath.Join(r.Dir(), stateDir, stateName(2))
	f.Fuzz(func(t *testing.T, file []byte) {
		if err := os.WriteFile(newest, file, 0o666); err != nil {
			t.Fatal(err)
		}
		step, meta, tensors, warnings, err := r.LatestState()
		if err != nil {
			t.Fatal(err)
		}
		switch step {
		case 1:
			if len(warnings) != 1 || !strings.Contains(warnings[0], "000000002.safetensors: ") || !strings.HasSuffix(warnings[0], "; going on from step 1") {
				t.Errorf("warnings %q", warnings)
			}
			if string(meta) != `{"n":1}` || !equal(tensors, want) {
				t.Errorf("state %s %v", meta, tensors)
			}
		case 2:
			if len(warnings) != 0 || !json.Valid(meta) {
				t.Errorf("warnings %q, meta %q", warnings, meta)
			}
		default:
			t.Errorf("step %d", step)
		}
	})
}
