package wordvec

import "inkling/internal/huffman"

// paths are those of the words in a Huffman tree, from the root to the leaf: inner nodes, which are numbered from 0 to V−2,
// and whether the path goes on with the second child. It makes of the softmax over V words about log₂ V decisions, the
// fewer the more frequent a word is. The paths of words share their arrays.
type paths struct {
	start []int32 // of each word in nodes and turns, and the end of the last
	nodes []int32
	turns []bool
}

// newPaths are those for counts in falling order.
func newPaths(counts []int64) *paths {
	frequency, order := make([]float64, len(counts)), make([]int, len(counts))
	for w, n := range counts {
		frequency[w], order[w] = float64(n), w
	}
	tree := huffman.New(frequency, order)
	p := &paths{start: make([]int32, len(counts)+1)}
	var up []huffman.Edge
	for w := range counts {
		up = up[:0]
		for e := range tree.Path(w) {
			up = append(up, e)
		}
		for i := len(up) - 1; i >= 0; i-- {
			p.nodes, p.turns = append(p.nodes, up[i].Node), append(p.turns, up[i].Side == 1)
		}
		p.start[w+1] = int32(len(p.nodes))
	}
	return p
}

// path is that of a word.
func (p *paths) path(word int32) (nodes []int32, turns []bool) {
	from, to := p.start[word], p.start[word+1]
	return p.nodes[from:to], p.turns[from:to]
}
