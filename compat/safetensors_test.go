package compat

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/safetensors"

	"inkling/checkpoint"
)

// read reads a file with our reader.
func read(file []byte) ([]checkpoint.Tensor, map[string]string, error) {
	return checkpoint.Read(bytes.NewReader(file), int64(len(file)), "file")
}

// build puts a header before data.
func build(header string, data []byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

// random are tensors of a rank of at least so much and of sizes of zero too, with values of every magnitude.
func random(r *rand.Rand, rank int) (tensors []checkpoint.Tensor) {
	for i := range r.IntN(6) {
		shape, n := []int{}, 1
		for range rank + r.IntN(4) {
			d := r.IntN(4)
			shape, n = append(shape, d), n*d
		}
		data := make([]float32, n)
		for j := range data {
			for {
				data[j] = math.Float32frombits(r.Uint32())
				if v := float64(data[j]); !math.IsNaN(v) && !math.IsInf(v, 0) {
					break
				}
			}
		}
		tensors = append(tensors, checkpoint.Tensor{Name: fmt.Sprintf("t%d.\"é\"%s", i, strings.Repeat("x", r.IntN(20))), Shape: shape, Data: data})
	}
	return tensors
}

// TestSafetensorsTheyReadOurs: what we write they read, bit for bit.
func TestSafetensorsTheyReadOurs(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		want, meta := random(r, 0), map[string]string{"format": "pt", "naïve \"key\"": "line\nline"}
		var file bytes.Buffer
		if err := checkpoint.Write(&file, want, meta); err != nil {
			t.Fatal(err)
		}
		theirs, err := safetensors.Deserialize(file.Bytes())
		if err != nil {
			t.Fatalf("seed %d: they refuse what we write: %v", seed, err)
		}
		same(t, want, theirs)
		_, head, err := safetensors.ReadMetadata(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range meta {
			if head.Metadata()[key] != value {
				t.Errorf("seed %d: metadata %q", seed, head.Metadata())
			}
		}
	}
}

// TestSafetensorsWeReadTheirs: what they write we read, value for value, in each type that both know.
func TestSafetensorsWeReadTheirs(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		views, want, meta := map[string]safetensors.TensorView{}, map[string]checkpoint.Tensor{}, map[string]string{"a": "b"}
		for _, w := range random(r, 1) { // they write no scalars
			dtype, bits := safetensors.F32, []byte(nil)
			for i, v := range w.Data {
				switch seed % 3 {
				case 0:
					bits = binary.LittleEndian.AppendUint32(bits, math.Float32bits(v))
				case 1:
					dtype = safetensors.F64
					bits = binary.LittleEndian.AppendUint64(bits, math.Float64bits(float64(v)))
				case 2:
					dtype = safetensors.BF16
					upper := math.Float32bits(v) >> 16
					bits = binary.LittleEndian.AppendUint16(bits, uint16(upper))
					w.Data[i] = math.Float32frombits(upper << 16)
				}
			}
			view, err := safetensors.NewTensorView(dtype, sizes(w.Shape), bits)
			if err != nil {
				t.Fatal(err)
			}
			views[w.Name], want[w.Name] = view, w
		}
		file, err := safetensors.Serialize(views, meta)
		if err != nil {
			t.Fatal(err)
		}
		got, gotMeta, err := read(file)
		if err != nil {
			t.Fatalf("seed %d: we refuse what they write: %v", seed, err)
		}
		if len(got) != len(want) || !maps.Equal(meta, gotMeta) {
			t.Fatalf("seed %d: %d tensors of %d, metadata %q", seed, len(got), len(want), gotMeta)
		}
		for _, w := range got {
			if !slices.Equal(w.Shape, want[w.Name].Shape) || !slices.Equal(w.Data, want[w.Name].Data) {
				t.Errorf("seed %d: %q came as %v", seed, w.Name, w)
			}
		}
	}
}

func sizes(shape []int) []uint64 {
	s := make([]uint64, len(shape))
	for i, d := range shape {
		s[i] = uint64(d)
	}
	return s
}

// same holds the tensors that we have, as float32, against theirs.
func same(t *testing.T, ours []checkpoint.Tensor, theirs safetensors.SafeTensors) {
	t.Helper()
	if theirs.Len() != len(ours) {
		t.Errorf("%d tensors here, %d there", len(ours), theirs.Len())
	}
	for _, w := range ours {
		view, ok := theirs.Tensor(w.Name)
		if !ok || !slices.Equal(sizes(w.Shape), view.Shape()) || !slices.Equal(w.Data, floats(view)) {
			t.Errorf("%q: %v here, %v of %v there", w.Name, w, view.DType(), view.Shape())
		}
	}
}

// floats are the numbers of a view, as float32.
func floats(view safetensors.TensorView) []float32 {
	data, width := view.Data(), int(view.DType().Size())
	values := make([]float32, len(data)/width)
	for i := range values {
		switch b := data[i*width:]; view.DType() {
		case safetensors.F32:
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(b))
		case safetensors.F64:
			values[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		case safetensors.BF16:
			values[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
		case safetensors.F16:
			values[i] = half(binary.LittleEndian.Uint16(b))
		}
	}
	return values
}

// half is IEEE 754 binary16 by its definition.
func half(bits uint16) float32 {
	sign, exponent, fraction := 1-2*float64(bits>>15), int(bits>>10&31), float64(bits&1023)
	if exponent == 0 {
		return float32(math.Copysign(fraction*0x1p-24, sign))
	}
	return float32(sign * math.Ldexp(1+fraction/1024, exponent-15))
}
