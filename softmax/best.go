package softmax

import (
	"cmp"
	"math"
	"slices"
)

// best keeps the k likeliest of the words that it is shown: a heap with the least likely of them on top, so that most
// words cost one comparison.
type best struct {
	k    int
	heap []Ranked
}

// newBest is for k of v words.
func newBest(k, v int) *best { return &best{k: atMost(k, v)} }

// atMost is how many of v words there are if k are asked for: none if that is less than one.
func atMost(k, v int) int { return max(0, min(k, v)) }

// before is the order in which TopK gives words.
func before(a, b Ranked) int {
	return cmp.Or(cmp.Compare(b.LogProb, a.LogProb), cmp.Compare(a.Word, b.Word))
}

// full says whether there are k words, so that another must be better than the worst of them.
func (b *best) full() bool { return len(b.heap) >= b.k }

// worst is the log-probability of the least likely word kept; where none is to be kept, no word is likely enough.
func (b *best) worst() float32 {
	if b.k == 0 {
		return float32(math.Inf(1))
	}
	return b.heap[0].LogProb
}

// show offers a word.
func (b *best) show(r Ranked) {
	h := b.heap
	switch {
	case !b.full():
		h = append(h, r)
		b.heap = h
		for i := len(h) - 1; i > 0; { // up
			above := (i - 1) / 2
			if before(h[above], h[i]) > 0 {
				return
			}
			h[above], h[i] = h[i], h[above]
			i = above
		}
	case b.k > 0 && before(r, h[0]) < 0:
		h[0] = r
		for i := 0; ; { // down
			below := 2*i + 1
			if below+1 < len(h) && before(h[below+1], h[below]) > 0 {
				below++
			}
			if below >= len(h) || before(h[i], h[below]) > 0 {
				return
			}
			h[i], h[below] = h[below], h[i]
			i = below
		}
	}
}

// sorted are the words kept, the likeliest first.
func (b *best) sorted() []Ranked {
	slices.SortFunc(b.heap, before)
	return b.heap
}
