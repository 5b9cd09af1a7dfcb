package main

import (
	"strings"

	"inkling/checkpoint"
)

// A vaeKind is a kind of VAE by the data that it is of: what the commands of VAEs do with it. Each has files of its own, and what it has not, it
// refuses in words.
type vaeKind interface {
	kind() string           // what config.json calls it
	name() string           // what --as calls it
	looks(path string) bool // like data of this kind, by the name

	train(a *app, t *trainVAECmd) error
	resume(a *app, r *resumeCmd, run *checkpoint.Run) error
	eval(a *app, e *evalCmd) error
	score(a *app, s *scoreCmd) error
	sample(a *app, s *sampleCmd) error
	reconstruct(a *app, r *reconstructCmd) error
	encode(a *app, e *encodeCmd) error
	interpolate(a *app, i *interpolateCmd) error
	info(a *app, i *infoCmd, run *checkpoint.Run) error
	list(l *listed, run *checkpoint.Run) error
}

// vaeKinds are those that there are; the last is what data are taken for that look like none.
var vaeKinds = []vaeKind{ofSentences{}, ofDocuments{}, ofTables{}, ofPictures{}}

// vaeKindOf is that of a folder; nil of one that holds no VAE, or cannot be read, which opening it reports.
func vaeKindOf(dir string) vaeKind {
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		return nil
	}
	defer run.Close()
	return vaeKindIn(run)
}

// vaeKindIn is that of a run; nil of one that is no VAE.
func vaeKindIn(run *checkpoint.Run) vaeKind {
	kind := kindOf(run)
	for _, k := range vaeKinds {
		if k.kind() == kind {
			return k
		}
	}
	return nil
}

// vaeKindFor is the one that --as names, or that the data look like.
func vaeKindFor(as, path string) (vaeKind, error) {
	for _, k := range vaeKinds {
		if as == k.name() || as == "" && k.looks(path) {
			return k, nil
		}
	}
	return nil, usage("--as %s: choose one of %s", as, vaeKindNames())
}

// vaeKindNames are the values of --as, for kong's enum.
func vaeKindNames() string {
	var names []string
	for _, k := range vaeKinds {
		names = append(names, k.name())
	}
	return strings.Join(names, ",")
}
