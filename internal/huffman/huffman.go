// Package huffman makes the binary tree of the shortest expected path to its leaves (D. Huffman, "A method for the
// construction of minimum-redundancy codes", 1952), of which hierarchical softmaxes are made.
//
// The two rarest are joined until one is left. With the words sorted, two queues do it in time O(V), since what is joined
// becomes only more frequent (J. van Leeuwen 1976).
package huffman

// A Tree has words as its leaves. Inner nodes are numbered from the root, 0, by falling frequency: a node comes before those
// beneath it.
type Tree struct {
	Above     []Edge     // of each word: the way up
	Next      []Edge     // of each inner node: the same; of the root nothing
	Below     [][2]int32 // of each inner node: what is on its sides, an inner node, or a word w as ^w
	Frequency []float64  // of each inner node: of the words beneath it
}

// An Edge leads up to a node, from one of its sides.
type Edge struct{ Node, Side int32 }

// New makes the tree for words as frequent as p, of which order is the most frequent first. One word alone has a
// node, which nothing leads to.
func New(p []float64, order []int) *Tree {
	v := len(p)
	n := max(1, v-1)
	t := &Tree{make([]Edge, v), make([]Edge, n), make([][2]int32, n), make([]float64, n)}
	word, inner := v-1, v-2 // the rarest that are not yet joined: order[word], and an inner node above the new one
	for node := v - 2; node >= 0; node-- {
		for side := range int32(2) {
			up := Edge{int32(node), side}
			if word >= 0 && (inner == node || p[order[word]] <= t.Frequency[inner]) {
				w := order[word]
				t.Above[w], t.Below[node][side] = up, ^int32(w)
				t.Frequency[node] += p[w]
				word--
			} else {
				t.Next[inner], t.Below[node][side] = up, int32(inner)
				t.Frequency[node] += t.Frequency[inner]
				inner--
			}
		}
	}
	return t
}

// Path goes from a word up to the root. One word alone has none.
func (t *Tree) Path(word int) func(yield func(Edge) bool) {
	return func(yield func(Edge) bool) {
		if len(t.Above) == 1 {
			return
		}
		for e := t.Above[word]; yield(e) && e.Node > 0; e = t.Next[e.Node] {
		}
	}
}

// Length of the path to a word.
func (t *Tree) Length(word int) (n int) {
	for range t.Path(word) {
		n++
	}
	return n
}

// Expected is the mean length of a path, for words as frequent as they were said to be.
func (t *Tree) Expected() (mean float64) {
	for _, f := range t.Frequency {
		mean += f
	}
	return mean
}
