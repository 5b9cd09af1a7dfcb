package tables

import (
	"math"
	"slices"
	"sort"
)

// A column of numbers is seen through its own distribution: a number x has its place at log F/(1−F), F being the share of the data below x,
// known at some edges between numbers of the grid and taken to be straight between them. There, whatever the data look like, they are logistic
// with mean 0 and scale 1. So a decoder that puts out zeros gives each column as it is distributed, spikes and long tails and all, and what
// it learns is how z shifts that. As places rise with numbers, and the probability of a number is what lies between the places of its two
// edges, the probabilities of all numbers add up to 1 whatever the edges are.

const (
	quantiles = 48   // edges that cut the data into equal parts
	spike     = 200  // a number that is more than one of so many rows has an edge on both sides
	allLevels = 64   // grids that are no larger have all their edges
	spread    = 1e-3 // share of the probability that is spread evenly over the grid, so that no number has none
)

// learnEdges takes edges and their places from the codes of numbers, which it sorts.
func (c *Column) learnEdges(codes []int32) {
	slices.Sort(codes)
	edges := []int32{1, int32(c.Levels - 1)}
	if c.Levels <= allLevels {
		for e := 2; e < c.Levels-1; e++ {
			edges = append(edges, int32(e))
		}
	} else {
		for q := 1; q < quantiles; q++ {
			if len(codes) > 0 {
				edges = append(edges, codes[q*len(codes)/quantiles])
			}
		}
		for from := 0; from < len(codes); {
			to := from + sort.Search(len(codes)-from, func(i int) bool { return codes[from+i] > codes[from] })
			if (to-from)*spike > len(codes) {
				edges = append(edges, codes[from], codes[from]+1)
			}
			from = to
		}
	}
	slices.Sort(edges)
	for _, e := range slices.Compact(edges) {
		if e < 1 || int(e) > c.Levels-1 {
			continue
		}
		below := sort.Search(len(codes), func(i int) bool { return codes[i] >= e })
		share := (float64(below) + 0.5) / (float64(len(codes)) + 1)
		share = (1-spread)*share + spread*float64(e)/float64(c.Levels)
		c.Edges = append(c.Edges, e)
		c.Logits = append(c.Logits, float32(math.Log(share/(1-share))))
	}
}

// place is where the edge below a level lies; −∞ of the lowest, +∞ of the one above the highest.
func (c *Column) place(e int32) float64 {
	switch {
	case e <= 0:
		return math.Inf(-1)
	case int(e) >= c.Levels:
		return math.Inf(1)
	}
	lo, hi := 0, len(c.Edges)-1 // Edges[lo] ≤ e ≤ Edges[hi]
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; c.Edges[mid] <= e {
			lo = mid
		} else {
			hi = mid
		}
	}
	if hi == lo || e == c.Edges[lo] {
		return float64(c.Logits[lo])
	}
	t := float64(e-c.Edges[lo]) / float64(c.Edges[hi]-c.Edges[lo])
	return float64(c.Logits[lo]) + t*(float64(c.Logits[hi])-float64(c.Logits[lo]))
}

// input is what the encoder sees of a level: its place, with a deviation of about 1.
func (c *Column) input(level int32) float32 {
	const deviation = math.Pi / 1.7320508
	below, above := c.place(level), c.place(level+1)
	switch {
	case level <= 0:
		below = above - 2
	case int(level) >= c.Levels-1:
		above = below + 2
	}
	return float32((below + above) / (2 * deviation))
}

// Place is where a number stands in its column's distribution: logistic, with mean 0 and a deviation of about 1.
func (c *Column) Place(code int32) float32 {
	return c.input(min(max(code, 0), int32(c.Levels-1)))
}

// levelAt is the level whose edges a place lies between.
func (c *Column) levelAt(place float64) int32 {
	n := sort.Search(len(c.Logits), func(i int) bool { return float64(c.Logits[i]) > place }) // edges at or below
	switch n {
	case 0:
		return c.Edges[0] - 1 // which is 0
	case len(c.Edges):
		return c.Edges[n-1] // the highest level
	}
	from, to := c.Logits[n-1], c.Logits[n]
	t := (place - float64(from)) / float64(to-from)
	return c.Edges[n-1] + min(int32(t*float64(c.Edges[n]-c.Edges[n-1])), c.Edges[n]-c.Edges[n-1]-1)
}
