package vae

import (
	"math/rand/v2"

	"inkling/tensor"
)

// A likelihood is a kind of p(x|z): what the numbers mean that the decoder puts out, a row for each sample of z. The numbers of an
// example are independent of each other given z. x [n, D] has a row for each example, the decoder's params [n·k, width] k for each.
type likelihood interface {
	about() part
	settle(c *Config) error      // sets its defaults, and refuses data that it does not fit
	width(c Config) int          // of a row of params
	parts() int                  // of a row of params, one after the other, each as long as x or a multiple: 2 of means and scales
	begin(c Config, b []float32) // sets the output's bias from Config.Mean and Config.Deviation

	// logProb is log p(x|z) in nats, [n·k, 1]. params may be consumed.
	logProb(tp *tensor.Tape, c Config, params, x *tensor.Tensor) *tensor.Tensor

	mean(c Config, dst, params []float32)                   // E[x|z] of a row
	sample(c Config, dst, params []float32, rnd *rand.Rand) // a draw from p(x|z)

	// improper says in a sentence why what it knows of x is no probability; "" if it is one.
	improper(c Config, x []float32) string
}

// likelihoods are the kinds there are, the default first. A new one is a file and a line here.
var likelihoods = []likelihood{bernoulli{}, gaussian{}, logistic{}, categorical{}}

// Likelihoods lists the kinds of likelihood.
func Likelihoods() []part { return abouts(likelihoods) }

func likelihoodNamed(name string) (likelihood, error) { return named("likelihood", likelihoods, name) }

// Improper says in a sentence why what the model knows of these numbers is a density, or no probability of them at all; "" if it is one, of
// which the logarithm can be told in bits.
func (m *Model) Improper(x []float32) string { return m.pictures.like.improper(m.Config, x) }
