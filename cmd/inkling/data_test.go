package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// packed is a text as gzip makes it at a level.
func packed(text string, level int) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, level)
	io.WriteString(z, text)
	z.Close()
	return b.Bytes()
}

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Two data sets of tests: one file; and two, of which one is packed.
var (
	poemText  = strings.Repeat("To be, or not to be, that is the question.\n", 200)
	imageText = strings.Repeat("\x00\x01\x02\x03", 5000)
	imageFile = packed(imageText, gzip.BestSpeed)
)

// aShelf is one of a few small sets at an address, with an empty folder to look in and to keep them in.
func aShelf(t *testing.T, address string) (*shelf, string) {
	dir := t.TempDir()
	poem := dataFile{name: "poem.txt", size: int64(len(poemText)), sha256: sha256Of(poemText), addresses: []string{address + "/poem.txt"}}
	image := dataFile{name: "images.gz", size: int64(len(imageFile)), unpacked: int64(len(imageText)), sha256: sha256Of(imageText), addresses: []string{address + "/images.gz"}}
	return &shelf{
		sets: catalogue{
			{name: "poem", about: "a poem", licence: "public domain", files: []dataFile{poem}},
			{name: "pictures", about: "images and a poem", licence: "MIT", debian: "dataset-pictures", files: []dataFile{image, poem}},
		},
		folders: []string{dir}, keep: []string{dir}, client: &http.Client{Transport: &http.Transport{DisableCompression: true}}, stall: 5 * time.Second,
	}, dir
}

// call runs a command in this process.
func call(command func(*app) error, asJSON bool) result {
	var out, stderr bytes.Buffer
	a := &app{ctx: context.Background(), out: &output{w: &out}, err: &stderr, json: asJSON}
	code := report(&stderr, command(a))
	return result{out.String(), stderr.String(), code}
}

func (s *shelf) get(name, out string) result {
	return call(func(a *app) error { return (&dataGetCmd{Name: name, Out: out}).run(a, s) }, false)
}

func (s *shelf) path(name string) result {
	return call(func(a *app) error { return (&dataPathCmd{Name: name}).run(a, s) }, false)
}

func put(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o666); err != nil {
		t.Fatal(err)
	}
}

// filesBelow are the files below a folder.
func filesBelow(t *testing.T, dir string) string {
	t.Helper()
	var found []string
	filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			t.Fatal(err)
		}
		if !e.IsDir() {
			name, _ := filepath.Rel(dir, path)
			found = append(found, filepath.ToSlash(name))
		}
		return nil
	})
	return strings.Join(found, " ")
}

// TestCatalogue checks what can be known of the entries without their files.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range datasets {
		if seen[d.name] || d.about == "" || d.licence == "" || len(d.files) == 0 || quoted(d.name) != d.name {
			t.Errorf("%s: %+v", d.name, d)
		}
		seen[d.name] = true
		for _, f := range d.files {
			sum, err := hex.DecodeString(f.sha256)
			if err != nil || len(sum) != sha256.Size || seen[f.sha256] {
				t.Errorf("%s: hash %q", f.name, f.sha256)
			}
			seen[f.sha256] = true
			if f.size <= 0 || strings.HasSuffix(f.name, ".gz") != (f.unpacked > 0) || !filepath.IsLocal(f.name) || len(f.addresses) == 0 {
				t.Errorf("%s: %+v", f.name, f)
			}
			for _, address := range f.addresses {
				if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
					t.Errorf("%s: address %q", f.name, address)
				}
			}
		}
	}
}

// TestCatalogueFiles checks the hashes with those files that are here: name a folder of them with INKLING_DATA,
// or install Debian's dataset-fashion-mnist.
func TestCatalogueFiles(t *testing.T) {
	s, found := newShelf(), 0
	for _, d := range s.sets {
		at, form := s.look(d)
		if at == "" {
			continue
		}
		for _, f := range form.files {
			name := at
			if len(d.files) > 1 {
				name = filepath.Join(at, f.name)
			}
			found++
			if err := f.verify(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if found == 0 {
		t.Log("no data sets here to check the hashes by: set INKLING_DATA to a folder with tinyshakespeare.txt or mnist/")
	}
}

func TestLook(t *testing.T) {
	s, _ := aShelf(t, "http://nowhere.invalid")
	r := s.path("pictures")
	if r.code != codeIO || r.out != "" || !strings.Contains(r.err, "pictures is not here: inkling data get pictures, or with Debian apt install dataset-pictures") {
		t.Errorf("%+v", r)
	}
	if r := s.path("poems"); r.code != codeUsage || !strings.Contains(r.err, `no data set "poems" is known: choose from poem, pictures`) {
		t.Errorf("%+v", r)
	}
	first, second := t.TempDir(), t.TempDir()
	s.folders = []string{first, second}
	put(t, filepath.Join(second, "pictures", "images.gz"), packed(imageText, gzip.BestCompression)) // packed by another
	if r := s.path("pictures"); r.code != codeIO {
		t.Errorf("one of two files: %+v", r)
	}
	put(t, filepath.Join(second, "pictures", "poem.txt"), []byte(poemText))
	if r := s.path("pictures"); r.out != filepath.Join(second, "pictures")+"\n" || r.err != "" || r.code != 0 {
		t.Errorf("%+v", r)
	}
	put(t, filepath.Join(first, "poem.txt"), []byte(poemText))
	if r := s.path("poem"); r.out != filepath.Join(first, "poem.txt")+"\n" {
		t.Errorf("%+v", r)
	}
	if r := s.get("pictures", ""); r.out != filepath.Join(second, "pictures")+"\n" || r.code != 0 {
		t.Errorf("%+v", r)
	}
	put(t, filepath.Join(first, "pictures", "images.gz"), []byte{1, 2, 3})
	put(t, filepath.Join(first, "pictures", "poem.txt"), []byte(poemText))
	if r := s.path("pictures"); r.out != filepath.Join(second, "pictures")+"\n" {
		t.Errorf("a file of the wrong size: %+v", r)
	}

	// The other form counts where it is found, by its sizes and hashes, and is copied as it is.
	s.sets[1].other = &dataset{name: "pictures", files: []dataFile{{name: "all.gz", size: int64(len(imageFile)), unpacked: int64(len(imageText)), sha256: sha256Of(imageText)}, s.sets[1].files[1]}}
	third, fourth := t.TempDir(), t.TempDir()
	put(t, filepath.Join(third, "pictures", "all.gz"), imageFile)
	put(t, filepath.Join(third, "pictures", "poem.txt"), []byte(poemText))
	s.folders = []string{third, second}
	if r := s.path("pictures"); r.out != filepath.Join(third, "pictures")+"\n" {
		t.Errorf("in another form: %+v", r)
	}
	if r := s.get("pictures", fourth); r.code != 0 || filesBelow(t, fourth) != "pictures/all.gz pictures/poem.txt" {
		t.Errorf("a copy of another form: %+v, %s", r, filesBelow(t, fourth))
	}
	put(t, filepath.Join(third, "pictures", "all.gz"), packed("\x01"+imageText[1:], 1))
	if r := s.get("pictures", ""); r.out != filepath.Join(second, "pictures")+"\n" || !strings.Contains(r.err, "all.gz: passed over") {
		t.Errorf("another form of another hash: %+v", r)
	}
	s.folders = []string{first, second}

	table := call(func(a *app) error { return listData(a, s) }, false).out
	for _, want := range []string{"poem ", "MIT", "8.6 KB", filepath.Join(first, "poem.txt"), filepath.Join(second, "pictures")} {
		if !strings.Contains(table, want) {
			t.Errorf("%q is missing in:\n%s", want, table)
		}
	}
	var infos []datasetInfo
	r = call(func(a *app) error { return listData(a, s) }, true)
	if err := json.Unmarshal([]byte(r.out), &infos); err != nil || len(infos) != 2 || infos[0].Path == nil || len(infos[1].Files) != 2 || infos[1].Files[0].SHA256 != sha256Of(imageText) {
		t.Errorf("%v: %s", err, r.out)
	}
}

// TestVerify has files of every kind that is not what it should be.
func TestVerify(t *testing.T) {
	s, dir := aShelf(t, "http://nowhere.invalid")
	image := s.sets[1].files[0]
	name := filepath.Join(dir, "images.gz")
	for what, c := range map[string]struct {
		content []byte
		want    string
	}{
		"the same":           {imageFile, ""},
		"packed anew":        {packed(imageText, gzip.NoCompression), ""},
		"another text":       {packed("\x01"+imageText[1:], 1), "the hash of what it holds"},
		"longer":             {packed(imageText+strings.Repeat(" ", 1000), 1), "more than 20000 bytes"},
		"shorter":            {packed(imageText[1:], 1), "19999 bytes in place of 20000"},
		"cut short":          {imageFile[:len(imageFile)-9], "unexpected EOF"},
		"no gzip":            {[]byte(imageText), "invalid header"},
		"a damaged checksum": {append(bytes.Clone(imageFile[:len(imageFile)-8]), make([]byte, 8)...), "invalid checksum"},
		"empty":              {nil, "EOF"},
	} {
		put(t, name, c.content)
		err := image.verify(name)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), errWrong.Error()) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestDataProgram uses the program itself, with a cache of its own.
func TestDataProgram(t *testing.T) {
	f := newFolder(t)
	f.env = []string{"HOME=" + f.dir, "XDG_CACHE_HOME=" + f.dir, "LocalAppData=" + f.dir, "INKLING_DATA=" + filepath.Join(f.dir, "sets")}
	f.contains(f.must("data", "list").out, "tinyshakespeare", "public domain", "fashion-mnist", "CC BY-SA 3.0", "inkling data get mnist")
	r := f.run("data", "path", "mnist")
	if r.code != codeIO || r.out != "" {
		t.Errorf("%+v", r)
	}
	f.contains(r.err, "inkling: mnist is not here: inkling data get mnist")
	var infos []datasetInfo
	f.json(&infos, "data", "list")
	if len(infos) != len(datasets) || infos[0].Path != nil || infos[0].Files[0].Bytes != 1115394 {
		t.Errorf("%+v", infos)
	}
	put(t, filepath.Join(f.dir, "sets", "tinyshakespeare.txt"), make([]byte, 1115394)) // by its size; not by its hash
	var found struct{ Path string }
	if f.json(&found, "data", "path", "tinyshakespeare"); found.Path != filepath.Join(f.dir, "sets", "tinyshakespeare.txt") {
		t.Errorf("%+v", found)
	}
}
