package main

import (
	"os"
	"slices"
	"strings"

	"inkling/checkpoint"
	"inkling/vae/documents"
)

// ofDocuments are VAEs of documents.
type ofDocuments struct{}

func (ofDocuments) kind() string { return documents.Kind }
func (ofDocuments) name() string { return "documents" }

// looks: a list of JSON objects, or a folder of texts. A .txt file may be anything, and must be called documents.
func (ofDocuments) looks(path string) bool {
	if !isFolder(path) {
		return endsIn(path, ".jsonl", ".ndjson")
	}
	entries, _ := os.ReadDir(path)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return endsInAny(names, ".txt", ".jsonl", ".ndjson") && !endsInAny(names, ".png", ".jpg", ".jpeg", "-ubyte", ".npy", ".amat")
}

// endsIn says whether a name has one of these endings, maybe with that of a packed file behind it.
func endsIn(name string, ends ...string) bool {
	name = strings.ToLower(name)
	for _, packed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, packed)
	}
	return slices.ContainsFunc(ends, func(e string) bool { return strings.HasSuffix(name, e) })
}

func endsInAny(names []string, ends ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return endsIn(name, ends...) })
}

func (ofDocuments) train(a *app, t *trainVAECmd) error { return t.documents(a) }

func (ofDocuments) resume(a *app, r *resumeCmd, run *checkpoint.Run) error {
	return r.resumeDocuments(a, run)
}

func (ofDocuments) eval(a *app, e *evalCmd) error                      { return e.documents(a) }
func (ofDocuments) score(a *app, s *scoreCmd) error                    { return s.documents(a) }
func (ofDocuments) sample(a *app, s *sampleCmd) error                  { return s.documents(a) }
func (ofDocuments) reconstruct(a *app, r *reconstructCmd) error        { return r.documents(a) }
func (ofDocuments) encode(a *app, e *encodeCmd) error                  { return e.documents(a) }
func (ofDocuments) interpolate(a *app, i *interpolateCmd) error        { return i.documents(a) }
func (ofDocuments) info(a *app, i *infoCmd, run *checkpoint.Run) error { return i.documents(a, run) }

func (ofDocuments) list(l *listed, run *checkpoint.Run) error { return l.readDocuments(run) }
