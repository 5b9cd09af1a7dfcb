package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"inkling/vae"
)

type manifoldCmd struct {
	Dir string `arg:"" help:"Folder of the model."`

	Dims []int  `help:"The two latent variables, from 1, of two stochastic layers of the last; those that say most of the pictures that the model learnt from, of an auto-encoder those that vary most, unless given. One makes a row." placeholder:"N,N"`
	Size int    `help:"Pictures in a row and in a column." default:"20"`
	At   string `help:"The other variables are those of a picture, PATH:INDEX counted from 0, and not 0." placeholder:"PATH:N"`
	Out  string `help:"Where to: NAME.png is the grid, NAME.npy the numbers." default:"manifold.png" placeholder:"manifold.png" env:"-"`
}

// Help is what manifold --help says beside the flags.
func (*manifoldCmd) Help() string {
	return `One variable grows from left to right, the other from top to bottom, in steps of equal probability under the prior (Kingma & Welling 2014,
appendix A), and shown is the mean of p(x|z).`
}

func (g *manifoldCmd) Run(a *app) error {
	if err := check(bound{"--size", &g.Size, 1, mostInGrid}); err != nil {
		return err
	}
	if _, err := suffix("--out", g.Out, ".png", ".npy"); err != nil {
		return err
	}
	m, c, err := openVAE(a, g.Dir)
	if err != nil {
		return err
	}
	if err := g.check(m); err != nil {
		return err
	}
	madeUpPrior(a, m)
	rest := make([]float32, m.Top())
	if g.At != "" {
		if rest, err = g.picture(a, m, c); err != nil {
			return err
		}
	}
	if g.Dims == nil {
		if g.Dims, err = telling(a, m, c); err != nil {
			return err
		}
	}
	rows := g.Size
	if len(g.Dims) == 1 {
		rows = 1
	}
	if err := checkGrid(m.Config, rows*g.Size); err != nil {
		return err
	}
	var z []float32
	steps := vae.Quantiles(g.Size)
	for y := range rows {
		for _, x := range steps {
			point := slices.Clone(rest)
			point[g.Dims[0]-1] = float32(x)
			if rows > 1 {
				point[g.Dims[1]-1] = float32(steps[y])
			}
			z = append(z, point...)
		}
	}
	if err := writePictures(g.Out, m.Config, m.Decode(z, nil), g.Size); err != nil {
		return err
	}
	return a.wrote(g.Out, rows*g.Size)
}

// check refuses variables that the model does not have.
func (g *manifoldCmd) check(m *vae.Model) error {
	if len(g.Dims) > 2 {
		return usage("--dims with %d variables: a picture has two directions; give two, or one for a row", len(g.Dims))
	}
	for _, d := range g.Dims {
		if d < 1 || d > m.Top() {
			return usage("--dims %d: %s has %s, counted from 1", d, g.Dir, plural(m.Top(), "latent variable"))
		}
	}
	if len(g.Dims) == 2 && g.Dims[0] == g.Dims[1] {
		return usage("--dims %d,%d: must be two different ones", g.Dims[0], g.Dims[1])
	}
	return nil
}

// picture is z of the one that --at names.
func (g *manifoldCmd) picture(a *app, m *vae.Model, c *vaeConfig) ([]float32, error) {
	colon := strings.LastIndexByte(g.At, ':')
	i, err := strconv.Atoi(g.At[colon+1:])
	if colon < 1 || err != nil || i < 0 || i >= unbounded-1 {
		return nil, usage("--at %s: must be a path, a colon, and the number of a picture there, from 0", g.At)
	}
	path := g.At[:colon]
	seen, err := partFlag{}.pictures(a, path, c, i+1)
	if err != nil {
		return nil, err
	}
	return latentOf(m, seen, path, i)
}

const telledBy = 1000 // pictures

// telling are the two variables of the last layer with the largest divergence on what the model learnt from, of an auto-encoder, which has none,
// those that vary most; or the one or two that there are.
func telling(a *app, m *vae.Model, c *vaeConfig) ([]int, error) {
	dims := make([]int, m.Top())
	for i := range dims {
		dims[i] = i + 1
	}
	if len(dims) <= 2 {
		return dims, nil
	}
	seen, err := partFlag{"train"}.pictures(a, c.Data.File, c, telledBy)
	if err != nil {
		return nil, badInput("which latent variables say most is seen from the pictures that the model learnt from, and %w: say which to show, with --dims 1,2", err)
	}
	j, err := m.Judge(a.ctx, seen, c.Train.Seed)
	if err != nil {
		return nil, err
	}
	told, how := j.Variables[len(j.Variables)-1], "which say most, with %.2f and %.2f nats"
	if c.Model.Point {
		told, how = variances(j.Means[len(j.Means)-1], len(dims)), "which vary most, with variances of %.2f and %.2f"
	}
	slices.SortStableFunc(dims, func(a, b int) int { return cmp.Compare(told[b-1], told[a-1]) })
	a.note("latent variables %d and %d, "+how, dims[0], dims[1], told[dims[0]-1], told[dims[1]-1])
	return dims[:2], nil
}

// variances are those of the columns of x, rows of d numbers.
func variances(x []float32, d int) []float64 {
	mean, squares, n := make([]float64, d), make([]float64, d), float64(len(x)/d)
	for i, v := range x {
		mean[i%d] += float64(v) / n
	}
	for i, v := range x {
		away := float64(v) - mean[i%d]
		squares[i%d] += away * away / n
	}
	return squares
}
