package decode

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// zipf is a model of which every token is drawn from one distribution, p(i) in proportion to 1/(i+1), whatever was before.
type zipf int

func (v zipf) VocabSize() int        { return int(v) }
func (v zipf) Start() State          { return nil }
func (v zipf) Next(State, int) State { return nil }
func (v zipf) LogProbs(dst []float32, _ State) {
	total := 0.0
	for i := range dst {
		total += 1 / float64(i+1)
	}
	for i := range dst {
		dst[i] = float32(math.Log(1 / float64(i+1) / total))
	}
}

// TestMirostatReachesItsTarget: the sum of all errors is what μ has moved, over the rate, and μ stays within the surprises that there
// are; so the mean surprise of n tokens is within (range of μ)/(rate·n) of the target.
func TestMirostatReachesItsTarget(t *testing.T) {
	const n, vocab = 20_000, 500
	for _, target := range []float64{1.5, 3, 5} { // the entropy is 6.6 bits, and the likeliest token has 2.8
		for _, rate := range []float64{0, 0.02} {
			hyps, err := Sample{Mirostat: target, MirostatRate: rate}.Decode(t.Context(), zipf(vocab), Request{Length: n, N: 2, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range hyps {
				mean, want := -h.LogProb/math.Ln2/n, max(target, math.Log2(6.7929)) // none is likelier than the first, 1/H(500)
				if math.Abs(mean-want) > 20/(0.02*n) {
					t.Errorf("rate %g: %.3f bits a token, want %.3f", rate, mean, want)
				}
			}
		}
	}
	// By the probabilities that come to it: at a temperature of 3 the same words are further apart from the model's.
	hyps, err := Sample{Mirostat: 5, Temperature: 1.7}.Decode(t.Context(), zipf(vocab), Request{Length: n, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for i := range vocab {
		total += math.Pow(float64(i+1), -1/1.7)
	}
	mean := 0.0
	for _, token := range hyps[0].Tokens {
		mean += (math.Log2(float64(token+1))/1.7 + math.Log2(total)) / n
	}
	if math.Abs(mean-5) > 20/(0.1*n) {
		t.Errorf("after a temperature %.3f bits a token, want 5", mean)
	}
}

// TestNoNGramTwice: whatever else is asked for, what is written completes no n tokens that were there, and a text that is shorter than was
// asked for could not go on.
func TestNoNGramTwice(t *testing.T) {
	ended := 0
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "n")
		m := newMarkov(rapid.IntRange(2, 6).Draw(t, "vocab"), 2, rapid.Uint64().Draw(t, "model"))
		s := Sample{NoRepeatNGram: n, TopP: rapid.SampledFrom([]float64{0.5, 1}).Draw(t, "top-p")}
		prefix := rapid.SliceOfN(rapid.IntRange(0, m.vocab-1), 0, 6).Draw(t, "prefix")
		hyps, err := s.Decode(t.Context(), m, Request{Prefix: prefix, Length: 60, N: 3})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hyps {
			text := append(slices.Clone(prefix), h.Tokens...)
			twice := func(text []int) bool { // the last n
				for i := 0; i+n < len(text); i++ {
					if slices.Equal(text[i:i+n], text[len(text)-n:]) {
						return true
					}
				}
				return false
			}
			for end := len(prefix) + 1; end <= len(text); end++ {
				if twice(text[:end]) {
					t.Fatalf("%v writes %v again", text, text[end-n:end])
				}
			}
			if (h.FinishReason == FinishFiltered) != (len(h.Tokens) < 60) {
				t.Fatalf("%d tokens, %s", len(h.Tokens), h.FinishReason)
			}
			if h.FinishReason != FinishFiltered {
				continue
			}
			ended++
			var at State = m.Start()
			for _, token := range text {
				at = m.Next(at, token)
			}
			for token, x := range m.table[at.(int)] {
				if !math.IsInf(float64(x), -1) && !twice(append(slices.Clone(text), token)) {
					t.Fatalf("%v could go on with %d", text, token)
				}
			}
		}
	})
	if ended == 0 {
		t.Error("no text has come to its end")
	}
}

// TestForbiddenStaysForbidden: what a constraint does not allow is never written, whatever filters and biases are on and in which order.
func TestForbiddenStaysForbidden(t *testing.T) {
	var names []string
	for _, k := range filters {
		names = append(names, k.Name)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := newMarkov(6, 1, rapid.Uint64().Draw(t, "model"))
		s := anySample(t, m.vocab)
		s.LogitBias[0], s.NoRepeatNGram = 1000, 0
		if rapid.Bool().Draw(t, "mirostat") {
			s.TopK, s.TopP, s.Typical, s.MinP = 0, 0, 0, 0
		} else {
			s.Mirostat = 0
		}
		s.Samplers = rapid.Permutation(names).Draw(t, "order")
		hyps, err := s.Decode(t.Context(), m, Request{Length: 12, N: 4, Constraint: never(0)})
		if err != nil {
			if !strings.Contains(err.Error(), "the filters leave none") && !strings.Contains(err.Error(), "the constraint allows none") {
				t.Fatal(err)
			}
			return
		}
		for _, h := range hyps {
			if slices.Contains(h.Tokens, 0) || math.IsInf(h.LogProb, -1) {
				t.Fatalf("wrote %v", h.Tokens)
			}
		}
	})
}

// never is the constraint that a token is not written; sequences of any length but 0 satisfy it.
type never int

func (never) Start() any                      { return 0 }
func (n never) Next(_ any, w int) (any, bool) { return 1, w != int(n) }
func (n never) Allow(allowed []bool, s any, left int) {
	allowed[n] = false
}
func (never) Accepts(s any) bool        { return s == 1 }
func (never) More(_ any, left int) bool { return left > 0 }

// TestFiltersLeaveNothing: a text ends where filters leave no token, unless it may not end there.
func TestFiltersLeaveNothing(t *testing.T) {
	m := newMarkov(4, 0, 1)
	for _, row := range m.table { // tokens 0 and 1, and no others
		copy(row, []float32{-0.7, -0.7, float32(math.Inf(-1)), float32(math.Inf(-1))})
	}
	s := Sample{LogitBias: map[int]float64{0: math.Inf(-1), 1: math.Inf(-1), 2: 1000}}
	streamed := ""
	hyps, err := s.Decode(t.Context(), m, Request{Length: 3, Piece: func(int, int) string { return "x" }, Stream: func(_ int, s string) { streamed += s }})
	if err != nil || len(hyps[0].Tokens) > 0 || hyps[0].FinishReason != FinishFiltered {
		t.Errorf("%+v %v", hyps, err)
	}
	if _, err := s.Decode(t.Context(), m, Request{Length: 3, Constraint: never(3)}); err == nil || !strings.Contains(err.Error(), "at token 1 the filters leave none") {
		t.Error(err)
	}
	hyps, err = Sample{NoRepeatNGram: 1, TopK: 3}.Decode(t.Context(), m, Request{Length: 9, N: 40})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hyps {
		if got := fmt.Sprint(h.Tokens); got != "[0 1]" && got != "[1 0]" {
			t.Errorf("wrote %v", h.Tokens)
		}
	}
}
