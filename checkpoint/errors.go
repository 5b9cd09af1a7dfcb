package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// What an error of this package is about, for errors.Is. Other errors come from the
// operating system, which they wrap. All are one line that says what to do.
var (
	ErrFormat  = errors.New("checkpoint: not a valid file")           // the content is at fault
	ErrNoState = errors.New("checkpoint: no state to go on from")     // a run that has saved none yet
	ErrInUse   = errors.New("checkpoint: the run is in use")          // another process has it open
	ErrExists  = errors.New("checkpoint: the folder is in use")       // Create of a folder that is not empty
	ErrNoRun   = errors.New("checkpoint: the folder is not of a run") // nothing there that could be opened
)

// A fault is an error in words: what happened, its kind and its cause.
type fault struct {
	text  string
	kind  error // one of the above, or nil
	cause error // or nil
}

func (f *fault) Error() string        { return f.text }
func (f *fault) Unwrap() error        { return f.cause }
func (f *fault) Is(target error) bool { return f.kind != nil && f.kind == target }

// malformed says that the content of a file is at fault.
func malformed(file string, err error) error {
	return &fault{text: file + ": " + err.Error(), kind: ErrFormat, cause: err}
}

// cause strips the operation and the path that package os puts before an error.
func cause(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}

// readFault says in words why a file could not be read.
func readFault(file string, err error) error {
	text := fmt.Sprintf("%s: %v", file, cause(err))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		text = file + ": there is no such file"
	case errors.Is(err, fs.ErrPermission):
		text = file + ": it may not be read: change its permissions"
	case errors.Is(err, syscall.EIO):
		text = file + ": the disk cannot read it: copy what can be saved to another disk"
	}
	return &fault{text: text, cause: err}
}

// writeFault says in words why a file of a run could not be written, and what to do.
func writeFault(dir, name string, err error) error {
	var f *fault
	if errors.As(err, &f) {
		return err
	}
	why, what := cause(err).Error(), ""
	switch {
	case diskFull(err):
		why, what = "the disk is full", "free some space"
	case errors.Is(err, syscall.EFBIG):
		why, what = "the file would be larger than this system allows", "raise the limit (ulimit -f)"
	case errors.Is(err, syscall.EROFS):
		why, what = "the disk is read-only", "make it writable or copy the folder to another disk"
	case errors.Is(err, fs.ErrPermission):
		why, what = "the folder may not be written", "change its permissions"
	case errors.Is(err, fs.ErrNotExist):
		why, what = "the folder was moved or deleted", "put it back"
	case errors.Is(err, syscall.EIO):
		why, what = "the disk reports an error", "copy the folder to another disk"
	}
	if what != "" {
		what += ", then: "
	}
	return &fault{
		text:  fmt.Sprintf("%s: not written: %s; what was saved before is intact: %sinkling resume %s", filepath.Join(dir, name), why, what, dir),
		cause: err,
	}
}

// openFault says in words why a folder could not be made or opened.
func openFault(dir string, err error) error {
	why := cause(err).Error()
	info, statErr := os.Stat(dir)
	switch {
	case errors.Is(err, errNotDir), statErr == nil && !info.IsDir():
		why = "it is, or lies below, a file that is no folder"
	case errors.Is(err, fs.ErrNotExist):
		why = "there is no such folder"
	case errors.Is(err, fs.ErrPermission):
		why = "permission is denied"
	case errors.Is(err, syscall.EROFS):
		why = "the disk is read-only"
	case diskFull(err):
		why = "the disk is full"
	}
	return &fault{text: fmt.Sprintf("%s: %s", dir, why), cause: err}
}
