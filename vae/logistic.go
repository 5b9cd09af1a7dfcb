package vae

import (
	"math"
	"math/rand/v2"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// logistic is levels equally spaced from 0 to 1, 256 of bytes, with an order: a logistic variable, rounded to the nearest (Salimans et al.
// 2017). params are its means, then its log scales; the lowest level has all that is below, and the highest all above. Numbers between two
// levels count as the nearer.
type logistic struct{}

func (logistic) about() part {
	return part{"logistic", "grey or colours: levels with a mean and a scale for each number"}
}

func (logistic) settle(c *Config) error { return settleLevels(c, 256) }

func (logistic) width(c Config) int { return 2 * c.Inputs() }

func (logistic) parts() int { return 2 }

// begin takes mean and deviation of the data for those of the variable before it is rounded: at the ends, the mean of levels is somewhat further in.
func (logistic) begin(c Config, b []float32) {
	copy(b, c.Mean)
	beginScales(c, b[c.Inputs():], math.Sqrt(3)/math.Pi)
}

func (logistic) logProb(tp *tensor.Tape, c Config, params, x *tensor.Tensor) *tensor.Tensor {
	return tensor.DiscretizedLogisticLogProb(tp, params, x, c.Levels)
}

// mean adds up the probabilities that each level is reached.
func (logistic) mean(c Config, dst, params []float32) {
	steps := float32(c.Levels - 1)
	reached := make([]float32, c.Levels-1)
	for i := range dst {
		inverse := exp(-max(params[len(dst)+i], tensor.LowestLogScale))
		for l := range reached {
			reached[l] = (params[i] - (float32(l)+0.5)/steps) * inverse
		}
		kernel.Sigmoid(reached, reached)
		sum := float32(0)
		for _, p := range reached {
			sum += p
		}
		dst[i] = sum / steps
	}
}

func (logistic) sample(c Config, dst, params []float32, rnd *rand.Rand) {
	steps := float64(c.Levels - 1)
	for i := range dst {
		scale := float64(exp(max(params[len(dst)+i], tensor.LowestLogScale)))
		u := rnd.Float64()
		x := float64(params[i]) + scale*(math.Log(u)-math.Log1p(-u)) // infinite if u is 0
		dst[i] = float32(math.Round(min(max(x, 0), 1)*steps) / steps)
	}
}

func (logistic) improper(c Config, x []float32) string { return c.rounded(x) }

func exp(x float32) float32 { return float32(math.Exp(float64(x))) }
