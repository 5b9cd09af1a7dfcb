package main

import (
	"cmp"
	"fmt"

	"inkling/vae"
)

type interpolateCmd struct {
	Dir  string `arg:"" help:"Folder of the model."`
	Path string `arg:"" help:"The pictures: a folder or a file, as train vae takes them."`

	From  int    `help:"The picture to begin with, from 0." default:"0" env:"-"`
	To    int    `help:"The picture to end with." default:"1" env:"-"`
	Steps int    `help:"How many pictures, with both ends." default:"10" env:"-"`
	Slerp bool   `help:"Go along an arc around the origin, and not straight."`
	Out   string `help:"Where to: NAME.png is one row, NAME.npy the numbers." placeholder:"interpolation.png" env:"-"`
	partFlag
	wordsFlag
}

// Help is what interpolate --help says beside the flags.
func (*interpolateCmd) Help() string {
	return `Both pictures are encoded, which gives the means of q(z|x), of two stochastic layers those of the last, and points on the way from one
to the other are decoded.`
}

func (i *interpolateCmd) Run(a *app) error {
	if k := vaeKindOf(i.Dir); k != nil {
		return k.interpolate(a, i)
	}
	return i.show(a) // which says what the folder is instead
}

// show shows pictures.
func (i *interpolateCmd) show(a *app) error {
	err := check(bound{"--from", &i.From, 0, unbounded - 1}, bound{"--to", &i.To, 0, unbounded - 1}, bound{"--steps", &i.Steps, 2, mostInGrid})
	if err != nil {
		return err
	}
	if i.Words != nil {
		return usage("--words is for VAEs of documents, and %s is one of pictures: leave it out", i.Dir)
	}
	out := cmp.Or(i.Out, "interpolation.png")
	if _, err := suffix("--out", out, ".png", ".npy"); err != nil {
		return err
	}
	m, c, err := openVAE(a, i.Dir)
	if err != nil {
		return err
	}
	if err := checkGrid(m.Config, i.Steps); err != nil {
		return err
	}
	seen, err := i.pictures(a, i.Path, c, max(i.From, i.To)+1)
	if err != nil {
		return err
	}
	from, err := latentOf(m, seen, i.Path, i.From)
	if err != nil {
		return err
	}
	to, err := latentOf(m, seen, i.Path, i.To)
	if err != nil {
		return err
	}
	way := vae.Between
	if i.Slerp {
		way = vae.Around
	}
	var z []float32
	for s := range i.Steps {
		z = append(z, way(from, to, float64(s)/float64(i.Steps-1))...)
	}
	if err := writePictures(out, m.Config, m.Decode(z, nil), i.Steps); err != nil {
		return err
	}
	return a.wrote(out, i.Steps)
}

// latentOf is the mean of the last layer's z for one picture.
func latentOf(m *vae.Model, seen vae.Pictures, path string, i int) ([]float32, error) {
	if i >= seen.Len() {
		return nil, badInput("%s has %s, and none is number %d: they are counted from 0", path, plural(seen.Len(), "picture"), i)
	}
	return m.Encode(seen.Rows(i, i+1), nil), nil
}

// wrote tells of pictures that were written.
func (a *app) wrote(out string, n int) error {
	if a.json {
		return a.printJSON(drawn{Out: out, Pictures: n})
	}
	fmt.Fprintf(a.out, "%s: %s\n", out, plural(n, "picture"))
	return nil
}
