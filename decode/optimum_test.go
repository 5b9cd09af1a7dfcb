package decode

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// gram is a model of any order, whose scores are drawn from a seed and what it sees. Those of a coarse one are of few values, so that many
// sequences are equally likely; it sums to no 1, which no search needs.
type gram struct {
	vocab, order int
	coarse       bool
	seed         uint64
	each         float32 // what every token costs beside
}

func (g gram) VocabSize() int { return g.vocab }
func (g gram) Order() int     { return g.order }
func (g gram) Start() State   { return past("") }

func (g gram) Next(s State, token int) State { return s.(past).after(token, g.order) }

func (g gram) LogProbs(dst []float32, s State) {
	seed := uint64(1)
	for i := range s.(past).length() {
		seed = seed*31 + uint64(s.(past).token(i)) + 1
	}
	r := rand.New(rand.NewPCG(g.seed, seed))
	for i := range dst {
		if dst[i] = -float32(r.ExpFloat64()); g.coarse {
			dst[i] = -float32(1+r.IntN(3)) / 2
		}
		dst[i] -= g.each
		if i > 0 && r.IntN(8) == 0 {
			dst[i] = float32(math.Inf(-1))
		}
	}
}

// endless is a model of which nobody knows the order.
type endless struct{ Model }

// dfa is a constraint of few states: what follows which by which token, −1 for what may not, and where a sequence may end.
type dfa struct {
	next    [][]int
	accepts []bool
}

func newDFA(states, vocab int, r *rand.Rand) *dfa {
	d := &dfa{}
	for range states {
		row, leads := make([]int, vocab), r.IntN(3) > 0
		for w := range row {
			if row[w] = -1; leads {
				row[w] = r.IntN(states+1) - 1
			}
		}
		d.next, d.accepts = append(d.next, row), append(d.accepts, r.IntN(2) == 0)
	}
	return d
}

func (d *dfa) Start() any                    { return 0 }
func (d *dfa) Accepts(s any) bool            { return d.accepts[s.(int)] }
func (d *dfa) Next(s any, w int) (any, bool) { n := d.next[s.(int)][w]; return n, n >= 0 }

func (d *dfa) Allow(allowed []bool, s any, left int) { allow(d, allowed, s, left) }

func (d *dfa) More(s any, left int) bool {
	at := map[int]bool{s.(int): true}
	for range min(left, len(d.next)) {
		after := map[int]bool{}
		for s := range at {
			for _, n := range d.next[s] {
				if n >= 0 {
					after[n] = true
				}
			}
		}
		for s := range after {
			if d.accepts[s] {
				return true
			}
		}
		at = after
	}
	return false
}

// enumerate lists all complete sequences of a request that are possible, the likeliest first, equals in the order of their tokens.
func enumerate(m Model, req Request) (all []Hypothesis) {
	s := m.Start()
	for _, token := range req.Prefix {
		s = m.Next(s, token)
	}
	var walk func(s State, h Hypothesis)
	walk = func(s State, h Hypothesis) {
		reason := ""
		if n := len(h.Tokens); n > 0 {
			if slices.Contains(req.Ends, h.Tokens[n-1]) {
				reason = FinishStop
			}
			if len(req.Stop) > 0 {
				if _, _, stopped := cutAtStop(h.Tokens, req.Stop); stopped != "" {
					reason = FinishStop
				}
			}
			if reason == "" && n == req.Length {
				reason = FinishLength
			}
			if reason == "" && finished(req.Constraint, h.Tokens, m.VocabSize(), req.Length-n) {
				reason = FinishFull
			}
		}
		if reason != "" {
			if h.FinishReason = reason; satisfied(req.Constraint, h.Tokens) {
				all = append(all, h)
			}
			return
		}
		logp := make([]float32, m.VocabSize())
		m.LogProbs(logp, s)
		for w, p := range logp {
			if !math.IsInf(float64(p), -1) {
				walk(m.Next(s, w), Hypothesis{Tokens: append(slices.Clone(h.Tokens), w), LogProb: h.LogProb + float64(p)})
			}
		}
	}
	walk(s, Hypothesis{})
	slices.SortFunc(all, func(a, b Hypothesis) int {
		return cmp.Or(cmp.Compare(b.LogProb, a.LogProb), slices.Compare(a.Tokens, b.Tokens))
	})
	return all
}

func satisfied(c Constraint, tokens []int) bool {
	if c == nil {
		return true
	}
	s, ok := c.Start(), true
	for _, w := range tokens {
		if s, ok = c.Next(s, w); !ok {
			return false
		}
	}
	return c.Accepts(s)
}

// drawn is a small model and a request of it.
func drawn(t *rapid.T) (gram, Request) {
	m := gram{
		vocab: rapid.IntRange(1, 4).Draw(t, "vocab"), order: rapid.IntRange(1, 3).Draw(t, "order"),
		coarse: rapid.Bool().Draw(t, "coarse"), seed: rapid.Uint64Range(0, 1000).Draw(t, "seed"),
	}
	token := rapid.IntRange(0, m.vocab-1)
	req := Request{
		Prefix: rapid.SliceOfN(token, 0, 4).Draw(t, "prefix"), Length: rapid.IntRange(1, 5).Draw(t, "length"), N: rapid.IntRange(0, 7).Draw(t, "n"),
		Ends: rapid.SliceOfN(token, 0, 1).Draw(t, "ends"), Piece: piece,
		Stop: rapid.SliceOfN(rapid.SampledFrom([]string{"aa", "b", "ba", "abab", "c"}), 0, 2).Draw(t, "stop"),
	}
	if states := rapid.IntRange(0, 3).Draw(t, "states"); states > 0 {
		req.Constraint = newDFA(states, m.vocab, rand.New(rand.NewPCG(rapid.Uint64Range(0, 1000).Draw(t, "constraint"), 1)))
	}
	return m, req
}

// optimal holds a decoder that finds the best, and knows it, to the list of all.
func optimal(t interface{ Fatalf(string, ...any) }, name string, d Decoder, m Model, req Request, all []Hypothesis) {
	hyps, err := d.Decode(context.Background(), m, req)
	if len(all) == 0 {
		if err == nil || !strings.Contains(err.Error(), "no text") && !strings.Contains(err.Error(), "only the empty text") && !strings.Contains(err.Error(), "probability 0") {
			t.Fatalf("%s: %+v, %v where nothing is possible", name, hyps, err)
		}
		return
	}
	want := all[:min(len(all), max(1, req.N))]
	if err != nil || len(hyps) != len(want) {
		t.Fatalf("%s: %d hypotheses, want %d: %v", name, len(hyps), len(want), err)
	}
	for i, h := range hyps {
		if !slices.Equal(h.Tokens, want[i].Tokens) || math.Abs(h.LogProb-want[i].LogProb) > 1e-9 || h.FinishReason != want[i].FinishReason {
			t.Fatalf("%s, number %d: %v %g %s, by brute force %v %g %s", name, i, h.Tokens, h.LogProb, h.FinishReason, want[i].Tokens, want[i].LogProb, want[i].FinishReason)
		}
		if text, _, _ := cutAtStop(h.Tokens, req.Stop); h.Text != text {
			t.Fatalf("%s: text %q of %v, want %q", name, h.Text, h.Tokens, text)
		}
	}
	if c := hyps[0].Certificate; c == nil || !c.Exact || c.Best != hyps[0].LogProb || c.Bound != c.Best {
		t.Fatalf("%s: %+v of the best, %g", name, c, hyps[0].LogProb)
	}
}

// TestOptimum: what finds the best of all finds it, and the N best, as a list of all sequences has them, ties too, whatever the prefix, the
// tokens that end a text, stop strings and a constraint.
func TestOptimum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, req := drawn(t)
		all := enumerate(m, req)
		optimal(t, "viterbi", Viterbi{}, m, req, all)
		optimal(t, "viterbi of many states", Viterbi{States: 1 << 20}, m, req, all)
		optimal(t, "astar of no order", AStar{}, endless{m}, req, all)
		for _, h := range append(Heuristics, "") {
			optimal(t, "astar "+h, AStar{Heuristic: h}, m, req, all)
		}
	})
}

// TestTies: of many equally likely sequences the ones with the smaller tokens come first.
func TestTies(t *testing.T) {
	for seed := range uint64(300) {
		m := gram{vocab: 2 + int(seed)%4, order: 1 + int(seed)%2, coarse: true, seed: seed}
		req := Request{Length: 4, N: []int{1, 2, 30}[seed%3], Piece: piece, Prefix: []int{1, 0}[:seed%3]}
		all := enumerate(m, req)
		optimal(t, "viterbi", Viterbi{}, m, req, all)
		optimal(t, "viterbi of many states", Viterbi{States: 1000}, m, req, all)
		for _, h := range Heuristics {
			optimal(t, "astar "+h, AStar{Heuristic: h}, m, req, all)
		}
	}
}

// TestMeetings: sequences with the same last tokens that a constraint or a stop string tells apart do not stand for one another.
func TestMeetings(t *testing.T) {
	for seed := range uint64(400) {
		m := gram{vocab: 3, order: 1, seed: seed}
		req := Request{Length: 6, Piece: piece}
		if seed%2 == 0 {
			req.Constraint = newDFA(4, 3, rand.New(rand.NewPCG(seed, 2)))
		} else {
			req.Stop = []string{"aaba", "abba", "baab", "bbb"}[seed/2%4 : seed/2%4+1]
		}
		all := enumerate(m, req)
		optimal(t, "viterbi", Viterbi{}, m, req, all)
		optimal(t, "viterbi of many states", Viterbi{States: 1000}, m, req, all)
		for _, h := range Heuristics {
			optimal(t, "astar "+h, AStar{Heuristic: h}, m, req, all)
		}
	}
}

// TestStates: with few contexts kept, what is found is there and no better than the best, and the best is within the bound.
func TestStates(t *testing.T) {
	exact, missed := 0, 0
	judge := func(t *rapid.T) {
		m, req := drawn(t)
		all := enumerate(m, req)
		hyps, err := Viterbi{States: rapid.IntRange(1, 4).Draw(t, "kept")}.Decode(context.Background(), m, req)
		if err != nil {
			if len(all) > 0 && !strings.Contains(err.Error(), "keep more than") {
				t.Fatalf("%v where there are %d", err, len(all))
			}
			return
		}
		c := hyps[0].Certificate
		for i, h := range hyps {
			at := slices.IndexFunc(all, func(a Hypothesis) bool { return slices.Equal(a.Tokens, h.Tokens) })
			if at < i || math.Abs(all[at].LogProb-h.LogProb) > 1e-9 || h.FinishReason != all[at].FinishReason {
				t.Fatalf("number %d: %+v, by brute force number %d", i, h, at)
			}
		}
		if best := all[0].LogProb; c.Best != hyps[0].LogProb || c.Bound < best || c.Exact != (c.Bound == c.Best) || c.Exact && c.Best < best {
			t.Fatalf("%+v, the best %g", c, best)
		}
		if c.Exact {
			exact++
		} else if c.Best < all[0].LogProb {
			missed++
		}
	}
	for round := 0; round < 50 && (exact == 0 || missed == 0); round++ {
		rapid.Check(t, judge)
	}
	if exact == 0 || missed == 0 {
		t.Errorf("%d exact, %d that missed the best: too few to mean anything", exact, missed)
	}
}

// admissible looks whether a search in which so much is known of what may follow ever holds something for less than it can come to, or
// comes to more after a while.
func admissible(m Model, req Request, h *values, all []Hypothesis) (wrong string) {
	last := math.Inf(1)
	req.N = len(all)
	a := newAgenda(newExpander(context.Background(), m, &req), h)
	a.watch = func(x hope) {
		if x.f > last+1e-9 {
			wrong = "something came to more than what was before it"
		}
		last = x.f
		var begun []int
		for n := x.node; n.parent != nil; n = n.parent {
			begun = append([]int{int(n.token)}, begun...)
		}
		for _, h := range all {
			if len(h.Tokens) > len(begun) && slices.Equal(h.Tokens[:len(begun)], begun) && h.LogProb > x.f+1e-9 {
				wrong = "something was held for less than it came to"
			}
		}
	}
	if _, _, err := a.search(); err != nil {
		panic(err)
	}
	return wrong
}

// TestHeuristics: no heuristic says less than the best that can follow, nor makes it seem more after a token; and one that does is found.
func TestHeuristics(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		m, req := drawn(t)
		all := enumerate(m, req)
		if len(all) == 0 {
			return
		}
		for keep := range m.order + 1 { // the last knows all
			h, err := relaxation(newExpander(context.Background(), m, &req), m.order, keep)
			if err != nil {
				t.Fatalf("%v", err)
			}
			if wrong := admissible(m, req, h, all); wrong != "" {
				t.Fatalf("what sees %d of %d tokens: %s", keep, m.order, wrong)
			}
			for r := range req.Length {
				for i := range h.kept[r] {
					h.kept[r][i]--
				}
			}
			if keep == m.order && admissible(m, req, h, all) != "" {
				found++
			}
		}
		if wrong := admissible(m, req, nil, all); wrong != "" {
			t.Fatalf("zero: %s", wrong)
		}
	})
	if found < 10 {
		t.Errorf("a heuristic that says too little was found %d times", found)
	}
}

// TestNodes: a search that is ended by its budget gives what it has, and a true bound.
func TestNodes(t *testing.T) {
	reasons := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		m, req := drawn(t)
		all := enumerate(m, req)
		if len(all) == 0 {
			return
		}
		req.Nodes = rapid.IntRange(1, 40).Draw(t, "nodes")
		for _, h := range Heuristics {
			hyps, err := AStar{Heuristic: h}.Decode(context.Background(), m, req)
			if err != nil {
				t.Fatalf("%v", err)
			}
			c, best := hyps[0].Certificate, all[0].LogProb
			reasons[hyps[0].FinishReason]++
			if c.Bound < best-1e-9 || c.Expanded > req.Nodes || c.Exact && c.Best < best {
				t.Fatalf("%+v with %d nodes, the best is %g", c, req.Nodes, best)
			}
			if hyps[0].FinishReason == FinishNodes && (c.Exact || len(hyps) > 1) {
				t.Fatalf("%+v, %+v", hyps, c)
			}
		}
	})
	if reasons[FinishNodes] == 0 || reasons[FinishLength] == 0 || reasons[FinishStop] == 0 || reasons[FinishFull] == 0 {
		t.Errorf("too few of a kind to mean anything: %v", reasons)
	}
}

// TestAgendaIsBounded: what waits is no more than what may still be expanded, twice, and what is dropped for that changes nothing.
func TestAgendaIsBounded(t *testing.T) {
	m := gram{vocab: 40, order: 2, coarse: true, seed: 3}
	req := Request{Length: 12, Nodes: 300}
	a := newAgenda(newExpander(context.Background(), endless{m}, &req), nil)
	a.watch = func(hope) {
		if most := 2*max(maxLanes, a.e.left()) + m.vocab; len(a.hopes) > most {
			t.Fatalf("%d wait with %d to expand", len(a.hopes), a.e.left())
		}
	}
	_, bound, err := a.search()
	if err != nil {
		t.Fatal(err)
	}
	hyps, err := Viterbi{}.Decode(context.Background(), m, Request{Length: 12})
	if err != nil || bound < hyps[0].LogProb || math.IsInf(a.dropped, -1) {
		t.Errorf("bound %g, dropped %g, the best %+v: %v", bound, a.dropped, hyps, err)
	}
}

// TestBudgetIsUsed: a search that has proved nothing has expanded as many sequences as it may, also where most of those that wait go on as others
// do.
func TestBudgetIsUsed(t *testing.T) {
	short := 0
	for seed := range uint64(4) {
		for _, c := range []struct{ vocab, length, nodes int }{{8, 15, 100}, {8, 40, 400}, {12, 40, 400}, {30, 15, 400}} {
			for _, h := range Heuristics[:2] {
				hyps, err := AStar{Heuristic: h}.Decode(context.Background(), gram{vocab: c.vocab, order: 1, seed: seed}, Request{Length: c.length, Nodes: c.nodes})
				if err != nil {
					t.Fatal(err)
				}
				if cert := hyps[0].Certificate; !cert.Exact {
					if short++; cert.Expanded != c.nodes {
						t.Errorf("%+v, seed %d, %s: %d nodes, and nothing is proved", c, seed, h, cert.Expanded)
					}
				}
			}
		}
	}
	if short == 0 {
		t.Error("no search was ended by its budget")
	}
}

// TestValues: what can come after each node is what all its arcs say, however many steps are kept, in whatever order they are asked for,
// and where few of many tokens are looked at.
func TestValues(t *testing.T) {
	const steps = 11
	for seed := range uint64(12) {
		m := gram{vocab: []int{3, 70}[seed%2], order: 1 + int(seed/2)%2, coarse: seed%3 == 0, seed: seed, each: 1} // so that it is good to end soon, by a token that may be unlikely
		e := newExpander(context.Background(), m, &Request{Length: steps, Ends: []int{1}})
		l, err := newLattice(e.ctx, newTransitions(m, m.order, m.order, e.req), newAutomaton(e), nil, steps, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		want := make([][]float64, steps+1)
		for r := range want {
			want[r] = make([]float64, len(l.row))
			for n := range want[r] {
				switch best := math.Inf(-1); {
				case n == done, r == 0 && n != dead:
				case r > 0 && n != dead:
					logp, next := l.arcs(int32(n))
					for w, x := range logp {
						best = max(best, float64(x)+want[r-1][next[w]])
					}
					fallthrough
				default:
					want[r][n] = best
				}
			}
		}
		for _, stride := range []int{1, 2, 3, 4, 20} {
			v, err := l.values(e.ctx, steps, stride)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range []int{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 7, 2, 11, 3} {
				if !slices.Equal(v.left(r), want[r]) {
					t.Fatalf("seed %d, every %d-th kept, %d left: not the values of all arcs", seed, stride, r)
				}
			}
		}
	}
}

// counting is a constraint that never forgets how many tokens there were.
type counting struct{}

func (counting) Start() any                    { return 0 }
func (counting) Next(s any, _ int) (any, bool) { return s.(int) + 1, true }
func (counting) Allow([]bool, any, int)        {}
func (counting) Accepts(any) bool              { return true }
func (counting) More(_ any, left int) bool     { return left > 0 }

// TestMarkovRefusals: what cannot be done is said in words, before it takes memory.
func TestMarkovRefusals(t *testing.T) {
	large, small := gram{vocab: 70, order: 6, seed: 1}, gram{vocab: 4, order: 2, seed: 1}
	for _, c := range []struct {
		d    Decoder
		m    Model
		req  Request
		want string
	}{
		{Viterbi{}, endless{small}, Request{Length: 5}, "depends on the last few only"},
		{Viterbi{}, large, Request{Length: 100}, "1.18e+11 contexts"},
		{Viterbi{}, small, Request{Length: 100, Nodes: 9}, "9 nodes are allowed"},
		{Viterbi{}, small, Request{Length: 100, Nodes: 99, Constraint: counting{}}, "too many contexts"},
		{Viterbi{States: -1}, small, Request{Length: 5}, "-1 states"},
		{AStar{Heuristic: "best"}, small, Request{Length: 5}, "choose one of zero, transition, relaxed"},
		{AStar{Heuristic: "relaxed"}, endless{small}, Request{Length: 5}, "depends on the last few only"},
		{AStar{Heuristic: "transition"}, large, Request{Length: 5}, "1.18e+11 contexts"},
	} {
		if hyps, err := c.d.Decode(context.Background(), c.m, c.req); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%#v: %+v, %v", c.d, hyps, err)
		}
	}
	for _, d := range []Decoder{Viterbi{States: 10}, AStar{}} { // without a table they do
		if hyps, err := d.Decode(context.Background(), large, Request{Length: 3, Nodes: 50}); err != nil || len(hyps) != 1 {
			t.Errorf("%#v: %+v, %v", d, hyps, err)
		}
	}
	if hyps, err := (Viterbi{}).Decode(context.Background(), large, Request{Length: 1}); err != nil || !hyps[0].Certificate.Exact {
		t.Errorf("one token needs one context: %+v, %v", hyps, err)
	}
}

// BenchmarkViterbi: 1,000 tokens of a model over 65 that sees the last two, as of characters, with the scores of all contexts made each time.
func BenchmarkViterbi(b *testing.B) {
	m := &batched{markov: newMarkov(65, 1, 1)}
	for b.Loop() {
		hyps, err := Viterbi{}.Decode(context.Background(), m, Request{Length: 1000})
		if err != nil || !hyps[0].Certificate.Exact {
			b.Fatal(hyps, err)
		}
	}
}
