package wordvec

import "inkling/internal/kernel"

// treeLoss is the hierarchical softmax of word2vec: a word is foretold by the decisions on its way from the root of a
// Huffman tree to its leaf, each node n of which has a vector,
//
//	p(y|x) = Π σ(±n·x), + for the first child and − for the second
//
// which sums to one over all words. A group is one position, since each has a path of its own.
type treeLoss struct {
	tree  *paths
	turns []bool
}

func (*treeLoss) positions() int { return 1 }

func (l *treeLoss) outputs(w *worker) {
	nodes, turns := l.tree.path(w.targets[0])
	w.outs, l.turns = w.outs[:0], turns
	for _, node := range nodes {
		w.outs = append(w.outs, w.out.at(node, 1))
	}
}

func (l *treeLoss) factors(w *worker, rate float32, measured bool) {
	n, s := w.queries, w.spans[0]
	kernel.Sigmoid(w.s, w.s)
	if measured {
		w.counted += float64(s.pairs())
	}
	for j, second := range l.turns {
		row, label := w.s[j*n:(j+1)*n], float32(1)
		if second {
			label = 0
		}
		for i, p := range row {
			if i < s.from || i >= s.to || i == s.skip {
				row[i] = 0
				continue
			}
			row[i] = rate * (label - p)
			if measured {
				w.lost -= logOf(1 - label + (2*label-1)*p)
			}
		}
	}
	clear(w.s[len(l.turns)*n:])
}

// pairs is how many pairs a span has.
func (s span) pairs() int {
	if s.skip < 0 {
		return s.to - s.from
	}
	return s.to - s.from - 1
}
