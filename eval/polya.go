package eval

import "math"

// A Polya urn draws each word of a document from the words that came before it in the same document, or else from fixed probabilities u:
//
//	p(word n+1 = w | n words, c of them w) = (c + α·u_w) / (n + α)
//
// a unigram with a cache, in which a word that was there once is likelier to come again. The probability of a document does not depend on the order
// of its words (it is the Dirichlet-multinomial of Madsen, Kauchak & Elkan 2005, with probabilities that are proportional to u), so that it compares with
// models of bags. Nothing of it is of other documents but u and α: what it knows beyond a unigram, it reads from the document that it judges,
// which a model with a fixed p(w|z) cannot.
type Polya struct {
	U     []float64
	Alpha float64
}

// FitPolya finds the α of most likelihood for some documents, by golden section over its logarithm.
func FitPolya(u []float64, train Bags) Polya {
	loss := func(x float64) (sum float64) {
		for _, l := range (Polya{u, math.Exp(x)}).LogProbs(train) {
			sum -= l
		}
		return sum
	}
	lo, hi := math.Log(1e-2), math.Log(1e7)
	ratio := (math.Sqrt(5) - 1) / 2
	a, b := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	fa, fb := loss(a), loss(b)
	for hi-lo > 1e-2 {
		if fa < fb {
			hi, b, fb = b, a, fa
			a = hi - ratio*(hi-lo)
			fa = loss(a)
		} else {
			lo, a, fa = a, b, fb
			b = lo + ratio*(hi-lo)
			fb = loss(b)
		}
	}
	return Polya{u, math.Exp((lo + hi) / 2)}
}

// LogProbs is log p of each document, in nats.
func (p Polya) LogProbs(b Bags) []float64 {
	of := make([]float64, b.Len())
	for i := range of {
		words, counts := b.Bag(i)
		n := 0.0
		for j, w := range words {
			of[i] += rising(p.Alpha*p.U[w], float64(counts[j]))
			n += float64(counts[j])
		}
		of[i] -= rising(p.Alpha, n)
	}
	return of
}

// rising is log x·(x+1)·…·(x+n−1).
func rising(x, n float64) float64 {
	if n == 1 {
		return math.Log(x)
	}
	if n < 16 { // where the difference of two logarithms of Γ would cost digits, and time
		product := 1.0
		for i := range int(n) {
			product *= x + float64(i)
		}
		if product > 1e-300 && product < 1e300 {
			return math.Log(product)
		}
	}
	top, _ := math.Lgamma(x + n)
	bottom, _ := math.Lgamma(x)
	return top - bottom
}
