package softmax

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func huffmanOf(counts []int64) *huffman { return newHuffman(frequencies(counts), byFrequency(counts)) }

// shortest is the mean path of the best of all binary trees over words as frequent as p, by trying every pair that could
// be joined.
func shortest(p []float64) float64 {
	if len(p) < 2 {
		return 0
	}
	best := math.Inf(1)
	for i := range p {
		for j := range i {
			rest := slices.Delete(slices.Clone(p), i, i+1)
			rest[j] += p[i]
			best = min(best, p[i]+p[j]+shortest(rest))
		}
	}
	return best
}

// TestHuffmanIsShortest holds trees of few words against all there are, and larger ones against the entropy.
func TestHuffmanIsShortest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 60 {
		counts := make([]int64, 1+rnd.IntN(6))
		for w := range counts {
			counts[w] = int64(math.Exp(8 * rnd.Float64()))
		}
		if got, want := huffmanOf(counts).expected(), shortest(frequencies(counts)); math.Abs(got-want) > 1e-9 {
			t.Errorf("counts %v: paths of %g on average, the shortest are %g", counts, got, want)
		}
	}
	for _, v := range []int{2, 3, 100, 5000} {
		s := zipf(v, 1)
		rnd.Shuffle(v, func(i, j int) { s.Counts[i], s.Counts[j] = s.Counts[j], s.Counts[i] })
		entropy := 0.0
		for _, q := range frequencies(s.Counts) {
			entropy -= q * math.Log2(q)
		}
		if mean := huffmanOf(s.Counts).expected(); mean < entropy-1e-9 || mean > entropy+1 {
			t.Errorf("V=%d: paths of %g on average, the entropy is %g bits", v, mean, entropy)
		}
	}
}

// TestHuffmanIsATree: each word and node hangs on one side of one node, before which none of those above it comes; ways
// up are ways down; frequencies fall and are those of what is beneath.
func TestHuffmanIsATree(t *testing.T) {
	for _, counts := range [][]int64{{5}, {0, 0}, {1, 2, 3}, make([]int64, 100), zipf(300, 1).Counts, fibonacci(70)} {
		h, p := huffmanOf(counts), frequencies(counts)
		if len(counts) == 1 {
			if h.length(0) != 0 || len(h.next) != 1 {
				t.Errorf("one word has a path of %d, and %d nodes", h.length(0), len(h.next))
			}
			continue
		}
		seen := map[int32]bool{}
		mean := 0.0
		for n, sides := range h.below {
			sum := 0.0
			for side, x := range sides {
				var up edge
				if x < 0 {
					up, sum = h.above[^x], sum+p[^x]
				} else {
					up, sum = h.next[x], sum+h.frequency[x]
				}
				if seen[x] || x >= 0 && int(x) <= n || (up != edge{int32(n), int32(side)}) {
					t.Errorf("%d words: node %d has %d on side %d, from where the way up is %v", len(counts), n, x, side, up)
				}
				seen[x] = true
			}
			if math.Abs(sum-h.frequency[n]) > 1e-12 || n > 0 && h.frequency[n] > h.frequency[n-1] {
				t.Errorf("%d words: node %d is as frequent as %g, beneath it are %g", len(counts), n, h.frequency[n], sum)
			}
		}
		for w, q := range p {
			mean += q * float64(h.length(w))
		}
		if len(seen) != 2*len(counts)-2 || math.Abs(mean-h.expected()) > 1e-9 {
			t.Errorf("%d words: %d words and nodes in the tree; paths of %g, said to be of %g", len(counts), len(seen), mean, h.expected())
		}
	}
}

// fibonacci counts make the deepest tree: each node has one word and all that are rarer.
func fibonacci(n int) []int64 {
	counts := []int64{1, 1}
	for len(counts) < n {
		counts = append(counts, counts[len(counts)-1]+counts[len(counts)-2])
	}
	for i := range counts {
		counts[i]-- // frequencies count each word once more
	}
	return counts
}
