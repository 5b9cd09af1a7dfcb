package main

import (
	"math/rand/v2"
	"runtime"

	"inkling/lm"
	"inkling/train"
	"inkling/vae"
)

// vaes are the VAEs to measure under a name, none if it is not theirs: the one that everybody has as an example, of pictures of 28×28 with 400 ReLUs and 20 latent variables
// and batches of 128; or what was asked for.
func (b *benchCmd) vaes(name string) []row {
	if name != "vae-train" {
		return nil
	}
	r := row{Name: name, Unit: "images/s", Hidden: 400, Latent: 20, Batch: 128}
	set(&r.Hidden, b.Hidden)
	set(&r.Latent, b.Latent)
	set(&r.Batch, b.Batch)
	return []row{r}
}

func (r row) vae() vae.Config {
	return vae.Config{Height: 28, Width: 28, Latent: []int{r.Latent}, Hidden: [][]int{{r.Hidden}}, Activation: "relu", Seed: 1}
}

// vaeFlops are the products of an example really done: forward, gradients of weights, and gradients of inputs, which the pictures need none of.
func (r row) vaeFlops() float64 {
	encoder, between := float64(greySize*r.Hidden), float64(r.Hidden*2*r.Latent+r.Latent*r.Hidden)
	return 4*encoder + 6*between + 6*float64(r.Hidden*greySize)
}

// vaeMemory is what it takes, in bytes: pictures and training.
func (r row) vaeMemory(shards int) (int64, error) {
	o := vae.Objective{}
	if err := o.Complete(); err != nil {
		return 0, err
	}
	need, err := r.vae().PlanTraining(o, vae.Training{Batch: r.Batch, Shards: shards, Slots: 2})
	return lm.Memory(need).Total() + 4*greyPictures*greySize, err
}

// greys are 60,000 pictures of random grey, one after another, as a source of batches.
type greys struct {
	x    []float32
	size int
}

const (
	greyPictures = 60_000
	greySize     = 28 * 28
)

func newGreys(size int) *greys {
	g := &greys{x: make([]float32, greyPictures*greySize), size: size}
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range g.x {
		g.x[i] = rnd.Float32()
	}
	return g
}

func (g *greys) StepsPerEpoch() int { return max(1, greyPictures/g.size) }

func (g *greys) Batch(step, shard, shards int) (vae.Batch, error) {
	first := step % g.StepsPerEpoch() * g.size
	from, to := first+shard*g.size/shards, first+(shard+1)*g.size/shards
	return vae.Batch{Rows: to - from, X: g.x[from*greySize : to*greySize], Step: step}, nil
}

// vaeTrain measures whole steps of training: encoder, draw, decoder, both terms of the loss, backward and Adam.
func (b *benchCmd) vaeTrain(a *app) (rows []row, err error) {
	for _, r := range b.vaes("vae-train") {
		source := newGreys(r.Batch)
		for _, dtype := range b.dtypes() {
			r.Dtype, r.Threads, r.Shards = dtype, runtime.GOMAXPROCS(0), b.shards(r)
			m, err := vae.New(r.vae())
			if err != nil {
				return nil, usage("%w", err)
			}
			fit := &vae.Fit{Model: m}
			if err := fit.Objective.Complete(); err != nil {
				return nil, usage("%w", err)
			}
			took, spread, err := timeSteps(a, b, fit, source, train.Config{
				Optimizer: "adam", Options: train.Options{Rate: 1e-3}, Clip: -1, Shards: r.Shards, Precision: precisions[dtype],
			})
			if err != nil {
				return nil, err
			}
			r.Value, r.Spread = float64(r.Batch)/took, spread
			r.GFLOPS = r.Value * r.vaeFlops() / 1e9
			rows = append(rows, r)
		}
	}
	return rows, nil
}
