package huffman

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// treeOf is the tree for counts, each of which counts once more.
func treeOf(counts []int64) *Tree {
	p := frequencies(counts)
	order := make([]int, len(p))
	for w := range order {
		order[w] = w
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	return New(p, order)
}

func frequencies(counts []int64) []float64 {
	p, total := make([]float64, len(counts)), 0.0
	for w, n := range counts {
		p[w] = float64(n) + 1
		total += p[w]
	}
	for w := range p {
		p[w] /= total
	}
	return p
}

// zipf are counts of a language, or nearly.
func zipf(v int) []int64 {
	counts := make([]int64, v)
	for i := range counts {
		counts[i] = int64(10*v/(i+1)) + 1
	}
	return counts
}

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

// TestIsShortest holds trees of few words against all there are, and larger ones against the entropy.
func TestIsShortest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 60 {
		counts := make([]int64, 1+rnd.IntN(6))
		for w := range counts {
			counts[w] = int64(math.Exp(8 * rnd.Float64()))
		}
		if got, want := treeOf(counts).Expected(), shortest(frequencies(counts)); math.Abs(got-want) > 1e-9 {
			t.Errorf("counts %v: paths of %g on average, the shortest are %g", counts, got, want)
		}
	}
	for _, v := range []int{2, 3, 100, 5000} {
		counts := zipf(v)
		rnd.Shuffle(v, func(i, j int) { counts[i], counts[j] = counts[j], counts[i] })
		entropy := 0.0
		for _, q := range frequencies(counts) {
			entropy -= q * math.Log2(q)
		}
		if mean := treeOf(counts).Expected(); mean < entropy-1e-9 || mean > entropy+1 {
			t.Errorf("V=%d: paths of %g on average, the entropy is %g bits", v, mean, entropy)
		}
	}
}

// TestIsATree: each word and node hangs on one side of one node, before which none of those above it comes; ways
// up are ways down; frequencies fall and are those of what is beneath.
func TestIsATree(t *testing.T) {
	for _, counts := range [][]int64{{5}, {0, 0}, {1, 2, 3}, make([]int64, 100), zipf(300), fibonacci(70)} {
		h, p := treeOf(counts), frequencies(counts)
		if len(counts) == 1 {
			if h.Length(0) != 0 || len(h.Next) != 1 {
				t.Errorf("one word has a path of %d, and %d nodes", h.Length(0), len(h.Next))
			}
			continue
		}
		seen := map[int32]bool{}
		mean := 0.0
		for n, sides := range h.Below {
			sum := 0.0
			for side, x := range sides {
				var up Edge
				if x < 0 {
					up, sum = h.Above[^x], sum+p[^x]
				} else {
					up, sum = h.Next[x], sum+h.Frequency[x]
				}
				if seen[x] || x >= 0 && int(x) <= n || (up != Edge{int32(n), int32(side)}) {
					t.Errorf("%d words: node %d has %d on side %d, from where the way up is %v", len(counts), n, x, side, up)
				}
				seen[x] = true
			}
			if math.Abs(sum-h.Frequency[n]) > 1e-12 || n > 0 && h.Frequency[n] > h.Frequency[n-1] {
				t.Errorf("%d words: node %d is as frequent as %g, beneath it are %g", len(counts), n, h.Frequency[n], sum)
			}
		}
		for w, q := range p {
			mean += q * float64(h.Length(w))
		}
		if len(seen) != 2*len(counts)-2 || math.Abs(mean-h.Expected()) > 1e-9 {
			t.Errorf("%d words: %d words and nodes in the tree; paths of %g, said to be of %g", len(counts), len(seen), mean, h.Expected())
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
