package documents

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"inkling/data"
	"inkling/tensor"
)

// Draw draws so many words with probabilities of which logProbs are the logarithms: a document, as its words by number, ascending, and how often each occurs.
func Draw(logProbs []float32, length int, rnd *rand.Rand) (words, counts []uint32) {
	sums, sum := make([]float64, len(logProbs)), 0.0
	for w, l := range logProbs {
		sum += math.Exp(float64(l))
		sums[w] = sum
	}
	for range length {
		x := rnd.Float64() * sum
		words = append(words, uint32(min(sort.SearchFloat64s(sums, math.Nextafter(x, 2)), len(sums)-1)))
	}
	slices.Sort(words)
	return count(words)
}

// count brings equal words together.
func count(sorted []uint32) (words, counts []uint32) {
	for _, w := range sorted {
		if n := len(words); n > 0 && words[n-1] == w {
			counts[n-1]++
		} else {
			words, counts = append(words, w), append(counts, 1)
		}
	}
	return words, counts
}

// DrawJoint draws documents as long as these from the model, with the z of all layers that made them: exact draws from p(z|x) of each.
func (m *Model) DrawJoint(like *data.Bags, rnd *rand.Rand) (z []float32, drawn *data.Bags) {
	n, all, first := like.Len(), m.VAE.Config.Variables(), m.Config.Latent[0]
	z = m.VAE.DrawPrior(n, rnd)
	var documents []map[int]int
	tp := tensor.NewInference()
	for i := range n {
		tp.Reset(0, 0, 0)
		h := m.decoder.hidden(tp, tp.Const(1, first, z[i*all:i*all+first]))
		logs := make([]float32, len(m.Config.Counts))
		m.Output.LogProbs(logs, h.Row(0))
		words, counts := Draw(logs, int(like.Length(i)), rnd)
		d := map[int]int{}
		for j, w := range words {
			d[int(w)] = int(counts[j])
		}
		documents = append(documents, d)
	}
	return z, data.NewBags(documents)
}
