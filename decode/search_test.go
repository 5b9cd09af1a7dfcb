package decode

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// contains is the constraint that a token occurs; parity that it occurs an even number of times, and another never.
type contains struct{ token int }

func (contains) Start() any { return false }
func (c contains) Next(s any, token int) (any, bool) {
	return s.(bool) || token == c.token, true
}
func (c contains) Allow(allowed []bool, s any, left int) { allow(c, allowed, s, left) }
func (c contains) Accepts(s any) bool                    { return s.(bool) }
func (c contains) More(_ any, left int) bool             { return left > 0 }

type parity struct{ even, never, vocab int }

func (parity) Start() any { return 0 }
func (p parity) Next(s any, token int) (any, bool) {
	if token == p.even {
		return 1 - s.(int), true
	}
	return s, token != p.never
}
func (p parity) Allow(allowed []bool, s any, left int) { allow(p, allowed, s, left) }
func (parity) Accepts(s any) bool                      { return s.(int) == 0 }
func (p parity) More(s any, left int) bool {
	return left > 1 || left == 1 && (s.(int) == 1 || p.vocab > 2)
}

// twice is the constraint that a token occurs at least twice.
type twice struct{ token int }

func (twice) Start() any { return 0 }
func (c twice) Next(s any, token int) (any, bool) {
	if token == c.token {
		return min(s.(int)+1, 2), true
	}
	return s, true
}
func (c twice) Allow(allowed []bool, s any, left int) { allow(c, allowed, s, left) }
func (twice) Accepts(s any) bool                      { return s.(int) == 2 }
func (twice) More(s any, left int) bool               { return left >= max(1, 2-s.(int)) }

// impossible is satisfied by nothing; empty by a text of no tokens.
type impossible struct{ parity }

func (impossible) Accepts(any) bool   { return false }
func (impossible) More(any, int) bool { return false }

type empty struct{ impossible }

func (empty) Accepts(any) bool { return true }

// allow is Allow as it is defined.
func allow(c Constraint, allowed []bool, s any, left int) {
	for w := range allowed {
		next, ok := c.Next(s, w)
		allowed[w] = allowed[w] && ok && within(c, next, left)
	}
}

// finished says whether tokens satisfy a constraint, and with at most left tokens more, whatever they are, nothing does.
func finished(c Constraint, tokens []int, vocab, left int) bool {
	if c == nil || !satisfied(c, tokens) {
		return false
	}
	var follows func(tokens []int, left int) bool
	follows = func(tokens []int, left int) bool {
		for w := range vocab {
			if next := append(slices.Clone(tokens), w); left > 0 && (satisfied(c, next) || follows(next, left-1)) {
				return true
			}
		}
		return false
	}
	return !follows(tokens, left)
}

// A problem is a small model and a request, of which all sequences can be looked at.
type problem struct {
	m   *markov
	req Request
}

func drawProblem(t *rapid.T) problem {
	v := rapid.IntRange(2, 5).Draw(t, "vocabulary")
	m := newMarkov(v, rapid.SampledFrom([]float64{0, 0.3, 1, 3}).Draw(t, "peak"), rapid.Uint64Range(0, 1000).Draw(t, "seed"))
	p := problem{m, Request{Length: rapid.IntRange(1, 5).Draw(t, "length"), N: rapid.SampledFrom([]int{1, 1, 2, 5, 5000}).Draw(t, "n"), LogProbs: true}}
	if rapid.Bool().Draw(t, "ends") {
		p.req.Ends = []int{rapid.IntRange(0, v-1).Draw(t, "end")}
	}
	if rapid.Bool().Draw(t, "stops") {
		p.req.Piece, p.req.Stop = piece, rapid.SampledFrom([][]string{{"b"}, {"aa", "ba"}, {"aab"}}).Draw(t, "stop")
	}
	if rapid.Bool().Draw(t, "prefixed") {
		p.req.Prefix = []int{1, 0}
	}
	switch rapid.IntRange(0, 3).Draw(t, "constraint") {
	case 1:
		p.req.Constraint = contains{rapid.IntRange(0, v-1).Draw(t, "contains")}
	case 2:
		p.req.Constraint = parity{0, 1, v}
	case 3:
		p.req.Constraint = newDFA(rapid.IntRange(1, 4).Draw(t, "states"), v, rand.New(rand.NewPCG(rapid.Uint64Range(0, 1000).Draw(t, "automaton"), 3)))
	}
	return p
}

// all complete sequences that are possible and satisfy the constraint, the best first: as a search sees them, done without one.
func (p problem) all() (list []Hypothesis) {
	var write func(tokens []int)
	write = func(tokens []int) {
		reason := ""
		text, used, stop := cutAtStop(tokens, p.req.Stop)
		if p.req.Piece == nil {
			text = ""
		}
		switch {
		case len(tokens) == 0:
		case used < len(tokens):
			panic("written on after a stop string")
		case stop != "" || slices.Contains(p.req.Ends, tokens[len(tokens)-1]):
			reason = FinishStop
		case len(tokens) == p.req.Length:
			reason = FinishLength
		case finished(p.req.Constraint, tokens, p.m.vocab, p.req.Length-len(tokens)):
			reason = FinishFull
		}
		each, sum := p.m.logProb(p.req.Prefix, tokens)
		if math.IsInf(sum, -1) {
			return
		}
		if reason == "" {
			for token := range p.m.vocab {
				write(append(slices.Clone(tokens), token))
			}
			return
		}
		if !satisfied(p.req.Constraint, tokens) {
			return
		}
		list = append(list, Hypothesis{Tokens: tokens, Text: text, LogProb: sum, LogProbs: each, FinishReason: reason})
	}
	write(nil)
	slices.SortStableFunc(list, func(a, b Hypothesis) int { // they come in the order of a dictionary
		switch {
		case a.LogProb > b.LogProb:
			return -1
		case a.LogProb < b.LogProb:
			return 1
		}
		return 0
	})
	return list
}

// without takes the certificates away.
func without(hyps []Hypothesis) []Hypothesis {
	hyps = slices.Clone(hyps)
	for i := range hyps {
		hyps[i].Certificate = nil
	}
	return hyps
}

// certified checks what a search says it proved against the best of all.
func certified(hyps []Hypothesis, best float64) error {
	c := hyps[0].Certificate
	switch {
	case c == nil:
		return fmt.Errorf("no certificate")
	case c.Best != hyps[0].LogProb:
		return fmt.Errorf("a best of %g, and the first has %g", c.Best, hyps[0].LogProb)
	case c.Bound < best:
		return fmt.Errorf("a bound of %g, and the best has %g", c.Bound, best)
	case c.Bound < c.Best, c.Exact && c.Best != best, c.Exact && c.Bound != c.Best:
		return fmt.Errorf("certificate %+v, and the best has %g", *c, best)
	}
	return nil
}

// TestSearchesByBruteForce: what ends of itself, and looks at enough, gives the best of all sequences, in order.
func TestSearchesByBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		want := p.all()
		var m Model = p.m
		if rapid.Bool().Draw(t, "batch") {
			m = &batched{markov: p.m}
		}
		for _, d := range []Decoder{Exact{}, Exact{Width: 1}, Beam{Width: 4096}, BestFirst{Width: 4096}, Beam{Width: 4096, Groups: 2}, Beam{Width: 4096, KeepGreedy: true}} {
			hyps, err := d.Decode(context.Background(), m, p.req)
			if len(want) == 0 {
				if err == nil {
					t.Fatalf("%+v: nothing is possible, and it gives %+v", d, hyps)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%+v: %v", d, err)
			}
			if n := min(p.req.N, len(want)); !reflect.DeepEqual(without(hyps), want[:n]) {
				t.Fatalf("%+v:\n%+v\nbest by brute force:\n%+v", d, without(hyps), want[:n])
			}
			if err := certified(hyps, want[0].LogProb); err != nil || !hyps[0].Certificate.Exact {
				t.Fatalf("%+v: %+v, %v", d, *hyps[0].Certificate, err)
			}
		}
	})
}

// TestNarrowSearches: whatever the width, options and budget, hypotheses are complete sequences that satisfy the constraint, in order, and
// certificates are true.
func TestNarrowSearches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		want := p.all()
		width := rapid.IntRange(1, 6).Draw(t, "width")
		n := norm{rapid.SampledFrom([]string{"", NormGNMT, NormPlain}).Draw(t, "norm"), rapid.SampledFrom([]float64{0, 0.6, 1, 2}).Draw(t, "alpha")}
		p.req.Nodes = rapid.SampledFrom([]int{0, 0, 1, 2, 3, 7, 20}).Draw(t, "nodes")
		for _, d := range []Decoder{
			Exact{Width: width},
			Beam{Width: width, LengthNorm: n.kind, LengthPenalty: n.alpha},
			BestFirst{Width: width, LengthNorm: n.kind, LengthPenalty: n.alpha},
			Beam{Width: 2 * width, Groups: 2, DiversityPenalty: 0.7},
			Beam{Width: width, KeepGreedy: true},
		} {
			hyps, err := d.Decode(context.Background(), p.m, p.req)
			if err != nil {
				if len(want) > 0 && (p.req.Constraint == nil || !strings.Contains(err.Error(), "satisfies the constraint")) {
					t.Fatalf("%+v: %v", d, err)
				}
				continue // a narrow beam may lead nowhere
			}
			c := hyps[0].Certificate
			if p.req.Nodes > 0 && c.Expanded > p.req.Nodes {
				t.Fatalf("%+v expanded %d of %d", d, c.Expanded, p.req.Nodes)
			}
			if len(want) > 0 {
				if err := certified(hyps, want[0].LogProb); err != nil {
					t.Fatalf("%+v: %v", d, err)
				}
			}
			if len(hyps) > p.req.N {
				t.Fatalf("%+v: %d hypotheses of %d", d, len(hyps), p.req.N)
			}
			norms := n
			if b, ok := d.(Beam); !ok && !isBestFirst(d) || ok && b.LengthPenalty == 0 {
				norms = norm{}
			}
			for i, h := range hyps {
				if h.FinishReason == FinishNodes {
					if _, sum := p.m.logProb(p.req.Prefix, h.Tokens); p.req.Nodes == 0 || sum != h.LogProb || c.Exact {
						t.Fatalf("%+v: %+v", d, h)
					}
					continue
				}
				h.Certificate = nil
				if !slices.ContainsFunc(want, func(w Hypothesis) bool { return reflect.DeepEqual(w, h) }) {
					t.Fatalf("%+v: %+v is none of those there are", d, h)
				}
				if b, _ := d.(Beam); i > 0 && b.Groups < 2 {
					if norms.score(h.LogProb, len(h.Tokens)) > norms.score(hyps[i-1].LogProb, len(hyps[i-1].Tokens)) {
						t.Fatalf("%+v: out of order %+v", d, hyps)
					}
				}
				for _, before := range hyps[:i] {
					if slices.Equal(before.Tokens, h.Tokens) {
						t.Fatalf("%+v: twice %+v", d, h)
					}
				}
			}
		}
	})
}

func isBestFirst(d Decoder) bool { _, ok := d.(BestFirst); return ok }

// textbook is beam search written down as it is defined: all children of all that is live, sorted; no pruning, no end before the last
// length. Complete children of what is live are candidates.
func textbook(p problem, width int, n norm) []Hypothesis {
	possible := map[string]Hypothesis{} // complete ones
	for _, h := range p.all() {
		possible[fmt.Sprint(h.Tokens)] = h
	}
	live, pool := []Hypothesis{{}}, []Hypothesis{}
	for length := 1; length <= p.req.Length; length++ {
		var next []Hypothesis
		for _, l := range live {
			for token := range p.m.vocab {
				tokens := append(slices.Clone(l.Tokens), token)
				if h, ok := possible[fmt.Sprint(tokens)]; ok {
					pool = append(pool, h)
					continue
				}
				_, sum := p.m.logProb(p.req.Prefix, tokens)
				_, _, stop := cutAtStop(tokens, p.req.Stop)
				if math.IsInf(sum, -1) || stop != "" || slices.Contains(p.req.Ends, token) || length == p.req.Length {
					continue
				}
				if c := p.req.Constraint; c != nil {
					at, ok := c.Start(), true
					for _, token := range tokens {
						if ok {
							at, ok = c.Next(at, token)
						}
					}
					if !ok || !within(c, at, p.req.Length-length) {
						continue
					}
				}
				next = append(next, Hypothesis{Tokens: tokens, LogProb: sum})
			}
		}
		slices.SortStableFunc(next, func(a, b Hypothesis) int {
			switch {
			case a.LogProb > b.LogProb:
				return -1
			case a.LogProb < b.LogProb:
				return 1
			}
			return slices.Compare(a.Tokens, b.Tokens)
		})
		live = next[:min(width, len(next))]
	}
	slices.SortStableFunc(pool, func(a, b Hypothesis) int {
		x, y := n.score(a.LogProb, len(a.Tokens)), n.score(b.LogProb, len(b.Tokens))
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		case a.LogProb != b.LogProb:
			if a.LogProb > b.LogProb {
				return -1
			}
			return 1
		}
		return slices.Compare(a.Tokens, b.Tokens)
	})
	return pool[:min(len(pool), p.req.N)]
}

// TestBeamByTheTextbook: beam search is what its definition says, best-first beam search the same with no more sequences scored, and with the
// greedy path kept never less likely.
func TestBeamByTheTextbook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		if p.req.Length = rapid.IntRange(1, 8).Draw(t, "more"); p.req.Constraint != nil {
			p.req.Length = min(p.req.Length, 5) // since brute force looks at all that may follow
		}
		for len(p.all()) > 3_000 {
			p.req.Length--
		}
		width := rapid.IntRange(1, 5).Draw(t, "width")
		n := norm{rapid.SampledFrom([]string{"", NormGNMT, NormPlain}).Draw(t, "norm"), rapid.SampledFrom([]float64{0, 0, 0.6, 1, 2}).Draw(t, "alpha")}
		want := textbook(p, width, n)
		var m Model = p.m
		if rapid.Bool().Draw(t, "batch") {
			m = &batched{markov: p.m}
		}
		b := Beam{Width: width, LengthNorm: n.kind, LengthPenalty: n.alpha}
		hyps, err := b.Decode(context.Background(), m, p.req)
		if len(want) == 0 {
			if err == nil {
				t.Fatalf("%+v from nothing", hyps)
			}
			return
		}
		if err != nil || !reflect.DeepEqual(without(hyps), want) {
			t.Fatalf("beam %+v\ntextbook %+v\n%v", without(hyps), want, err)
		}
		first, err := BestFirst{width, n.kind, n.alpha}.Decode(context.Background(), m, p.req)
		if err != nil || !reflect.DeepEqual(without(first), want) {
			t.Fatalf("best first %+v\ntextbook %+v\n%v", without(first), want, err)
		}
		if a, b := first[0].Certificate.Expanded, hyps[0].Certificate.Expanded; a > b {
			t.Fatalf("best first expanded %d, beam %d", a, b)
		}
		b.KeepGreedy, b.LengthPenalty = true, 0
		greedy, lost := Greedy{}.Decode(context.Background(), m, Request{Prefix: p.req.Prefix, Length: p.req.Length, Ends: p.req.Ends, Piece: p.req.Piece, Stop: p.req.Stop, Constraint: p.req.Constraint})
		with, err := b.Decode(context.Background(), m, p.req)
		if err != nil || lost == nil && with[0].LogProb < greedy[0].LogProb {
			t.Fatalf("keeping greedy %v: %+v, greedy %+v", err, with, greedy)
		}
	})
}

// TestBestFirstAndGreedyPathMatter: on models that are sure of much, best-first beam search scores fewer sequences; and there are some whose
// greedy path is better than what a beam finds.
func TestBestFirstAndGreedyPathMatter(t *testing.T) {
	fewer, better, total := 0, 0, 0
	for seed := range uint64(300) {
		m := newMarkov(9, 3, seed)
		req := Request{Length: 12}
		beam, err := Beam{Width: 2}.Decode(context.Background(), m, req)
		first, err2 := BestFirst{Width: 2}.Decode(context.Background(), m, req)
		kept, err3 := Beam{Width: 2, KeepGreedy: true}.Decode(context.Background(), m, req)
		if err := cmp.Or(err, err2, err3); err != nil || !alike(beam, first) {
			t.Fatalf("%+v and %+v: %v", beam, first, err)
		}
		fewer, total = fewer+first[0].Certificate.Expanded, total+beam[0].Certificate.Expanded
		if kept[0].LogProb > beam[0].LogProb {
			better++
		}
	}
	t.Logf("best first expanded %d, beam %d; the greedy path was better %d times", fewer, total, better)
	if fewer > total*9/10 || better == 0 {
		t.Error("too little to mean anything")
	}
}

// TestBestFirstUnderConstraint: a short beginning may be complete after a token, since nothing can follow, when longer ones have filled the beam.
func TestBestFirstUnderConstraint(t *testing.T) {
	full := 0
	for seed := range uint64(3000) {
		m := newMarkov(5, 3, seed)
		req := Request{Length: 6, Constraint: newDFA(4, 5, rand.New(rand.NewPCG(seed, 9)))}
		beam, err := Beam{Width: 3}.Decode(context.Background(), m, req)
		first, err2 := BestFirst{Width: 3}.Decode(context.Background(), m, req)
		if (err == nil) != (err2 == nil) || !alike(beam, first) {
			t.Fatalf("seed %d: beam %+v, %v\nbest first %+v, %v", seed, beam, err, first, err2)
		}
		if err == nil && first[0].FinishReason == FinishFull {
			full++
		}
	}
	if full < 100 {
		t.Errorf("%d ended since nothing could follow: too few to mean anything", full)
	}
}

// TestDiverseGroups: groups do not write the same token where the penalty is high, and without one they are the same.
func TestDiverseGroups(t *testing.T) {
	for seed := range uint64(20) {
		m := newMarkov(8, 1, seed)
		req := Request{Length: 6, N: 4, Prefix: []int{int(seed) % 8}}
		hyps, err := Beam{Width: 8, Groups: 4, DiversityPenalty: 50}.Decode(context.Background(), m, req)
		if err != nil || len(hyps) != 4 {
			t.Fatalf("%+v, %v", hyps, err)
		}
		first := map[int]bool{}
		for _, h := range hyps {
			first[h.Tokens[0]] = true
		}
		same, _ := Beam{Width: 8, Groups: 4}.Decode(context.Background(), m, req)
		alone, _ := Beam{Width: 2}.Decode(context.Background(), m, req)
		if !reflect.DeepEqual(without(same), without(alone)) {
			t.Fatalf("groups without a penalty %+v, one of them alone %+v", without(same), without(alone))
		}
		if len(first) < 3 {
			t.Fatalf("seed %d: groups begin with %v", seed, first)
		}
	}
}

// TestBudgetsAndBadOptions: what cannot be asked for is said in words, and the smallest budget gives something.
func TestBudgetsAndBadOptions(t *testing.T) {
	m, ctx := newMarkov(4, 1, 5), context.Background()
	for _, c := range []struct {
		d    Decoder
		req  Request
		want string
	}{
		{Beam{Width: -1}, Request{Length: 5}, "a beam of -1"},
		{BestFirst{Width: -1}, Request{Length: 5}, "a beam of -1"},
		{Exact{Width: -1}, Request{Length: 5}, "a beam of -1"},
		{Beam{Groups: -2}, Request{Length: 5}, "-2 groups"},
		{Beam{Width: 5, Groups: 2, DiversityPenalty: 1}, Request{Length: 5}, "a multiple of 2"},
		{Beam{DiversityPenalty: 1}, Request{Length: 5}, "between groups"},
		{Beam{Groups: 2, DiversityPenalty: math.NaN()}, Request{Length: 5}, "NaN"},
		{Beam{LengthPenalty: -1}, Request{Length: 5}, "length penalty of -1"},
		{Beam{LengthPenalty: math.Inf(1)}, Request{Length: 5}, "+Inf"},
		{BestFirst{LengthNorm: "long"}, Request{Length: 5}, `"long"`},
		{Exact{}, Request{Length: 5, Nodes: -1}, "-1 nodes"},
		{Greedy{}, Request{Length: 5, Constraint: impossible{}}, "however long"},
		{Exact{}, Request{Length: 5, Constraint: impossible{}}, "however long"},
		{Exact{}, Request{Length: 5, Constraint: empty{}}, "only the empty text"},
		{Exact{}, Request{Length: 1, Constraint: twice{1}}, "allow at least 2"},
	} {
		if hyps, err := c.d.Decode(ctx, m, c.req); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v %+v: %+v, %v", c.d, c.req, hyps, err)
		}
	}
	for _, d := range []Decoder{Beam{}, Exact{}, BestFirst{}} {
		hyps, err := d.Decode(ctx, m, Request{Length: 5, Nodes: 1, Piece: piece})
		if err != nil || len(hyps) != 1 || hyps[0].FinishReason != FinishNodes || hyps[0].Certificate.Exact || hyps[0].Certificate.Expanded != 1 {
			t.Errorf("%+v: %+v, %v", d, hyps, err)
		}
	}
}

// TestConstraintsFromLeftToRight: greedy search and sampling keep to a constraint too, and say where they cannot go on.
func TestConstraintsFromLeftToRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		p.req.N = 1
		if p.req.Constraint == nil {
			return
		}
		want := p.all()
		for _, d := range []Decoder{Greedy{}, Sample{}, Sample{TopK: 2, Temperature: 2}} {
			if _, sample := d.(Sample); sample {
				p.req.N = 3
			}
			hyps, err := d.Decode(context.Background(), p.m, p.req)
			if err != nil {
				if !strings.Contains(err.Error(), "the constraint allows none") && (len(want) > 0 || !strings.Contains(err.Error(), "the constraint")) {
					t.Fatalf("%+v: %v", d, err)
				}
				continue
			}
			for _, h := range hyps {
				if !slices.ContainsFunc(want, func(w Hypothesis) bool { return reflect.DeepEqual(w, h) }) {
					t.Fatalf("%+v: %+v is none of those there are", d, h)
				}
			}
		}
	})
}

// TestSampleUnderConstraint: what is allowed is drawn in proportion to its probability.
func TestSampleUnderConstraint(t *testing.T) {
	m, c := newMarkov(4, 1, 11), parity{0, 1, 4}
	const n = 40_000
	hyps, err := Sample{}.Decode(context.Background(), m, Request{Length: 1, N: n, Constraint: c})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]float64, 4)
	for _, token := range []int{2, 3} {
		p[token] = math.Exp(float64(m.table[0][token])) / (math.Exp(float64(m.table[0][2])) + math.Exp(float64(m.table[0][3])))
	}
	counts := map[int]int{}
	for _, h := range hyps {
		counts[h.Tokens[0]]++
		if h.LogProb != float64(m.table[0][h.Tokens[0]]) {
			t.Fatalf("the log-probability is not the model's own: %+v", h)
		}
	}
	if z := chiSquare(counts, p, n); z > 4 || z < -4 {
		t.Errorf("chi-square %.1f standard deviations off: %v", z, counts)
	}
}

// lstm is a model as large as a network: a state of many floats, made anew for each token, and scores of products.
type lstm struct {
	weights [][]float32
	hidden  int
}

func newLSTM(vocab, hidden int) *lstm {
	r, m := rand.New(rand.NewPCG(1, 2)), &lstm{make([][]float32, vocab), hidden}
	for i := range m.weights {
		m.weights[i] = make([]float32, hidden)
		for j := range m.weights[i] {
			m.weights[i][j] = float32(r.NormFloat64())
		}
	}
	return m
}

func (m *lstm) VocabSize() int { return len(m.weights) }
func (m *lstm) Start() State   { return make([]float32, m.hidden) }
func (m *lstm) Next(s State, token int) State {
	h := slices.Clone(s.([]float32))
	for j := range h {
		h[j] = float32(math.Tanh(float64(h[(j+1)%len(h)])/2 + float64(m.weights[token][j])))
	}
	return h
}

func (m *lstm) LogProbs(dst []float32, s State) {
	total := 0.0
	for i, w := range m.weights {
		dst[i] = 0
		for j, h := range s.([]float32) {
			dst[i] += w[j] * h / 8
		}
		total += math.Exp(float64(dst[i]))
	}
	for i := range dst {
		dst[i] -= float32(math.Log(total))
	}
}

// TestBeamAllocations: a step allocates what it keeps, whatever the vocabulary and however long the text.
func TestBeamAllocations(t *testing.T) {
	for _, vocab := range []int{50, 500} {
		m := newLSTM(vocab, 16)
		run := func(length int) float64 {
			return testing.AllocsPerRun(3, func() {
				if _, err := (Beam{Width: 4}).Decode(context.Background(), m, Request{Length: length}); err != nil {
					t.Fatal(err)
				}
			})
		}
		// Four nodes, four states with the slice headers they are boxed by, the slice of what is live.
		if short, long := run(20), run(120); long-short > 100*18 {
			t.Errorf("vocabulary of %d: %g allocations for 20 tokens, %g for 120", vocab, short, long)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	m := newLSTM(65, 128)
	for _, d := range []Decoder{Greedy{}, Beam{}, Beam{Width: 32}, BestFirst{}, Exact{}} {
		b.Run(fmt.Sprintf("%T%+v", d, d), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Decode(context.Background(), m, Request{Length: 50, Nodes: 20_000}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestSearchesSeeWhatWritersSee: a piece is asked for with the token before it, of the prefix too, and no search walks into what leaves too
// few tokens for the constraint.
func TestSearchesSeeWhatWritersSee(t *testing.T) {
	m := newMarkov(5, 0.1, 1)
	for _, row := range m.table {
		copy(row, []float32{-1.1, -1.2, -9, -1.4, -1.5})
	}
	after3 := func(prev, _ int) string { return map[bool]string{true: "x", false: "y"}[prev == 3] }
	for _, d := range []Decoder{Beam{Width: 1}, BestFirst{Width: 1}, Exact{Width: 1}} {
		hyps, err := d.Decode(context.Background(), m, Request{Prefix: []int{3}, Length: 3, Piece: after3, Stop: []string{"x"}})
		if err != nil || len(hyps[0].Tokens) != 1 || hyps[0].FinishReason != FinishStop {
			t.Errorf("%+v: %+v, %v", d, hyps, err)
		}
		hyps, err = d.Decode(context.Background(), m, Request{Length: 3, Constraint: twice{2}})
		if err != nil || !strings.Contains(fmt.Sprint(hyps[0].Tokens), "2") {
			t.Errorf("%+v: %+v, %v", d, hyps, err)
		}
	}
}

// TestBeamBoundsWhatItDropped: what a beam of 1 drops may be better than all that it keeps.
func TestBeamBoundsWhatItDropped(t *testing.T) {
	for seed := range uint64(500) {
		p := problem{newMarkov(5, 2, seed), Request{Length: 3, Ends: []int{0}}}
		best := p.all()[0].LogProb
		for _, d := range []Decoder{Beam{Width: 1}, BestFirst{Width: 1}} {
			if hyps, err := d.Decode(context.Background(), p.m, p.req); err != nil {
				t.Fatal(err)
			} else if err := certified(hyps, best); err != nil {
				t.Fatalf("%+v: %v", d, err)
			}
		}
	}
}
