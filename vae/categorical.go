package vae

import (
	"fmt"
	"math"
	"math/rand/v2"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// categorical is levels equally spaced from 0 to 1, with a probability of its own for each, whatever the shape: params are logits, those of one
// number side by side. It is as many times as large as there are levels, so that those are few unless asked for. Numbers between two levels
// count as the nearer.
type categorical struct{}

func (categorical) about() part {
	return part{"categorical", "grey or colours: levels with a logit for each, of any distribution, and many weights"}
}

func (categorical) settle(c *Config) error { return settleLevels(c, 16) }

func (categorical) width(c Config) int { return c.Inputs() * c.Levels }

func (categorical) parts() int { return 1 }

// begin makes logits rise with the level, or fall, so that the mean is that of the data: of all distributions with this mean, the one that
// says least else.
func (l categorical) begin(c Config, b []float32) {
	one := Config{Levels: c.Levels}
	var got [1]float32
	for i, m := range c.Mean {
		logits := b[i*c.Levels : (i+1)*c.Levels]
		least, most := -1e4, 1e4 // slopes; that of a mean of 0.001 is about −1000
		for range 40 {
			slope := (least + most) / 2
			for level := range logits {
				logits[level] = float32(slope * (float64(level)/float64(c.Levels-1) - 0.5))
			}
			if l.mean(one, got[:], logits); got[0] < min(max(m, 0.001), 0.999) {
				least = slope
			} else {
				most = slope
			}
		}
	}
}

func (categorical) logProb(tp *tensor.Tape, c Config, params, x *tensor.Tensor) *tensor.Tensor {
	return tensor.CategoricalLogProb(tp, params, x, c.Levels)
}

func (categorical) mean(c Config, dst, params []float32) {
	probability := make([]float32, c.Levels)
	for i := range dst {
		kernel.Softmax(probability, params[i*c.Levels:(i+1)*c.Levels])
		sum := float32(0)
		for level, p := range probability {
			sum += p * float32(level)
		}
		dst[i] = sum / float32(c.Levels-1)
	}
}

func (categorical) sample(c Config, dst, params []float32, rnd *rand.Rand) {
	probability := make([]float32, c.Levels)
	for i := range dst {
		kernel.Softmax(probability, params[i*c.Levels:(i+1)*c.Levels])
		level, left := 0, rnd.Float32()-probability[0]
		for left >= 0 && level < c.Levels-1 {
			level++
			left -= probability[level]
		}
		dst[i] = float32(level) / float32(c.Levels-1)
	}
}

func (categorical) improper(c Config, x []float32) string { return c.rounded(x) }

// rounded says of numbers between levels that they are rounded to these, and so that it is the rounded ones whose probability is known.
func (c Config) rounded(x []float32) string {
	for _, v := range x {
		if level := float64(v) * float64(c.Levels-1); math.Abs(level-math.Round(level)) > 1e-3 {
			return fmt.Sprintf("no bits: the numbers are rounded to %d levels, and what is known is the probability of the rounded ones", c.Levels)
		}
	}
	return ""
}

// maxLevels is what a byte can tell apart.
const maxLevels = 256

// settleLevels is what settle does of likelihoods that have levels.
func settleLevels(c *Config, usual int) error {
	if c.Levels == 0 {
		c.Levels = usual
	}
	if c.Levels < 2 || c.Levels > maxLevels {
		return fmt.Errorf("%d levels: must be at least 2 and at most %d", c.Levels, maxLevels)
	}
	return unitMean(c)
}

// unitMean refuses data that are not between 0 and 1, as far as their mean tells.
func unitMean(c *Config) error {
	for _, m := range c.Mean {
		if !(m >= 0 && m <= 1) {
			return fmt.Errorf("numbers of which the mean is %g: likelihood %s is for those from 0 to 1: divide them by the largest, or choose gaussian", m, c.Likelihood)
		}
	}
	return nil
}
