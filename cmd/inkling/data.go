package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// dataCmds is inkling data: known data sets, by name. They are looked for in the folder that INKLING_DATA names,
// in Debian's and in the user's cache.
type dataCmds struct {
	List dataListCmd `cmd:"" help:"List the data sets that are known, and where those are that are here."`
	Get  dataGetCmd  `cmd:"" help:"Find or download a data set, check it, and print where it is."`
	Path dataPathCmd `cmd:"" help:"Print where a data set is, for shells; exit code 4 if it is not here."`
}

type dataListCmd struct{}

type dataGetCmd struct {
	Name string `arg:"" help:"Name of the data set; inkling data list has them."`
	Out  string `help:"Folder to put it into; that of INKLING_DATA, or inkling in the user's cache folder, unless given." placeholder:"DIR"`
}

type dataPathCmd struct {
	Name string `arg:"" help:"Name of the data set; inkling data list has them."`
}

// datasetInfo is what --json says of a data set.
type datasetInfo struct {
	Name    string         `json:"name"`
	About   string         `json:"about"`
	Licence string         `json:"licence"`
	Bytes   int64          `json:"bytes"`
	Path    *string        `json:"path"`             // where it is; null if not here
	Debian  string         `json:"debian,omitempty"` // package that brings it
	Files   []dataFileInfo `json:"files"`
}

type dataFileInfo struct {
	Name      string   `json:"name"`
	Bytes     int64    `json:"bytes"`
	SHA256    string   `json:"sha256"` // of what is unpacked from a .gz
	Addresses []string `json:"addresses"`
}

func (*dataListCmd) Run(a *app) error { return listData(a, newShelf()) }

func listData(a *app, s *shelf) error {
	infos := []datasetInfo{}
	rows := [][]string{{"name", "what it is", "size", "licence", "where"}}
	for _, d := range s.sets {
		info := datasetInfo{Name: d.name, About: d.about, Licence: d.licence, Bytes: d.size(), Debian: d.debian}
		for _, f := range d.files {
			info.Files = append(info.Files, dataFileInfo{f.name, f.size, f.sha256, f.addresses})
		}
		where := "inkling data get " + d.name
		if at, _ := s.look(d); at != "" {
			info.Path, where = &at, at
		}
		infos = append(infos, info)
		rows = append(rows, []string{d.name, d.about, sizeOf(d.size()), d.licence, where})
	}
	if a.json {
		return a.printJSON(infos)
	}
	aligned(onTerminal(a), "llrll", rows...)
	return nil
}

func (p *dataPathCmd) Run(a *app) error { return p.run(a, newShelf()) }

func (p *dataPathCmd) run(a *app, s *shelf) error {
	d, err := s.sets.find(p.Name)
	if err != nil {
		return err
	}
	at, _ := s.look(d)
	if at == "" {
		return ioFault("%s is not here: %s", d.name, d.remedy())
	}
	return printPath(a, d, at, false)
}

// remedy is how to come by a data set.
func (d *dataset) remedy() string {
	get := "inkling data get " + d.name
	if d.debian != "" {
		get += ", or with Debian apt install " + d.debian
	}
	return get
}

func printPath(a *app, d *dataset, at string, fetched bool) error {
	if a.json {
		return a.printJSON(map[string]any{"name": d.name, "path": at, "fetched": fetched})
	}
	_, err := fmt.Fprintln(a.out, at)
	return err
}

func (g *dataGetCmd) Run(a *app) error { return g.run(a, newShelf()) }

func (g *dataGetCmd) run(a *app, s *shelf) error {
	d, err := s.sets.find(g.Name)
	if err != nil {
		return err
	}
	at, form, err := s.lookWell(a, d, g.Out)
	if err != nil {
		return err
	}
	if at != "" && (g.Out == "" || at == d.under(g.Out)) {
		return printPath(a, d, at, false)
	}
	dir := g.Out
	if dir == "" {
		if dir, err = s.room(); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(d.file(dir, d.files[0])), 0o777); err != nil {
		return keepFault(dir, err)
	}
	if at != "" {
		d = form
	}
	t := newTransfer(a.err, d.name, d.size())
	defer t.close()
	a.orderly()
	for _, f := range d.files {
		to := d.file(dir, f)
		switch err := f.verify(to); {
		case err == nil:
			t.done(f.size)
			continue
		case !errors.Is(err, fs.ErrNotExist): // it may be somebody's work
			return ioFault("%s: %v: move it away or name another folder with --out", to, bare(err))
		}
		if at != "" {
			from := at
			if len(d.files) > 1 {
				from = filepath.Join(at, f.name)
			}
			err = f.copy(a.ctx, from, to)
			t.done(f.size)
		} else {
			err = s.fetch(a.ctx, t, f, to)
		}
		if a.ctx.Err() != nil {
			t.say("stopped: inkling data get %s goes on from where it was", d.name)
			return errInterrupted
		}
		if err != nil {
			return err
		}
	}
	t.close()
	return printPath(a, d, d.under(dir), at == "")
}

// bare is an error without the name of its file.
func bare(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// lookWell is look with all hashes checked, and with out, if that is not empty, looked at first. A copy that
// is not right is passed over, and said.
func (s *shelf) lookWell(a *app, d *dataset, out string) (string, *dataset, error) {
	folders := s.folders
	if out != "" {
		folders = append([]string{out}, folders...)
	}
	for _, folder := range folders {
	next:
		for _, form := range d.forms() {
			if !here(folder, form) {
				continue
			}
			for _, f := range form.files {
				name := form.file(folder, f)
				err := f.verify(name)
				if err == nil {
					continue
				}
				a.note("%s: passed over: %v", name, bare(err))
				continue next
			}
			return form.under(folder), form, nil
		}
	}
	return "", nil, nil
}
