// Package infer is posterior inference for any differentiable log-joint: Hamiltonian Monte Carlo, annealed importance
// sampling with bounds from both sides, variational fits row by row, and what says whether to trust them.
//
// It knows densities only, never a model. Everything here runs on one goroutine and is a pure function of its inputs
// and a seed; who has many examples cuts them into groups and gives each group a density, a seed and a goroutine.
package infer

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// A Density is the logarithm of unnormalized densities in nats, one for each row, of Dim variables each. Rows are
// independent of each other: chains of examples. One goroutine uses it at a time.
type Density interface {
	Rows() int
	Dim() int
	// At sets value[i] to log f_i(z_i), and row i of grad to its gradient unless grad is nil. z and grad are Rows·Dim
	// long, row by row. What is not a number, or +∞, counts as −∞: a place where no sample can be. z is always finite
	// where this package calls it.
	At(value []float64, grad, z []float32)
}

// logDensity is a value as it counts.
func logDensity(value float64) float64 {
	if math.IsNaN(value) || value > math.MaxFloat64 {
		return math.Inf(-1)
	}
	return value
}

// A Distribution is a Density that is normalized, every row by itself, and that can be drawn from exactly.
type Distribution interface {
	Density
	// Draw fills z, Rows·Dim long, with an exact sample of each row.
	Draw(z []float32, rnd *rand.Rand)
}

// Gaussian is a Distribution with independent variables: N(mean, σ²) for each row and variable.
type Gaussian struct {
	dim                  int
	mean, sigma, inverse []float32 // [rows, dim]
	logNorm              []float64 // [rows]: Σ −log σ − log √2π
}

// NewGaussian is the Gaussian whose rows have these means and logarithms of σ, each [rows, dim] and copied.
func NewGaussian(dim int, mean, logSigma []float32) *Gaussian {
	if dim < 1 || len(mean)%dim != 0 || len(mean) != len(logSigma) {
		panic(fmt.Sprintf("infer: NewGaussian of %d means and %d log σ in rows of %d", len(mean), len(logSigma), dim))
	}
	g := &Gaussian{
		dim: dim, mean: append([]float32(nil), mean...), sigma: make([]float32, len(mean)),
		inverse: make([]float32, len(mean)), logNorm: make([]float64, len(mean)/dim),
	}
	for i, s := range logSigma {
		g.sigma[i] = float32(math.Exp(float64(s)))
		g.inverse[i] = float32(math.Exp(-float64(s)))
		g.logNorm[i/dim] -= float64(s) + logRoot2Pi
	}
	return g
}

// StandardNormal is the Gaussian with mean 0 and variance 1 in every row.
func StandardNormal(rows, dim int) *Gaussian {
	zero := make([]float32, rows*dim)
	return NewGaussian(dim, zero, zero)
}

var logRoot2Pi = math.Log(2*math.Pi) / 2

// Rows is the number of rows.
func (g *Gaussian) Rows() int { return len(g.logNorm) }

// Dim is the number of variables of a row.
func (g *Gaussian) Dim() int { return g.dim }

// At gives log densities with their normalizers, and gradients.
func (g *Gaussian) At(value []float64, grad, z []float32) {
	for i := range value {
		squares := 0.0
		for k := i * g.dim; k < (i+1)*g.dim; k++ {
			u := (z[k] - g.mean[k]) * g.inverse[k]
			squares += float64(u) * float64(u)
			if grad != nil {
				grad[k] = -u * g.inverse[k]
			}
		}
		value[i] = g.logNorm[i] - squares/2
	}
}

// Draw fills z with a sample of each row.
func (g *Gaussian) Draw(z []float32, rnd *rand.Rand) {
	for k := range z {
		z[k] = g.mean[k] + g.sigma[k]*float32(rnd.NormFloat64())
	}
}
