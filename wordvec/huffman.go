package wordvec

// A Huffman tree (D. Huffman 1952) has the words as its leaves, and gives each a path of left and right turns such that
// the mean path is as short as can be: at most one decision more than the entropy of the words in bits. It makes of the
// softmax over V words about log₂ V decisions, the fewer the more frequent a word is.

// huffman is the path of each word, from the root to the leaf: inner nodes, which are numbered from 0 to V−2, and whether
// the path goes on with the second child. The paths of words share their arrays.
type huffman struct {
	start []int32 // of each word in nodes and turns, and the end of the last
	nodes []int32
	turns []bool
}

// newHuffman builds the tree in time O(V) from counts in falling order: the two smallest of what is left are at the
// heads of two queues, that of the words and that of the nodes made before (J. van Leeuwen 1976).
func newHuffman(counts []int64) *huffman {
	n := len(counts)
	parent, second := make([]int32, 2*n-1), make([]bool, 2*n-1) // leaves 0 to n−1, then inner nodes
	weight := make([]int64, n-1)
	leaf, inner := n-1, 0
	for made := range n - 1 {
		for child := range 2 {
			var node int
			if inner == made || leaf >= 0 && counts[leaf] <= weight[inner] {
				node = leaf
				weight[made] += counts[leaf]
				leaf--
			} else {
				node = n + inner
				weight[made] += weight[inner]
				inner++
			}
			parent[node], second[node] = int32(made), child == 1
		}
	}
	h := &huffman{start: make([]int32, n+1)}
	var path []int
	for w := range n {
		path = path[:0]
		for node := w; node < 2*n-2; node = n + int(parent[node]) {
			path = append(path, node)
		}
		for i := len(path) - 1; i >= 0; i-- {
			h.nodes = append(h.nodes, parent[path[i]])
			h.turns = append(h.turns, second[path[i]])
		}
		h.start[w+1] = int32(len(h.nodes))
	}
	return h
}

// path is that of a word.
func (h *huffman) path(word int32) (nodes []int32, turns []bool) {
	from, to := h.start[word], h.start[word+1]
	return h.nodes[from:to], h.turns[from:to]
}
