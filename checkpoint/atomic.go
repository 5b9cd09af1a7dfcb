package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Crash-safe replacement of a file (T. S. Pillai et al., All File Systems Are Not
// Created Equal, OSDI 2014): write under a temporary name in the same folder, fsync,
// rename, fsync the folder. Without the first fsync a crash can leave the new name with
// no data; without the second, the old file. A failed fsync is never tried again, since
// the kernel has dropped the pages by then (A. Rebello et al., Can Applications Recover
// from fsync Failures?, ATC 2020): the temporary file is thrown away.

const (
	tempPrefix = ".inkling-"
	tempSuffix = ".tmp"
)

// WriteFile replaces the file called name in dir, or makes it, by what write writes. At
// any instant, killed or not, it holds the old or the new content, whole; after an error
// it holds the old, or, if the last fsync of the folder failed, either. Writes are not
// buffered. The folder must exist.
func WriteFile(dir, name string, write func(io.Writer) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return openFault(dir, err)
	}
	defer root.Close()
	if err := replace(root, name, write); err != nil {
		return &fault{text: fmt.Sprintf("%s: not written: %v", filepath.Join(dir, name), cause(err)), cause: err}
	}
	return nil
}

// replace is [WriteFile] below a root; name has slashes.
func replace(root *os.Root, name string, write func(io.Writer) error) (err error) {
	dir, base := path.Split(name)
	temp := fmt.Sprintf("%s%s%s-%016x%s", dir, tempPrefix, base, rand.Uint64(), tempSuffix)
	file, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	renamed := false
	defer func() { // also when write panics
		file.Close()
		if !renamed {
			root.Remove(temp)
		}
	}()
	if err := write(&writer{file: file, name: name}); err != nil {
		return err
	}
	if err := syncFile(file, name); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := rename(root, temp, name); err != nil {
		return err
	}
	renamed = true
	return syncDir(root, path.Clean(dir))
}

// syncDir makes the names in a folder durable.
func syncDir(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := syncFile(d, dir); err != nil && !noDirSync(err) {
		return err
	}
	return nil
}

// makeDir makes a folder and those it lies in, each durable before the next.
func makeDir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: errNotDir}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// A parent that may be written but not read cannot be synced, nor need it be ours.
	if root, err := os.OpenRoot(parent); err == nil {
		defer root.Close()
		if err := syncDir(root, "."); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

// isTemp reports whether a file is a temporary one of ours.
func isTemp(name string) bool {
	return strings.HasPrefix(name, tempPrefix) && strings.HasSuffix(name, tempSuffix)
}

// list is the content of a folder below a root, unsorted.
func list(root *os.Root, dir string) ([]fs.DirEntry, error) {
	d, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.ReadDir(-1)
}

// clean removes what killed writers left in a folder. Only who holds the lock may: the
// file could be another's that is still being written. What cannot be removed is only
// in the way of the disk's space, and the next Open tries again.
func clean(root *os.Root, dir string) {
	entries, err := list(root, dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if isTemp(e.Name()) {
			root.Remove(path.Join(dir, e.Name()))
		}
	}
}
