package checkpoint

import (
	"os"
	"sync/atomic"
)

// Faults stand between this package and the disk, so that a test of this or another
// package can slow the writes down to be killed in the middle of one, and can make them
// fail. A nil field does nothing; files are named by their path within the run.
type Faults struct {
	// Write is called before n bytes go to a file at an offset. With an error, only the
	// first allow bytes go there and the write fails.
	Write func(file string, offset int64, n int) (allow int, err error)
	// Sync is called before an fsync of a file or, as ".", "state", of a folder.
	Sync func(file string) error
	// Rename is called before a file gets its name.
	Rename func(file string) error
}

var faults atomic.Pointer[Faults]

// SetFaults is for tests only: it puts f, or nil, in the way of every write of the
// process, and returns a function that restores what was there before.
func SetFaults(f *Faults) (restore func()) {
	before := faults.Swap(f)
	return func() { faults.Store(before) }
}

// A writer writes to a file past the faults.
type writer struct {
	file   *os.File
	name   string
	offset int64
}

func (w *writer) Write(b []byte) (n int, err error) {
	if f := faults.Load(); f != nil && f.Write != nil {
		if allow, err := f.Write(w.name, w.offset, len(b)); err != nil {
			n, _ = w.file.Write(b[:allow])
			w.offset += int64(n)
			return n, err
		}
	}
	n, err = w.file.Write(b)
	w.offset += int64(n)
	return n, err
}

// sync is an fsync past the faults.
func syncFile(file *os.File, name string) error {
	if f := faults.Load(); f != nil && f.Sync != nil {
		if err := f.Sync(name); err != nil {
			return err
		}
	}
	return file.Sync()
}

// rename is a rename within a folder past the faults.
func rename(root *os.Root, from, to string) error {
	if f := faults.Load(); f != nil && f.Rename != nil {
		if err := f.Rename(to); err != nil {
			return err
		}
	}
	return root.Rename(from, to)
}
