package main

import (
	"context"
	"math/rand/v2"
	"runtime"

	"inkling/eval"
	"inkling/infer"
	"inkling/internal/parallel"
	"inkling/vae"
)

// How decoders are compared whose posteriors are of different kinds: for each picture held out the best Gaussian is found by gradient steps, which
// begin at the prior whatever the decoder was trained with.
const (
	emFitSteps = 300
	emFitDraws = 100 // for the bound of what was found
	emDraws    = 500 // importance samples from it
	emAtOnce   = 25  // pictures
)

// judge measures a decoder on pictures held out, and the encoder if there is one.
func (r *emResult) judge(ctx context.Context, m *vae.Model, encoder bool, held vae.Pictures, seed uint64) error {
	if encoder {
		j, err := m.Judge(ctx, held, seed)
		if err != nil {
			return err
		}
		bound := eval.Mean(j.Bound())
		r.HeldOut = &bound
	}
	n := held.Len()
	fitted, logs := make([]float64, n), make([]float64, n)
	err := parallel.Try(runtime.GOMAXPROCS(0), (n+emAtOnce-1)/emAtOnce, func(_, group int) error {
		from, to := group*emAtOnce, min(n, (group+1)*emAtOnce)
		return fitRows(ctx, m.Joint(m.Batch(held.Rows(from, to)), 1), derived(seed, "fit", group), fitted[from:to], logs[from:to])
	})
	if err != nil {
		return err
	}
	r.Fitted, r.LogP, r.Error = eval.Mean(fitted), eval.Mean(logs), eval.StandardError(logs)
	return nil
}

// fitRows finds the best q of each row of f, its evidence lower bound, and log ∫f by importance samples from it.
func fitRows(ctx context.Context, f infer.Density, seed uint64, bounds, logs []float64) error {
	rows, dim := f.Rows(), f.Dim()
	start := make([]float32, rows*dim) // of means and log σ: the prior
	fit, err := infer.FitGaussian(ctx, f, start, start, infer.FitOptions{Steps: emFitSteps, Draws: emFitDraws, Seed: seed})
	if err != nil {
		return err
	}
	copy(bounds, fit.ELBO)
	q, rnd := infer.NewGaussian(dim, fit.Mean, fit.LogSigma), rand.New(rand.NewPCG(derived(seed, "importance", 0), 0))
	z, joint, own := make([]float32, rows*dim), make([]float64, rows), make([]float64, rows)
	weights := make([][]float64, rows)
	for range emDraws {
		if err := ctx.Err(); err != nil {
			return err
		}
		q.Draw(z, rnd)
		f.At(joint, nil, z)
		q.At(own, nil, z)
		for i := range rows {
			weights[i] = append(weights[i], joint[i]-own[i])
		}
	}
	for i, w := range weights {
		logs[i] = infer.LogMeanExp(w)
	}
	return nil
}
