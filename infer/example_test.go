package infer_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"inkling/infer"
)

// signal is log p(x, z) of z ~ N(0, 1) and x | z ~ N(z, ½²), for x = 1.5, in each of its rows. The posterior of z is
// N(1.2, 0.2), and log p(x) = log N(1.5; 0, 1.25) = −1.9305.
type signal int

func (rows signal) Rows() int { return int(rows) }
func (signal) Dim() int       { return 1 }

func (signal) At(value []float64, grad, z []float32) {
	for i, v := range z {
		away := 1.5 - float64(v)
		value[i] = -float64(v*v)/2 - 2*away*away - math.Log(math.Pi)
		if grad != nil {
			grad[i] = -v + 4*float32(away)
		}
	}
}

func Example() {
	ctx := context.Background()

	// Four chains of Hamiltonian Monte Carlo.
	chains, err := infer.NewHMC(signal(4), make([]float32, 4), infer.HMCOptions{Group: 4})
	if err != nil {
		log.Fatal(err)
	}
	if err := chains.WarmUp(ctx, 200); err != nil {
		log.Fatal(err)
	}
	draws := make([][]float64, 4)
	for range 2000 {
		chains.Step()
		for c, z := range chains.Z() {
			draws[c] = append(draws[c], float64(z))
		}
	}
	mean, _ := infer.Mean(draws)
	fmt.Printf("posterior mean %.1f, R̂ below 1.01: %t\n", mean, infer.RHat(draws) < 1.01)

	// log p(x) from below, by annealing 16 chains from the prior.
	anneal, err := infer.NewAIS(infer.StandardNormal(16, 1), signal(16), infer.AISOptions{Temperatures: 200})
	if err != nil {
		log.Fatal(err)
	}
	bound, err := anneal.Forward(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("log p(x) %.1f\n", bound.LogZ[0])

	// The best Gaussian, and the evidence lower bound that it gives.
	fit, err := infer.FitGaussian(ctx, signal(1), []float32{0}, []float32{0}, infer.FitOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("N(%.1f, %.2f²), log p(x) at least %.2f\n", fit.Mean[0], math.Exp(float64(fit.LogSigma[0])), fit.ELBO[0])

	// Output:
	// posterior mean 1.2, R̂ below 1.01: true
	// log p(x) -1.9
	// N(1.2, 0.45²), log p(x) at least -1.93
}
