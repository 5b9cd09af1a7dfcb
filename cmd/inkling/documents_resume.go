package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/vae/documents"
)

// resumeDocuments goes on with a run of a VAE of documents.
func (r *resumeCmd) resumeDocuments(a *app, run *checkpoint.Run) error {
	if err := r.replaceWords(a, run); err != nil {
		return err
	}
	c, vocab, err := readDocumentsConfig(run)
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
	s, err := newDocumentsSitting(a, c, r.sameDocuments(c))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the documents that %s learns from: %w; if they were moved: inkling resume %s PATH", r.Dir, err, r.Dir)
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(vocab.Marshal(), s.read.Vocab.Marshal()) {
		return badInput("%s: %s is not that of the documents: put the one back that the run began with", r.Dir, documents.VocabFile)
	}
	s.run = run
	tellISA(a, c.MadeWith.ISA)
	a.note("%s goes on after step %s", r.Dir, thousands(at.Step))
	return s.trainAndReport(a)
}

// sameDocuments points the config to where the documents are, and refuses others than the run began with.
func (r *resumeCmd) sameDocuments(c *documentsConfig) func(data.Source) error {
	want := c.Data
	if r.File != "" {
		c.Data.File = r.File
	}
	return func(is data.Source) error {
		if is.SHA256 != want.SHA256 {
			return badInput("%s has not the documents that this run began with (their hash is %.12s… instead of %.12s…): put those back, or name them: inkling resume %s PATH", c.Data.File, is.SHA256, want.SHA256, r.Dir)
		}
		return nil
	}
}

// replaceWords writes the words of a run that was killed right after its config was written.
func (r *resumeCmd) replaceWords(a *app, run *checkpoint.Run) error {
	_, err := run.ReadFile(documents.VocabFile)
	if !errors.Is(err, fs.ErrNotExist) || run.HasModel() {
		return err
	}
	c := new(documentsConfig)
	if err := documents.Unmarshal(run, c); err != nil {
		return err
	}
	c.Words = c.Words.Complete()
	read, err := c.learnBags(a, r.sameDocuments(c))
	if err != nil {
		return err
	}
	return run.WriteFile(documents.VocabFile, read.Vocab.Marshal())
}
