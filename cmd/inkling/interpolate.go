package main

import (
	"cmp"
	"fmt"
	"strconv"

	"inkling/vae"
)

type interpolateCmd struct {
	Dir  string `arg:"" help:"Folder of the model."`
	Path string `arg:"" optional:"" help:"Pictures, documents or a table, as train vae takes them; none of a model of sentences."`

	From  *string `help:"What to begin with: the number of a picture, document or row, from 0, or a sentence." placeholder:"0" env:"-"`
	To    *string `help:"What to end with." placeholder:"1" env:"-"`
	Steps int     `help:"How many, with both ends." default:"10" env:"-"`
	Slerp bool    `help:"Go along an arc around the origin, and not straight."`
	Out   string  `help:"Where to: NAME.png is one row, NAME.npy the numbers; of a table NAME.csv." placeholder:"interpolation.png" env:"-" of:"pictures,tables"`
	partFlag
	wordsFlag
	writingFlags
}

// Help is what interpolate --help says beside the flags.
func (*interpolateCmd) Help() string {
	return `Both ends are encoded, which gives the means of q(z|x), of two stochastic layers those of the last, and points on the way from one
to the other are decoded. Pictures go into a PNG, rows of a table into a CSV. Of documents come the likeliest words of each point.

Of a model of sentences --from and --to are sentences, and a line comes for each point on the way. With --json a line is an object, as sample
gives it.`
}

func (i *interpolateCmd) Run(a *app) error {
	k, err := a.vaeIn(i.Dir)
	if err != nil {
		return err
	}
	if k != nil {
		return k.interpolate(a, i)
	}
	return i.show(a) // which says what the folder is instead
}

// show shows pictures.
func (i *interpolateCmd) show(a *app) error {
	first, err := numberOf("--from", i.From, 0)
	if err != nil {
		return err
	}
	last, err := numberOf("--to", i.To, 1)
	if err != nil {
		return err
	}
	if err := check(bound{"--steps", &i.Steps, 2, mostInGrid}); err != nil {
		return err
	}
	if i.Path == "" {
		return usage("which pictures? inkling interpolate %s PATH", i.Dir)
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
	seen, err := i.pictures(a, i.Path, c, max(first, last)+1)
	if err != nil {
		return err
	}
	from, err := latentOf(m, seen, i.Path, first)
	if err != nil {
		return err
	}
	to, err := latentOf(m, seen, i.Path, last)
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

// numberOf is the number of a picture, document or row, counted from 0, or what it is if none is given.
func numberOf(flag string, given *string, usual int) (int, error) {
	if given == nil {
		return usual, nil
	}
	n, err := strconv.Atoi(*given)
	if err != nil || n < 0 || n == unbounded {
		return 0, usage("%s %s: must be a number, counted from 0", flag, *given)
	}
	return n, nil
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
