package data

import (
	"image/color"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// readsOrSays reads a file that may hold anything: it is read whole and as it says, or the error is a line that names
// it. Whatever it claims, little memory is taken for a short file.
func readsOrSays(t *testing.T, path string, content []byte, times uint64) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, o := range []ImageOptions{{}, {Gray: true, Limit: 1}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		set, err := OpenImages(path, o)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20+times*uint64(len(content)) {
			t.Fatalf("%d bytes took %d of memory", len(content), took)
		}
		if err != nil {
			if !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("the error is %q", err)
			}
			continue
		}
		m := set.Train
		if m.Len() < 1 || o.Gray && (m.Channels == 3 || m.Len() > 1) {
			t.Fatalf("%d pictures of %d channels", m.Len(), m.Channels)
		}
		p := make([]float32, m.Size())
		for i := range m.Len() {
			m.Read(p, i)
			for _, v := range p {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || m.floats == nil && (v < 0 || v > 1) {
					t.Fatalf("picture %d has %v", i, v)
				}
			}
		}
	}
}

// FuzzIDX has .amat as well.
func FuzzIDX(f *testing.F) {
	good := idxFile("\x00\x02\x04\xff\x08\x09", 1, 2, 1, 3)
	for _, s := range []string{good, good[:15], good + "\x00", packedGzip(good), packedGzip(good)[:20], idxFile("\x01\x00", 2, 1), idxFile("", math.MaxUint32, math.MaxUint32, math.MaxUint32), "\x00\x00\x0d\x02", "", "0 1\n1 1\n", "0 1\n12"} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "images")
	f.Fuzz(func(t *testing.T, content []byte) { readsOrSays(t, path, content, 2*deflateMost) })
}

func FuzzNPY(f *testing.F) {
	good := npyFile("<f4", "(2, 1, 2, 3)", make([]float32, 12))
	for _, s := range []string{
		good, good[:50], good + "\x00", packedGzip(good), npyFile("|u1", "(1, 2)", []byte{1, 2}), npyFile("<i8", "(1, 2)", []int64{1, 2}), npyFile(">f8", "(99999999999, 9999999)", nil),
		npyFile("|O", "()", nil), npyMagic + "\x02\x00\xff\xff\xff\xff", npyMagic + "\x01\x00\x00\x00", npyText("'shape': (),'descr':[],", nil),
	} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "images")
	f.Fuzz(func(t *testing.T, content []byte) { readsOrSays(t, path, content, 2*deflateMost) })
}

// FuzzPicture reads pictures of which the size is bounded, as far as their headers can be believed.
func FuzzPicture(f *testing.F) {
	red := colours(color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 0, 0, 7})
	for _, s := range []string{pngFile(grey(2, 2, 1, 2, 3, 4)), pngFile(red), jpegFile(red), jpegFile(grey(1, 1)), claimedPNG(30000, 30000), claimedPNG(10, 10), pngMagic, jpegMagic} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "images")
	f.Fuzz(func(t *testing.T, content []byte) {
		q := &picture{name: path}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := q.look(); err == nil && q.shape.size() > 1<<16 {
			return // it takes long
		}
		readsOrSays(t, path, content, 2*deflateMost)
	})
}
