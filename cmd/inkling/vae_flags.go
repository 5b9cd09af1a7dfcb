package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"inkling/checkpoint"
)

// A flag of a command of VAEs that is not for all kinds of data says for which in its tag, of:"documents,sentences". Here it is refused where it
// was given for another kind.

// foreign is the first flag that was given and is for other kinds than this, and these; "" if there is none.
func foreign(flags []*kong.Flag, kind string) (flag string, kinds []string) {
	for _, f := range flags {
		of := f.Tag.Get("of")
		if of == "" || !f.Set || f.HasDefault && fmt.Sprint(f.Target.Interface()) == f.Default {
			continue
		}
		if kinds := strings.Split(of, ","); !slices.Contains(kinds, kind) {
			return "--" + f.Name, kinds
		}
	}
	return "", nil
}

// onlyTrained refuses flags of training that are not for data of this kind.
func (a *app) onlyTrained(k vaeKind, path string) error {
	flag, kinds := foreign(a.flags, k.name())
	if flag == "" {
		return nil
	}
	return usage("%s is for %s, and %s is taken for %s: leave it out, or say what it is with --as", flag, enumerated(kinds), path, k.name())
}

// vaeIn is the kind of VAE that a folder holds, for a command whose flags must be for that kind; nil of a folder that holds none.
func (a *app) vaeIn(dir string) (vaeKind, error) {
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		return nil, nil // which opening it again reports
	}
	defer run.Close()
	k := vaeKindIn(run)
	if k == nil {
		return nil, nil
	}
	if flag, kinds := foreign(a.flags, k.name()); flag != "" {
		return nil, usage("%s is for VAEs of %s, and %s is one of %s: leave it out", flag, enumerated(kinds), dir, k.name())
	}
	return k, nil
}

// enumerated is a list in words: "documents, sentences and pictures".
func enumerated(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
