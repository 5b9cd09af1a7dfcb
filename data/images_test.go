package data

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// idxFile is an IDX file of unsigned bytes.
func idxFile(pixels string, dims ...uint32) string {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return string(b) + pixels
}

// npyFile is a .npy file of version 1, little-endian.
func npyFile(descr, shape string, numbers any) string {
	return npyText(fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape), numbers)
}

func npyText(header string, numbers any) string {
	header += strings.Repeat(" ", (128-(11+len(header))%64)%64) + "\n"
	var b bytes.Buffer
	b.WriteString(npyMagic + "\x01\x00")
	_ = binary.Write(&b, binary.LittleEndian, uint16(len(header)))
	b.WriteString(header)
	if numbers != nil {
		_ = binary.Write(&b, binary.LittleEndian, numbers)
	}
	return b.String()
}

// pngFile is a PNG of a picture.
func pngFile(m image.Image) string {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.String()
}

func jpegFile(m image.Image) string {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
		panic(err)
	}
	return b.String()
}

// grey is a grey picture.
func grey(height, width int, pixels ...byte) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, width, height))
	copy(m.Pix, pixels)
	return m
}

// colours is a picture of one row.
func colours(pixels ...color.NRGBA) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, len(pixels), 1))
	for i, c := range pixels {
		m.SetNRGBA(i, 0, c)
	}
	return m
}

// folder is one with files, by their paths in it.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// spelled is what a set holds: of each part the size of its pictures and their numbers, and the notes. Numbers that are
// shares of 255 are given as these.
func spelled(set *ImageSet, share float32) string {
	var b strings.Builder
	for i, m := range []*Images{set.Train, set.Valid, set.Test} {
		if m == nil {
			continue
		}
		fmt.Fprintf(&b, "%s %d×%d×%d:", partNames[i], m.Height, m.Width, m.Channels)
		p := make([]float32, m.Size())
		for i := range m.Len() {
			m.Read(p, i)
			for j := range p {
				p[j] *= share
			}
			fmt.Fprintf(&b, " %v", p)
		}
		b.WriteString("\n")
	}
	for _, n := range set.Notes {
		b.WriteString(n + "\n")
	}
	return b.String()
}

func TestOpenImages(t *testing.T) {
	const numbers = "\x00\x01\x02\x03\x04\xff\x06\x07"
	const binaryNote = "no number is larger than 1: they are taken as 0 and 1, not as 0 and 1/255\n"
	red, half := color.NRGBA{255, 0, 0, 255}, color.NRGBA{100, 0, 200, 51}
	deep := image.NewGray16(image.Rect(0, 0, 2, 1))
	deep.SetGray16(0, 0, color.Gray16{0x1234})
	palette := image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.Gray{7}, color.Gray{9}})
	palette.Pix[1] = 1
	var names []string
	many := map[string]string{}
	for i := range 40 {
		names = append(names, fmt.Sprintf("[%d %d]", i, 255-i))
		many[fmt.Sprintf("%02d.png", i)] = pngFile(grey(1, 2, byte(i), byte(255-i)))
	}
	for _, c := range []struct {
		name string
		path string
		o    ImageOptions
		want string
	}{
		{"an IDX file", file(t, idxFile(numbers, 2, 2, 2)), ImageOptions{}, "train 2×2×1: [0 1 2 3] [4 255 6 7]\n"},
		{"a packed IDX file", file(t, packedGzip(idxFile(numbers, 2, 2, 2))), ImageOptions{}, "train 2×2×1: [0 1 2 3] [4 255 6 7]\n"},
		{"an IDX file of two dimensions", file(t, idxFile(numbers, 2, 4)), ImageOptions{}, "train 1×4×1: [0 1 2 3] [4 255 6 7]\n"},
		{"an IDX file of colour", file(t, idxFile(numbers[:6], 1, 1, 2, 3)), ImageOptions{}, "train 1×2×3: [0 1 2 3 4 255]\n"},
		{"the same in grey", file(t, idxFile(numbers[:6], 1, 1, 2, 3)), ImageOptions{Gray: true}, "train 1×2×1: [1 32]\n"},
		{"a limit", file(t, idxFile(numbers, 4, 2)), ImageOptions{Limit: 3}, "train 1×2×1: [0 1] [2 3] [4 255]\n"},
		{
			"a folder of IDX files", folder(t, map[string]string{
				"train-images-idx3-ubyte": idxFile(numbers, 2, 1, 4), "train-labels-idx1-ubyte": "?", "t10k-images.idx3-ubyte.gz": packedGzip(idxFile("\x09\x08\x07\x06", 1, 1, 4)),
				"valid-images-idx3-ubyte.gz": packedGzip(idxFile("\x01\x01\x01\x01", 1, 1, 4)), "a.png": "?", "train-images-idx3-ubyte.gz": "?",
			}),
			ImageOptions{},
			"train 1×4×1: [0 1 2 3] [4 255 6 7]\nvalid 1×4×1: [1 1 1 1]\ntest 1×4×1: [9 8 7 6]\nall pixels of the valid part are equal, 0.00392: there is nothing to learn from it\n",
		},
		{
			"its test part", folder(t, map[string]string{"train-images-idx3-ubyte": "?", "t10k-images-idx3-ubyte": idxFile(numbers, 2, 1, 4)}),
			ImageOptions{Part: TestPart},
			"test 1×4×1: [0 1 2 3] [4 255 6 7]\n",
		},
		{
			"a folder without a test part", folder(t, map[string]string{"train-images-idx3-ubyte": idxFile(numbers, 2, 1, 4)}),
			ImageOptions{Part: TestPart},
			"train 1×4×1: [0 1 2 3] [4 255 6 7]\n",
		},
		{"0 and 1", file(t, idxFile("\x00\x01\x01\x00", 2, 1, 2)), ImageOptions{}, "train 1×2×1: [0 255] [255 0]\n" + binaryNote},
		{"0 to 2", file(t, idxFile("\x00\x02\x01\x00", 2, 1, 2)), ImageOptions{}, "train 1×2×1: [0 2] [1 0]\n"},
		{"red of 0 and 1 in grey", file(t, idxFile("\x01\x00\x00\x01\x01\x01", 1, 1, 2, 3)), ImageOptions{Gray: true}, "train 1×2×1: [76 255]\n" + binaryNote},
		{"black", file(t, idxFile("\x00\x00", 1, 1, 2)), ImageOptions{}, "train 1×2×1: [0 0]\nall pixels of the train part are equal, 0: there is nothing to learn from it\n"},
		{"uint8", file(t, npyFile("|u1", "(2, 2)", []byte{3, 2, 1, 0})), ImageOptions{}, "train 1×2×1: [3 2] [1 0]\n"},
		{"bool", file(t, npyFile("|b1", "(2, 1, 2)", []byte{1, 0, 1, 1})), ImageOptions{}, "train 1×2×1: [255 0] [255 255]\n" + binaryNote},
		{"int64", file(t, npyFile("<i8", "(1, 1, 2, 1)", []int64{255, 7})), ImageOptions{}, "train 1×2×1: [255 7]\n"},
		{"int8", file(t, npyFile("|i1", "(1, 2)", []int8{127, 7})), ImageOptions{}, "train 1×2×1: [127 7]\n"},
		{"int16", file(t, npyFile("<i2", "(1, 2)", []int16{255, 7})), ImageOptions{}, "train 1×2×1: [255 7]\n"},
		{"uint16", file(t, npyFile("<u2", "(1, 2)", []uint16{255, 7})), ImageOptions{}, "train 1×2×1: [255 7]\n"},
		{"int32", file(t, npyFile("<i4", "(1, 2)", []int32{255, 7})), ImageOptions{}, "train 1×2×1: [255 7]\n"},
		{"uint32", file(t, npyFile("<u4", "(1, 2)", []uint32{255, 7})), ImageOptions{}, "train 1×2×1: [255 7]\n"},
		{"uint64", file(t, npyFile("<u8", "(1, 2)", []uint64{255, 7})), ImageOptions{}, "train 1×2×1: [255 7]\n"},
		{"float32", file(t, npyFile("<f4", "(2, 1, 2)", []float32{-1.5, 0, 1e9, 0.25})), ImageOptions{}, "train 1×2×1: [-382.5 0] [2.55e+11 63.75]\n"},
		{"float64", file(t, npyFile("<f8", "(2, 1, 2)", []float64{-1, 0, 1, 2})), ImageOptions{Limit: 1}, "train 1×2×1: [-255 0]\n"},
		{"floats of colour in grey", file(t, npyFile("<f4", "(1, 1, 2, 3)", []float32{1, 0, 0, 1, 1, 1})), ImageOptions{Gray: true}, "train 1×2×1: [76.244995 255]\n"},
		{"a header in another order", file(t, npyText(`{"shape": (1,2), "fortran_order":False,'descr':'|u1'}`, []byte{3, 2})), ImageOptions{}, "train 1×2×1: [3 2]\n"},
		{"version 2", file(t, npyMagic+"\x02\x00\x3b\x00\x00\x00{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }\x03\x02"), ImageOptions{}, "train 1×2×1: [3 2]\n"},
		{
			"a folder of .npy files", folder(t, map[string]string{"train.npy": npyFile("|u1", "(1, 2)", []byte{3, 2}), "test.npy": npyFile("|u1", "(1, 2)", []byte{1, 0}), "labels.npy": "?"}),
			ImageOptions{},
			"train 1×2×1: [3 2]\ntest 1×2×1: [1 0]\n",
		},
		{"an .amat file", file(t, "0 1\n1 0\n1 1\n"), ImageOptions{Limit: 2}, "train 1×2×1: [0 255] [255 0]\n" + binaryNote},
		{
			"a folder of .amat files", folder(t, map[string]string{"binarized_mnist_train.amat": "0 1 1 1\n", "binarized_mnist_test.amat": "0 0 1 1\n"}),
			ImageOptions{},
			"train 2×2×1: [0 255 255 255]\ntest 2×2×1: [0 0 255 255]\n" + binaryNote,
		},
		{"a grey PNG", file(t, pngFile(grey(2, 1, 1, 0))), ImageOptions{}, "train 2×1×1: [1 0]\n"},
		{"a PNG of 16 bits", file(t, pngFile(deep)), ImageOptions{}, "train 1×2×1: [18 0]\n1 of 1 pictures are of 16 bits: 8 are kept\n"},
		{"a PNG of a grey palette", file(t, pngFile(palette)), ImageOptions{}, "train 1×2×1: [7 9]\n"},
		{"a coloured PNG", file(t, pngFile(colours(red, color.NRGBA{1, 2, 3, 255}))), ImageOptions{}, "train 1×2×3: [255 0 0 1 2 3]\n"},
		{"the same in grey", file(t, pngFile(colours(red, color.NRGBA{1, 2, 3, 255}))), ImageOptions{Gray: true}, "train 1×2×1: [76 2]\n"},
		{"a transparent PNG", file(t, pngFile(colours(half, color.NRGBA{}))), ImageOptions{}, "train 1×2×3: [224 204 244 255 255 255]\n1 of 1 pictures are transparent in places: they are laid over white\n"},
		{"a grey JPEG", file(t, jpegFile(grey(1, 2, 80, 80))), ImageOptions{}, "train 1×2×1: [80 80]\nall pixels of the train part are equal, 0.314: there is nothing to learn from it\n"},
		{"a coloured JPEG", file(t, jpegFile(colours(red, red))), ImageOptions{}, "train 1×2×3: [254 0 0 254 0 0]\n"},
		{"a folder of pictures", folder(t, many), ImageOptions{}, "train 1×2×1: " + strings.Join(names, " ") + "\n"},
		{"the first of them", folder(t, many), ImageOptions{Limit: 2}, "train 1×2×1: [0 255] [1 254]\n"},
		{
			"grey and colour", folder(t, map[string]string{"b/1.PNG": pngFile(grey(1, 1, 9)), "a/2.jpeg": jpegFile(grey(1, 1, 80)), ".hidden.png": "?", "notes.txt": "?", "b/0.png": pngFile(colours(red))}),
			ImageOptions{},
			"train 1×1×3: [80 80 80] [255 0 0] [9 9 9]\n2 of 3 pictures are grey: they are read in colour, as the others\n",
		},
		{
			"parts", folder(t, map[string]string{"train/1.png": pngFile(grey(1, 2, 9)), "test/a/2.png": pngFile(grey(1, 2, 8)), "valid/3.png": pngFile(grey(1, 2, 7)), "3.png": "?", "other/3.png": "?"}),
			ImageOptions{},
			"train 1×2×1: [9 0]\nvalid 1×2×1: [7 0]\ntest 1×2×1: [8 0]\n2 pictures outside of the folders train, valid and test are passed over: 3.png is the first\n",
		},
	} {
		set, err := OpenImages(c.path, c.o)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := strings.ReplaceAll(spelled(set, 255), c.path+string(filepath.Separator), ""); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
		if set.Name != c.path {
			t.Errorf("%s: called %s", c.name, set.Name)
		}
	}
}

// TestImagesSource holds what a set is known by against hashes taken otherwise.
func TestImagesSource(t *testing.T) {
	sum := func(s string) string {
		h := sha256.Sum256([]byte(s))
		return string(h[:])
	}
	train, test := idxFile("\x00\x01", 1, 1, 2), idxFile("\x02\x03", 1, 1, 2)
	a, b := pngFile(grey(1, 1, 9)), pngFile(grey(1, 1, 8))
	for _, c := range []struct {
		path string
		size int
		want string
	}{
		{file(t, train), len(train), sum(train)},
		{file(t, packedGzip(train)), len(train), sum(train)},
		{file(t, a), len(a), sum(a)},
		{folder(t, map[string]string{"t10k-images-idx3-ubyte": test, "train-images-idx3-ubyte": train}), len(train + test), sum(sum(train) + sum(test))},
		{folder(t, map[string]string{"2.png": b, "1.png": a}), len(a + b), sum(sum(a) + sum(b))},
	} {
		set, err := OpenImages(c.path, ImageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if set.SHA256 != hex.EncodeToString([]byte(c.want)) || set.Size != int64(c.size) {
			t.Errorf("%s: %s, %d bytes", c.path, set.SHA256, set.Size)
		}
	}
}

func TestImages(t *testing.T) {
	for _, c := range []struct {
		path  string
		bytes int64
	}{
		{file(t, idxFile("\x00\x02\x04\x06\x08\xff", 3, 2)), 6},
		{file(t, npyFile("<f4", "(3, 2)", []float32{0, 2, 4, 6, 8, 255})), 24},
	} {
		set, err := OpenImages(c.path, ImageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		m := set.Train
		if m.Len() != 3 || m.Size() != 2 || m.Bytes() != c.bytes {
			t.Errorf("%d pictures of %d in %d bytes", m.Len(), m.Size(), m.Bytes())
		}
		s := m.Slice(1, 3)
		if s.Len() != 2 || m.Slice(1, 1).Len() != 0 || m.Slice(3, 3).Len() != 0 {
			t.Error("slices are of another length")
		}
		p, q := make([]float32, 2), make([]float32, 2)
		for i := range 2 {
			m.Read(p, i+1)
			s.Read(q, i)
			if !slices.Equal(p, q) {
				t.Errorf("picture %d is %v, and of the slice %v", i, p, q)
			}
		}
		first := m.Slice(0, 1)
		_, _ = append(first.bytes, 7), append(first.floats, 7)
		if s.Read(p, 0); p[0] != 4 && p[0]*255 != 4 {
			t.Errorf("what is added to a slice is written over what follows: %v", p)
		}
		for name, f := range map[string]func(){
			"beyond": func() { m.Read(p, 3) }, "before": func() { m.Read(p, -1) }, "short": func() { m.Read(p[:1], 0) }, "slice": func() { m.Slice(2, 4) }, "turned": func() { m.Slice(2, 1) },
		} {
			func() {
				defer func() {
					if r := fmt.Sprint(recover()); !strings.HasPrefix(r, "data: ") {
						t.Errorf("%s: panics with %s", name, r)
					}
				}()
				f()
			}()
		}
		if n := testing.AllocsPerRun(10, func() { m.Read(p, 1) }); n > 0 {
			t.Errorf("a read allocates %v times", n)
		}
	}
}

// TestLuminance holds the whole numbers against Rec. 601, and grey against itself.
func TestLuminance(t *testing.T) {
	for i := range 256 {
		if b := byte(i); luminance([]byte{b, b, b}) != b {
			t.Errorf("grey %d is %d", b, luminance([]byte{b, b, b}))
		}
	}
	for r := 0; r < 256; r += 5 {
		for g := 0; g < 256; g += 3 {
			for b := 0; b < 256; b += 7 {
				want := 0.299*float64(r) + 0.587*float64(g) + 0.114*float64(b)
				if got := luminance([]byte{byte(r), byte(g), byte(b)}); math.Abs(float64(got)-want) > 0.51 {
					t.Fatalf("%d %d %d is %d, want %.2f", r, g, b, got, want)
				}
			}
		}
	}
}

// TestPicturesOnAnyCores reads a folder on one core and on many.
func TestPicturesOnAnyCores(t *testing.T) {
	files := map[string]string{}
	for i := range 60 {
		files[fmt.Sprintf("%d/%d.png", i%7, i)] = pngFile(grey(2, 3, byte(i), byte(3*i), 0, 1, 2, byte(7*i)))
	}
	dir := folder(t, files)
	var before string
	for _, cores := range []int{1, 2, 8} {
		old := runtime.GOMAXPROCS(cores)
		set, err := OpenImages(dir, ImageOptions{})
		runtime.GOMAXPROCS(old)
		if err != nil {
			t.Fatal(err)
		}
		got := spelled(set, 255) + set.SHA256
		if before != "" && got != before {
			t.Errorf("%d cores read\n%s\nand fewer\n%s", cores, got, before)
		}
		before = got
	}
}

// TestMNIST reads the real files. They are no part of the program: put mnist/ and binarized-mnist/ into a folder and name
// it in INKLING_DATA.
func TestMNIST(t *testing.T) {
	dir := os.Getenv("INKLING_DATA")
	for _, c := range []struct {
		name               string
		train, valid, test int
		mean               float64 // of the training part
		note               string
	}{
		{"mnist", 60000, 0, 10000, 0.1307, ""}, // the mean that everybody normalizes by
		{"binarized-mnist", 50000, 10000, 10000, 0.13, "they are taken as 0 and 1"},
	} {
		path := filepath.Join(dir, c.name)
		if _, err := os.Stat(path); dir == "" || err != nil {
			t.Logf("%s is not here: put it into a folder and name that in INKLING_DATA", c.name)
			continue
		}
		set, err := OpenImages(path, ImageOptions{MaxBytes: 60 << 20})
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []struct {
			m *Images
			n int
		}{{set.Train, c.train}, {set.Valid, c.valid}, {set.Test, c.test}} {
			if part.m == nil && part.n == 0 {
				continue
			}
			if part.m.Len() != part.n || part.m.Bytes() != int64(part.n)*784 || part.m.Height != 28 || part.m.Width != 28 || part.m.Channels != 1 {
				t.Errorf("%s: %d pictures in %d bytes", c.name, part.m.Len(), part.m.Bytes())
			}
		}
		var sum float64
		p := make([]float32, 784)
		for i := range set.Train.Len() {
			set.Train.Read(p, i)
			for _, v := range p {
				sum += float64(v)
			}
		}
		if mean := sum / float64(set.Train.Len()*784); math.Abs(mean-c.mean) > 0.005 {
			t.Errorf("%s: the mean is %.4f", c.name, mean)
		}
		if notes := strings.Join(set.Notes, "\n"); !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
			t.Errorf("%s: %s", c.name, notes)
		}
	}
}

func BenchmarkOpenImages(b *testing.B) {
	z := new(bytes.Buffer)
	w, _ := gzip.NewWriterLevel(z, gzip.BestSpeed)
	pixels := make([]byte, 10000*784)
	for i := range pixels {
		if i%784 > 200 && i%784 < 400 {
			pixels[i] = byte(i * i >> 3)
		}
	}
	_, _ = w.Write([]byte(idxFile(string(pixels), 10000, 28, 28)))
	_ = w.Close()
	path := file(b, z.String())
	b.SetBytes(int64(len(pixels)))
	for b.Loop() {
		if _, err := OpenImages(path, ImageOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestSpread: pictures in order are parted so that both parts have some of everything, each picture in one of them.
func TestSpread(t *testing.T) {
	set, err := OpenImages(file(t, npyFile("|u1", "(7, 1, 1)", []byte{0, 10, 20, 30, 40, 50, 60})), ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	numbers := func(m *Images) (all []int) {
		var x [1]float32
		for i := range m.Len() {
			m.Read(x[:], i)
			all = append(all, int(x[0]*255+0.5))
		}
		return all
	}
	for n, want := range map[int][2][]int{0: {nil, {0, 10, 20, 30, 40, 50, 60}}, 2: {{30, 60}, {0, 10, 20, 40, 50}}, 3: {{20, 40, 60}, {0, 10, 30, 50}}, 7: {{0, 10, 20, 30, 40, 50, 60}, nil}} {
		picked, rest := set.Train.Spread(n)
		if got := [2][]int{numbers(picked), numbers(rest)}; !reflect.DeepEqual(got, want) {
			t.Errorf("%d of 7: %v, want %v", n, got, want)
		}
	}
	picked, rest := set.Train.Spread(3)
	if got := numbers(rest.Slice(1, 3).Pick([]int{1, 0, 1})); !slices.Equal(got, []int{30, 10, 30}) {
		t.Errorf("picked of a slice of the rest: %v", got)
	}
	for i, want := range []int{4, 3} {
		if got := set.Train.Slice(1, 6).Slice(1, 5).Pick([]int{2, 1}).Number(i); got != want {
			t.Errorf("picture %d was number %d, not %d", i, want, got)
		}
	}
	if picked.Bytes() != 7 {
		t.Errorf("%d bytes, where all are 7", picked.Bytes())
	}
}
