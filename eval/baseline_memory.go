package eval

import (
	"math"
	"math/bits"
)

// nodeBytes is what an n-gram takes, measured: its node, its entry in the map, and both again in part while they grow.
const nodeBytes = 80

// NGramMemory is about how much memory, in bytes, counting the n-grams of a text takes, by [NewNGram] or [Adaptive]. A text
// of letters has few different trigrams and one of words nearly as many as words, so they are counted: by how many bits of
// a table stay 0 when each sets one by its hash, −m·ln(zeros/m) of m bits (Whang, Vander-Zanden, Taylor 1990, linear
// counting). With a mebibyte for each length up to n that is within one in a hundred for up to ten million. It fails only
// if the tokens cannot be read.
func NGramMemory(n int, text Tokens) (int64, error) {
	const m = 1 << 23
	seen := make([][]uint64, n)
	for i := range seen {
		seen[i] = make([]uint64, m/64)
	}
	err := parts(text, n-1, 0, func(tokens []int, first, last int) {
		for i := first; i < last; i++ {
			hash := uint64(0)
			for length := range min(n, i+1) { // the n-grams that end here, short to long
				hash = mixed(hash ^ uint64(tokens[i-length]))
				seen[length][hash%m/64] |= 1 << (hash % 64)
			}
		}
	})
	nodes := 1.0
	for _, table := range seen {
		zeros := m
		for _, word := range table {
			zeros -= bits.OnesCount64(word)
		}
		nodes -= m * math.Log(float64(max(1, zeros))/m)
	}
	return int64(nodes * nodeBytes), err
}

// mixed is a hash of a number (Steele, Lea, Flood 2014, SplitMix64).
func mixed(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}
