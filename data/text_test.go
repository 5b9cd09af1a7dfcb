package data

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

func file(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text.txt")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func openText(t testing.TB, in Input) *Text {
	t.Helper()
	text, err := Open(in)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { text.Close() })
	return text
}

func survey(t testing.TB, text *Text) *Survey {
	t.Helper()
	s, err := text.Survey(true)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// inBlocks makes the blocks of all texts small while a test lasts.
func inBlocks(t testing.TB, n int) {
	before := blockBytes
	blockBytes = n
	t.Cleanup(func() { blockBytes = before })
}

func packedGzip(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	z.Close()
	return b.String()
}

func packedZstd(text string) string {
	z, _ := zstd.NewWriter(nil)
	return string(z.EncodeAll([]byte(text), nil))
}

func TestSurvey(t *testing.T) {
	for _, content := range []string{"ab", "naïve 世界\n", "a\xFFb", strings.Repeat("x", 100_000), strings.Repeat("log\n", 1000) + "\x00", "\uFFFD\uFFFD", "long enough 世\xE4\xB8", "\xE4\xB8\xE4\xB8\x96 long enough"} {
		for _, n := range []int{4, 5, 64, 1 << 18} {
			inBlocks(t, n)
			for name, packed := range map[string]string{"plain": content, "gzip": packedGzip(content), "zstd": packedZstd(content)} {
				path := file(t, packed)
				s, err := openText(t, Input{Path: path}).Survey(false)
				if err != nil {
					t.Fatal(err)
				}
				want := Source{path, int64(len(content)), fmt.Sprintf("%x", sha256.Sum256([]byte(content)))}
				if s.Source != want || s.Chars != utf8.RuneCountInString(content) || s.Invalid != CheckUTF8(content).Invalid {
					t.Errorf("%.20q, %s, in blocks of %d: %+v, %d characters, %+v", content, name, n, s.Source, s.Chars, s.Where)
				}
			}
		}
	}
}

func TestOpenStandardInput(t *testing.T) {
	want := strings.Repeat("some text, ", 1000)
	for _, held := range []int64{64 << 20, 11_001, 11_000, 100} {
		before := heldInMemory
		heldInMemory = held
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		stdin := os.Stdin
		os.Stdin = r
		go func() {
			_, _ = w.WriteString(want)
			w.Close()
		}()
		text, err := Open(Input{Path: "-"})
		os.Stdin, heldInMemory = stdin, before
		if err != nil {
			t.Fatal(err)
		}
		if (text.spool != nil) != (held <= 11_000) {
			t.Errorf("held in a file: %v", text.spool != nil)
		}
		for range 2 {
			s := survey(t, text)
			got, err := s.Whole().Head(1 << 20)
			if err != nil || got != want || s.Source.Name != "standard input" || s.Source.Size != 11_000 {
				t.Errorf("read %d bytes from %+v: %v", len(got), s.Source, err)
			}
		}
		text.Close()
	}
}

// Standard input that is too long for memory, and cannot be kept elsewhere either.
func TestHoldNowhere(t *testing.T) {
	before := heldInMemory
	heldInMemory = 100
	t.Cleanup(func() { heldInMemory = before })
	text := &Text{name: "standard input"}
	err := InWords(text.name, text.hold(iotest.TimeoutReader(strings.NewReader(strings.Repeat("x", 3<<10)))))
	if err == nil || err.Error() != "standard input cannot be read: timeout" {
		t.Errorf("a stream that fails: %v", err)
	}
	dir := filepath.Join(t.TempDir(), "gone")
	t.Setenv("TMPDIR", dir)
	if os.TempDir() != dir {
		t.Skip("the folder for temporary files has another name here")
	}
	err = InWords(text.name, text.hold(strings.NewReader(strings.Repeat("x", 101))))
	if err == nil || !strings.Contains(err.Error(), "the file that is to hold it cannot be written to "+dir+" (no such file or directory): name a folder with more room in TMPDIR") {
		t.Errorf("no folder: %v", err)
	}
}

// Where a text is no text is said by the file and the place in it, whatever was read before.
func TestInvalidIsPlaced(t *testing.T) {
	for _, n := range []int{4, 1 << 18} {
		inBlocks(t, n)
		dir := t.TempDir()
		for name, content := range map[string]string{
			"a.txt": "all is well\nhere", "b.txt": "", "c.txt": "well\nab\xFF\n\xFE", "d.txt": "\xFF",
			"a.jsonl": `{"text": "well", "other": "` + "\xFF" + `"}` + "\n", "b.jsonl": "\n" + `{"text": "a` + "\xFF\xFE" + `b"}`, "c.jsonl": "{\"text\": \"\xFF\"}",
			"z.json": "{\"text\": 1}", "y.json": "\n{\"text\": \"well\"}",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			in      Input
			invalid int
			where   string
		}{
			{Input{}, 3, "byte 8 of " + filepath.Join(dir, "c.txt")},
			{Input{Lines: true}, 3, "in line 2 of " + filepath.Join(dir, "c.txt")},
			{Input{Field: "text", Ext: []string{"jsonl"}}, 3, "in line 2 of " + filepath.Join(dir, "b.jsonl")},
		} {
			c.in.Path = dir
			if s := survey(t, openText(t, c.in)); s.Invalid != c.invalid || s.Where != c.where {
				t.Errorf("%+v: %d bytes, the first is %s", c.in, s.Invalid, s.Where)
			}
		}
		_, err := openText(t, Input{Path: dir, Field: "text", Ext: []string{"json"}}).Survey(true)
		if want := filepath.Join(dir, "z.json") + ": line 1 has in its field"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
}

// A byte-order mark is no part of a text: not of the first file, nor of another, nor of a packed one. Within a text it is.
func TestByteOrderMark(t *testing.T) {
	const mark = "\uFEFF"
	dir := t.TempDir()
	for name, content := range map[string]string{"a.txt": mark + "first", "b.txt": packedGzip(mark + "second" + mark), "c.txt": mark, "d.txt": mark + mark + "d"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := survey(t, openText(t, Input{Path: dir})).Whole().Head(1000); err != nil || got != "first\nsecond"+mark+"\n"+mark+"d" {
		t.Errorf("%q, %v", got, err)
	}
	object := Input{Path: file(t, mark+`{"text": "an item"}`), Field: "text"}
	if got := itemsOf(t, survey(t, openText(t, object)).Whole()); !slices.Equal(got, []string{"an item"}) {
		t.Errorf("%q", got)
	}
	if _, err := openText(t, Input{Path: filepath.Join(dir, "c.txt")}).Survey(false); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("only a mark: %v", err)
	}
}

func TestSurveyRefuses(t *testing.T) {
	for _, c := range []struct {
		name, content, want string
		bytes               bool // as bytes it is refused too
	}{
		{"empty", "", "is empty", true},
		{"one character", "é", "only one character", true},
		{"one broken byte", "\xFF", "only one character", true},
		{"binary", strings.Repeat("\x00\x01\x02\x7F", 100), "looks binary (100 NUL bytes among 400): use --tokens byte", false},
		{"one NUL in little text", "ab\x00", "looks binary", false},
		{"some NULs", strings.Repeat("x", 490) + strings.Repeat("\x00", 2), "looks binary", false},
		{"UTF-16", "\xFF\xFEh\x00i\x00", "UTF-16", false},
		{"UTF-16, big endian", "\xFE\xFF\x00h\x00i", "UTF-16", false},
		{"KOI8-R", strings.Repeat("\xD0\xD2\xC9\xD7\xC5\xD4 ", 9), "is not UTF-8 (54 of its 63 bytes)", false},
		{"a large binary file", strings.Repeat("\x00", 3<<20), "bytes among 1048576)", false},
	} {
		path := file(t, c.content)
		text := openText(t, Input{Path: path})
		if _, err := text.Survey(false); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := text.Survey(true); (err != nil) != c.bytes {
			t.Errorf("%s, as bytes: %v", c.name, err)
		}
	}
	for _, c := range []struct {
		name string
		in   Input
		want string
	}{
		{"no file", Input{Path: "no/such/file"}, "there is no file no/such/file"},
		{"an empty folder", Input{Path: t.TempDir()}, "is a folder without files"},
		{"an ending for a file", Input{Path: file(t, "abc"), Ext: []string{"txt"}}, "endings of names are for folders"},
		{"a cut gzip file", Input{Path: file(t, packedGzip(strings.Repeat("abc", 1000))[:30])}, "cut short: pack it again"},
		{"a cut zstd file", Input{Path: file(t, packedZstd(strings.Repeat("abc", 1000))[:15])}, "cut short: pack it again"},
		{"a damaged gzip file", Input{Path: file(t, flipped(packedGzip(strings.Repeat("abc", 1000)), -6))}, "damaged (gzip: invalid checksum)"},
		{"a damaged zstd file", Input{Path: file(t, flipped(packedZstd(strings.Repeat("abc", 1000)), -1))}, "damaged"},
		{"a zstd file of a window of 1 GiB", Input{Path: file(t, "\x28\xB5\x2F\xFD\x00\xA0\x09\x00\x00a")}, "takes more than 256 MiB of memory to unpack: pack it again, by zstd without --long"},
		{"a list of empty lines", Input{Path: file(t, "\n\r\n\n"), Lines: true}, "only empty lines"},
		{"no object", Input{Path: file(t, "{\"a\": \"x\"}\n{\n"), Field: "a"}, "line 2 is no JSON object"},
		{"no field", Input{Path: file(t, "{\"a\": \"x\", \"b\": 1}\n"), Field: "text"}, `line 1 has no field "text", but "a, b"`},
		{"a number", Input{Path: file(t, "\n{\"a\": 1}\n"), Field: "a"}, `line 2 has in its field "a" something else than a string: "1"`},
	} {
		text, err := Open(c.in)
		if err == nil {
			_, err = text.Survey(true)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	_, err := Open(Input{Path: "no/such/file"})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if err := InWords("f", &fs.PathError{Op: "read", Path: "f", Err: errors.New("input/output error")}); err.Error() != "f cannot be read: input/output error" {
		t.Errorf("%v", err)
	}
}

// flipped is a text with one bit of one byte changed; negative places count from the end.
func flipped(text string, at int) string {
	b := []byte(text)
	b[(at+len(b))%len(b)] ^= 1
	return string(b)
}

// A line without an end in a file of gigabytes must not fill the memory.
func TestLongItem(t *testing.T) {
	text := openText(t, Input{Path: file(t, "short\n"+strings.Repeat("x", maxItem+1<<17)), Lines: true})
	if _, err := text.Survey(false); err == nil || !strings.Contains(err.Error(), "line 2 is longer than 64 MiB: is this a list") {
		t.Errorf("%v", err)
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"b.txt": "second", "a.txt": "first\n", "c/d.txt.gz": packedGzip("third"), "c/e.md": "# no", "c/e.txt.zst": packedZstd("fourth"), "c/f.md": "# nor this",
		".hidden.txt": "no", ".git/x.txt": "no", "g.text": "no",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		ext  []string
		want string
	}{
		{nil, "first\nsecond\nthird\nfourth"},
		{[]string{"md"}, "# no\n# nor this"},
		{[]string{".md", "txt"}, "first\nsecond\nthird\n# no\nfourth\n# nor this"},
	} {
		text := openText(t, Input{Path: dir, Ext: c.ext})
		if got, err := survey(t, text).Whole().Head(1000); err != nil || got != c.want {
			t.Errorf("%v: %q, %v", c.ext, got, err)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err == nil { // where there are links
		if got, err := survey(t, openText(t, Input{Path: link})).Whole().Head(1000); err != nil || got != "first\nsecond\nthird\nfourth" {
			t.Errorf("by a link: %q, %v", got, err)
		}
	}
	_ = os.Symlink(file(t, "not this"), filepath.Join(dir, "linked.txt")) // of what is within a folder, none is followed
	if got, err := survey(t, openText(t, Input{Path: dir})).Whole().Head(1000); err != nil || got != "first\nsecond\nthird\nfourth" {
		t.Errorf("with a link in it: %q, %v", got, err)
	}
	if got, err := survey(t, openText(t, Input{Path: filepath.Join(dir, ".git")})).Whole().Head(1000); err != nil || got != "no" {
		t.Errorf("a hidden folder that is named: %q, %v", got, err)
	}
	if _, err := Open(Input{Path: dir, Ext: []string{"log"}}); err == nil || !strings.Contains(err.Error(), "no files that end in .log; of .md it has 2: --ext md") {
		t.Errorf("%v", err)
	}
}

// itemsOf are the items of a section.
func itemsOf(t testing.TB, s Section) (items []string) {
	t.Helper()
	for b, err := range s.blocks() {
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.ends {
			items = append(items, b.item(i))
		}
	}
	return items
}

func TestItemsOfAText(t *testing.T) {
	lines := "one\r\ntwo two\n\n \nthree\rthree\n\r\nlast"
	object := `{"text": "a\nb", "n": 1}` + "\n\n" + `{"text": null}` + "\n" + `{"text": ""}` + "\n" + `{"n": 2, "text": "世界"}`
	for _, n := range []int{1, 7, 1 << 18} {
		inBlocks(t, n)
		for _, c := range []struct {
			in    Input
			want  []string
			empty int
		}{
			{Input{Path: file(t, lines), Lines: true}, []string{"one", "two two", " ", "three\rthree", "last"}, 2},
			{Input{Path: file(t, object), Field: "text"}, []string{"a\nb", "世界"}, 3},
		} {
			s := survey(t, openText(t, c.in))
			if got := itemsOf(t, s.Whole()); !slices.Equal(got, c.want) || s.Items != len(c.want) || s.Empty != c.empty || s.Chars != utf8.RuneCountInString(strings.Join(c.want, "\n"))+1 {
				t.Errorf("items %q, %d, and %d empty", got, s.Items, s.Empty)
			}
			for cut := range len(c.want) + 1 {
				first, rest := Section{survey: s, to: cut}, Section{survey: s, from: cut, to: s.Items}
				if got := append(itemsOf(t, first), itemsOf(t, rest)...); !slices.Equal(got, c.want) || len(itemsOf(t, first)) != cut {
					t.Errorf("cut at %d: %q", cut, got)
				}
			}
		}
	}
}

func TestSplit(t *testing.T) {
	path := file(t, "0123456789"+"0123456789"[:9]+"é")
	train, valid, err := survey(t, openText(t, Input{Path: path})).Split(0.1)
	first, _ := train.Head(100)
	rest, _ := valid.Head(100)
	if err != nil || first != "012345678901234567" || rest != "8é" {
		t.Errorf("%q %q %v", first, rest, err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		content, share := strings.TrimLeft(anyText().Draw(rt, "text"), byteOrderMark), rapid.Float64Range(0.01, 0.99).Draw(rt, "share")
		inBlocks(t, rapid.SampledFrom([]int{4, 9, 1 << 18}).Draw(rt, "block"))
		s, err := InMemory("text", content).Survey(true)
		if err != nil {
			return
		}
		n := utf8.RuneCountInString(content)
		want := int(float64(n) * (1 - share))
		train, valid, err := s.Split(share)
		if err != nil {
			if want >= 2 && n-want >= 2 {
				rt.Fatal(err)
			}
			return
		}
		first, _ := train.Head(1 << 30)
		rest, _ := valid.Tail(1 << 30)
		if first+rest != content || utf8.RuneCountInString(first) != want || utf8.RuneCountInString(rest) != n-want {
			rt.Fatalf("%q and %q, want %d characters first", first, rest, want)
		}
	})
	// Of a list every third of nine items, whatever the blocks.
	for _, n := range []int{1, 7, 1 << 18} {
		inBlocks(t, n)
		train, valid, err := survey(t, openText(t, Input{Path: file(t, "0\n1\n2\n3\n4\n5\n6\n7\n8\n"), Lines: true})).Split(1.0 / 3)
		if first, rest := itemsOf(t, train), itemsOf(t, valid); err != nil || strings.Join(first, "") != "013467" || strings.Join(rest, "") != "258" {
			t.Errorf("%q %q %v", first, rest, err)
		}
	}
	s := survey(t, InMemory("text", "a text that is long enough"))
	for _, share := range []float64{0, 1, -1, 2} {
		if _, _, err := s.Split(share); err == nil {
			t.Errorf("share %g accepted", share)
		}
	}
	if _, _, err := survey(t, InMemory("text", "abc")).Split(0.5); err == nil || !strings.Contains(err.Error(), "too short") {
		t.Errorf("%v", err)
	}
	if _, _, err := survey(t, openText(t, Input{Path: file(t, "one\n"), Lines: true})).Split(0.5); err == nil || !strings.Contains(err.Error(), "a list of 1 item is too short") {
		t.Errorf("%v", err)
	}
}

// A text that changes between two passes over it is noticed in whatever is made of it, also if it is as long as before;
// and no file of tokens is left.
func TestChangedText(t *testing.T) {
	inBlocks(t, 8)
	digits := strings.Repeat("0123456789", 10)
	path, dir := file(t, digits), t.TempDir()
	running := survey(t, openText(t, Input{Path: path}))
	check := func(content string, s *Survey) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		whole, v := s.Whole(), newBytes()
		if s.text.items {
			v = v.WithItems()
		}
		for name, read := range map[string]func() error{
			"Encode": func() error { _, err := whole.Encode(t.Context(), v, io.Discard, 2); return err },
			"Learn":  func() error { _, err := whole.Learn(VocabOptions{Kind: "char"}); return err },
			"WriteIDs": func() error {
				return WriteIDs(filepath.Join(dir, "ids"), func(w io.Writer) (Side, error) { return whole.Encode(t.Context(), v, w, 2) })
			},
		} {
			if err := read(); err == nil || !strings.Contains(err.Error(), path+" was changed while it was read: leave it as it is") {
				t.Errorf("%q: %s: %v", content, name, err)
			}
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%q: %d files are left", content, len(left))
		}
	}
	for _, content := range []string{digits[:90], "é" + digits, digits[:96], digits[:99], digits[:99] + "x", "x" + digits[1:], digits[:50] + "x" + digits[51:], digits + "0"} {
		check(content, running)
	}
	if err := os.WriteFile(path, []byte("ab\nc\nlast one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	list := survey(t, openText(t, Input{Path: path, Lines: true}))
	for _, content := range []string{"a\nbc\nlast one\n", "ab\nc\nlast two\n", "ab\nc\n", "ab\nc\nlast one\nx\n"} {
		check(content, list)
	}
}
