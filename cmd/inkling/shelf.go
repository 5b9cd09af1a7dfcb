package main

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// shelf is the catalogue and where its files are looked for and put.
type shelf struct {
	sets    catalogue
	folders []string // looked at in this order
	keep    []string // where downloads go: the first that can be written
	client  *http.Client
	stall   time.Duration // without a byte, after which a download is given up
}

// debianDatasets is where Debian's packages of data sets put them.
const debianDatasets = "/usr/share/datasets"

// newShelf is the shelf of this user. INKLING_DATA comes first.
func newShelf() *shelf {
	s := &shelf{sets: datasets, client: newClient(), stall: 30 * time.Second}
	if dir := os.Getenv("INKLING_DATA"); dir != "" {
		s.folders, s.keep = append(s.folders, dir), append(s.keep, dir)
	}
	s.folders = append(s.folders, debianDatasets)
	if cache, err := os.UserCacheDir(); err == nil {
		dir := filepath.Join(cache, "inkling")
		s.folders, s.keep = append(s.folders, dir), append(s.keep, dir)
	}
	return s
}

// look tells where a data set is, "" if not here: its folder, or its file if it is only one; and which of its forms
// it is. It is quick, since it goes by sizes; get, and whoever puts files there, checks hashes.
func (s *shelf) look(d *dataset) (string, *dataset) {
	for _, folder := range s.folders {
		for _, form := range d.forms() {
			if here(folder, form) {
				return form.under(folder), form
			}
		}
	}
	return "", nil
}

// under is where a data set is, or would be, below a folder of data sets.
func (d *dataset) under(folder string) string {
	return filepath.Join(folder, filepath.FromSlash(strings.Split(d.place(d.files[0]), "/")[0]))
}

// file is where a file of a data set is, or would be, below a folder of data sets.
func (d *dataset) file(folder string, f dataFile) string {
	return filepath.Join(folder, filepath.FromSlash(d.place(f)))
}

// here says whether all files of a data set are below a folder, by their sizes.
func here(folder string, d *dataset) bool {
	for _, f := range d.files {
		if !f.rightSize(d.file(folder, f)) {
			return false
		}
	}
	return true
}

// rightSize says whether there is a file that holds as many bytes as it should. What a .gz holds is in its last
// four bytes (RFC 1952, ISIZE).
func (f *dataFile) rightSize(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	if f.unpacked == 0 {
		return info.Size() == f.size
	}
	file, err := os.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	var last [4]byte
	_, err = file.ReadAt(last[:], max(0, info.Size()-4))
	holds := int64(last[0]) | int64(last[1])<<8 | int64(last[2])<<16 | int64(last[3])<<24
	return err == nil && holds == f.unpacked
}

// errWrong is the error of a file that is there and can be read, and is not what it should be.
var errWrong = errors.New("not the file that the catalogue knows")

// verify reads a file whole: the error is nil, errWrong, or why it cannot be read.
func (f *dataFile) verify(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	var content io.Reader = file
	size := f.size
	if f.unpacked > 0 {
		if content, err = gzip.NewReader(file); err != nil {
			return wrongOr(err)
		}
		size = f.unpacked
	}
	hash := sha256.New()
	n, err := io.Copy(hash, io.LimitReader(content, size+1)) // no more, whatever it would unpack to
	switch sum := hex.EncodeToString(hash.Sum(nil)); {
	case err != nil:
		return wrongOr(err)
	case n > size:
		return fmt.Errorf("%w (it holds more than %d bytes)", errWrong, size)
	case n < size:
		return fmt.Errorf("%w (it holds %d bytes in place of %d)", errWrong, n, size)
	case sum != f.sha256:
		return fmt.Errorf("%w (the hash of what it holds is %.12s… in place of %.12s…)", errWrong, sum, f.sha256)
	}
	return nil
}

// wrongOr tells an error of unpacking, which is the file's, from one of the disk.
func wrongOr(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return err
	}
	return fmt.Errorf("%w (%v)", errWrong, err)
}

// room is the first folder that downloads can be put into, made if it is not there.
func (s *shelf) room() (string, error) {
	var first error
	for _, dir := range s.keep {
		err := os.MkdirAll(dir, 0o777)
		if err == nil {
			var probe *os.File
			if probe, err = os.CreateTemp(dir, ".inkling-*.tmp"); err == nil {
				probe.Close()
				err = os.Remove(probe.Name())
			}
		}
		if err == nil {
			return dir, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		return "", ioFault("there is no folder to keep data sets in: name one with --out DIR or INKLING_DATA")
	}
	return "", ioFault("data sets cannot be kept here (%v): name another folder with --out DIR or INKLING_DATA", first)
}
