package documents

import (
	"cmp"
	"math"
	"slices"
)

// A Neighbour is a document by its place among others, and the cosine of its code with another's.
type Neighbour struct {
	Place int
	Score float64
}

// Nearest are the k documents whose codes, rows of d numbers, have the largest cosine with a code, the nearest first and of equal ones the first. Codes are
// means of q(z|x): what a document is about, by direction, whatever its length.
func Nearest(codes []float32, code []float32, k int) []Neighbour {
	d := len(code)
	all := make([]Neighbour, 0, len(codes)/max(1, d))
	own := norm(code)
	for i := range len(codes) / max(1, d) {
		row := codes[i*d : (i+1)*d]
		dot := 0.0
		for j, v := range row {
			dot += float64(v) * float64(code[j])
		}
		score := 0.0
		if of := norm(row) * own; of > 0 {
			score = dot / of
		}
		all = append(all, Neighbour{i, score})
	}
	slices.SortStableFunc(all, func(a, b Neighbour) int { return cmp.Compare(b.Score, a.Score) })
	return all[:min(k, len(all))]
}

func norm(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}
