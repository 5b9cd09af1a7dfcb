package constrain

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"inkling/decode"
)

// pairs is a model whose next token depends on the last one; all tokens are possible.
type pairs [][]float32

func drawPairs(vocab int, seed uint64) pairs {
	r := rand.New(rand.NewPCG(seed, 1))
	m := make(pairs, vocab+1)
	for i := range m {
		m[i] = make([]float32, vocab)
		for w := range m[i] {
			m[i][w] = -float32(0.1 + 3*r.ExpFloat64())
		}
	}
	return m
}

func (m pairs) VocabSize() int                          { return len(m) - 1 }
func (m pairs) Order() int                              { return 1 }
func (m pairs) Start() decode.State                     { return len(m) - 1 }
func (m pairs) Next(_ decode.State, w int) decode.State { return w }
func (m pairs) LogProbs(dst []float32, s decode.State)  { copy(dst, m[s.(int)]) }
func (m pairs) score(tokens []int) (sum float64) {
	last := len(m) - 1
	for _, w := range tokens {
		sum += float64(m[last][w])
		last = w
	}
	return sum
}

// complete are the sequences that are complete texts of a length at most, the likeliest first.
func complete(m pairs, v *Vocabulary, contains func(string) bool, most int) (list [][]int) {
	satisfies := func(s []int) bool {
		text, _, ok := v.spell(s)
		return ok && contains(text)
	}
	all := sequencesOf(v, most)
	for _, s := range all {
		if len(s) == 0 || !satisfies(s) {
			continue
		}
		_, ended, _ := v.spell(s)
		goesOn := !ended && slices.ContainsFunc(all, func(longer []int) bool {
			return len(longer) > len(s) && slices.Equal(longer[:len(s)], s) && satisfies(longer)
		})
		if !goesOn {
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b []int) int {
		return cmp.Or(cmp.Compare(m.score(b), m.score(a)), slices.Compare(a, b))
	})
	return list
}

// TestDecoders: under a constraint each search finds the best of all texts that satisfy it, and what writes from left to right satisfies it and never
// comes to where it cannot go on.
func TestDecoders(t *testing.T) {
	found, reasons := 0, map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		v, most := drawVocabulary(t), rapid.IntRange(1, 4).Draw(t, "length")
		m := drawPairs(len(v.After), rapid.Uint64Range(0, 1000).Draw(t, "seed"))
		var c decode.Constraint
		var contains func(string) bool
		if rapid.Bool().Draw(t, "grammar") {
			text := rapid.SampledFrom([]string{"root ::= \"a\" root \"b\" | .", "root ::= [ab]* \"é\"?", "root ::= x | \"(\" root \")\"\nx ::= \"a\" x? | \"b\""}).Draw(t, "text")
			g, err := ParseGrammar(text)
			if err != nil {
				t.Fatalf("%v", err)
			}
			n, err := g.Over(v)
			if err != nil {
				return
			}
			c, contains = n, func(text string) bool {
				s := n.p.start
				for i := 0; i < len(text) && s != nowhere; i++ {
					s = n.p.step(s, text[i])
				}
				return s != nowhere && s.accepts
			}
		} else {
			l, err := Regex(drawExpression(t, 3))
			if err != nil {
				t.Fatalf("%v", err)
			}
			n, err := l.Over(v, 0)
			if err != nil {
				return
			}
			c, contains = n, l.Contains
		}
		context0 := func(prev, w int) string {
			if prev < 0 {
				return v.Pieces[v.First][w]
			}
			return v.Pieces[v.After[prev]][w]
		}
		want := complete(m, v, contains, most)
		req := decode.Request{Length: most, Constraint: c, Ends: v.Ends, Piece: context0}
		for _, d := range []decode.Decoder{decode.Viterbi{}, decode.AStar{}, decode.AStar{Heuristic: "zero"}, decode.Exact{}, decode.Beam{Width: 5000}, decode.BestFirst{Width: 5000}} {
			hyps, err := d.Decode(context.Background(), m, req)
			if len(want) == 0 {
				if err == nil {
					t.Fatalf("%#v: %+v, and there is none", d, hyps)
				}
				continue
			}
			if err != nil || !slices.Equal(hyps[0].Tokens, want[0]) || !hyps[0].Certificate.Exact || math.Abs(hyps[0].LogProb-m.score(want[0])) > 1e-9 {
				t.Fatalf("%#v: %+v, %v, the best is %v", d, hyps, err, want[0])
			}
			found++
			reasons[hyps[0].FinishReason]++
		}
		for _, d := range []decode.Decoder{decode.Greedy{}, decode.Sample{}} {
			hyps, err := d.Decode(context.Background(), m, req)
			if len(want) > 0 && (err != nil || !slices.ContainsFunc(want, func(s []int) bool { return slices.Equal(s, hyps[0].Tokens) })) {
				t.Fatalf("%#v: %+v, %v", d, hyps, err)
			}
		}
	})
	t.Logf("%d found, %v", found, reasons)
	if found < 50 || len(reasons) < 3 {
		t.Error("too few of a kind to mean anything")
	}
}
