package vae_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"inkling/data"
	"inkling/train"
	"inkling/vae"
)

// BenchmarkTraining is whole steps of 784-400-20 on grey pictures, batch 128, with everything: the source, the optimizer, all cores.
//
//	go test ./vae -run xxx -bench Training
func BenchmarkTraining(b *testing.B) {
	dir := filepath.Join(os.Getenv("INKLING_DATA"), "mnist")
	if _, err := os.Stat(dir); err != nil {
		b.Skip(fs.ErrNotExist)
	}
	set, err := data.OpenImages(dir, data.ImageOptions{})
	if err != nil {
		b.Fatal(err)
	}
	m, err := vae.New(vae.Config{Height: 28, Width: 28, Latent: []int{20}, Hidden: [][]int{{400}}, Activation: "relu"})
	if err != nil {
		b.Fatal(err)
	}
	o := vae.Objective{}
	if err := o.Complete(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	_, err = train.Run(context.Background(), &vae.Fit{Model: m, Objective: o}, &vae.Source{Images: set.Train, Size: 128}, train.Config{Steps: b.N, Options: train.Options{Rate: 1e-3, Momentum: 0.9, Beta2: 0.999, Epsilon: 1e-8}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(128*b.N)/b.Elapsed().Seconds(), "images/s")
}
