package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

type listCmd struct {
	Dir string `arg:"" optional:"" help:"Folder that the runs are in, or one run; runs unless given."`
}

const (
	runsFolder = "runs"
	mostDeep   = 3 // folders below the one that is listed
)

func (l *listCmd) Run(a *app) error {
	dir := l.Dir
	if dir == "" {
		dir = runsFolder
	}
	runs, err := listRuns(dir)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(runs)
	}
	if len(runs) == 0 {
		a.note("there are no runs in %s", dir)
		return nil
	}
	rows := [][]string{{"run", "model", "tokens", "best nats", "bits", "steps", "age", "size", "state"}}
	for _, r := range runs {
		rows = append(rows, r.row(time.Now()))
	}
	aligned(onTerminal(a), "lllrrrrrl", rows...)
	return nil
}

// listRuns are the runs in and below a folder, by name; what is wrong with one is in its entry. Nothing is
// written, and of weights and states only the headers are read.
func listRuns(dir string) ([]listed, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && dir == runsFolder:
		return []listed{}, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, ioFault("%s: there is no such folder", dir)
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, ioFault("%s: not a folder", dir)
	}
	runs := []listed{}
	if isRun(dir) {
		return append(runs, describe(dir)), nil
	}
	err = below(dir, 1, func(run string) { runs = append(runs, describe(run)) })
	return runs, err
}

// below finds the folders of runs. A link is followed to a run and no further, so that there is no circle.
func below(dir string, depth int, found func(string)) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		switch {
		case isRun(name):
			found(name)
		case e.IsDir() && depth < mostDeep:
			if err := below(name, depth+1, found); err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// isRun says whether a folder is of a run, or of the rest of one: it was killed before it had a config.json, or
// while it was deleted.
func isRun(dir string) bool {
	for _, name := range []string{"config.json", "lock"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}
