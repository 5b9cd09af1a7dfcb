package eval

import (
	"cmp"
	"math"
	"slices"
)

// Spearman is the correlation of the ranks of two lists of equal length (C. Spearman 1904): 1 if they are in the same order,
// −1 if in the opposite one. Equal numbers share the mean of their ranks, without which lists with ties, as ratings by
// people are, would depend on the order in which they come. It is NaN for fewer than two numbers and if all numbers of a
// list are equal.
func Spearman(x, y []float64) float64 {
	if len(x) != len(y) {
		panic("eval: a correlation of lists of unequal length")
	}
	return pearson(ranks(x), ranks(y))
}

// ranks are those of numbers, from 1 on.
func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	r := make([]float64, len(x))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && x[order[to]] == x[order[from]] {
			to++
		}
		if to == from { // NaN, which is not equal to itself
			to++
		}
		for _, i := range order[from:to] {
			r[i] = float64(from+to+1) / 2
		}
		from = to
	}
	return r
}

// pearson is the correlation of two lists.
func pearson(x, y []float64) float64 {
	var mx, my float64
	for i := range x {
		mx += x[i] / float64(len(x))
		my += y[i] / float64(len(y))
	}
	var xx, yy, xy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xx, yy, xy = xx+dx*dx, yy+dy*dy, xy+dx*dy
	}
	if xx == 0 || yy == 0 {
		return math.NaN()
	}
	return max(-1, min(1, xy/math.Sqrt(xx*yy)))
}
