package data

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image/color"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// claimedPNG is a PNG of which the header says how large it is, and that has next to nothing behind it.
func claimedPNG(width, height uint32) string {
	chunk := func(kind, content string) string {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
		b = append(b, kind+content...)
		return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(kind+content))))
	}
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	return pngMagic + chunk("IHDR", string(size)+"\x08\x02\x00\x00\x00") + chunk("IDAT", "\x78\x9c\x03\x00\x00\x00\x00\x01") + chunk("IEND", "")
}

func TestBadImages(t *testing.T) {
	good := idxFile("\x00\x02\x04\x06", 2, 2, 1)
	square, wide := pngFile(grey(2, 2)), pngFile(grey(2, 3))
	noise := grey(40, 40)
	for i := range noise.Pix {
		noise.Pix[i] = byte(i * i * 7 >> 3)
	}
	photo, drawing := jpegFile(noise), pngFile(noise)
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for _, c := range []struct {
		name string
		path string
		want string
	}{
		{"no file", "no/such/file", "there is no file no/such/file"},
		{"an empty file", file(t, ""), "is empty: name a file with pictures"},
		{"an empty folder", t.TempDir(), "is an empty folder: name one with pictures"},
		{"a folder of texts", folder(t, map[string]string{"a.txt": "", "b.txt": "", "c/d": "", "e": ""}), "holds no pictures that can be read: IDX files by their usual names, train.npy, train.amat, PNG and JPEG can, and it has a.txt, b.txt, c, …"},
		{"a text", file(t, "some words"), "is no file of pictures: IDX, .npy, .amat, PNG and JPEG can be read"},
		{"an archive", file(t, "PK\x03\x04abcd"), "is an archive (.zip or .npz): unpack it"},
		{"a device", os.DevNull, "is no file of which the size is known"},

		{"an IDX file of labels", file(t, idxFile("\x00\x01", 2)), "is an IDX file of labels, of one dimension: name the one of pictures"},
		{"IDX of floats", file(t, "\x00\x00\x0d\x03"), "is an IDX file of 32-bit floats, and pictures are of unsigned bytes (type 8): write it so"},
		{"zeros", file(t, strings.Repeat("\x00", 100)), "begins with 00 00 00 00 and not with 00 00 08 03"},
		{"IDX of five dimensions", file(t, idxFile("", 1, 1, 1, 1, 1)), "is an IDX file of 5 dimensions, and pictures have two to four"},
		{"IDX of two channels", file(t, idxFile("\x00\x00", 1, 1, 1, 2)), "has pictures of 1×1×2, and the last must be 1 or 3 channels: write it with the channels last"},
		{"IDX without pictures", file(t, idxFile("", 0, 28, 28)), "says that it holds 0 pictures"},
		{"IDX without rows", file(t, idxFile("", 2, 0, 28)), "says that its pictures are 0×28 of 1 channels"},
		{"IDX of huge pictures", file(t, idxFile("", 1, 1<<31, 1<<31)), "says that a picture is 2147483648×2147483648 of 1 channels, more than 16777216 numbers: make the pictures smaller"},
		{"IDX of a product beyond 64 bits", file(t, idxFile("", math.MaxUint32, 1<<12, 1<<12)), "more than any machine can: its header is damaged"},
		{"a cut IDX header", file(t, good[:9]), "ends within its header: copy it again"},
		{"a packed cut IDX header", file(t, packedGzip(good[:9])), "ends within its header: copy it again"},
		{"a cut IDX file", file(t, good[:len(good)-1]), "is shorter than its header says, which is 20 bytes: copy it again"},
		{"a long IDX file", file(t, good+"\x00"), "is longer than its header says, which is 20 bytes: its header is damaged"},
		{"a packed cut IDX file", file(t, packedGzip(good[:len(good)-1])), "is shorter than its header says, which is 20 bytes unpacked: copy it again"},
		{"a packed IDX file without pixels", file(t, packedGzip(good[:16])), "is shorter than its header says, which is 20 bytes unpacked: copy it again"},
		{"a packed long IDX file", file(t, packedGzip(good+strings.Repeat("\x00", 1<<24))), "is longer than its header says, which is 20 bytes unpacked: its header is damaged"},
		{"a packed IDX header that says too much", file(t, packedGzip(idxFile("", math.MaxUint32, 8, 8))), "is shorter than its header says, which is 274877906896 bytes unpacked"},
		{"a cut gzip file", file(t, packedGzip(good)[:25]), "is a packed file that was cut short: pack it again"},
		{"a damaged gzip file", file(t, flipped(packedGzip(good), -6)), "is a packed file that is damaged (gzip: invalid checksum)"},
		{"IDX files of unequal size", folder(t, map[string]string{"train-images-idx3-ubyte": good, "t10k-images-idx3-ubyte": idxFile("\x00\x00", 1, 1, 2)}), "train-images-idx3-ubyte are 2×1 and those of "},
		{"two test parts", folder(t, map[string]string{"test-images-idx3-ubyte": good, "t10k-images-idx3-ubyte": good}), "are both the test part: keep one of them"},
		{"no IDX file", folder(t, map[string]string{"train-images-idx3-ubyte": "text"}), "is neither IDX, .npy nor .amat, whatever it is called"},

		{"an .amat file of words", file(t, "0 me!\n"), "has something else than 0 and 1 with a space between in picture 0 (counted from 0)"},
		{"an .amat file of 2", file(t, "0 1\n0 2\n"), "has something else than 0 and 1 with a space between in picture 1"},
		{"an .amat file of other lines", file(t, "0 1\n0 1 1 0\n"), "has something else than 0 and 1 with a space between in picture 1"},
		{"a cut .amat file", file(t, "0 1\n0"), "has lines of unequal length, and all pictures are to be of 2 digits: copy it again"},
		{"an .amat file of no line", file(t, "0 1"), "begins with a line that is not of digits"},
		{"a packed .amat file", file(t, packedGzip("0 1\n")), "is a packed .amat file, of which the size is not known: unpack it"},

		{"NaN", file(t, npyFile("<f4", "(3, 2)", []float32{0, 1, 2, 3, nan, 5})), "has NaN in picture 2 (counted from 0): write it without"},
		{"an infinite number", file(t, npyFile("<f4", "(3, 2)", []float32{0, 1, 2, inf, 4, 5})), "has an infinite number in picture 1 (counted from 0)"},
		{"NaN of 64 bits", file(t, npyFile("<f8", "(2, 1)", []float64{0, math.NaN()})), "has NaN in picture 1 (counted from 0)"},
		{"beyond float32", file(t, npyFile("<f8", "(2, 1)", []float64{0, 1e39})), "has 1e+39, which is too large for float32, in picture 1"},
		{"an integer of 256", file(t, npyFile("<i4", "(2, 1)", []int32{0, 256})), "has a number that is not 0 to 255, as int32 are to be, in picture 1"},
		{"a negative integer", file(t, npyFile("|i1", "(2, 1)", []int8{0, -1})), "has a number that is not 0 to 255, as int8 are to be, in picture 1"},
		{"an integer beyond int64", file(t, npyFile("<u8", "(1, 1)", []uint64{math.MaxUint64})), "has a number that is not 0 to 255"},
		{"a bool of 2", file(t, npyFile("|b1", "(1, 1)", []byte{2})), "has a number that is not 0 to 1, as bool are to be,"},
		{"Fortran's order", file(t, npyText("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", []float32{0, 1})), "has its numbers in Fortran's order, column by column: write numpy.ascontiguousarray of it"},
		{"big-endian", file(t, npyFile(">f4", "(1, 2)", []float32{0, 1})), `holds big-endian numbers (type ">f4"): write uint8, or float32`},
		{"objects", file(t, npyFile("|O", "(1, 2)", []byte("pickle"))), `holds Python objects (type "|O")`},
		{"text", file(t, npyFile("<U3", "(1, 2)", nil)), `holds text (type "<U3")`},
		{"complex", file(t, npyFile("<c8", "(1, 2)", nil)), `holds complex numbers (type "<c8")`},
		{"float16", file(t, npyFile("<f2", "(1, 2)", nil)), `holds numbers of another type than bool, integers, float32 and float64 (type "<f2")`},
		{"an empty type", file(t, npyFile("", "(1, 2)", nil)), `holds numbers of an unknown type (type "")`},
		{"records", file(t, npyText("{'descr': [('x', '<f4'), ('y', '<f4')], 'fortran_order': False, 'shape': (2,), }", nil)), "holds records of several fields, not numbers"},
		{"one dimension", file(t, npyFile("|u1", "(2,)", []byte{0, 1})), "has 1 dimensions, and pictures have two"},
		{"no dimension", file(t, npyFile("|u1", "()", []byte{0})), "has 0 dimensions, and pictures have two"},
		{"channels first", file(t, npyFile("|u1", "(1, 3, 2, 2)", make([]byte, 12))), "has pictures of 3×2×2, and the last must be 1 or 3 channels: write it with the channels last"},
		{"a shape beyond 64 bits", file(t, npyFile("|u1", "(99999999999999999999, 1)", nil)), "has a header with the shape (99999999999999999999, 1), which is none"},
		{"a shape of a huge product", file(t, npyFile("<f8", "(9223372036854775807, 2, 2)", nil)), "more than any machine can: its header is damaged"},
		{"a negative shape", file(t, npyFile("|u1", "(-1, 2)", nil)), "has a header that does not say its shape as NumPy does"},
		{"a header without order", file(t, npyText("{'descr': '|u1', 'shape': (1, 2), }", nil)), "has a header that does not say its order as NumPy does"},
		{"a header of code", file(t, npyText("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), 'x': exit()}", nil)), "has a header that says more than type, order and shape"},
		{"a long header", file(t, npyMagic+"\x02\x00\xff\xff\xff\xff{"), "has a header of 4294967295 bytes, more than 65536"},
		{"a cut header", file(t, npyFile("|u1", "(1, 2)", nil)[:50]), "ends within its header: copy it again"},
		{"version 3", file(t, npyMagic+"\x03\x00\x00\x00\x00\x00"), "is of version 3 of .npy, and 1 and 2 are known"},
		{"a cut .npy file", file(t, npyFile("<f4", "(1, 2)", []float32{1})), "is shorter than its header says, which is 136 bytes: copy it again"},
		{"a long .npy file", file(t, npyFile("<f4", "(1, 2)", []float32{1, 2, 3})), "is longer than its header says, which is 136 bytes"},
		{"unequal types", folder(t, map[string]string{"train.npy": npyFile("<f4", "(1, 1)", []float32{1}), "test.npy": npyFile("|u1", "(1, 1)", []byte{1})}), "test.npy holds uint8: write both in the same type"},

		{"pictures of unequal size", folder(t, map[string]string{"1.png": square, "2.png": square, "3.png": wide}), "3.png 2×3 (height×width): make all pictures of one size"},
		{"a huge PNG", file(t, claimedPNG(30000, 30000)), "says that a picture is 30000×30000 of 3 channels, more than 16777216 numbers: make the pictures smaller"},
		{"a PNG that is not what it says", file(t, claimedPNG(1000, 1000)), "is a PNG file that "},
		{"a PNG of no width", file(t, claimedPNG(0, 10)), "is a PNG file that breaks off or is damaged (png: invalid format: non-positive dimension): copy it again"},
		{"a cut PNG", file(t, drawing[:len(drawing)/2]), "is a PNG file that breaks off or is damaged (png: invalid format: not enough pixel data): copy it again"},
		{"a PNG without its last bytes", file(t, drawing[:len(drawing)-3]), "is a PNG file that breaks off: copy it again"},
		{"a PNG of a header", file(t, drawing[:20]), "is a PNG file that breaks off: copy it again"},
		{"a damaged PNG", file(t, flipped(drawing, len(drawing)/2)), "is a PNG file that breaks off or is damaged (png: invalid format: zlib: invalid checksum): copy it again"},
		{"a cut JPEG", file(t, photo[:len(photo)/2]), "is a JPEG file that breaks off or is damaged (invalid JPEG format: short Huffman data): copy it again"},
		{"a JPEG without its last bytes", file(t, photo[:len(photo)-2]), "is a JPEG file that breaks off: copy it again"},
		{"a cut JPEG header", file(t, photo[:30]), "is a JPEG file that breaks off: copy it again"},
		{"an empty picture", folder(t, map[string]string{"a.png": square, "b.png": ""}), "b.png is empty: take it out, or copy it again"},
		{"a text called PNG", folder(t, map[string]string{"a.png": square, "b.png": "text"}), "b.png is neither PNG nor JPEG, whatever it is called"},
		{"two bad pictures", folder(t, map[string]string{"a.png": "text", "b.png": ""}), "a.png is neither"},
	} {
		set, err := OpenImages(c.path, ImageOptions{})
		switch {
		case err == nil:
			t.Errorf("%s: read as %s", c.name, spelled(set, 1))
		case !strings.Contains(err.Error(), c.want), strings.Contains(err.Error(), "\n"), !strings.Contains(err.Error(), c.path):
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := OpenImages("no/such/file", ImageOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	colour := file(t, pngFile(colours(color.NRGBA{1, 2, 3, 255})))
	for bytes, want := range map[int64]bool{2: false, 3: true, 0: true} {
		if _, err := OpenImages(colour, ImageOptions{MaxBytes: bytes}); (err == nil) != want {
			t.Errorf("3 bytes where %d are allowed: %v", bytes, err)
		}
	}
	big := folder(t, map[string]string{"train-images-idx3-ubyte": idxFile(strings.Repeat("\x07", 3e6), 3000, 1000)})
	for _, c := range []struct {
		o    ImageOptions
		want string
	}{
		{ImageOptions{MaxBytes: 2e6}, "take 3 MB of memory, and 2 MB are allowed: read fewer of them, or make them smaller"},
		{ImageOptions{MaxBytes: 2e6, Limit: 2000}, ""},
	} {
		if _, err := OpenImages(big, c.o); fmt.Sprint(err) != "the pictures of "+big+" "+c.want && (err != nil || c.want != "") {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}

// TestImagesMemory holds what files can make the reader take against what they are.
func TestImagesMemory(t *testing.T) {
	for name, path := range map[string]string{
		"an IDX header of 256 GB":          file(t, packedGzip(idxFile("", math.MaxUint32, 8, 8))),
		"pixels that unpack without end":   file(t, packedGzip(idxFile("\x00", 1, 1, 1)+strings.Repeat("\x00", 1<<26))),
		"a PNG of 30,000 by 30,000 pixels": file(t, claimedPNG(30000, 30000)),
		"a .npy header of 4 GB":            file(t, npyMagic+"\x02\x00\xff\xff\xff\xff{"),
		"a .npy file of 1 TB":              file(t, npyFile("<f8", "(1000000, 1000, 1000)", []float64{1})),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := OpenImages(path, ImageOptions{})
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; err == nil || took > 4<<20 {
			t.Errorf("%s took %d bytes: %v", name, took, err)
		}
	}
}

func TestUnreadableImages(t *testing.T) {
	dir := folder(t, map[string]string{"a.png": pngFile(grey(1, 1)), "b.png": pngFile(grey(1, 1))})
	path := filepath.Join(dir, "b.png")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(path); err == nil { // by the administrator, or where there are no such permissions
		f.Close()
		return
	}
	if _, err := OpenImages(dir, ImageOptions{}); err == nil || err.Error() != path+" may not be read by this user" {
		t.Errorf("%v", err)
	}
}
