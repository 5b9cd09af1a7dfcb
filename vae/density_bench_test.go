package vae

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"inkling/infer"
)

// sized is a model of the usual size, 784–200–200–50.
func sized(b *testing.B) *Model {
	m, err := New(Config{Height: 28, Width: 28, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// BenchmarkJoint is what a leapfrog step costs: the decoder forward and back to z. Products forward and to the input, 4 operations a weight.
func BenchmarkJoint(b *testing.B) {
	m := sized(b)
	for _, rows := range []int{16, 32, 64, 128, 256} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			d := m.Joint(m.Batch(make([]float32, rows/16*784)), 16)
			value, grad, z := make([]float64, rows), make([]float32, rows*50), make([]float32, rows*50)
			normal(z, rand.New(rand.NewPCG(1, 1)))
			b.ReportAllocs()
			for b.Loop() {
				d.At(value, grad, z)
			}
			weights := 50*200 + 200*200 + 200*784
			b.ReportMetric(4*float64(weights*rows*b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

func BenchmarkAIS(b *testing.B) {
	m := sized(b)
	x := make([]float32, 4*784)
	ais, err := infer.NewAIS(m.Approximate(m.Batch(x), 16), m.Joint(m.Batch(x), 16), infer.AISOptions{Temperatures: 20, Pilot: 21})
	if err != nil {
		b.Fatal(err)
	}
	if err := ais.Tune(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ais.Forward(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	weights := 50*200 + 200*200 + 200*784
	b.ReportMetric(4*float64(weights*64*18*10*b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
