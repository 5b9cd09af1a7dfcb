package vae

import (
	"cmp"
	"math"
	"math/rand/v2"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// bernoulli is black or white: params are the logits of white. Of grey data (x between 0 and 1), the "likelihood" is the expectation of
// that of pictures drawn with these probabilities, which is no probability of the grey ones: binarize them to get figures that mean something.
type bernoulli struct{}

func (bernoulli) about() part { return part{"bernoulli", "black or white, for binarized pictures"} }

func (bernoulli) settle(c *Config) error { return cmp.Or(noLevels(c), unitMean(c)) }

func (bernoulli) width(c Config) int { return c.Inputs() }

func (bernoulli) parts() int { return 1 }

// begin sets the logit of the mean, kept from the ends as Burda et al. (2016) do.
func (bernoulli) begin(c Config, b []float32) {
	for i, m := range c.Mean {
		p := min(max(float64(m), 0.001), 0.999)
		b[i] = float32(math.Log(p / (1 - p)))
	}
}

func (bernoulli) logProb(tp *tensor.Tape, _ Config, params, x *tensor.Tensor) *tensor.Tensor {
	return tensor.BernoulliLogProb(tp, params, x)
}

func (bernoulli) mean(_ Config, dst, params []float32) { kernel.Sigmoid(dst, params) }

func (l bernoulli) sample(c Config, dst, params []float32, rnd *rand.Rand) {
	l.mean(c, dst, params)
	for i, p := range dst {
		dst[i] = 0
		if rnd.Float32() < p {
			dst[i] = 1
		}
	}
}

func (bernoulli) improper(_ Config, x []float32) string {
	for _, v := range x {
		if v != 0 && v != 1 {
			return "bernoulli is for black and white, and these are grey: what it gives is no probability of them, and comes to no bits"
		}
	}
	return ""
}
