package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// encode is Write into memory.
func encode(t testing.TB, tensors []Tensor, metadata map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// decode is Read from memory.
func decode(file []byte) ([]Tensor, map[string]string, error) {
	return Read(bytes.NewReader(file), int64(len(file)), "f")
}

// equal compares bit by bit: -0 is not 0.
func equal(a, b []Tensor) bool {
	return slices.EqualFunc(a, b, func(a, b Tensor) bool {
		return a.Name == b.Name && slices.Equal(a.Shape, b.Shape) &&
			slices.EqualFunc(a.Data, b.Data, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
	})
}

// filled makes a tensor of random normal numbers.
func filled(rng *rand.Rand, name string, shape ...int) Tensor {
	n, _ := elements(shape)
	t := Tensor{Name: name, Shape: shape, Data: make([]float32, n)}
	for i := range t.Data {
		t.Data[i] = float32(rng.NormFloat64())
	}
	return t
}

// small is a file of about 700 bytes with what a file can have.
func small(t testing.TB) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	return encode(t, []Tensor{
		filled(rng, "lstm.weight_ih_l0", 4, 3),
		filled(rng, "scale"),
		filled(rng, "nothing", 0, 5),
		filled(rng, "größe", 7),
	}, map[string]string{"format": "pt", "note": "a \"quoted\"\nline, \\ and €"})
}

// allocated is the number of bytes that f allocates in all, freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// bound is what the package promises to allocate at most for a file.
func bound(file []byte) uint64 {
	size := uint64(len(file))
	var header uint64
	if size >= prefixLen {
		header = min(binary.LittleEndian.Uint64(file), size-prefixLen)
	}
	return 2*(size-header) + 8*header + 1<<20
}

func TestWriteReadEqual(t *testing.T) {
	finite := rapid.Float32().Filter(func(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) })
	name := rapid.StringN(1, 40, -1).Filter(func(s string) bool { return checkName(s) == nil && s != metadataKey })
	tensor := rapid.Custom(func(t *rapid.T) Tensor {
		shape := rapid.SliceOfN(rapid.IntRange(0, 3), 0, maxRank).Filter(func(s []int) bool {
			n, _ := elements(s)
			return n < 300
		}).Draw(t, "shape")
		n, _ := elements(shape)
		return Tensor{name.Draw(t, "name"), shape, rapid.SliceOfN(finite, n, n).Draw(t, "data")}
	})
	tensors := rapid.SliceOfNDistinct(tensor, 0, 6, func(t Tensor) string { return t.Name })
	texts := rapid.MapOfN(rapid.String(), rapid.String(), 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		want, wantMeta := tensors.Draw(t, "tensors"), texts.Draw(t, "metadata")
		var b bytes.Buffer
		if err := Write(&b, want, wantMeta); err != nil {
			t.Fatal(err)
		}
		got, gotMeta, err := decode(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if !equal(got, want) || !maps.Equal(gotMeta, wantMeta) {
			t.Fatalf("wrote %v %v, read %v %v", want, wantMeta, got, gotMeta)
		}
		h, err := ReadHeader(bytes.NewReader(b.Bytes()), int64(b.Len()), "f")
		if err != nil || !maps.Equal(h.Metadata, wantMeta) || len(h.Tensors) != len(want) {
			t.Fatalf("header %+v, %v", h, err)
		}
		for i, info := range h.Tensors {
			if info.Name != want[i].Name || info.Elements() != len(want[i].Data) || info.DType != "F32" {
				t.Fatalf("header says %+v of %+v", info, want[i])
			}
		}
		// The JSON means the same to another reader of JSON, and the data begin at a multiple of 8.
		n := binary.LittleEndian.Uint64(b.Bytes())
		var other map[string]json.RawMessage
		if err := json.Unmarshal(b.Bytes()[8:8+n], &other); err != nil || len(other) != len(want)+1 || n%8 != 0 {
			t.Fatalf("%v: %d bytes of header: %s", err, n, b.Bytes()[8:8+n])
		}
	})
}

// TestBytes pins the format: these bytes are what other programs read.
func TestBytes(t *testing.T) {
	got := encode(t, []Tensor{{"w", []int{2}, []float32{1, -2}}, {"b", nil, []float32{0.5}}}, map[string]string{"zoo": "<&>", "a": "1"})
	header := `{"__metadata__":{"a":"1","inkling.data_crc32c":"D","inkling.header_crc32c":"H","zoo":"<&>"},` +
		`"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}`
	header = strings.Replace(header, `"D"`, `"86739cf2"`, 1)
	header = strings.Replace(header, `"H"`, `"bc5c6b0a"`, 1)
	header += strings.Repeat(" ", -len(header)&7)
	want := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	want = append(want, header...)
	want = append(want, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f)
	if !bytes.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestChunks writes tensors whose ends lie on and around those of the chunks.
func TestChunks(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const n = chunk / 4
	for _, sizes := range [][]int{{n}, {n - 1, 1}, {n - 1, 2}, {n + 1}, {1, 2*n - 1}, {3, 3 * n, 5}, {0, n, 0}, {}} {
		var want []Tensor
		for i, size := range sizes {
			want = append(want, filled(rng, fmt.Sprint("t", i), size))
		}
		got, _, err := decode(encode(t, want, nil))
		if err != nil || !equal(got, want) {
			t.Errorf("%v: not equal, %v", sizes, err)
		}
	}
}

func TestEveryPrefixIsRefused(t *testing.T) {
	file := small(t)
	for n := range file {
		// As a file that is that short, and as one that turns out shorter than its size.
		for _, size := range []int{n, len(file)} {
			var err error
			used := allocated(func() { _, _, err = Read(bytes.NewReader(file[:n]), int64(size), "f") })
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("%d of %d bytes: %v", n, size, err)
			}
			if used > bound(file[:n]) {
				t.Fatalf("%d bytes: %d bytes allocated, promised %d", n, used, bound(file[:n]))
			}
		}
	}
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	file := small(t)
	header := prefixLen + int(binary.LittleEndian.Uint64(file))
	for i := range file {
		for bit := range 8 {
			file[i] ^= 1 << bit
			_, _, err := decode(file)
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("byte %d, bit %d: %v", i, bit, err)
			}
			if i >= header && !strings.Contains(err.Error(), "damaged: the data do not match") {
				t.Fatalf("byte %d, bit %d of the data: %v", i, bit, err)
			}
			file[i] ^= 1 << bit
		}
	}
	if _, _, err := decode(file); err != nil {
		t.Fatal(err)
	}
}

// TestRewritten: sums that another program kept while it changed the data are found out.
func TestRewritten(t *testing.T) {
	file := small(t)
	spaced := bytes.Replace(file, []byte(`"inkling.header_crc32c":"`), []byte(`"inkling.header_crc32c": "`), 1)
	binary.LittleEndian.PutUint64(spaced, binary.LittleEndian.Uint64(file)+1)
	if _, _, err := decode(spaced); err == nil || !strings.Contains(err.Error(), "rewritten by another program") {
		t.Error(err)
	}
}

// build makes a file of any header and data.
func build(header string, data []byte) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(file, header...), data...)
}

func TestDTypes(t *testing.T) {
	le := binary.LittleEndian
	half := func(v ...uint16) (b []byte) {
		for _, v := range v {
			b = le.AppendUint16(b, v)
		}
		return b
	}
	double := func(v ...float64) (b []byte) {
		for _, v := range v {
			b = le.AppendUint64(b, math.Float64bits(v))
		}
		return b
	}
	nan := "holds numbers that are not finite"
	for _, c := range []struct {
		dtype string
		data  []byte
		want  []float32
		err   string
	}{
		{"F16", half(0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x0400, 0x3555), []float32{1, -2, 65504, 0x1p-24, 1023 * 0x1p-24, 0x1p-14, 0.333251953125}, ""},
		{"F16", half(0x8000, 0x8001), []float32{float32(math.Copysign(0, -1)), -0x1p-24}, ""},
		{"F16", half(0, 0x7c00), nil, nan},
		{"F16", half(0xfe00, 0), nil, nan},
		{"BF16", half(0x3f80, 0xc000, 0x7f7f, 0x0001), []float32{1, -2, 0x1.fep127, 0x1p-133}, ""},
		{"BF16", half(0xff80), nil, nan},
		{"F64", double(1, -math.Pi, math.MaxFloat32, 1e-60), []float32{1, -math.Pi, math.MaxFloat32, 0}, ""},
		{"F64", double(1e39), nil, nan},
		{"F64", double(math.NaN()), nil, nan},
		{"F32", le.AppendUint32(nil, math.Float32bits(math.MaxFloat32)), []float32{math.MaxFloat32}, ""},
		{"F32", le.AppendUint32(nil, 0x7f800000), nil, nan},
		{"F32", le.AppendUint32(nil, 0xff800001), nil, nan},
	} {
		n := len(c.data) / typeOf([]byte(c.dtype)).size
		file := build(fmt.Sprintf(`{"w":{"dtype":%q,"shape":[%d],"data_offsets":[0,%d]}}`, c.dtype, n, len(c.data)), c.data)
		got, _, err := decode(file)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), `tensor "w" `+c.err) {
				t.Errorf("%s %x: error %v", c.dtype, c.data, err)
			}
		case err != nil || !equal(got, []Tensor{{"w", []int{n}, c.want}}):
			t.Errorf("%s %x: %v, %v", c.dtype, c.data, got, err)
		}
	}
	// One infinity anywhere among others.
	for _, c := range []struct {
		dtype string
		inf   []byte
	}{{"F32", []byte{0, 0, 0x80, 0xff}}, {"F64", double(math.Inf(1))}, {"F16", half(0x7c00)}, {"BF16", half(0x7f80)}} {
		size := len(c.inf)
		for at := range 11 {
			data := make([]byte, 11*size)
			copy(data[at*size:], c.inf)
			_, _, err := decode(build(fmt.Sprintf(`{"w":{"dtype":%q,"shape":[11],"data_offsets":[0,%d]}}`, c.dtype, len(data)), data))
			if err == nil || !strings.Contains(err.Error(), `tensor "w" `+nan) {
				t.Errorf("%s, element %d: error %v", c.dtype, at, err)
			}
		}
	}
	// All of binary16 against the formula.
	for h := range 1 << 16 {
		var got [1]float32
		finite := decodeF16(got[:], half(uint16(h)))
		exp, frac := h>>10&31, float64(h&1023)
		want := math.Ldexp(1+frac/1024, exp-15)
		if exp == 0 {
			want = math.Ldexp(frac, -24)
		}
		if h>>15 == 1 {
			want = -want
		}
		if finite != (exp != 31) || finite && float64(got[0]) != want {
			t.Fatalf("%04x is %v, %v; want %v", h, got[0], finite, want)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	inf := float32(math.Inf(1))
	var b bytes.Buffer
	for _, v := range []float32{inf, -inf, inf - inf} {
		err := Write(&b, []Tensor{{"good", nil, []float32{1}}, {"bad", []int{1, 2}, []float32{0, v}}}, nil)
		if err == nil || err.Error() != `tensor "bad" holds numbers that are not finite` || b.Len() > 0 {
			t.Errorf("%v: %v, %d bytes", v, err, b.Len())
		}
	}
	for at := range 11 {
		data := make([]float32, 11)
		data[at] = inf
		if err := Write(&b, []Tensor{{"w", []int{11}, data}}, nil); err == nil || b.Len() > 0 {
			t.Errorf("element %d: %v, %d bytes", at, err, b.Len())
		}
	}
	if err := Write(&b, nil, map[string]string{"k": strings.Repeat("x", maxHeader)}); err == nil || b.Len() > 0 {
		t.Errorf("header too long: %v, %d bytes", err, b.Len())
	}
	one := []float32{1}
	for what, f := range map[string]func(){
		"shape":      func() { Write(&b, []Tensor{{"w", []int{2}, one}}, nil) },
		"negative":   func() { Write(&b, []Tensor{{"w", []int{-1, -1}, one}}, nil) },
		"rank":       func() { Write(&b, []Tensor{{"w", make([]int, 9), nil}}, nil) },
		"name":       func() { Write(&b, []Tensor{{"a/b", nil, one}}, nil) },
		"reserved":   func() { Write(&b, []Tensor{{metadataKey, nil, one}}, nil) },
		"repeats":    func() { Write(&b, []Tensor{{"w", nil, one}, {"w", nil, one}}, nil) },
		"utf8":       func() { Write(&b, []Tensor{{"\xff", nil, one}}, nil) },
		"metadata":   func() { Write(&b, nil, map[string]string{keyData: "0"}) },
		"metadata 8": func() { Write(&b, nil, map[string]string{"k": "\xff"}) },
		"many":       func() { Write(&b, make([]Tensor, maxTensors+1), nil) },
		"many/texts": func() { Write(&b, nil, manyTexts(maxMetadata-1)) },
		"not opened": func() { (&Run{}).SaveState(1, []byte("{}"), nil) },
	} {
		func() {
			defer func() {
				if p, _ := recover().(string); !strings.HasPrefix(p, "checkpoint: ") {
					t.Errorf("%s: panic %q", what, p)
				}
			}()
			f()
		}()
	}
}

func manyTexts(n int) map[string]string {
	m := map[string]string{}
	for i := range n {
		m[fmt.Sprint(i)] = "x"
	}
	return m
}

// A changer changes a tensor while it is written.
type changer struct {
	io.Writer
	tensor Tensor
}

func (c *changer) Write(b []byte) (int, error) {
	c.tensor.Data[0]++
	return c.Writer.Write(b)
}

func TestChangedWhileWritten(t *testing.T) {
	w := Tensor{"w", []int{3}, []float32{1, 2, 3}}
	if err := Write(&changer{io.Discard, w}, []Tensor{w}, nil); err == nil || !strings.Contains(err.Error(), "changed while they were written") {
		t.Error(err)
	}
}

// TestWriteKeepsNoCopy: the memory does not grow with the data.
func TestWriteKeepsNoCopy(t *testing.T) {
	w := Tensor{"w", []int{4 << 20}, make([]float32, 4<<20)}
	used := allocated(func() {
		if err := Write(io.Discard, []Tensor{w}, nil); err != nil {
			t.Error(err)
		}
	})
	if used > 1<<20 {
		t.Errorf("%d bytes allocated to write %d", used, 4*len(w.Data))
	}
}
