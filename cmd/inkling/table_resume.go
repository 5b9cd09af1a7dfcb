package main

import (
	"errors"
	"fmt"
	"io/fs"

	"inkling/checkpoint"
	"inkling/vae/tables"
)

// resumeTable goes on with a run of a VAE of a table.
func (r *resumeCmd) resumeTable(a *app, run *checkpoint.Run) error {
	c, saved, err := readTableConfig(run)
	if err != nil {
		return err
	}
	at, err := positionOf(run)
	if err != nil {
		return err
	}
	if at.Done {
		return r.finished(a, at.Step)
	}
	want := c.Data
	if r.File != "" {
		c.Data.File = r.File
	}
	s, err := newTableSitting(a, c, func(is tableSource) error {
		if is.SHA256 != want.SHA256 {
			return badInput("%s is not the table that this run began with (its hash is %.12s… instead of %.12s…): put that one back, or name it: inkling resume %s FILE",
				c.Data.File, is.SHA256, want.SHA256, r.Dir)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the table that %s learns from: %w; if it was moved: inkling resume %s FILE", r.Dir, err, r.Dir)
	}
	if err != nil {
		return err
	}
	if !tables.Same(s.table.Columns, saved.Learned) {
		return badInput("%s: %s is not what this table says: put the one back that the run began with", r.Dir, tables.ColumnsFile)
	}
	s.run = run
	tellISA(a, c.MadeWith.ISA)
	a.note("%s goes on after step %s", r.Dir, thousands(at.Step))
	return s.trainAndReport(a)
}
