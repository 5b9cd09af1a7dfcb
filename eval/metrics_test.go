package eval

import (
	"encoding/json"
	"math"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Max(math.Abs(a), math.Abs(b)) }

func TestLikelihood(t *testing.T) {
	// A fair coin for each of 8 characters in 3 words, read as 4 tokens.
	l := NewLikelihood(8*math.Ln2, 4, 1, 8, 3)
	if !near(l.NatsPerToken, 2*math.Ln2) || !near(l.BitsPerChar, 1) || !near(l.Perplexity, 4) || !near(l.PerplexityPerWord, math.Pow(2, 8.0/3)) ||
		l.Tokens != 4 || l.Chars != 8 || l.Words != 3 || l.Unknown != 1 {
		t.Errorf("%+v", l)
	}
	file, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	var names map[string]any
	if err := json.Unmarshal(file, &names); err != nil || len(names) != 8 {
		t.Errorf("%s: %v", file, err)
	}
	for _, name := range []string{"nats_per_token", "bits_per_char", "perplexity", "perplexity_per_word", "tokens", "chars", "words", "unknown"} {
		if _, ok := names[name]; !ok {
			t.Errorf("%s has no %s", file, name)
		}
	}
}

func TestLikelihoodIsAlwaysDefined(t *testing.T) {
	if l := NewLikelihood(0, 0, 0, 0, 0); l != (Likelihood{Perplexity: 1, PerplexityPerWord: 1}) {
		t.Errorf("of nothing: %+v", l)
	}
	for _, l := range []Likelihood{
		NewLikelihood(0, 0, 0, 0, 0),
		NewLikelihood(5, 1, 0, 2, 0),       // no word
		NewLikelihood(1e6, 1e6, 0, 1e6, 1), // one long word
		NewLikelihood(math.Inf(1), 3, 0, 3, 1),
	} {
		if _, err := json.Marshal(l); err != nil {
			t.Errorf("%+v: %v", l, err)
		}
		if l.Perplexity < 1 || l.PerplexityPerWord < 1 || l.BitsPerChar < 0 {
			t.Errorf("%+v", l)
		}
	}
}
