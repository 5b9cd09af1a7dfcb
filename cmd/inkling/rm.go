package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

type rmCmd struct {
	Dirs   []string `arg:"" name:"dir" help:"Folders of the runs."`
	States bool     `help:"Delete only what resume needs and keep the model." env:"-"`
	Yes    bool     `short:"y" help:"Do not ask." env:"-"`
}

// removed is what became of a run, and what --json says of it.
type removed struct {
	Dir   string   `json:"dir"`
	Bytes int64    `json:"bytes"` // deleted
	Files int      `json:"files"` // deleted
	Left  []string `json:"left"`  // what is not of a run, and stays with its folder; null if nothing is
}

func (r *rmCmd) Run(a *app) error {
	var in io.Reader
	if terminal(os.Stdin) {
		in = os.Stdin
	}
	return r.run(a, in)
}

// run deletes; in is where an answer comes from, nil if nobody can be asked.
func (r *rmCmd) run(a *app, in io.Reader) error {
	if !r.Yes && in == nil {
		return usage("--yes is needed to delete without a terminal to ask on")
	}
	var all []*doomed
	defer func() {
		for _, d := range all {
			d.close()
		}
	}()
	for _, dir := range r.Dirs {
		d, err := r.condemn(dir, all)
		if err != nil {
			return err // before anything is deleted
		}
		if d != nil {
			all = append(all, d)
		}
	}
	if !r.Yes && !r.agreed(a, in, all) {
		a.note("nothing was deleted")
		return nil
	}
	var done []removed
	for _, d := range all {
		gone, err := d.delete(!r.States)
		if err != nil {
			return ioFault("%s: %w: what is left can be deleted by the same command", d.dir, err)
		}
		if !r.States && len(d.left) > 0 {
			a.note("%s: kept with what is not of a run: %s", d.dir, strings.Join(d.left, ", "))
		}
		done = append(done, gone)
	}
	if a.json {
		return a.printJSON(done)
	}
	for _, gone := range done {
		what := "deleted"
		if r.States {
			what = "states deleted, model kept"
		}
		fmt.Fprintf(a.out, "%s: %s, %s\n", oneLine(gone.Dir), what, sizeOf(gone.Bytes))
	}
	return nil
}

// condemn locks a run and finds what is to be deleted of it. A folder that was named before is nil.
func (r *rmCmd) condemn(dir string, before []*doomed) (*doomed, error) {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ioFault("%s: there is no such folder", dir)
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, badInput("%s: a link: name the folder that it leads to", dir)
	case !info.IsDir():
		return nil, badInput("%s: not a folder", dir)
	}
	for _, d := range before {
		if same, err := d.root.Stat("."); err == nil && os.SameFile(info, same) {
			return nil, nil
		}
	}
	d := &doomed{dir: dir}
	if d.run, err = openDoomed(dir); err != nil {
		return nil, err
	}
	if d.root, err = os.OpenRoot(dir); err == nil {
		err = d.find(r.States)
	}
	if err == nil && r.States && !d.run.HasModel() {
		err = badInput("%s: has no model yet, which --states would keep", dir)
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// agreed asks whether to delete.
func (r *rmCmd) agreed(a *app, in io.Reader, all []*doomed) bool {
	for _, d := range all {
		what := "the run"
		if r.States {
			what = "the states of"
		}
		a.note("%s %s: %s in %s", what, oneLine(d.dir), sizeOf(d.bytes), plural(len(d.files), "file"))
	}
	if r.States {
		a.note("without its states a run cannot be gone on with: resume would begin it anew")
	}
	fmt.Fprint(a.err, "delete? [y/N] ")
	line, _ := bufio.NewReader(in).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true
	}
	return false
}
