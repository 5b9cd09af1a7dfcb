package tables

import (
	"math"
	"math/rand/v2"

	"inkling/internal/kernel"
)

// categories is the softmax over the values of a column of few: a number of the decoder is the logit of one.
type categories struct {
	c *Column
	p []float32
}

// Category says whether the column is of few values.
func (c *Column) Category() bool { return c.Type == Category }

func (h *categories) width() int { return h.c.classes() }

func (h *categories) begin(bias []float32) {
	for i, n := range h.c.frequencies() {
		bias[i] = float32(math.Log(float64(n) / float64(h.c.Rows)))
	}
}

func (h *categories) logProb(d, params []float32, code int32) float64 {
	logit := params[code]
	lse := kernel.Softmax(h.p, params)
	for i := range d {
		d[i] = -h.p[i]
	}
	if d != nil {
		d[code]++
	}
	return float64(logit - lse)
}

func (h *categories) sample(params []float32, rnd *rand.Rand) int32 {
	kernel.Softmax(h.p, params)
	return drawn(h.p, rnd)
}

func (h *categories) likely(params []float32) int32 { return largest(params) }

// largest is where the largest stands.
func largest(x []float32) int32 {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return int32(best)
}

// drawn is a number drawn with these probabilities.
func drawn(p []float32, rnd *rand.Rand) int32 {
	u := rnd.Float64()
	for i, q := range p {
		if u -= float64(q); u < 0 {
			return int32(i)
		}
	}
	return int32(len(p) - 1)
}
