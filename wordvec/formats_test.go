package wordvec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Formats of one matrix, the words of NumPy's after it.
var formats = map[string]struct {
	write func(v *Vectors, w *bytes.Buffer) error
	read  func(raw []byte, limit int) (*Vectors, error)
}{
	"text":   {func(v *Vectors, w *bytes.Buffer) error { return v.WriteText(w) }, func(raw []byte, n int) (*Vectors, error) { return ReadText(bytes.NewReader(raw), n) }},
	"binary": {func(v *Vectors, w *bytes.Buffer) error { return v.WriteBinary(w) }, func(raw []byte, n int) (*Vectors, error) { return ReadBinary(bytes.NewReader(raw), n) }},
	"npy": {
		func(v *Vectors, w *bytes.Buffer) error {
			if err := v.WriteNPY(w); err != nil {
				return err
			}
			return v.WriteWords(w)
		},
		func(raw []byte, n int) (*Vectors, error) {
			r := bytes.NewReader(raw) // ReadNPY reads ahead, so the words are found by the size that the header says
			size := 10 + int(binary.LittleEndian.Uint16(raw[8:]))
			header := string(raw[10:size])
			var rows, dim int
			if _, err := fmt.Sscanf(header[strings.Index(header, "("):], "(%d, %d)", &rows, &dim); err != nil {
				return nil, err
			}
			return ReadNPY(io.LimitReader(r, int64(size+4*rows*dim)), bytes.NewReader(raw[size+4*rows*dim:]), n)
		},
	},
}

// TestFormats writes and reads any vectors; a limit gives the first ones.
func TestFormats(t *testing.T) {
	for name, f := range formats {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				dim := rapid.IntRange(1, 40).Draw(t, "dim")
				words := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-zA-Zäß_'0-9.☃]{1,8}`), 1, 20, rapid.ID[string]).Draw(t, "words")
				data := rapid.SliceOfN(rapid.Float32Range(-math.MaxFloat32, math.MaxFloat32), len(words)*dim, len(words)*dim).Draw(t, "data")
				limit := rapid.IntRange(0, len(words)+2).Draw(t, "limit")
				var b bytes.Buffer
				if err := f.write(NewVectors(words, dim, data), &b); err != nil {
					t.Fatal(err)
				}
				v, err := f.read(b.Bytes(), limit)
				if err != nil {
					t.Fatal(err)
				}
				n := len(words)
				if limit > 0 {
					n = min(n, limit)
				}
				if v.Dim != dim || !reflect.DeepEqual(v.Words, words[:n]) || !reflect.DeepEqual(v.Data, data[:n*dim]) {
					t.Fatalf("%v of %q became %v of %q", data, words, v.Data, v.Words)
				}
				if i, ok := v.Find(words[n-1]); !ok || i != n-1 {
					t.Fatalf("%q is not found", words[n-1])
				}
			})
		})
	}
}

// TestRoom: memory is taken at once for what a file says and has room for, and for no more, whatever its first line says.
func TestRoom(t *testing.T) {
	v, err := ReadText(strings.NewReader("3 2\na 1 2\nb 3 4\nc 5 6\n"), 0)
	if err != nil || cap(v.Data) != 6 || cap(v.Words) != 3 {
		t.Errorf("room for %d numbers and %d words, %v", cap(v.Data), cap(v.Words), err)
	}
	if v, err = ReadText(strings.NewReader("3 2\na 1 2\nb 3 4\nc 5 6\n"), 2); err != nil || cap(v.Data) != 4 {
		t.Errorf("with a limit: room for %d numbers, %v", cap(v.Data), err)
	}
	if v, err = ReadText(strings.NewReader("2000000000 16384\na"+strings.Repeat(" 1", 16384)+"\n"), 1); err != nil || cap(v.Data) != 16384 {
		t.Errorf("of a header that lies: %v", err)
	}
	for name, read := range map[string]func(io.Reader, int) (*Vectors, error){"text": ReadText, "binary": ReadBinary} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := read(strings.NewReader("2000000000 16384\na "), 0); err == nil {
			t.Errorf("%s: it is taken", name)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
			t.Errorf("%s: %d bytes were taken for a file of 20", name, took)
		}
	}
}

// TestOthers reads what other programs write: word2vec ends lines of text with a space, and gensim does not end those of
// the binary format.
func TestOthers(t *testing.T) {
	want := NewVectors([]string{"king", "queen"}, 2, []float32{1, -0.5, 0.25, 2})
	for name, text := range map[string]string{
		"word2vec": "2 2\nking 1.000000 -0.500000 \nqueen 0.250000 2.000000 \n",
		"windows":  "2 2\r\nking 1 -0.5\r\nqueen 0.25 2\r\n",
		"no end":   "2 2\nking 1 -5e-1\nqueen .25 2",
	} {
		v, err := ReadText(strings.NewReader(text), 0)
		if err != nil || !reflect.DeepEqual(v.Words, want.Words) || !reflect.DeepEqual(v.Data, want.Data) {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	number := func(x ...float32) (s string) {
		for _, a := range x {
			s += string(binary.LittleEndian.AppendUint32(nil, math.Float32bits(a)))
		}
		return s
	}
	for name, raw := range map[string]string{
		"gensim":   "2 2\nking " + number(1, -0.5) + "queen " + number(0.25, 2),
		"word2vec": "2 2\nking " + number(1, -0.5) + "\nqueen " + number(0.25, 2) + "\n",
	} {
		v, err := ReadBinary(strings.NewReader(raw), 0)
		if err != nil || !reflect.DeepEqual(v.Words, want.Words) || !reflect.DeepEqual(v.Data, want.Data) {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	// numpy.save of a float64 matrix.
	header := "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }"
	header += strings.Repeat(" ", 117-len(header)) + "\n"
	raw := npyMagic + string([]byte{118, 0}) + header
	for _, x := range []float64{1.5, -2} {
		raw += string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(x)))
	}
	if v, err := ReadNPY(strings.NewReader(raw), strings.NewReader("a\n"), 0); err != nil || !reflect.DeepEqual(v.Data, []float32{1.5, -2}) {
		t.Errorf("numpy: %v, %v", v, err)
	}
}

// TestRefused: what is wrong is said in one line.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "is empty"},
		{"king 1 2\n", "must be two numbers"},
		{"2\nking 1\n", "must be two numbers"},
		{"0 2\n", "there must be a vector"},
		{"1 0\nking\n", "there must be a vector"},
		{"1 99999999\nking 1\n", "there must be a vector"},
		{"2 2\nking 1 2\n", "ends after 1 vectors, where its first line says 2"},
		{"1 2\nking 1 2\nqueen 1 2\n", "goes on after 1 vectors"},
		{"1 2\nking 1\n", `line 2: the word "king" has 1 numbers, where the first line says 2`},
		{"1 2\nking 1 2 3\n", "has 3 numbers"},
		{"1 2\nnew york 1 2\n", "has the word a space in it?"},
		{"1 2\nking 1 NaN\n", "not finite"},
		{"1 2\nking 1 1e99\n", "not finite"},
		{"2 2\nking 1 2\nking 3 4\n", `line 3: the word "king" is there a second time: it was vector 1`},
		{"1 2\n 1 2\n", "line 2: an empty word"},
		{"1 1\n\xff 1\n", "no UTF-8"},
		{"1 1\nking " + strings.Repeat("1", 9000) + "\n", "longer than"},
	} {
		_, err := ReadText(strings.NewReader(c.text), 0)
		oneLineError(t, c.text, err, c.want)
	}
	for _, c := range []struct{ raw, want string }{
		{"2 1\na \x00\x00\x80\x3fa \x00\x00\x80\x3f", "vector 2: the word \"a\" is there a second time"},
		{"1 1\na \x00\x00\xc0\x7f", "not finite"},
		{"1 2\na \x00\x00\x80\x3f", "ends within vector 1"},
		{"1 1\na \x00\x00\x80\x3fb \x00\x00\x80\x3f", "goes on after 1 vectors"},
		{"1 1\na \x00\x00\x80\x3f\n\x00", "goes on after 1 vectors"},
		{"1 1\n \x00\x00\x80\x3f", "an empty word"},
		{"1 1\n" + strings.Repeat("a", 5000) + " \x00\x00\x80\x3f", "more than 4096 bytes"},
	} {
		_, err := ReadBinary(strings.NewReader(c.raw), 0)
		oneLineError(t, c.raw, err, c.want)
	}
	npy := func(header string) string { return npyMagic + string([]byte{byte(len(header)), 0}) + header }
	for _, c := range []struct{ raw, words, want string }{
		{"", "", "cut short"},
		{"hello, I am a text", "", "not a matrix of NumPy"},
		{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }\n"), "a\n", "cut short"},
		{npy("{'descr': '<i4', 'fortran_order': False, 'shape': (1, 1), }\n") + "1234", "a\n", "must be <f4 or <f8"},
		{npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }\n") + "1234", "a\n", "column by column"},
		{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n") + "1234", "a\n", "not a matrix"},
		{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 1), }\n"), "a\n", "a matrix of 0 × 1"},
		{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n") + "12341234", "a\n", "1 words for a matrix of 2 rows"},
		{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }\n") + "1234", "a\nb\n", "more than 1 words for a matrix of 1 rows"},
		{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }\n") + "12341234", "a\n", "goes on after 1 rows of 1 numbers"},
	} {
		_, err := ReadNPY(strings.NewReader(c.raw), strings.NewReader(c.words), 0)
		oneLineError(t, c.raw, err, c.want)
	}
	v := NewVectors([]string{"new york"}, 1, []float32{1})
	oneLineError(t, "writing", v.WriteText(io.Discard), "white space")
	oneLineError(t, "writing", v.WriteBinary(io.Discard), "white space")
}

func oneLineError(t *testing.T, of string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%.60q: %v, want one line with %q", of, err, want)
	}
}

// FuzzText and its siblings: a file is refused in one line, or gives vectors that come back as they are.
func FuzzText(f *testing.F)   { fuzz(f, "text") }
func FuzzBinary(f *testing.F) { fuzz(f, "binary") }

func fuzz(f *testing.F, format string) {
	var b bytes.Buffer
	if err := formats[format].write(NewVectors([]string{"a", "ß"}, 2, []float32{1, -2, 3e-30, 4}), &b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("99999999 16384\nking "))
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := formats[format].read(raw, 0)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("more than a line: %v", err)
			}
			return
		}
		roundTrip(t, v, format)
	})
}

func roundTrip(t *testing.T, v *Vectors, format string) {
	t.Helper()
	var b bytes.Buffer
	if err := formats[format].write(v, &b); err != nil {
		t.Fatal(err)
	}
	again, err := formats[format].read(b.Bytes(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.Words, v.Words) || again.Dim != v.Dim || len(again.Data) != len(v.Data) {
		t.Fatalf("%q became %q", v.Words, again.Words)
	}
	for i, x := range v.Data {
		if math.Float32bits(x) != math.Float32bits(again.Data[i]) {
			t.Fatalf("%g became %g", x, again.Data[i])
		}
	}
}

// FuzzNPY reads any matrix with any words.
func FuzzNPY(f *testing.F) {
	var m bytes.Buffer
	if err := NewVectors([]string{"a", "b"}, 2, []float32{1, -2, 3, 4}).WriteNPY(&m); err != nil {
		f.Fatal(err)
	}
	f.Add(m.Bytes(), []byte("a\nb\n"))
	f.Fuzz(func(t *testing.T, raw, words []byte) {
		v, err := ReadNPY(bytes.NewReader(raw), bytes.NewReader(words), 0)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("more than a line: %v", err)
			}
			return
		}
		roundTrip(t, v, "npy")
	})
}

// TestGensimFiles reads files that gensim 4.2.0 wrote of a model of its own, and finds what gensim finds in them; see
// testdata/gensim_files.py.
func TestGensimFiles(t *testing.T) {
	open := func(name string, read func(io.Reader, int) (*Vectors, error)) *Vectors {
		file, err := os.Open(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		v, err := read(file, 0)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	text, raw := open("gensim.txt", ReadText), open("gensim.bin", ReadBinary)
	if !reflect.DeepEqual(text.Words, raw.Words) || !reflect.DeepEqual(text.Data, raw.Data) {
		t.Error("the text and the binary file of gensim differ")
	}
	check := func(name string, got, want []Neighbour, within float64) {
		t.Helper()
		for i, n := range want {
			if i >= len(got) || got[i].Word != n.Word || math.Abs(got[i].Score-n.Score) > within {
				t.Errorf("%s: %v, and gensim finds %v", name, got, want)
				return
			}
		}
	}
	at := func(words ...string) (list []int) {
		for _, w := range words {
			n, ok := raw.Find(w)
			if !ok {
				t.Fatalf("no word %q", w)
			}
			list = append(list, n)
		}
		return list
	}
	check("nearest", raw.Nearest(at("king"), 3), gensimNearest, 2e-6)
	check("nearest to two", raw.Nearest(at("king", "day"), 3), gensimNearestTwo, 2e-6)
	q := at("man", "king", "woman")
	check("3CosAdd", raw.Analogy(q[0], q[1], q[2], 3, false), gensimAdd, 2e-6)
	check("3CosMul", raw.Analogy(q[0], q[1], q[2], 3, true), gensimMul, 4e-3) // whose ε is 10⁻⁶, and that of the paper 10⁻³
}
