package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/internal/kernel"
)

// resumeVAE goes on with a run of a VAE.
func (r *resumeCmd) resumeVAE(a *app, run *checkpoint.Run) error {
	c, err := readVAEConfig(run)
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
	if _, err := os.Stat(c.Data.File); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the pictures that %s learns from: %w; if they were moved: inkling resume %s PATH", r.Dir, data.InWords(c.Data.File, err), r.Dir)
	}
	s, err := newVAESitting(a, c, func(is imageSource) error {
		if is.SHA256 != want.SHA256 {
			return badInput("%s has not the pictures that this run began with (their hash is %.12s… instead of %.12s…): put those back, or name them: inkling resume %s PATH",
				c.Data.File, is.SHA256, want.SHA256, r.Dir)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.run = run
	tellISA(a, c.MadeWith.ISA)
	a.note("%s goes on after step %s", r.Dir, thousands(at.Step))
	return s.trainAndReport(a)
}

// tellISA says that a run goes on with other instructions than it began with.
func tellISA(a *app, isa string) {
	if isa != "" && isa != kernel.ISA() {
		a.note("the run began with %s and goes on with %s: the result will differ in the last bits", isa, kernel.ISA())
	}
}
