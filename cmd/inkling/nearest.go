package main

import (
	"fmt"
	"math"

	"inkling/data"
	"inkling/vae/documents"
)

type nearestCmd struct {
	Dir  string `arg:"" help:"Folder of a VAE of documents."`
	File string `arg:"" help:"The document: a file, or - for standard input."`

	Count int    `name:"count" short:"k" help:"How many neighbours; 10." default:"10" placeholder:"N"`
	In    string `help:"Where to look: documents as the model learned from them; these unless given." placeholder:"PATH" env:"-"`
}

// Help is what nearest --help says beside the flags.
func (*nearestCmd) Help() string {
	return `Documents are compared by the cosine of their codes, the means of q(z|x): by what they are about, whether or not they share words. Codes are not kept with the
run: those of the documents to look in are computed anew each time, thousands a second.`
}

// nearDocument is a neighbour as --json gives it.
type nearDocument struct {
	Index int     `json:"index"` // from 0, in the documents that are looked in
	Title string  `json:"title"`
	Score float64 `json:"score"` // cosine
}

func (n *nearestCmd) Run(a *app) error {
	if err := check(bound{"-k", &n.Count, 1, mostTexts}); err != nil {
		return err
	}
	m, vocab, c, err := openDocuments(a, n.Dir, 0, false)
	if err != nil {
		return err
	}
	if n.File != "-" && isFolder(n.File) {
		return usage("%s is a folder: name one document", n.File)
	}
	one, _, err := c.bags(a, vocab, data.Input{Path: n.File}) // as a whole, and not by lines
	if err != nil {
		return err
	}
	in := n.In
	if in == "" {
		in = c.Data.File
	}
	all, source, err := c.bags(a, vocab, c.Data.input(in))
	if err != nil {
		return err
	}
	if n.In == "" && source.SHA256 != c.Data.SHA256 {
		a.note("%s has other documents by now than the model learned from: these are looked in", in)
	}
	code, err := codesOf(a, m, one)
	if err != nil {
		return err
	}
	codes, err := codesOf(a, m, all)
	if err != nil {
		return err
	}
	list := []nearDocument{}
	for _, found := range documents.Nearest(codes, code, n.Count) {
		if math.IsNaN(found.Score) {
			return badInput("%s: a document has no code: the model's weights are damaged", n.Dir)
		}
		list = append(list, nearDocument{all.Numbers[found.Place], all.Titles[found.Place], found.Score})
	}
	if a.json {
		return a.printJSON(list)
	}
	out := onTerminal(a)
	for _, d := range list {
		fmt.Fprintf(out, "%.4f  %s\n", d.Score, oneLine(d.Title))
	}
	return nil
}
