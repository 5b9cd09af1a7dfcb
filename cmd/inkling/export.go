package main

import (
	"fmt"
	"io"
	"path/filepath"

	"inkling/checkpoint"
)

type exportCmd struct {
	Dir  string `arg:"" help:"Folder of word vectors, or a file of them."`
	File string `arg:"" help:"Where to: NAME.bin is word2vec's binary format, NAME.npy NumPy's with the words in NAME.words.txt, and anything else word2vec's text."`
	vectorsFlag
}

// Run writes a file whole or not at all. Of a matrix and its words the matrix is first, which is the larger by far: a disk that
// is full leaves the pair that was there.
func (e *exportCmd) Run(a *app) error {
	if err := e.check(); err != nil {
		return err
	}
	v, err := openVectors(a, e.Dir, e.Limit)
	if err != nil {
		return err
	}
	write := func(name string, f func(io.Writer) error) error {
		return checkpoint.WriteFile(filepath.Dir(name), filepath.Base(name), f)
	}
	switch filepath.Ext(e.File) {
	case ".bin":
		err = write(e.File, v.WriteBinary)
	case ".npy":
		if err = write(e.File, v.WriteNPY); err == nil {
			err = write(wordsBeside(e.File), v.WriteWords)
		}
	default:
		err = write(e.File, v.WriteText)
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(map[string]any{"out": e.File, "words": len(v.Words), "dim": v.Dim})
	}
	fmt.Fprintf(a.out, "%s: %s vectors of %d numbers\n", e.File, thousands(len(v.Words)), v.Dim)
	return nil
}
