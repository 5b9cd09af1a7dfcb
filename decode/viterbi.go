package decode

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

func init() {
	register(Kind{"viterbi", "the likeliest text of a model that sees the last few tokens, by dynamic programming", Viterbi{}})
}

// Viterbi finds the likeliest sequences of a [Markov] model of order d, for certain (Viterbi 1967): sequences that agree in the last d tokens
// go on alike, so only the best of them counts. It knows the best that can come after each context, see lattice, and follows that from the
// beginning, which gives the N best in order, ties as all searches order them. With V tokens and T to write it takes V^d scores of the model,
// once, at most T·V^(d+1) additions, and memory of V^(d+1) float32 and T·V^d float64; where that is much, 2·√T·V^d, and the additions twice.
//
// Tokens that end a text, stop strings and a constraint are an automaton, whose states go beside the contexts: that many times more, at
// worst.
type Viterbi struct {
	// States, if not 0, is how many contexts are kept at each step, the best by what they have so far. Then there is no table of all of
	// them, so that it does for any order and vocabulary, and the result is exact only if the certificate says so, whose bound
	// is what was dropped.
	States int `json:"states,omitempty"`
}

// Check says which option is out of range.
func (v Viterbi) Check() error {
	if v.States < 0 {
		return fmt.Errorf("%d states: keep at least 1, or all", v.States)
	}
	return nil
}

// Decode is that of [Decoder].
func (v Viterbi) Decode(ctx context.Context, m Model, req Request) ([]Hypothesis, error) {
	if err := req.Check(m.VocabSize()); err != nil {
		return nil, err
	}
	if err := v.Check(); err != nil {
		return nil, err
	}
	d := order(m)
	if d == 0 {
		return nil, errors.New("viterbi needs a model whose next token depends on the last few only, as one of --arch window; for this one: astar, exact or beam")
	}
	e := newExpander(ctx, m, &req)
	var nodes []*node
	var bound float64
	var err error
	if v.States > 0 {
		nodes, bound, err = v.some(e, d)
	} else {
		nodes, err = v.all(e, d)
	}
	switch {
	case ctx.Err() != nil:
		root := e.root()
		return e.hypotheses([]*node{root}, e.certificate(root, 0), nil), nil
	case err != nil:
		return nil, err
	case len(nodes) == 0 && v.States > 0 && !math.IsInf(bound, -1):
		return nil, fmt.Errorf("nothing that was kept can be completed: keep more than %d contexts, or all", v.States)
	case len(nodes) == 0:
		return nil, e.nothing()
	case v.States == 0:
		bound = nodes[0].logp
	}
	return e.hypotheses(nodes, e.certificate(nodes[0], bound), nil), nil
}

// all looks at all contexts.
func (v Viterbi) all(e *expander, d int) ([]*node, error) {
	const instead = "%w: keep only the best at each step (--states), or search by beam"
	length, most := e.req.Length, cmp.Or(e.req.Nodes, mostNodes)
	if e.req.Constraint == nil { // else there may be fewer
		if err := tooLarge(e.model.VocabSize(), d, length, most); err != nil {
			return nil, fmt.Errorf(instead, err)
		}
	}
	t := newTransitions(e.model, d, d, e.req)
	l, err := newLattice(e.ctx, t, newAutomaton(e), e.req.Prefix, length, most)
	e.expanded, e.calls = int(t.scored.Load()), int(t.calls.Load())
	if err != nil {
		return nil, err
	}
	stride := 1
	if 8*len(l.row)*length > mostTable/8 { // else all steps can be kept, and none is made twice
		stride = int(math.Ceil(math.Sqrt(float64(length))))
	}
	β, err := l.values(e.ctx, length, stride)
	if err != nil {
		return nil, err
	}
	return β.follow(e), nil
}

// A reach is a sequence with the node of the lattice that it has come to, and with the log-probability of the best that begins with it.
type reach struct {
	*node
	at    int32
	f     float64
	token int32 // of a child that is not made yet: it and what it adds to node
	step  float32
}

// follow goes from the beginning, after each token keeping the N sequences that the best complete ones begin with: of the N best, each
// beginning is among the N best beginnings. They are kept in the order of their tokens, so that sorting them by what they come to
// leaves equals in that order.
func (v *values) follow(e *expander) []*node {
	n := max(1, e.req.N)
	live := []reach{{node: e.root(), at: opening, f: math.Inf(-1)}}
	var children []reach
	for left := e.req.Length - 1; left >= 0; left-- {
		after, least := v.left(left), math.Inf(-1)
		if len(live) == n { // as many as these have children that are as good, but for rounding
			for _, x := range live {
				least = min(least, x.f)
			}
			least -= 1e-9 * math.Abs(least)
		}
		children = children[:0]
		for _, x := range live {
			if x.at == done {
				x.token = -1
				children = append(children, x)
				continue
			}
			logp, next := v.lattice.arcs(x.at)
			for w, p := range logp {
				f, to := x.logp+float64(p)+after[next[w]], next[w]
				if f < least || math.IsInf(f, -1) {
					continue
				}
				if left < int(v.lattice.room[to]) {
					to = done
				}
				children = append(children, reach{x.node, to, f, int32(w), p})
			}
		}
		live = live[:0]
		for _, i := range firstBest(children, n) {
			x := children[i]
			if x.token >= 0 {
				x.node = &node{
					parent: x.node, logp: x.logp + float64(x.step), step: x.step, token: x.token,
					length: x.length + 1, ended: x.at == done,
				}
			}
			live = append(live, x)
		}
	}
	nodes := make([]*node, len(live))
	for i, x := range live {
		nodes[i] = x.node
	}
	slices.SortFunc(nodes, (*node).compare)
	return nodes
}

// firstBest are the places of the n with the largest f, of equals the first, in order.
func firstBest(list []reach, n int) []int {
	places := make([]int, len(list))
	for i := range places {
		places[i] = i
	}
	if len(places) > n {
		slices.SortStableFunc(places, func(i, j int) int { return cmp.Compare(list[j].f, list[i].f) })
		places = places[:n]
		slices.Sort(places)
	}
	return places
}
