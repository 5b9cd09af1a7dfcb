package checkpoint

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// A state is one safetensors file whose metadata hold the step and what is not a tensor,
// as JSON. The step is in the name and in the file, so a file that was renamed by hand
// is not mistaken for another step.
const (
	keyStep     = "inkling.step"
	keyState    = "inkling.state"
	stateSuffix = ".safetensors"
)

// stateName is the name of a state in its folder.
func stateName(step int64) string { return fmt.Sprintf("%09d%s", step, stateSuffix) }

// stepOf is the step of a state's name, false if it is not such a name.
func stepOf(name string) (int64, bool) {
	digits, ok := strings.CutSuffix(name, stateSuffix)
	step, err := strconv.ParseInt(digits, 10, 64)
	return step, ok && err == nil && step >= 0 && stateName(step) == name
}

// states are the names of the states in the folder, newest first.
func (r *Run) states() ([]string, error) {
	entries, err := list(r.root, stateDir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if _, ok := stepOf(e.Name()); ok {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		x, _ := stepOf(a)
		y, _ := stepOf(b)
		return cmp.Compare(y, x)
	})
	return names, nil
}

// SaveState saves everything needed to go on from a step: meta is JSON, and the tensors
// are written without being copied, so they must not change meanwhile. When it returns
// nil, the state and all metrics appended before are on disk, and of the older states
// the newest remain so that [Run.Keep] are there in all. After an error, what was saved
// before is intact and can be gone on from.
//
// A step may be saved again, but not after a later one: an error.
func (r *Run) SaveState(step int64, meta []byte, tensors []Tensor) error {
	r.mustWrite("SaveState")
	if step < 0 || !json.Valid(meta) {
		panic(fmt.Sprintf("checkpoint: state of step %d with meta %q: want a step of 0 or more and JSON", step, meta))
	}
	r.saving.Lock()
	defer r.saving.Unlock()
	older, err := r.states()
	if err != nil {
		return writeFault(r.dir, stateDir, err)
	}
	older = slices.DeleteFunc(older, func(s string) bool { return r.damaged[s] || s == stateName(step) })
	if len(older) > 0 {
		if newest, _ := stepOf(older[0]); newest > step {
			return fmt.Errorf("%s: a later state than that of step %d, which is not written: go on from the later one, or delete it",
				r.path(path.Join(stateDir, older[0])), step)
		}
	}
	if err := r.syncMetrics(); err != nil {
		return err
	}
	err = r.save(path.Join(stateDir, stateName(step)), tensors, map[string]string{
		keyStep:  strconv.FormatInt(step, 10),
		keyState: string(meta),
	})
	if err != nil {
		return err
	}
	// The new state is on disk. What cannot be removed now is tried again next time.
	delete(r.damaged, stateName(step))
	for s := range r.damaged {
		r.root.Remove(path.Join(stateDir, s))
	}
	keep := r.Keep
	if keep < 1 {
		keep = 2
	}
	for _, s := range older[min(keep-1, len(older)):] {
		r.root.Remove(path.Join(stateDir, s))
	}
	return nil
}

// LatestState reads the newest state that is whole. For each newer one that is damaged
// or cut short there is a warning, a line that says so; the next SaveState removes those.
// A run that has no state yet gives [ErrNoState]: it begins anew from its config. If
// there are states and all are damaged, or one cannot be read, the error says so.
func (r *Run) LatestState() (step int64, meta []byte, tensors []Tensor, warnings []string, err error) {
	r.saving.Lock()
	defer r.saving.Unlock()
	names, err := r.states()
	if err != nil {
		return 0, nil, nil, nil, readFault(r.path(stateDir), err)
	}
	if len(names) == 0 {
		return 0, nil, nil, nil, &fault{text: fmt.Sprintf("%s: no state was saved yet", r.dir), kind: ErrNoState}
	}
	clear(r.damaged)
	var problems []string
	for _, name := range names {
		step, _ := stepOf(name)
		meta, tensors, err := r.loadState(name, step)
		if err == nil {
			for _, p := range problems {
				warnings = append(warnings, fmt.Sprintf("%s; going on from step %d", p, step))
			}
			return step, meta, tensors, warnings, nil
		}
		// Only what another state cannot change for the better ends the search.
		if !errors.Is(err, ErrFormat) && !errors.Is(err, syscall.EIO) {
			return 0, nil, nil, nil, err
		}
		problems = append(problems, err.Error())
		if r.damaged == nil {
			r.damaged = map[string]bool{}
		}
		r.damaged[name] = true
	}
	return 0, nil, nil, nil, &fault{
		text: fmt.Sprintf("%s; no state is whole: to begin this run anew, delete the folder %s", strings.Join(problems, "; "), r.path(stateDir)),
		kind: ErrFormat,
	}
}

// LatestMeta reads the meta of the newest state without its tensors, to see quickly how far a run has come. A
// state with a damaged header is passed over; damaged tensors, which [Run.LatestState] would pass over too, are
// not found out. Errors are as there.
func (r *Run) LatestMeta() (step int64, meta []byte, err error) {
	var names []string
	info, err := r.root.Stat(stateDir)
	switch {
	case errors.Is(err, fs.ErrNotExist): // as of a model from elsewhere
	case err == nil && !info.IsDir():
		return 0, nil, malformed(r.path(stateDir), fmt.Errorf("not a folder"))
	default:
		if names, err = r.states(); err != nil {
			return 0, nil, readFault(r.path(stateDir), err)
		}
	}
	var damage error
	for _, name := range names {
		step, _ := stepOf(name)
		file, _, meta, err := r.openState(name, step)
		if err == nil {
			return step, meta, file.Close()
		}
		if !errors.Is(err, fs.ErrNotExist) { // who trains may have removed it meanwhile, since there is a newer
			damage = cmp.Or(damage, err)
		}
	}
	if damage != nil {
		return 0, nil, damage
	}
	return 0, nil, &fault{text: fmt.Sprintf("%s: no state was saved yet", r.dir), kind: ErrNoState}
}

// loadState reads one state, which must have been written here.
func (r *Run) loadState(name string, step int64) (meta []byte, tensors []Tensor, err error) {
	file, h, meta, err := r.openState(name, step)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	tensors, err = h.read(file, r.path(path.Join(stateDir, name)), allocate)
	return meta, tensors, err
}

// openState reads the header of a state and leaves the file, which the caller closes, at its data.
func (r *Run) openState(name string, step int64) (file *os.File, h *Header, meta []byte, err error) {
	name = path.Join(stateDir, name)
	file, size, err := r.open(name)
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	if h, err = ReadHeader(file, size, r.path(name)); err != nil {
		return nil, nil, nil, err
	}
	meta = []byte(h.Metadata[keyState])
	switch {
	case !h.sums:
		err = malformed(r.path(name), fmt.Errorf("damaged: no checksums"))
	case h.Metadata[keyStep] != strconv.FormatInt(step, 10):
		err = malformed(r.path(name), fmt.Errorf("renamed: it holds step %s", quote(h.Metadata[keyStep])))
	case !json.Valid(meta):
		err = malformed(r.path(name), fmt.Errorf("damaged: %s is not JSON", keyState))
	}
	return file, h, meta, err
}
