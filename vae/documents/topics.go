package documents

import (
	"cmp"
	"math"
	"slices"

	"inkling/tensor"
)

// A Word is one of the vocabulary, by number, with what is said of it.
type Word struct {
	Word  int
	Value float64
}

// A Topic is what a latent variable is about: the words whose log-probability changes most when it goes from −2 to +2, all others being 0. Of a decoder
// without hidden layers that is four times the word's weight, less a number that is the same for all words.
type Topic struct {
	Rise []Word // that grow most likely, the most first, with by how much, in nats
	Fall []Word // the other way, by how much less
}

// topicSwing is how far a variable goes to either side.
const topicSwing = 2

// Topics says what each variable of the first stochastic layer is about, in n words to each side. By log-probability the rarest words may come first, which a
// decoder knows least of; with telling, words are ordered by their part in the Jeffreys divergence between both ends, Σ_w (p₊ − p₋)·log(p₊/p₋): by how much one would
// tell from them which end it is, in a text.
func (m *Model) Topics(n int, telling bool) []Topic {
	d, v := m.Config.Latent[0], len(m.Config.Counts)
	n = min(n, v)
	topics := make([]Topic, d)
	tp := tensor.NewInference()
	for i := range topics {
		tp.Reset(0, 0, 0)
		z := make([]float32, 2*d)
		z[i], z[d+i] = topicSwing, -topicSwing
		h := m.decoder.hidden(tp, tp.Const(2, d, z))
		both := make([]float32, 2*v)
		logProbs(m.Output, v, both, append(slices.Clone(h.Row(0)), h.Row(1)...))
		changes, keys := make([]Word, v), make([]float64, v)
		for w := range changes {
			up, down := float64(both[w]), float64(both[v+w])
			changes[w], keys[w] = Word{w, up - down}, up-down
			if telling {
				keys[w] = (math.Exp(up) - math.Exp(down)) * math.Abs(up-down)
			}
		}
		slices.SortStableFunc(changes, func(a, b Word) int { return cmp.Compare(keys[b.Word], keys[a.Word]) })
		topics[i].Rise = slices.Clone(changes[:n])
		slices.Reverse(changes)
		topics[i].Fall = slices.Clone(changes[:n])
	}
	return topics
}

// Likeliest are the n likeliest words, the likeliest first, with their probabilities, of which logProbs are the logarithms.
func Likeliest(logProbs []float32, n int) []Word {
	order := make([]Word, len(logProbs))
	for w, l := range logProbs {
		order[w] = Word{w, float64(l)}
	}
	slices.SortStableFunc(order, func(a, b Word) int { return cmp.Compare(b.Value, a.Value) })
	return order[:min(n, len(order))]
}
