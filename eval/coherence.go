package eval

import "math"

// Coherence says of each list of words how well they go together: the mean over its pairs of their normalized pointwise mutual information (Bouma 2009; found by Lau, Newman & Baldwin
// 2014 to agree with what people say of topics),
//
//	NPMI(a, b) = log( p(a,b) / (p(a)·p(b)) ) / −log p(a,b)
//
// p being the share of the documents that a word is in, or both are. It is 1 of words that never come apart, 0 of those that come together by
// chance, and −1 of those that never do. NaN of a list of fewer than two words that are in any document.
func Coherence(lists [][]int, b Bags) []float64 {
	place := map[uint32]int{} // of each word that is in a list
	for _, list := range lists {
		for _, w := range list {
			if _, ok := place[uint32(w)]; !ok {
				place[uint32(w)] = len(place)
			}
		}
	}
	single, pairs := make([]float64, len(place)), make([][]float64, len(lists))
	for l, list := range lists {
		pairs[l] = make([]float64, len(list)*len(list))
	}
	seen := make([]bool, len(place))
	var here []int
	for i := range b.Len() {
		words, _ := b.Bag(i)
		here = here[:0]
		for _, w := range words {
			if at, ok := place[w]; ok {
				seen[at], here = true, append(here, at)
				single[at]++
			}
		}
		for l, list := range lists {
			for x, a := range list {
				if !seen[place[uint32(a)]] {
					continue
				}
				for y, c := range list[:x] {
					if seen[place[uint32(c)]] {
						pairs[l][x*len(list)+y]++
					}
				}
			}
		}
		for _, at := range here {
			seen[at] = false
		}
	}
	n, of := float64(b.Len()), make([]float64, len(lists))
	for l, list := range lists {
		sum, number := 0.0, 0.0
		for x, a := range list {
			for y, c := range list[:x] {
				pa, pc := single[place[uint32(a)]]/n, single[place[uint32(c)]]/n
				if pa == 0 || pc == 0 {
					continue
				}
				sum += npmi(pa, pc, pairs[l][x*len(list)+y]/n)
				number++
			}
		}
		of[l] = sum / number
	}
	return of
}

func npmi(a, b, both float64) float64 {
	switch both {
	case 0:
		return -1
	case 1: // in every document, as both are
		return 1
	}
	return math.Log(both/(a*b)) / -math.Log(both)
}
