package main

import (
	"strings"

	"inkling/checkpoint"
	"inkling/vae/sentences"
)

// ofSentences are VAEs of sentences.
type ofSentences struct{}

func (ofSentences) kind() string { return sentences.Kind }
func (ofSentences) name() string { return "sentences" }

func (ofSentences) looks(path string) bool {
	for _, end := range []string{".txt", ".txt.gz", ".txt.zst"} {
		if strings.HasSuffix(strings.ToLower(path), end) {
			return true
		}
	}
	return path == "-"
}

func (ofSentences) train(a *app, t *trainVAECmd) error { return t.sentences(a) }

func (ofSentences) resume(a *app, r *resumeCmd, run *checkpoint.Run) error {
	return r.resumeSentences(a, run)
}

func (ofSentences) eval(a *app, e *evalCmd) error                      { return e.sentences(a) }
func (ofSentences) score(a *app, s *scoreCmd) error                    { return s.sentences(a) }
func (ofSentences) sample(a *app, s *sampleCmd) error                  { return s.sentences(a) }
func (ofSentences) reconstruct(a *app, r *reconstructCmd) error        { return r.sentences(a) }
func (ofSentences) encode(a *app, e *encodeCmd) error                  { return e.sentences(a) }
func (ofSentences) interpolate(a *app, i *interpolateCmd) error        { return i.sentences(a) }
func (ofSentences) info(a *app, i *infoCmd, run *checkpoint.Run) error { return i.sentences(a, run) }

func (ofSentences) list(l *listed, run *checkpoint.Run) error { return l.readSentences(run) }
