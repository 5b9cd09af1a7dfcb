package main

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"inkling/vae"
)

// drawFlag says what of p(x|z) is shown.
type drawFlag struct {
	Draw bool `help:"Draw from p(x|z) in place of its mean."`
}

type sampleCmd struct {
	Dir string `arg:"" help:"Folder of the model."`

	N       *count `name:"n" short:"n" help:"How many: 64 pictures or sentences, 5 documents, 1000 rows; 1e6 is a million." placeholder:"N"`
	Out     string `help:"Where to. Pictures: NAME.png is all of them in rows, NAME.npy their numbers. Rows: NAME.csv, or - for standard output." placeholder:"samples.png" env:"-" of:"pictures,tables"`
	Columns int    `help:"Pictures in a row of a PNG; as many as there are rows unless given." placeholder:"N" of:"pictures"`
	drawFlag
	wordsFlag
	Temp float64 `help:"Times which the prior's deviation is taken: below 1 for pictures that are more usual." default:"1"`
	Seed *uint64 `help:"Of what is random; another each time unless given."`
	writingFlags
}

// Help is what sample --help says beside the flags.
func (*sampleCmd) Help() string {
	return `z is drawn from the prior, and shown is the mean of p(x|z), or with --draw a draw from it. Numbers are written in blocks, so that
there may be millions of pictures, and the same seed gives the same bytes on any number of cores.

Of a table rows are drawn, and written as comma-separated values. Cells of a value that was there once in training are (other). What is
drawn is not differentially private; inkling report says how near it comes to real rows.

Of a model of sentences comes a line for each z, its tokens drawn too unless --decoder says otherwise. With --json a line is an object: text,
tokens, logprob (of the text given z, nats), finish_reason, z, and certificate of a search.`
}

// drawn is what --json says of pictures that were written.
type drawn struct {
	Out      string  `json:"out"`
	Pictures int     `json:"pictures"`
	Seed     *uint64 `json:"seed,omitempty"`
}

func (s *sampleCmd) Run(a *app) error {
	k, err := a.vaeIn(s.Dir)
	if err != nil {
		return err
	}
	if k != nil {
		return k.sample(a, s)
	}
	return s.pictures(a) // which says what the folder is instead
}

// pictures draws pictures.
func (s *sampleCmd) pictures(a *app) error {
	n, out := int(valueOr(s.N, 64)), cmp.Or(s.Out, "samples.png")
	if err := check(bound{"-n", &n, 1, math.MaxInt32}, bound{"--columns", &s.Columns, 0, mostInGrid}); err != nil {
		return err
	}
	if err := checkNumbers(number{"temp", &s.Temp, func(v float64) bool { return v >= 0 && v <= 1e6 }, "at least 0"}); err != nil {
		return err
	}
	kind, err := suffix("--out", out, ".png", ".npy")
	if err != nil {
		return err
	}
	m, _, err := openVAE(a, s.Dir)
	if err != nil {
		return err
	}
	madeUpPrior(a, m)
	d := vae.Draws{Temperature: s.Temp, Data: s.Draw, Seed: rand.Uint64()}
	set(&d.Seed, s.Seed)
	blocks := func(emit func([]float32) error) error { return m.Draw(a.ctx, n, d, emit) }
	a.orderly() // a file that is not whole is removed
	if kind == ".npy" {
		err = writeNPY(out, shapeOf(m.Config, n), blocks)
	} else if err = checkGrid(m.Config, n); err == nil {
		var x []float32
		err = blocks(func(block []float32) error { x = append(x, block...); return nil })
		if err == nil {
			err = writeGrid(out, m.Config, x, s.columns(n))
		}
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(drawn{out, n, &d.Seed})
	}
	fmt.Fprintf(a.out, "%s: %s, seed %d\n", out, plural(n, "picture"), d.Seed)
	return nil
}

// madeUpPrior says of an auto-encoder that what z is drawn from is none of its doing.
func madeUpPrior(a *app, m *vae.Model) {
	if m.Config.Point {
		a.note("an auto-encoder has no prior: z is taken from N(0, I), where its codes need not be, and what comes out shows no more than that")
	}
}

func (s *sampleCmd) columns(n int) int {
	if s.Columns > 0 {
		return s.Columns
	}
	return int(math.Ceil(math.Sqrt(float64(n))))
}
