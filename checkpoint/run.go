package checkpoint

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
)

const (
	configName  = "config.json"
	modelName   = "model.safetensors"
	metricsName = "metrics.jsonl"
	stateDir    = "state"
)

// A Run is the folder of one training run; see the package's comment for what is in it.
// Its methods may be called from several goroutines. On a run of [OpenRead], those that
// write panic.
type Run struct {
	// Keep is the number of states to keep; 0 means 2. Set it before the first SaveState.
	Keep int

	dir  string
	root *os.Root
	lock *os.File // nil for OpenRead

	saving  sync.Mutex      // held by SaveState and LatestState
	damaged map[string]bool // states LatestState passed over

	mu      sync.Mutex // guards the metrics
	metrics *os.File   // nil until needed
	size    int64      // of the metrics
	dirty   bool       // metrics were written since the last fsync
}

// Create makes a folder for a new run, with those it lies in, and locks it. A folder
// that is there already must be empty, or hold nothing but the traces of a run that was
// killed before it had a config.json: write that first.
func Create(dir string) (*Run, error) {
	if err := makeDir(dir); err != nil {
		return nil, cannotCreate(dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, cannotCreate(dir, err)
	}
	r := &Run{dir: dir, root: root}
	// Checked before anything is put into a folder that may be another's, and again with
	// the lock, since two may have looked at the same time.
	err = r.checkFree()
	if err == nil {
		err = r.begin()
	}
	if err == nil {
		err = r.checkFree()
	}
	if err != nil {
		r.Close()
		return nil, cannotCreate(dir, err)
	}
	return r, nil
}

// cannotCreate adds to an error what to do about it.
func cannotCreate(dir string, err error) error {
	var f *fault
	if errors.As(err, &f) {
		return err
	}
	return &fault{text: openFault(dir, err).Error() + ": the run cannot be kept there; choose another folder with --out", cause: err}
}

// checkFree refuses a folder that holds a run or something else.
func (r *Run) checkFree() error {
	entries, err := list(r.root, ".")
	if err != nil {
		return err
	}
	run, other := false, ""
	for _, e := range entries {
		switch name := e.Name(); {
		case name == configName, name == modelName:
			run = true
		case name == stateDir && e.IsDir():
			states, err := r.states()
			if err != nil {
				return err
			}
			run = run || len(states) > 0
		case name == lockName, isTemp(name):
		default:
			other = name
		}
	}
	if run {
		return &fault{text: fmt.Sprintf("%s: there is a run already: go on with it (inkling resume %s) or choose another folder with --out", r.dir, r.dir), kind: ErrExists}
	}
	if other != "" {
		return &fault{text: fmt.Sprintf("%s: not empty (it holds %s) and not a run: choose another folder with --out", r.dir, quote(other)), kind: ErrExists}
	}
	return nil
}

// Open opens the folder of a run to go on with it, locks it, and removes the temporary
// files of killed writers. If another process has the run, the error is [ErrInUse] and
// names that process.
func Open(dir string) (*Run, error) {
	r, err := OpenRead(dir)
	if err != nil {
		return nil, err
	}
	if err := r.begin(); err != nil {
		r.Close()
		return nil, writeFault(dir, "", err)
	}
	return r, nil
}

// begin locks a folder and puts it in order.
func (r *Run) begin() (err error) {
	if r.lock, err = lock(r.root, r.dir); err != nil {
		return err
	}
	if err := r.root.Mkdir(stateDir, 0o777); err == nil {
		if err := syncDir(r.root, "."); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	clean(r.root, ".")
	clean(r.root, stateDir)
	info, err := r.root.Stat(metricsName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		r.size = info.Size()
	}
	return err
}

// OpenRead opens the folder of a run, or of a model from anywhere, for reading. It takes
// no lock and writes nothing: another process may be training there.
func OpenRead(dir string) (*Run, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, openFault(dir, err)
	}
	r := &Run{dir: dir, root: root}
	if _, err := root.Lstat(configName); err != nil {
		root.Close()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &fault{text: fmt.Sprintf("%s: there is no model or run in this folder (no %s)", dir, configName), kind: ErrNoRun, cause: err}
		}
		return nil, openFault(dir, err)
	}
	return r, nil
}

// Dir is the folder as it was given.
func (r *Run) Dir() string { return r.dir }

// Close makes the metrics durable and releases the lock. The run cannot be used after.
func (r *Run) Close() error {
	r.saving.Lock()
	defer r.saving.Unlock()
	err := r.syncMetrics()
	if r.metrics != nil {
		err = cmp.Or(err, r.metrics.Close())
	}
	if r.lock != nil {
		r.lock.Truncate(0) // for people; what counts is that it is closed
		r.lock.Close()
	}
	r.root.Close()
	return err
}

// Writable tries whether the folder can be written: a cheap check before long work.
func (r *Run) Writable() error {
	r.mustWrite("Writable")
	for _, dir := range []string{".", stateDir} {
		name := path.Join(dir, tempPrefix+"writable"+tempSuffix)
		file, err := r.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
		if err == nil {
			_, err = (&writer{file: file, name: name}).Write(make([]byte, 4096))
			err = cmp.Or(err, syncFile(file, name), file.Close(), r.root.Remove(name))
		}
		if err != nil {
			r.root.Remove(name)
			return writeFault(r.dir, dir, err)
		}
	}
	return nil
}

// mustWrite panics if the run was opened for reading.
func (r *Run) mustWrite(method string) {
	if r.lock == nil {
		panic("checkpoint: " + method + " of a run opened for reading")
	}
}

// path is the path of a file for messages.
func (r *Run) path(name string) string { return filepath.Join(r.dir, name) }

// checkPlain refuses names that are not those of a file right in the folder, or are those
// of files with methods of their own.
func checkPlain(name string) error {
	switch {
	case !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) || strings.HasPrefix(name, "."):
		return fmt.Errorf("%s is not the name of a file in a run", quote(name))
	case name == lockName || name == stateDir || name == metricsName:
		return fmt.Errorf("%s is not a file to read or write whole", quote(name))
	}
	return nil
}
