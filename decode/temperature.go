package decode

import (
	"fmt"
	"math"
)

// temperature divides scores by T: probabilities become p^(1/T), normalized.
type temperature float64

func temperatureOf(s Sample) Filter {
	if s.Temperature == 0 || s.Temperature == 1 {
		return nil
	}
	return temperature(s.Temperature)
}

func (t temperature) Check() error {
	if !(t > 0) || math.IsInf(float64(t), 1) {
		return fmt.Errorf("a temperature of %g: it must be positive; for the likeliest token each time, use the greedy decoder", float64(t))
	}
	return nil
}

func (t temperature) Apply(c *Candidates) {
	best := c.max() // taken off first, so that however small T is, one score stays finite
	for i, x := range c.List {
		c.List[i].Score = float32(float64(x.Score-best) / float64(t))
	}
}
