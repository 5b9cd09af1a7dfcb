package wordvec

import (
	"fmt"
	"math"
	"slices"

	"inkling/internal/kernel"
)

// Vectors are one vector for each of a number of words.
type Vectors struct {
	Words []string
	Dim   int
	Data  []float32 // [len(Words),Dim]

	unit   []float32 // the same with the length 1, for cosines; a vector of length 0 stays
	number map[string]int
}

// NewVectors makes them of words, each there once, and the numbers of all vectors one after another, which it keeps.
func NewVectors(words []string, dim int, data []float32) *Vectors {
	if len(data) != len(words)*dim {
		panic(fmt.Sprintf("wordvec: %d numbers for %d vectors of %d", len(data), len(words), dim))
	}
	v := &Vectors{Words: words, Dim: dim, Data: data, number: make(map[string]int, len(words))}
	for i, word := range words {
		v.number[word] = i
	}
	if len(v.number) != len(words) {
		panic("wordvec: a word is there twice")
	}
	return v
}

// Find gives the number of a word, false if it has no vector.
func (v *Vectors) Find(word string) (int, bool) {
	i, ok := v.number[word]
	return i, ok
}

// units makes the vectors of length 1 that cosines are taken of, once.
func (v *Vectors) units() []float32 {
	if v.unit == nil {
		v.unit = slices.Clone(v.Data)
		for i := range v.Words {
			normalize(v.unit[i*v.Dim : (i+1)*v.Dim])
		}
	}
	return v.unit
}

// normalize makes a vector of length 1, unless its length is 0.
func normalize(x []float32) {
	sum := 0.0
	for _, a := range x {
		sum += float64(a) * float64(a)
	}
	if sum > 0 {
		scale := 1 / math.Sqrt(sum)
		for i := range x {
			x[i] = float32(float64(x[i]) * scale)
		}
	}
}

// Unit is the vector of a word with the length 1. It must not be changed.
func (v *Vectors) Unit(word int) []float32 { return v.units()[word*v.Dim : (word+1)*v.Dim] }

// Cosine is that of the angle between the vectors of two words, from −1 to 1; 0 if one has length 0.
func (v *Vectors) Cosine(a, b int) float64 {
	return max(-1, min(1, float64(kernel.Dot(v.Unit(a), v.Unit(b)))))
}

// A Neighbour is a word and how close it is: a cosine, or what else words are ranked by.
type Neighbour struct {
	Word  string  `json:"word"`
	Score float64 `json:"score"`
}

// Nearest are the k words whose vectors have the largest cosine with the mean of those of the given words, which are left
// out; equally close ones in the order of the words.
func (v *Vectors) Nearest(words []int, k int) []Neighbour {
	mean := make([]float32, v.Dim)
	for _, w := range words {
		kernel.Add(mean, v.Unit(w))
	}
	normalize(mean)
	return v.best(k, words, func(w int) float64 { return float64(kernel.Dot(mean, v.Unit(w))) })
}

// best are the k words of the highest score.
func (v *Vectors) best(k int, without []int, score func(word int) float64) []Neighbour {
	var list []Neighbour
	for w, word := range v.Words {
		if slices.Contains(without, w) {
			continue
		}
		s := score(w)
		if len(list) == k && (k == 0 || s <= list[k-1].Score) {
			continue
		}
		at, _ := slices.BinarySearchFunc(list, s, func(n Neighbour, s float64) int {
			if n.Score >= s {
				return -1
			}
			return 1
		})
		if len(list) == k {
			list = list[:k-1]
		}
		list = slices.Insert(list, at, Neighbour{word, s})
	}
	return list
}
