package decode

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// naive are the filters as their definitions say, on sorted lists.
var naive = map[string]func(s Sample, scores map[int]float64, soFar []int, vocab int) map[int]float64{
	"repeat_penalty": func(s Sample, scores map[int]float64, soFar []int, vocab int) map[int]float64 {
		out := map[int]float64{}
		last := cmp.Or(s.RepeatLast, 64)
		for token, x := range scores {
			if out[token] = x; slices.Contains(soFar[max(0, len(soFar)-last):], token) {
				switch z := x - math.Log(1/float64(vocab)); {
				case z > 0:
					out[token] = z/s.RepeatPenalty - math.Log(float64(vocab))
				default:
					out[token] = z*s.RepeatPenalty - math.Log(float64(vocab))
				}
			}
		}
		return out
	},
	"top_k": func(s Sample, scores map[int]float64, _ []int, _ int) map[int]float64 {
		out := map[int]float64{}
		for i, token := range sorted(scores) {
			if i < s.TopK {
				out[token] = scores[token]
			}
		}
		return out
	},
	"top_p": func(s Sample, scores map[int]float64, _ []int, _ int) map[int]float64 {
		out, sum := map[int]float64{}, 0.0
		p := normalized(scores)
		for _, token := range sorted(scores) {
			if sum >= s.TopP {
				break
			}
			out[token], sum = scores[token], sum+p[token]
		}
		return out
	},
	"min_p": func(s Sample, scores map[int]float64, _ []int, _ int) map[int]float64 {
		out, p := map[int]float64{}, normalized(scores)
		best := p[sorted(scores)[0]]
		for token, x := range scores {
			if p[token] >= s.MinP*best {
				out[token] = x
			}
		}
		return out
	},
	"temp": func(s Sample, scores map[int]float64, _ []int, _ int) map[int]float64 {
		out := map[int]float64{}
		for token, x := range scores {
			out[token] = x / s.Temperature
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

// anySample draws options with every filter on.
func anySample(t *rapid.T) Sample {
	return Sample{
		RepeatPenalty: rapid.SampledFrom([]float64{0.5, 1.1, 1.5, 3}).Draw(t, "penalty"),
		RepeatLast:    rapid.IntRange(0, 8).Draw(t, "last"),
		TopK:          rapid.IntRange(1, 45).Draw(t, "k"),
		TopP:          rapid.Float64Range(0.01, 0.999).Draw(t, "p"),
		MinP:          rapid.Float64Range(0.001, 1).Draw(t, "min-p"),
		Temperature:   rapid.SampledFrom([]float64{0.01, 0.5, 0.8, 1.3, 50}).Draw(t, "temperature"),
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
				s, logp := anySample(t), anyScores(t)
				soFar := rapid.SliceOfN(rapid.IntRange(0, len(logp)-1), 0, 20).Draw(t, "so far")
				f := kind.of(s)
				if err := f.Check(); err != nil {
					t.Fatal(err)
				}
				scores := map[int]float64{}
				for token, x := range logp {
					scores[token] = float64(x)
				}
				want := naive[kind.Name](s, scores, soFar, len(logp))

				var c Candidates
				for round := range 3 { // used again, and in another order
					c.fill(nil, logp, soFar, len(logp))
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
						possible = possible || !math.IsInf(float64(x.Score), -1)
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
			f := kind.of(Sample{RepeatPenalty: 1.2, TopK: 20, TopP: 0.9, MinP: 0.1, Temperature: 0.7})
			c.fill(nil, logp, soFar, len(logp))
			if n := testing.AllocsPerRun(10, func() {
				c.fill(nil, logp, soFar, len(logp))
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
	} {
		if err := s.Check(); err == nil {
			t.Errorf("%+v accepted", s)
		}
		if _, err := s.Decode(t.Context(), newMarkov(3, 1, 1), Request{Length: 1}); err == nil {
			t.Errorf("%+v decoded", s)
		}
	}
	for _, s := range []Sample{{}, {Temperature: 1e-30, TopK: 1}, {Temperature: 1e30}, {TopP: 1, MinP: 1, RepeatPenalty: 1, RepeatLast: 5}} {
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
	if want := []string{"repeat_penalty", "top_k", "top_p", "min_p", "temp"}; !slices.Equal(names, want) {
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
}
