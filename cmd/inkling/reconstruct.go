package main

import (
	"cmp"
	"math/rand/v2"

	"inkling/vae"
)

type reconstructCmd struct {
	Dir  string `arg:"" help:"Folder of the model."`
	Path string `arg:"" help:"Pictures, documents or a table, as train vae takes them; or sentences, lines of a file, or - for standard input."`

	N   int    `name:"n" short:"n" help:"How many, the first." default:"16"`
	Out string `help:"Where to: NAME.png has each picture above what the model makes of it, NAME.npy the numbers of the latter; of a table NAME.csv." placeholder:"reconstructions.png" env:"-" of:"pictures,tables"`
	partFlag
	drawFlag
	wordsFlag
	Seed *uint64 `help:"Of what --draw draws; 1." placeholder:"N"`
	writingFlags
}

// Help is what reconstruct --help says beside the flags.
func (*reconstructCmd) Help() string {
	return `A picture is encoded, which gives the mean of q(z|x), and that is decoded, which gives the mean of p(x|z). With --draw both are
draws in place of means. Pictures are made black and white as those were that the model learnt from.

Of a model of sentences comes a line for each line: what it writes from the mean of q(z|x), or with --draw from a draw, token by token, each the
likeliest, unless --decoder says otherwise. With --json a line is an object: from, text, tokens, logprob (of the text given z, nats), finish_reason,
z, and certificate of a search.`
}

const gridColumns = 16

func (r *reconstructCmd) Run(a *app) error {
	k, err := a.vaeIn(r.Dir)
	if err != nil {
		return err
	}
	if k != nil {
		return k.reconstruct(a, r)
	}
	return r.show(a) // which says what the folder is instead
}

// show shows pictures.
func (r *reconstructCmd) show(a *app) error {
	if err := check(bound{"-n", &r.N, 1, mostInGrid}); err != nil {
		return err
	}
	if r.Seed != nil && !r.Draw {
		return usage("--seed is of what --draw draws, and nothing is drawn: leave it out, or give --draw")
	}
	out := cmp.Or(r.Out, "reconstructions.png")
	kind, err := suffix("--out", out, ".png", ".npy")
	if err != nil {
		return err
	}
	m, c, err := openVAE(a, r.Dir)
	if err != nil {
		return err
	}
	seen, err := r.pictures(a, r.Path, c, r.N)
	if err != nil {
		return err
	}
	n := min(r.N, seen.Len())
	if n < r.N {
		a.note("there are only %s", plural(n, "picture"))
	}
	if err := checkGrid(m.Config, 2*n); err != nil {
		return err
	}
	var rnd *rand.Rand
	if r.Draw {
		rnd = rand.New(rand.NewPCG(valueOr(r.Seed, 1), 0))
	}
	x := seen.Rows(0, n)
	again := m.Decode(m.Encode(x, rnd), rnd)
	if kind == ".npy" {
		err = writePictures(out, m.Config, again, 0)
	} else {
		err = writeGrid(out, m.Config, aboveEachOther(m.Config, x, again), min(n, gridColumns))
	}
	if err != nil {
		return err
	}
	return a.wrote(out, n)
}

// aboveEachOther puts rows of a grid of some pictures above those of others. The last rows are filled up, so that they stay below each other.
func aboveEachOther(c vae.Config, above, below []float32) (x []float32) {
	d := c.Inputs()
	columns := min(len(above)/d, gridColumns)
	for len(above) > 0 {
		row := min(len(above), columns*d)
		gap := make([]float32, columns*d-row)
		x = append(append(x, above[:row]...), gap...)
		x = append(append(x, below[:row]...), gap...)
		above, below = above[row:], below[row:]
	}
	return x
}
