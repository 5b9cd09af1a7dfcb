package decode

import (
	"cmp"
	"math"
	"slices"
)

// A survivor is a sequence that [Viterbi] with States goes on from.
type survivor struct {
	node *node
	corner
}

// offer is a sequence that goes on from the survivor at place from, and the state of the automaton after it.
type offer struct {
	logp            float64
	step            float32
	from, token, at int32
}

func (o offer) better(p offer) bool {
	return o.logp > p.logp || o.logp == p.logp && o.before(p) < 0
}

func (o offer) before(p offer) int {
	return cmp.Or(cmp.Compare(o.from, p.from), cmp.Compare(o.token, p.token))
}

// child is the node that an offer makes.
func (s survivor) child(o offer, ended bool) *node {
	return &node{parent: s.node, logp: o.logp, step: o.step, token: o.token, length: s.node.length + 1, ended: ended}
}

// some keeps the best States contexts at each step, of each the N best sequences that have come to it. It gives the N best complete ones,
// and a bound on all others: the best that was dropped and not for a better one with the same context, for nothing can raise it.
//
// Survivors are kept in the order of their tokens.
func (v Viterbi) some(e *expander, d int) (best []*node, bound float64, err error) {
	n, vocab := max(1, e.req.N), e.model.VocabSize()
	t, a := newTransitions(e.model, d, d, e.req), newAutomaton(e)
	defer func() { e.expanded, e.calls = int(t.scored.Load()), int(t.calls.Load()) }()
	bound = math.Inf(-1)
	live := []survivor{{e.root(), corner{pastOf(e.req.Prefix, d), 0}}}
	var offers []offer
	for left := e.req.Length - 1; left >= 0 && len(live) > 0; left-- {
		if 4*len(t.rows) > mostTable/4 {
			t.index, t.rows = map[past]int32{}, t.rows[:0]
		}
		pasts := make([]past, len(live))
		for i, s := range live {
			pasts[i] = s.past
		}
		if err := t.add(e.ctx, pasts, len(e.req.Prefix)+e.req.Length-left-1); err != nil {
			return nil, 0, err
		}
		offers = offers[:0]
		for i, s := range live {
			for w, p := range t.rows[int(t.index[s.past])*vocab:][:vocab] {
				at, ended, ok := a.next(s.at, w, left)
				o := offer{s.node.logp + float64(p), p, int32(i), int32(w), at}
				switch {
				case !ok || math.IsInf(float64(p), -1):
				case ended || left == 0:
					if len(best) < n || o.logp >= best[n-1].logp {
						best = append(best, s.child(o, ended))
						slices.SortFunc(best, (*node).compare)
						best = best[:min(len(best), n)]
					}
				default:
					offers = append(offers, o)
				}
			}
		}
		var dropped float64
		live, dropped = v.choose(offers, live, n, d)
		bound = max(bound, dropped)
	}
	return best, bound, nil
}

// choose takes the best offers, n of each corner and of not more corners than States. dropped is the best offer to another corner, −∞ if there
// is none.
func (v Viterbi) choose(offers []offer, live []survivor, n, d int) (kept []survivor, dropped float64) {
	heap(offers, offer.better)
	dropped = math.Inf(-1)
	count := map[corner]int{}
	var taken []offer
	for len(offers) > 0 && (n > 1 || math.IsInf(dropped, -1)) {
		o, last := offers[0], len(offers)-1
		offers[0] = offers[last]
		offers = offers[:last]
		sift(offers, 0, offer.better)
		c := corner{live[o.from].past.after(int(o.token), d), o.at}
		switch {
		case count[c] == n: // not better than others that go on alike
		case count[c] == 0 && len(count) == v.States:
			dropped = max(dropped, o.logp)
		default:
			count[c]++
			taken = append(taken, o)
		}
	}
	slices.SortFunc(taken, offer.before)
	for _, o := range taken {
		s := live[o.from]
		kept = append(kept, survivor{s.child(o, false), corner{s.past.after(int(o.token), d), o.at}})
	}
	return kept, dropped
}
