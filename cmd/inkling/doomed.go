package main

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"inkling/checkpoint"
	"inkling/lm"
	"inkling/vae/documents"
)

// Runs are deleted under their lock, from inside their folder (os.Root), by the names that a run has: config.json
// after all others, then the lock, then the folder if nothing is left in it. So a deletion that was cut short
// leaves a run, or a folder with a lock and little else, and rm takes either. No link is followed or deleted.

// doomed is a run that is to be deleted, and its lock.
type doomed struct {
	dir   string
	run   *checkpoint.Run
	root  *os.Root
	files []string // to be deleted, in this order
	left  []string // of others
	bytes int64
}

// openDoomed locks a run, or the rest of one that has no config.json.
func openDoomed(dir string) (*checkpoint.Run, error) {
	if reader, err := checkpoint.OpenRead(dir); err == nil {
		defer reader.Close()
		var h struct { // what all kinds have
			Format int    `json:"format"`
			Kind   string `json:"kind"`
		}
		if err := lm.UnmarshalConfig(reader, &h); err != nil {
			return nil, badInput("%w: delete the folder by hand if it is one of yours", err)
		}
		if h.Format < 1 || h.Kind == "" {
			return nil, badInput("%s: config.json is not one of ours: delete the folder by hand if it is one of yours", dir)
		}
		run, err := checkpoint.Open(dir)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
			return nil, ioFault("%s: may not be written: change its permissions to delete it", dir)
		}
		return run, err
	} else if _, e := os.Lstat(filepath.Join(dir, "lock")); !errors.Is(err, checkpoint.ErrNoRun) || e != nil {
		return nil, err
	}
	run, err := checkpoint.Create(dir) // which wants nothing in it but what a killed run leaves
	if errors.Is(err, checkpoint.ErrExists) {
		return nil, badInput("%s: has no config.json, and more in it than a run leaves that was cut short: delete the folder by hand", dir)
	}
	return run, err
}

// ofRun are the files of a run, config.json, which makes it one, last.
var ofRun = []string{"metrics.jsonl", "README.md", "samples.png", "tokenizer.json", "vocab.txt", documents.VocabFile, "model.safetensors", "config.json"}

// find sorts what is in the folder into what is of a run and what is not.
func (d *doomed) find(statesOnly bool) error {
	states, left, err := d.states()
	if err != nil {
		return err
	}
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return err
	}
	d.files, d.left = states, left
	if statesOnly {
		return d.weigh()
	}
	for _, e := range entries {
		if name := e.Name(); !(name == "lock" || name == "state" && e.IsDir() || slices.Contains(ofRun, name) && e.Type().IsRegular()) {
			d.left = append(d.left, name)
		}
	}
	for _, name := range ofRun {
		if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name && e.Type().IsRegular() }) {
			d.files = append(d.files, name)
		}
	}
	return d.weigh()
}

// states are the files in the folder of states, and what else is in it.
func (d *doomed) states() (states, left []string, err error) {
	info, err := d.root.Lstat("state")
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	entries, err := fs.ReadDir(d.root.FS(), "state")
	for _, e := range entries {
		name := path.Join("state", e.Name())
		if step, ok := strings.CutSuffix(e.Name(), ".safetensors"); ok && strings.Trim(step, "0123456789") == "" && e.Type().IsRegular() {
			states = append(states, name)
		} else {
			left = append(left, name)
		}
	}
	return states, left, err
}

// weigh adds the sizes up.
func (d *doomed) weigh() error {
	for _, name := range d.files {
		info, err := d.root.Lstat(name)
		if err != nil {
			return err
		}
		d.bytes += info.Size()
	}
	return nil
}

// delete deletes the files that were found and, if whole, the lock and the folders.
func (d *doomed) delete(whole bool) (removed, error) {
	gone := removed{Dir: d.dir, Bytes: d.bytes, Files: len(d.files), Left: d.left}
	for _, name := range d.files {
		if name == "config.json" {
			if err := d.removeFolder("state"); err != nil {
				return gone, err
			}
		}
		if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return gone, err
		}
	}
	if !whole {
		return gone, nil
	}
	if err := d.removeFolder("state"); err != nil {
		return gone, err
	}
	// Where an open file cannot be deleted, as on Windows, it must be closed first.
	unlocked := d.root.Remove("lock")
	d.run.Close()
	d.run = nil
	if unlocked != nil {
		if err := d.root.Remove("lock"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return gone, err
		}
	}
	if len(d.left) > 0 {
		return gone, nil
	}
	return gone, os.Remove(cmp.Or(absolute(d.dir), d.dir))
}

// absolute is the whole path, since "." is no name that could be deleted; empty if it cannot be known.
func absolute(dir string) string {
	whole, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	return whole
}

// removeFolder deletes a folder that is empty.
func (d *doomed) removeFolder(name string) error {
	if slices.ContainsFunc(d.left, func(left string) bool { return left == name || strings.HasPrefix(left, name+"/") }) {
		return nil
	}
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d *doomed) close() {
	if d.root != nil {
		d.root.Close()
	}
	if d.run != nil {
		d.run.Close()
	}
}
