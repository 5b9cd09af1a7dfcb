package softmax

import (
	"cmp"
	"slices"

	"inkling/internal/kernel"
)

// TopK looks into the likeliest classes first, and at no more of them when the best words so far are likelier than the
// next class, since no word is likelier than its class: the result is exact.
func (c *classes) TopK(h []float32, k int) (words []Ranked, certified bool) {
	class := make([]float32, c.classes())
	c.head.LogProbs(class, h)
	likely := make([]int, len(class))
	for i := range likely {
		likely[i] = i
	}
	slices.SortStableFunc(likely, func(a, b int) int { return cmp.Compare(class[b], class[a]) })
	kept := newBest(k, len(c.order))
	var scores []float32
	for _, one := range likely {
		if kept.full() && class[one] < kept.worst() {
			break
		}
		scores = sized(scores, c.size(one))
		for j := range scores {
			place := c.starts[one] + j
			scores[j] = kernel.Dot(c.weight.Row(c.row(place)), h) + c.bias.Value[place]
		}
		shift := class[one] - kernel.LogSumExp(scores)
		for j, s := range scores {
			kept.show(Ranked{c.order[c.starts[one]+j], s + shift})
		}
	}
	return kept.sorted(), true
}
