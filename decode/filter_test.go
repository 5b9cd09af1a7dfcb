package decode

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// a situation is what a filter by its definition goes by.
type situation struct {
	s       Sample
	scores  map[int]float64
	soFar   []int
	written int // how many of soFar, the last ones
	vocab   int
}

// naive are the filters as their definitions say, on sorted lists.
var naive = map[string]func(at situation) map[int]float64{
	"logit_bias": func(at situation) map[int]float64 {
		out := map[int]float64{}
		for token, x := range at.scores {
			if bias := at.s.LogitBias[token]; !math.IsInf(bias, -1) {
				out[token] = x + bias
			}
		}
		return out
	},
	"penalties": func(at situation) map[int]float64 {
		out, s := map[int]float64{}, at.s
		last := cmp.Or(s.RepeatLast, 64)
		repeat := cmp.Or(s.RepeatPenalty, 1)
		for token, x := range at.scores {
			if slices.Contains(at.soFar[max(0, len(at.soFar)-last):], token) {
				if z := x - math.Log(1/float64(at.vocab)); z > 0 {
					x = z/repeat - math.Log(float64(at.vocab))
				} else {
					x = z*repeat - math.Log(float64(at.vocab))
				}
			}
			for i, w := range at.soFar[len(at.soFar)-at.written:] {
				if w != token {
					continue
				}
				if x -= s.FrequencyPenalty; !slices.Contains(at.soFar[len(at.soFar)-at.written:][:i], w) {
					x -= s.PresencePenalty
				}
			}
			out[token] = x
		}
		return out
	},
	"no_repeat_ngram": func(at situation) map[int]float64 {
		out, n := map[int]float64{}, at.s.NoRepeatNGram
		for token, x := range at.scores {
			text, twice := append(slices.Clone(at.soFar), token), false
			for i := 0; i+n < len(text); i++ {
				twice = twice || slices.Equal(text[i:i+n], text[len(text)-n:])
			}
			if !twice {
				out[token] = x
			}
		}
		return out
	},
	"top_k": func(at situation) map[int]float64 {
		out := map[int]float64{}
		for i, token := range sorted(at.scores) {
			if i < at.s.TopK {
				out[token] = at.scores[token]
			}
		}
		return out
	},
	"typical": func(at situation) map[int]float64 {
		out, sum, p := map[int]float64{}, 0.0, normalized(at.scores)
		entropy := 0.0
		for _, token := range sorted(at.scores) {
			if p[token] > 0 {
				entropy -= p[token] * math.Log(p[token])
			}
		}
		strange := map[int]float64{} // the least first, so that sorted can be used
		for token := range at.scores {
			strange[token] = -math.Abs(-math.Log(p[token]) - entropy)
		}
		order := sorted(at.scores) // of equally strange ones the likelier first
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(math.Round(strange[b]*1e9), math.Round(strange[a]*1e9)) })
		for _, token := range order {
			if sum >= at.s.Typical {
				break
			}
			out[token], sum = at.scores[token], sum+p[token]
		}
		return out
	},
	"top_p": func(at situation) map[int]float64 {
		out, sum := map[int]float64{}, 0.0
		p := normalized(at.scores)
		for _, token := range sorted(at.scores) {
			if sum >= at.s.TopP {
				break
			}
			out[token], sum = at.scores[token], sum+p[token]
		}
		return out
	},
	"min_p": func(at situation) map[int]float64 {
		out, p := map[int]float64{}, normalized(at.scores)
		best := p[sorted(at.scores)[0]]
		for token, x := range at.scores {
			if p[token] >= at.s.MinP*best {
				out[token] = x
			}
		}
		return out
	},
	"temperature": func(at situation) map[int]float64 {
		out := map[int]float64{}
		for token, x := range at.scores {
			out[token] = x / at.s.Temperature
		}
		return out
	},
	"mirostat": func(at situation) map[int]float64 { // before anything is drawn
		out, p := map[int]float64{}, normalized(at.scores)
		for i, token := range sorted(at.scores) {
			if i == 0 || -math.Log2(p[token]) <= 2*at.s.Mirostat {
				out[token] = at.scores[token]
			}
		}
		return out
	},
}

func sorted(scores map[int]float64) []int {
	var tokens []int
	for token := range scores {
		tokens = append(tokens, token)
	}
	slices.SortFunc(tokens, func(a, b int) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) })
	return tokens
}

func normalized(scores map[int]float64) map[int]float64 {
	out, total := map[int]float64{}, 0.0
	for _, token := range sorted(scores) {
		total += math.Exp(scores[token])
	}
	for token, x := range scores {
		out[token] = math.Exp(x) / total
	}
	return out
}

// anySample draws options with every filter on, of a vocabulary of so many tokens.
func anySample(t *rapid.T, vocab int) Sample {
	return Sample{
		LogitBias:        rapid.MapOfN(rapid.IntRange(0, vocab-1), rapid.SampledFrom([]float64{-1000, -3, -0.1, 2, 40, math.Inf(-1)}), 1, 8).Draw(t, "bias"),
		FrequencyPenalty: rapid.SampledFrom([]float64{-1, 0, 0.5, 2}).Draw(t, "frequency"),
		PresencePenalty:  rapid.SampledFrom([]float64{-1, 0, 0.5, 2, 1000}).Draw(t, "presence"),
		NoRepeatNGram:    rapid.IntRange(1, 4).Draw(t, "n-gram"),
		Typical:          rapid.Float64Range(0.01, 0.999).Draw(t, "typical"),
		Mirostat:         rapid.SampledFrom([]float64{0.077, 0.77, 1.31, 2.93, 9}).Draw(t, "mirostat"),
		RepeatPenalty:    rapid.SampledFrom([]float64{0.5, 1.1, 1.5, 3}).Draw(t, "penalty"),
		RepeatLast:       rapid.IntRange(0, 8).Draw(t, "last"),
		TopK:             rapid.IntRange(1, 45).Draw(t, "k"),
		TopP:             rapid.Float64Range(0.01, 0.999).Draw(t, "p"),
		MinP:             rapid.Float64Range(0.001, 1).Draw(t, "min-p"),
		Temperature:      rapid.SampledFrom([]float64{0.01, 0.5, 0.8, 1.3, 50}).Draw(t, "temperature"),
	}
}

// anyScores draws log-probabilities of a vocabulary, some equal, some impossible.
func anyScores(t *rapid.T) []float32 {
	n := rapid.IntRange(1, 40).Draw(t, "vocab")
	values := rapid.SliceOfN(rapid.OneOf(rapid.Float32Range(-15, 0), rapid.SampledFrom([]float32{-1, -2, -3})), n, n).Draw(t, "scores")
	total := 0.0
	for _, x := range values {
		total += math.Exp(float64(x))
	}
	possible := rapid.IntRange(0, n-1).Draw(t, "possible")
	for i := range values {
		values[i] -= float32(math.Log(total))
		if i != possible && rapid.IntRange(0, 9).Draw(t, "impossible") == 0 {
			values[i] = float32(math.Inf(-1))
		}
	}
	return values
}

func TestFilterContract(t *testing.T) {
	for _, kind := range filters {
		t.Run(kind.Name, func(t *testing.T) {
			if kind.of(Sample{}) != nil {
				t.Error("on though no option says so")
			}
			if kind.Doc == "" {
				t.Error("no documentation")
			}
			rapid.Check(t, func(t *rapid.T) {
				logp := anyScores(t)
				s := anySample(t, len(logp))
				soFar := rapid.SliceOfN(rapid.IntRange(0, min(len(logp)-1, 5)), 0, 20).Draw(t, "so far")
				from := rapid.IntRange(0, len(soFar)).Draw(t, "prefix")
				f := kind.of(s)
				if err := f.Check(); err != nil {
					t.Fatal(err)
				}
				scores := map[int]float64{}
				for token, x := range logp {
					scores[token] = float64(x)
				}
				want := naive[kind.Name](situation{s, scores, soFar, len(soFar) - from, len(logp)})
				forbidden := true // all that is possible
				for _, x := range want {
					forbidden = forbidden && math.IsInf(x, -1)
				}

				var c Candidates
				for round := range 3 { // used again, and in another order
					c.fill(nil, logp, soFar, from, len(logp))
					r := rand.New(rand.NewPCG(uint64(round), 1))
					if round > 0 {
						r.Shuffle(len(c.List), func(i, j int) { c.List[i], c.List[j] = c.List[j], c.List[i] })
					}
					f.Apply(&c)
					got, possible := map[int]float64{}, false
					for _, x := range c.List {
						if _, twice := got[int(x.Token)]; twice || x.Score != x.Score {
							t.Fatalf("token %d twice or with score NaN", x.Token)
						}
						got[int(x.Token)] = float64(x.Score)
						if math.IsInf(float64(logp[x.Token]), -1) && !math.IsInf(float64(x.Score), -1) {
							t.Fatalf("token %d is possible again", x.Token)
						}
						possible = possible || !math.IsInf(float64(x.Score), -1)
					}
					if forbidden {
						if len(got) > 0 {
							t.Fatalf("%v is left of what is forbidden", got)
						}
						continue
					}
					if !possible {
						t.Fatal("nothing possible is left")
					}
					if len(got) != len(want) {
						t.Fatalf("left %v, by definition %v", sorted(got), sorted(want))
					}
					p, q := normalized(got), normalized(want)
					for token := range want {
						if math.Abs(p[token]-q[token]) > 1e-4 {
							t.Fatalf("token %d has %g, by definition %g", token, p[token], q[token])
						}
					}
				}
			})
			var c Candidates
			logp, soFar := newMarkov(100, 2, 1).table[0], []int{3, 5, 5, 99}
			f := kind.of(Sample{
				LogitBias: map[int]float64{3: 1, 4: math.Inf(-1)}, RepeatPenalty: 1.2, FrequencyPenalty: 1, NoRepeatNGram: 2, TopK: 20, Typical: 0.9, TopP: 0.9, MinP: 0.1,
				Temperature: 0.7, Mirostat: 3,
			})
			c.fill(nil, logp, soFar, 1, len(logp))
			if n := testing.AllocsPerRun(10, func() {
				c.fill(nil, logp, soFar, 1, len(logp))
				f.Apply(&c)
			}); n != 0 {
				t.Errorf("%g allocations a token", n)
			}
		})
	}
}

func TestFilterOptionsRefused(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, s := range []Sample{
		{Temperature: -1},
		{Temperature: nan},
		{Temperature: inf},
		{TopK: -1},
		{TopP: -0.1},
		{TopP: 1.01},
		{TopP: nan},
		{MinP: -0.1},
		{MinP: 1.01},
		{MinP: nan},
		{RepeatPenalty: -1},
		{RepeatPenalty: nan},
		{RepeatPenalty: inf},
		{RepeatLast: -1},
		{RepeatLast: -1, RepeatPenalty: 1.1},
		{FrequencyPenalty: nan},
		{PresencePenalty: inf},
		{PresencePenalty: -1001},
		{NoRepeatNGram: -1},
		{Typical: 1.1},
		{Typical: nan},
		{LogitBias: map[int]float64{0: inf}, PresencePenalty: 1},
		{LogitBias: map[int]float64{0: nan}},
		{LogitBias: map[int]float64{0: 1001}},
		{Mirostat: -1},
		{Mirostat: inf},
		{Mirostat: 3, MirostatRate: 1.1},
		{MirostatRate: 0.1},
		{Mirostat: 3, TopK: 5},
		{Mirostat: 3, TopP: 0.5},
		{Mirostat: 3, Typical: 0.5},
		{Mirostat: 3, MinP: 0.5},
		{Samplers: []string{"top_q"}},
		{Samplers: []string{"top_k", "temperature", "top_k"}},
		{Samplers: []string{"temperature"}, TopK: 5},
	} {
		if err := s.Check(); err == nil {
			t.Errorf("%+v accepted", s)
		}
		if _, err := s.Decode(t.Context(), newMarkov(3, 1, 1), Request{Length: 1}); err == nil {
			t.Errorf("%+v decoded", s)
		}
	}
	for _, bias := range []map[int]float64{{3: 1}, {-1: 1}, {0: -inf, 1: -inf, 2: -inf}} {
		if _, err := (Sample{LogitBias: bias}).Decode(t.Context(), newMarkov(3, 1, 1), Request{Length: 1}); err == nil {
			t.Errorf("biases %v decoded", bias)
		}
	}
	for _, s := range []Sample{{}, {RepeatPenalty: 1e300}, {PresencePenalty: 1000, LogitBias: map[int]float64{0: 1000}}, {Samplers: []string{"temperature", "top_k"}}, {Temperature: 1e-30, TopK: 1}, {Temperature: 1e30}, {TopP: 1, MinP: 1, RepeatPenalty: 1, RepeatLast: 5}} {
		if err := s.Check(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
		if _, err := s.Decode(t.Context(), newMarkov(3, 1, 1), Request{Length: 100}); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// The order of filters is a promise.
func TestFilterOrder(t *testing.T) {
	var names []string
	for _, f := range Filters() {
		names = append(names, f.Name)
	}
	if want := []string{"logit_bias", "penalties", "no_repeat_ngram", "top_k", "typical", "top_p", "min_p", "temperature", "mirostat"}; !slices.Equal(names, want) {
		t.Errorf("filters are applied in the order %v, want %v", names, want)
	}
	// Hot enough, anything that is not cut off may come; cut at 0.5 of the cold probabilities 0.6, 0.3, 0.1, only the first.
	m := newMarkov(3, 1, 1)
	for _, row := range m.table {
		for i, p := range []float64{0.6, 0.3, 0.1} {
			row[i] = float32(math.Log(p))
		}
	}
	hyps, err := Sample{TopP: 0.5, Temperature: 100}.Decode(t.Context(), m, Request{Length: 200})
	if err != nil || slices.Max(hyps[0].Tokens) != 0 {
		t.Errorf("%v %v", hyps, err)
	}
	// The other way round half of three equally likely ones are left: two.
	hyps, err = Sample{TopP: 0.5, Temperature: 100, Samplers: []string{"temperature", "top_p"}}.Decode(t.Context(), m, Request{Length: 200})
	if err != nil || slices.Max(hyps[0].Tokens) != 1 {
		t.Errorf("%v %v", hyps, err)
	}
}
