package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"inkling/checkpoint"
	"inkling/internal/kernel"
)

type resumeCmd struct {
	Dir  string `arg:"" help:"Folder of the run."`
	File string `arg:"" optional:"" help:"Where the text is now, if it was moved; - is standard input."`

	Cache string `help:"Where the tokens of the text are kept, if train was told a folder." placeholder:"DIR"`
}

func (r *resumeCmd) Run(a *app) error {
	run, err := checkpoint.Open(r.Dir)
	if err != nil {
		return err
	}
	defer run.Close()
	if isVectors(run) {
		return r.resumeVectors(a, run)
	}
	if k := vaeKindIn(run); k != nil {
		return k.resume(a, r, run)
	}
	cfg, err := readConfig(run)
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
	s, err := r.sitting(a, run, cfg)
	if err != nil {
		return err
	}
	if cfg.From != nil && !at.saved {
		if err := cfg.From.adopt(s.model); err != nil {
			return err
		}
	}
	a.note("%s goes on after step %s", r.Dir, thousands(at.Step))
	return s.trainAndReport(a)
}

// position is how far a run has come.
type position struct {
	Step  int  `json:"step"`
	Done  bool `json:"done"`
	saved bool // there is a state to go on from
}

// positionOf is where the latest state of a run stands.
func positionOf(run *checkpoint.Run) (p position, err error) {
	_, meta, _, _, err := run.LatestState()
	if errors.Is(err, checkpoint.ErrNoState) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(meta, &p); err != nil {
		return p, badInput("%s: the state of the run cannot be read: %v", run.Dir(), err)
	}
	p.saved = true
	return p, nil
}

func (r *resumeCmd) finished(a *app, step int) error {
	if a.json {
		return a.printJSON(map[string]any{"out": r.Dir, "steps": step, "finished": true})
	}
	_, err := fmt.Fprintf(a.out, "%s is finished, at step %s: nothing to do. To see it: inkling info %s\n", r.Dir, thousands(step), r.Dir)
	return err
}

// sitting reads the text again, makes sure that it is the same, and makes the model.
func (r *resumeCmd) sitting(a *app, run *checkpoint.Run, cfg *runConfig) (*sitting, error) {
	src := cfg.Data
	if r.File != "" {
		src.File = r.File
	}
	if err := cfg.checkTokens(); err != nil {
		return nil, badInput("%s: config.json: %w", r.Dir, err)
	}
	vocab, err := cfg.inheritedVocab(run)
	if err != nil {
		return nil, err
	}
	text, err := readCorpus(a, src, reading{kind: cfg.Tokens, tokens: cfg.Vocabulary, vocab: vocab, cache: cache{r.Cache}, same: r.same(cfg.Data)})
	if _, gone := os.Stat(src.File); gone != nil && errors.Is(err, fs.ErrNotExist) { // and not the held-out text
		return nil, fmt.Errorf("the text that %s learns from: %w; if it was moved: inkling resume %s FILE", r.Dir, err, r.Dir)
	}
	if err != nil {
		return nil, err
	}
	for _, note := range text.notes {
		a.note("%s", note)
	}
	if isa := cfg.MadeWith.ISA; isa != "" && isa != kernel.ISA() {
		a.note("the run began with %s and goes on with %s: the result will differ in the last bits", isa, kernel.ISA())
	}
	s, err := newSitting(a, cfg, text, "go on on a machine with more, or raise --memory")
	if err != nil {
		return nil, badInput("%s: config.json: %w", r.Dir, err)
	}
	s.run = run
	if err := s.sameTokenizer(); err != nil {
		return nil, err
	}
	if s.cfg.Train.Shards > runtime.GOMAXPROCS(0) {
		a.note("the run began with %d shards and goes on with them on %d cores", s.cfg.Train.Shards, runtime.GOMAXPROCS(0))
	}
	return s, nil
}

// same refuses a text that is not the one that the run began with.
func (r *resumeCmd) same(want dataSource) func(is dataSource) error {
	return func(is dataSource) error {
		switch {
		case is.SHA256 != want.SHA256:
			return badInput("%s is not the text that this run began with (its hash is %.12s… instead of %.12s…): put that one back, or name it: inkling resume %s FILE",
				is.File, is.SHA256, want.SHA256, r.Dir)
		case is.ValidSHA256 != want.ValidSHA256:
			return badInput("%s is not the held-out text that this run began with: put that one back", is.ValidFile)
		}
		return nil
	}
}

// sameTokenizer makes sure that the text is cut up as it was before. A run that was killed right after
// its config was written has no tokenizer yet, and gets it now.
func (s *sitting) sameTokenizer() error {
	before, err := s.run.ReadFile("tokenizer.json")
	if errors.Is(err, fs.ErrNotExist) {
		return s.writeTokenizer()
	}
	if err != nil {
		return err
	}
	now, err := s.tokenizer()
	if err == nil && !bytes.Equal(before, now) {
		err = badInput("%s: tokenizer.json is not that of the text: put the one back that the run began with", s.run.Dir())
	}
	return err
}
