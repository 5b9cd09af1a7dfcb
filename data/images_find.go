package data

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// imageFiles are the files that hold the pictures of a path.
type imageFiles struct {
	path   string
	arrays bool // each holds many pictures, and each part is one file
	files  [3][]string
	notes  []string
}

// read reads what was found.
func (f *imageFiles) read(o ImageOptions) (*pictures, error) {
	if f.arrays {
		return f.readArrays(o)
	}
	return f.readPictures(o)
}

// findImages says which files a path means.
func findImages(path string) (*imageFiles, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, InWords(path, err)
	}
	f := &imageFiles{path: path}
	if !info.IsDir() {
		return f, f.file(path)
	}
	for _, find := range []func() (bool, error){f.idx, f.npy, f.amat, f.pictures} {
		if ok, err := find(); ok || err != nil {
			return f, err
		}
	}
	return nil, f.nothing()
}

// file takes one file, which is what its first bytes say.
func (f *imageFiles) file(name string) error {
	in, err := openArray(name)
	if err != nil {
		return err
	}
	defer in.Close()
	head, err := in.Peek(8)
	switch {
	case err != nil && err != io.EOF:
		return InWords(name, err)
	case len(head) == 0:
		return fmt.Errorf("%s is empty: name a file with pictures", name)
	case bytes.HasPrefix(head, []byte(idxMagic)), bytes.HasPrefix(head, []byte(npyMagic)), amatMagic(head):
		f.arrays = true
	case bytes.HasPrefix(head, []byte(pngMagic)), bytes.HasPrefix(head, []byte(jpegMagic)):
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return fmt.Errorf("%s is an archive (.zip or .npz): unpack it, and name the folder or one .npy file", name)
	default:
		return fmt.Errorf("%s is no file of pictures: IDX, .npy, .amat, PNG and JPEG can be read", name)
	}
	f.files[trainPart] = []string{name}
	return nil
}

const (
	idxMagic  = "\x00\x00"
	npyMagic  = "\x93NUMPY"
	pngMagic  = "\x89PNG\r\n\x1a\n"
	jpegMagic = "\xff\xd8\xff"
)

// idxName is what files of the IDX form are usually called.
var idxName = regexp.MustCompile(`^(train|valid|test|t10k)-images[-.]idx[34]-ubyte(\.gz)?$`)

// idx finds IDX files in the folder.
func (f *imageFiles) idx() (bool, error) {
	return f.named(func(name string) (string, bool) {
		m := idxName.FindStringSubmatch(name)
		if m == nil {
			return "", false
		}
		return strings.Replace(m[1], "t10k", "test", 1), true
	})
}

// npy finds .npy files in the folder.
func (f *imageFiles) npy() (bool, error) {
	return f.named(func(name string) (string, bool) { return strings.CutSuffix(name, ".npy") })
}

// amatName is what files of the .amat form are called.
var amatName = regexp.MustCompile(`^(?:.*_)?(train|valid|test)\.amat$`)

// amat finds .amat files in the folder.
func (f *imageFiles) amat() (bool, error) {
	return f.named(func(name string) (string, bool) {
		m := amatName.FindStringSubmatch(name)
		if m == nil {
			return "", false
		}
		return m[1], true
	})
}

// named finds files that hold a part each, known by their names.
func (f *imageFiles) named(part func(name string) (string, bool)) (bool, error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return false, InWords(f.path, err)
	}
	for _, e := range entries {
		p, ok := part(e.Name())
		i := slices.Index(partNames[:], p)
		if !ok || i < 0 {
			continue
		}
		name := filepath.Join(f.path, e.Name())
		if before := f.files[i]; before != nil {
			if before[0]+".gz" == name { // the same, unpacked
				continue
			}
			return false, fmt.Errorf("%s and %s are both the %s part: keep one of them", before[0], name, p)
		}
		f.arrays, f.files[i] = true, []string{name}
	}
	return f.arrays, nil
}

// pictures finds files of one picture each, in the folder and in those within it, in the order of their paths.
// Hidden ones and links are passed over.
func (f *imageFiles) pictures() (bool, error) {
	root, err := filepath.EvalSymlinks(f.path) // WalkDir does not go into a link
	if err != nil {
		return false, InWords(f.path, err)
	}
	var outside []string // of the parts
	inParts := false
	for _, p := range partNames {
		info, err := os.Stat(filepath.Join(root, p))
		inParts = inParts || err == nil && info.IsDir()
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return InWords(path, err)
		}
		if path != root && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || !isPicture(path) {
			return nil
		}
		part := trainPart
		if inParts {
			below, _ := filepath.Rel(root, path)
			first, _, _ := strings.Cut(filepath.ToSlash(below), "/")
			if part = slices.Index(partNames[:], first); part < 0 {
				outside = append(outside, path)
				return nil
			}
		}
		f.files[part] = append(f.files[part], path)
		return nil
	})
	if n := len(outside); n > 0 {
		f.notes = append(f.notes, fmt.Sprintf("%d pictures outside of the folders train, valid and test are passed over: %s is the first", n, outside[0]))
	}
	return slices.ContainsFunc(f.files[:], func(s []string) bool { return len(s) > 0 }), err
}

// isPicture says whether a file's name is that of a picture that can be read.
func isPicture(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".png", ".jpg", ".jpeg":
		return true
	}
	return false
}

// nothing says what a folder has instead of pictures.
func (f *imageFiles) nothing() error {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return InWords(f.path, err)
	}
	if len(entries) == 0 {
		return fmt.Errorf("%s is an empty folder: name one with pictures", f.path)
	}
	return fmt.Errorf("%s holds no pictures that can be read: IDX files by their usual names, train.npy, train.amat, PNG and JPEG can, and it has %s", f.path, some(entries))
}

// some names a few files.
func some(entries []fs.DirEntry) string {
	var names []string
	for _, e := range entries[:min(3, len(entries))] {
		names = append(names, e.Name())
	}
	if len(entries) > 3 {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}
