package vae

import (
	"errors"
	"math"
	"math/rand/v2"

	"inkling/tensor"
)

// gaussian is real numbers with a mean and a deviation each: params are the means, then the log deviations. What it gives is a density, which
// has no upper bound: of numbers that are always the same it would grow for ever, and of pictures of bytes it would be the higher the more
// exactly it hits one of 256 values, of which it knows nothing. So no deviation is below lowestLogDeviation.
type gaussian struct{}

// lowestLogDeviation is that of a density of 255 at its mean: over 1/255, which is how far the values of bytes in [0, 1] are apart, no more
// than a probability of 1. So a density p of D bytes is at most 255^D, and log p − D·log 255 is about what a discrete model would give
// them, as long as deviations are of several levels.
var lowestLogDeviation = float32(-math.Log(255) - 0.5*math.Log(2*math.Pi))

func (gaussian) about() part {
	return part{"gaussian", "any numbers, with a mean and a deviation each: a density, not a probability"}
}

func (gaussian) settle(c *Config) error { return noLevels(c) }

func (gaussian) width(c Config) int { return 2 * c.Inputs() }

func (gaussian) parts() int { return 2 }

// begin takes mean and deviation of the data.
func (gaussian) begin(c Config, b []float32) {
	copy(b, c.Mean)
	beginScales(c, b[c.Inputs():], 1)
}

func (gaussian) logProb(tp *tensor.Tape, _ Config, params, x *tensor.Tensor) *tensor.Tensor {
	return tensor.GaussianLogProbRows(tp, params, x, lowestLogDeviation)
}

func (gaussian) mean(_ Config, dst, params []float32) { copy(dst, params) }

func (gaussian) sample(_ Config, dst, params []float32, rnd *rand.Rand) {
	for i := range dst {
		sigma := math.Exp(float64(max(params[len(dst)+i], lowestLogDeviation)))
		dst[i] = params[i] + float32(sigma*rnd.NormFloat64())
	}
}

func (gaussian) improper(Config, []float32) string {
	return "gaussian knows a density, not a probability: it may be above 1, its logarithm above 0, and it comes to no bits"
}

// leastDeviation is the least that a number is taken to vary at first: one that is always the same in the data has still to be learned to be so.
const leastDeviation = 0.05

// beginScales sets logarithms of deviations, times a factor, to those of the data.
func beginScales(c Config, b []float32, factor float64) {
	for i := range b {
		deviation := 1.0
		if c.Deviation != nil {
			deviation = max(float64(c.Deviation[i]), leastDeviation)
		}
		b[i] = float32(math.Log(factor * deviation))
	}
}

func noLevels(c *Config) error {
	if c.Levels != 0 {
		return errors.New("likelihood " + c.Likelihood + " has no levels: leave them out, or choose logistic or categorical")
	}
	return nil
}
