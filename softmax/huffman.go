package softmax

// Huffman, "A method for the construction of minimum-redundancy codes" (1952): the two rarest are joined until one is
// left, which makes the tree of the shortest expected path. With the words sorted, two queues do it in O(V), since what
// is joined becomes only more frequent (van Leeuwen 1976).

// A huffman is a binary tree with the words as its leaves. Inner nodes are numbered from the root, 0, by falling
// frequency: a node comes before those beneath it.
type huffman struct {
	above     []edge     // of each word: the way up
	next      []edge     // of each inner node: the same; of the root nothing
	below     [][2]int32 // of each inner node: what is on its sides, an inner node, or a word w as ^w
	frequency []float64  // of each inner node: of the words beneath it
}

// An edge leads up to a node, from one of its sides.
type edge struct{ node, side int32 }

// newHuffman makes the tree for words as frequent as p, of which order is the most frequent first. One word alone has a
// node, which nothing leads to.
func newHuffman(p []float64, order []int) *huffman {
	v := len(p)
	n := max(1, v-1)
	t := &huffman{make([]edge, v), make([]edge, n), make([][2]int32, n), make([]float64, n)}
	word, inner := v-1, v-2 // the rarest that are not yet joined: order[word], and an inner node above the new one
	for node := v - 2; node >= 0; node-- {
		for side := range int32(2) {
			up := edge{int32(node), side}
			if word >= 0 && (inner == node || p[order[word]] <= t.frequency[inner]) {
				w := order[word]
				t.above[w], t.below[node][side] = up, ^int32(w)
				t.frequency[node] += p[w]
				word--
			} else {
				t.next[inner], t.below[node][side] = up, int32(inner)
				t.frequency[node] += t.frequency[inner]
				inner--
			}
		}
	}
	return t
}

// path goes from a word up to the root. One word alone has none.
func (t *huffman) path(word int) func(yield func(edge) bool) {
	return func(yield func(edge) bool) {
		if len(t.above) == 1 {
			return
		}
		for e := t.above[word]; yield(e) && e.node > 0; e = t.next[e.node] {
		}
	}
}

// length of the path to a word.
func (t *huffman) length(word int) (n int) {
	for range t.path(word) {
		n++
	}
	return n
}

// expected is the mean length of a path, for words as frequent as they were said to be.
func (t *huffman) expected() (mean float64) {
	for _, f := range t.frequency {
		mean += f
	}
	return mean
}
