package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"inkling/checkpoint"
)

// resumeSentences goes on with a run of a VAE of sentences.
func (r *resumeCmd) resumeSentences(a *app, run *checkpoint.Run) error {
	c, _, err := readSentencesConfig(run)
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
	if err := c.text().checkTokens(); err != nil {
		return badInput("%s: config.json: %w", r.Dir, err)
	}
	want := c.Data
	if r.File != "" {
		c.Data.File = r.File
	}
	s, err := newSentencesSitting(a, c, reading{kind: c.Tokens, tokens: c.Vocabulary, cache: cache{r.Cache}, same: r.same(want)})
	if _, gone := os.Stat(c.Data.File); gone != nil && errors.Is(err, fs.ErrNotExist) { // and not the held-out text
		return fmt.Errorf("the text that %s learns from: %w; if it was moved: inkling resume %s FILE", r.Dir, err, r.Dir)
	}
	if err != nil {
		return err
	}
	defer s.text.close()
	s.run = run
	if err := s.sameTokenizer(); err != nil {
		return err
	}
	tellISA(a, c.MadeWith.ISA)
	a.note("%s goes on after step %s", r.Dir, thousands(at.Step))
	return s.trainAndReport(a)
}
