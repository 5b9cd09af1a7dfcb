package decode

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"
)

// chiSquare compares counts with probabilities: the statistic less its degrees of freedom, in standard
// deviations of it. Cells expected fewer than 5 times are put together.
func chiSquare(counts map[int]int, p []float64, n int) float64 {
	sum, cells, restCount, rest := 0.0, 0, 0, 0.0
	for i, q := range p {
		if q == 0 && counts[i] > 0 {
			return math.Inf(1)
		}
		want := q * float64(n)
		if want < 5 {
			restCount, rest = restCount+counts[i], rest+want
			continue
		}
		d := float64(counts[i]) - want
		sum, cells = sum+d*d/want, cells+1
	}
	if rest > 0 {
		d := float64(restCount) - rest
		sum, cells = sum+d*d/rest, cells+1
	}
	dof := float64(cells - 1)
	return (sum - dof) / math.Sqrt(2*max(1, dof))
}

// Sequences come with the probabilities that the model, or the filtered model, gives them. A wrong
// weight of a few per cent is tens of standard deviations here.
func TestSampleDistribution(t *testing.T) {
	const n, length, v = 60_000, 3, 4
	m := newMarkov(v, 1, 11)
	for _, s := range []Sample{
		{},
		{Temperature: 0.7},
		{Temperature: 1.8},
		{TopK: 2},
		{TopP: 0.8, Temperature: 1.5},
		{MinP: 0.2},
		{RepeatPenalty: 1.4, RepeatLast: 2},
		{RepeatPenalty: 1.2, TopK: 3, TopP: 0.9, MinP: 0.05, Temperature: 0.9},
		{Typical: 0.7},
		{FrequencyPenalty: 0.7, PresencePenalty: -0.3},
		{NoRepeatNGram: 2},
		{LogitBias: map[int]float64{1: 1, 2: -0.5, 3: math.Inf(-1)}},
		{Temperature: 3, TopK: 2, Samplers: []string{"temperature", "top_k"}},
		{PresencePenalty: 4, TopK: 2, Samplers: []string{"top_k", "penalties"}},
	} {
		prefix := []int{2, 1}
		hyps, err := s.Decode(context.Background(), m, Request{Prefix: prefix, Length: length, N: n, Seed: 5})
		if err != nil {
			t.Fatal(err)
		}
		counts := map[int]int{}
		for _, h := range hyps {
			code := 0
			for _, token := range h.Tokens {
				code = code*v + token
			}
			counts[code]++
		}
		p := make([]float64, v*v*v)
		for code := range p {
			p[code] = 1
			soFar := append([]int{}, prefix...)
			for _, token := range []int{code / v / v, code / v % v, code % v} {
				p[code] *= stepProbability(m, s, soFar, len(soFar)-len(prefix), token)
				soFar = append(soFar, token)
			}
		}
		if z := chiSquare(counts, p, n); z > 4 || z < -4 {
			t.Errorf("%+v: chi-square %.1f standard deviations off", s, z)
		}
	}
}

// stepProbability applies the filters by their definitions.
func stepProbability(m *markov, s Sample, soFar []int, written, token int) float64 {
	var state State = m.Start()
	for _, w := range soFar {
		state = m.Next(state, w)
	}
	scores := map[int]float64{}
	for w, x := range m.table[state.(int)] {
		scores[w] = float64(x)
	}
	kinds, err := s.order()
	if err != nil {
		panic(err)
	}
	for _, kind := range kinds {
		if kind.of(s) != nil {
			scores = naive[kind.Name](situation{s, scores, soFar, written, m.vocab})
		}
	}
	return normalized(scores)[token]
}

// Sample i is the same whatever else is asked for.
func TestSamplesAreIndependentOfEachOther(t *testing.T) {
	m := newMarkov(len(pieces), 1, 2)
	for _, s := range []Sample{{TopP: 0.95, RepeatPenalty: 1.1}, {Mirostat: 2, FrequencyPenalty: 0.1}} {
		t.Run("", func(t *testing.T) { independent(t, m, s) })
	}
}

func independent(t *testing.T, m Model, s Sample) {
	req := Request{Length: 40, N: 50, Seed: 3, Piece: piece, Prefix: []int{1}}
	many, _ := s.Decode(context.Background(), m, req)
	req.N = 3
	few, _ := s.Decode(context.Background(), m, req)
	if !reflect.DeepEqual(few, many[:3]) {
		t.Error("the first three samples of 50 are not those of three")
	}
	req.N, req.Stop, req.Length = 50, []string{"é"}, 30 // some end early
	short, _ := s.Decode(context.Background(), m, req)
	for i, h := range short {
		if !reflect.DeepEqual(h.Tokens, many[i].Tokens[:len(h.Tokens)]) {
			t.Fatalf("sample %d changes when others end", i)
		}
	}
	req.Seed = 4
	other, _ := s.Decode(context.Background(), m, req)
	same := 0
	for i := range other {
		if reflect.DeepEqual(other[i].Tokens, short[i].Tokens) {
			same++
		}
	}
	if same > 5 {
		t.Errorf("%d of 50 samples are the same with another seed", same)
	}
}

// Sources are keyed by seed and sample as they are: first draws of neighbouring samples and of
// neighbouring seeds must fall evenly on a 16 × 16 grid all the same.
func TestSourcesAreIndependent(t *testing.T) {
	const n, cells = 40_000, 16
	first := func(seed uint64, sample int) int {
		return int(rand.New(rand.NewPCG(seed, uint64(sample))).Float64() * cells)
	}
	even := make([]float64, cells*cells)
	for i := range even {
		even[i] = 1.0 / (cells * cells)
	}
	for name, pair := range map[string]func(i int) (int, int){
		"samples": func(i int) (int, int) { return first(1, i), first(1, i+1) },
		"seeds":   func(i int) (int, int) { return first(uint64(i), 0), first(uint64(i+1), 0) },
		"crossed": func(i int) (int, int) { return first(uint64(i), 1), first(uint64(i+1), 0) },
	} {
		counts := map[int]int{}
		for i := range n {
			a, b := pair(i)
			counts[a*cells+b]++
		}
		if z := chiSquare(counts, even, n); math.Abs(z) > 4 {
			t.Errorf("%s: chi-square %.1f standard deviations off", name, z)
		}
	}
}

func TestDrawEdges(t *testing.T) {
	var c Candidates
	no := float32(math.Inf(-1))
	c.fill(nil, []float32{no, -1, no, -1, no}, nil, 0, 5)
	for u, want := range map[float64]int{0: 1, 0.49: 1, 0.51: 3, math.Nextafter(1, 0): 3, 1: 3 /* rounding left something over */} {
		if got := c.draw(u); got != want {
			t.Errorf("u=%g: token %d, want %d", u, got, want)
		}
	}
}

// In steady state a token costs no allocation of ours: twice as many tokens, as many allocations but
// for slices that grow.
func TestSampleAllocations(t *testing.T) {
	m := newMarkov(len(pieces), 1, 2) // states below 256, which Go boxes without allocating
	s := Sample{
		LogitBias: map[int]float64{1: 1}, RepeatPenalty: 1.1, FrequencyPenalty: 1e-6, NoRepeatNGram: 3000, TopK: 5, Typical: 0.95, TopP: 0.9, MinP: 0.01,
		Temperature: 0.8,
	}
	run := func(length int) float64 {
		return testing.AllocsPerRun(5, func() {
			_, _ = s.Decode(context.Background(), m, Request{Length: length, N: 2, Piece: piece, Stop: []string{"never"}})
		})
	}
	if short, long := run(1000), run(3000); long-short > 30 {
		t.Errorf("%g allocations for 1000 tokens, %g for 3000", short, long)
	}
}

// Nothing may be made for samples whose turn has not come.
func TestManySamplesTakeMemoryInTurn(t *testing.T) {
	const n = 1 << 17
	m := newMarkov(3, 1, 1)
	var before, first runtime.MemStats
	m.spoil = func(call int64, _ []float32) {
		if first.TotalAlloc == 0 {
			runtime.ReadMemStats(&first)
		}
	}
	runtime.ReadMemStats(&before)
	hyps, err := Sample{}.Decode(context.Background(), m, Request{Length: 1, N: n})
	if err != nil || len(hyps) != n {
		t.Fatalf("%d hypotheses, %v", len(hyps), err)
	}
	if used := first.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes were allocated before the first token", used)
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, v := range []int{65, 256} {
		m := newMarkov(v, 4, 1)
		for _, row := range m.table { // frequent tokens first, as vocabularies have them
			slices.SortFunc(row, func(a, b float32) int { return cmp.Compare(b, a) })
			for i := range min(len(row), 8) { // but for what the context says
				j := rand.IntN(len(row))
				row[i], row[j] = row[j], row[i]
			}
		}
		pieces := make([]string, v)
		for i := range pieces {
			pieces[i] = string(rune('!' + i))
		}
		req := Request{Length: 1000, Piece: func(_, token int) string { return pieces[token] }, Stop: []string{"\n\n"}, Stream: func(int, string) {}}
		for name, d := range map[string]Decoder{
			"greedy": Greedy{}, "sample": Sample{}, "temp": Sample{Temperature: 0.8}, "top_k": Sample{TopK: 40, Temperature: 0.8},
			"top_p": Sample{TopP: 0.95, Temperature: 0.8}, "all": Sample{RepeatPenalty: 1.1, TopK: 40, TopP: 0.95, MinP: 0.05, Temperature: 0.8},
		} {
			b.Run(name+"/"+map[int]string{65: "65", 256: "256"}[v], func(b *testing.B) {
				for b.Loop() {
					if _, err := d.Decode(context.Background(), m, req); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/token")
			})
		}
	}
}
