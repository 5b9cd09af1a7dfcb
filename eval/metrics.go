// Package eval judges models on data they were not trained on, and says what simpler means reach on
// the same data.
package eval

import "math"

// A Likelihood says how well a model foretells a text, in the measures in use. All come from one sum
// of nats; bits per character and perplexity per word compare models whose tokens differ.
//
// For a text without tokens all ratios are 0 and the perplexities 1. What is above the largest
// float64 is given as that, which JSON can hold.
type Likelihood struct {
	NatsPerToken      float64 `json:"nats_per_token"`
	BitsPerChar       float64 `json:"bits_per_char"`       // characters are Unicode code points
	Perplexity        float64 `json:"perplexity"`          // e to the nats per token
	PerplexityPerWord float64 `json:"perplexity_per_word"` // e to the nats per word, words being what stands between white space
	Tokens            int     `json:"tokens"`              // that were judged
	Chars             int     `json:"chars"`               // that they spell
	Words             int     `json:"words"`               // that they spell
	Unknown           int     `json:"unknown"`             // tokens among them that stand for what the vocabulary does not have
}

// NewLikelihood gives the measures of a text that cost so many nats in all, −Σ log p. Characters and words are those
// that the judged tokens spell: where the first token of a text is not judged, what comes after it.
func NewLikelihood(nats float64, tokens, unknown, chars, words int) Likelihood {
	return Likelihood{
		NatsPerToken:      ratio(nats, tokens),
		BitsPerChar:       ratio(nats/math.Ln2, chars),
		Perplexity:        math.Min(math.Exp(ratio(nats, tokens)), math.MaxFloat64),
		PerplexityPerWord: math.Min(math.Exp(ratio(nats, words)), math.MaxFloat64),
		Tokens:            tokens,
		Chars:             chars,
		Words:             words,
		Unknown:           unknown,
	}
}

// ratio is x over n, and x over 1 if there is nothing to divide by.
func ratio(x float64, n int) float64 {
	return math.Min(x/float64(max(1, n)), math.MaxFloat64)
}
