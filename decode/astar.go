package decode

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

func init() {
	register(Kind{"astar", "the likeliest text, best first, with bounds on what may come (A*)", AStar{}})
}

// AStar looks at sequences in the order of the most that may come of them (Hart, Nilsson and Raphael 1968),
//
//	f = log p(what is written) + h,   h at least the log-probability of the best that can follow
//
// so the first complete sequence of which it is the turn is the likeliest there is, and the N-th the N-th. No search that knows no more than h
// can be sure with fewer expansions. With h = 0, which is all that is known of most models, it goes through everything that
// is likelier than the best, which is a great deal of text; of a [Markov] model of order d tables give more, see Heuristic, and of sequences that
// agree in the last d tokens, and so go on alike, only the best N are gone on from.
//
// When Request.Nodes were expanded or the context ends it gives the best complete sequences it has seen, of which the certificate says how much
// they may lack; if there is none, the longest it has. Memory is bounded by the nodes that may still be expanded, see agenda.
type AStar struct {
	// Heuristic is one of Heuristics; "": the strongest that there is for the model, within bounds of memory.
	Heuristic string `json:"heuristic,omitempty"`
}

// Heuristics of [AStar], from the weakest.
//
//   - zero: no token has more than probability 1. For any model.
//   - transition: each token has the largest log-probability that it has after any d tokens.
//   - relaxed: each token has the largest that it has after the last d−1 tokens, whatever was before them; the best that can come is known by
//     the steps of Viterbi on that smaller model.
//
// The last two are for Markov models. They know what ends a sequence, stop strings and the constraint, and cost the scores of all V^d
// contexts, once.
var Heuristics = []string{"zero", "transition", "relaxed"}

// Check says which option is out of range.
func (s AStar) Check() error {
	if s.Heuristic != "" && !slices.Contains(Heuristics, s.Heuristic) {
		return fmt.Errorf("no heuristic %q: choose one of %s", s.Heuristic, strings.Join(Heuristics, ", "))
	}
	return nil
}

// Decode is that of [Decoder].
func (s AStar) Decode(ctx context.Context, m Model, req Request) ([]Hypothesis, error) {
	if err := req.Check(m.VocabSize()); err != nil {
		return nil, err
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	e := newExpander(ctx, m, &req)
	h, err := s.heuristic(e)
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	best, bound, err := newAgenda(e, h).search()
	if err != nil {
		return nil, err
	}
	if len(best) == 0 {
		return nil, e.nothing()
	}
	return e.hypotheses(best, e.certificate(best[0], bound), nil), nil
}

// heuristic makes what knows the most that can follow; nil knows nothing.
func (s AStar) heuristic(e *expander) (*values, error) {
	d, vocab, keep := order(e.model), e.model.VocabSize(), 0
	switch s.Heuristic {
	case "zero":
		return nil, nil
	case "relaxed", "":
		keep = d - 1
	}
	err := tooLarge(vocab, d, d+1, math.MaxInt)
	switch {
	case s.Heuristic == "" && (d == 0 || err != nil):
		return nil, nil
	case d == 0:
		return nil, fmt.Errorf("the heuristic %s needs a model whose next token depends on the last few only, as one of --arch window: leave it out", s.Heuristic)
	case err != nil:
		return nil, fmt.Errorf("%w: use --heuristic zero", err)
	}
	h, err := relaxation(e, d, keep)
	if errors.Is(err, errLattice) && s.Heuristic == "" {
		return nil, nil
	}
	return h, err
}

// relaxation is what can follow in the model that sees the last keep of d tokens and takes the likeliest of what it does not see.
func relaxation(e *expander, d, keep int) (*values, error) {
	t := newTransitions(e.model, d, keep, e.req)
	l, err := newLattice(e.ctx, t, newAutomaton(e), e.req.Prefix, e.req.Length, math.MaxInt)
	e.calls += int(t.calls.Load())
	if err != nil {
		return nil, err
	}
	if 8*float64(len(l.row))*float64(e.req.Length) > mostTable {
		return nil, fmt.Errorf("%w: %d, at each of %d steps", errLattice, len(l.row), e.req.Length)
	}
	return l.values(e.ctx, e.req.Length, 1)
}

// A hope is a sequence that is not complete, the most that may come of it, and where it is in the lattice of the heuristic.
type hope struct {
	*node
	f     float64
	place int32
}

// above puts the largest f on top, and of equals the sequence with the smaller token where they differ first: all that goes on from it is then
// before all that goes on from the other.
func (h hope) above(g hope) bool { return h.f > g.f || h.f == g.f && h.lexical(g.node) < 0 }

// beyond says whether something may come of it that is better than a complete sequence, or as good and before it in order.
func (h hope) beyond(n *node) bool { return h.f > n.logp || h.f == n.logp && h.lexical(n) < 0 }

// An agenda is where a best-first search stands. Its hopes are a heap. Since the best of them are expanded first, and nothing comes to more than
// what it goes on from, only as many of those that wait can have their turn as may still be expanded: the rest is dropped when there
// are twice as many, which changes nothing but memory.
type agenda struct {
	e       *expander
	n       int
	h       *values // nil: zero
	hopes   []hope
	dropped float64 // the largest f of what was dropped
	found   []*node // complete, the best n
	longest *node   // of those expanded
	order   int     // of a Markov model; 0: sequences do not meet
	met     map[meeting]int
	watch   func(hope) // is shown what is expanded; nil: nobody looks
}

func newAgenda(e *expander, h *values) *agenda {
	return &agenda{e: e, n: max(1, e.req.N), h: h, order: order(e.model), met: map[meeting]int{}, dropped: math.Inf(-1)}
}

// search gives the n best and a bound on all others; if nothing is complete, the longest it has.
func (a *agenda) search() (best []*node, bound float64, err error) {
	root := hope{a.e.root(), 0, opening}
	if a.h != nil {
		root.f = a.h.left(a.e.req.Length)[opening]
	}
	a.longest = root.node
	a.push(root)
	for len(a.hopes) > 0 && a.e.left() > 0 && a.wanted(a.hopes[0]) {
		x := a.pop()
		if a.again(x) {
			continue
		}
		if a.watch != nil {
			a.watch(x)
		}
		if x.length > a.longest.length {
			a.longest = x.node
		}
		if _, err := a.e.expand([]*node{x.node}, func(_ *node, logp []float32) { a.children(x, logp) }); err != nil {
			return nil, 0, err
		}
		a.shrink(max(maxLanes, a.e.left()))
	}
	bound = a.dropped
	if len(a.hopes) > 0 {
		bound = max(bound, a.hopes[0].f)
	}
	if len(a.found) == 0 && len(a.hopes) > 0 && !math.IsInf(bound, -1) {
		a.found = append(a.found, a.longest)
	}
	return a.found, bound, nil
}

// A meeting is where sequences of a Markov model meet: they go on alike.
type meeting struct {
	past    past
	at      any
	matched string
	length  int32
}

// again says whether n sequences were expanded before that go on as x does. They were not worse, so x cannot come among the n best.
func (a *agenda) again(x hope) bool {
	if a.order == 0 {
		return false
	}
	m := a.meeting(x)
	a.met[m]++
	return a.met[m] > a.n
}

func (a *agenda) meeting(x hope) meeting {
	m := meeting{at: x.at, matched: numbers(x.matched), length: x.length}
	last := make([]int, 0, a.order)
	for n := x.node; n.parent != nil && len(last) < a.order; n = n.parent {
		last = append(last, int(n.token))
	}
	slices.Reverse(last)
	if int(x.length) < a.order {
		last = append(slices.Clone(a.e.req.Prefix), last...)
	}
	m.past = pastOf(last, a.order)
	return m
}

// wanted says whether something may come of a sequence that is among the n best.
func (a *agenda) wanted(x hope) bool {
	return !math.IsInf(x.f, -1) && (len(a.found) < a.n || x.beyond(a.found[a.n-1]))
}

func (a *agenda) children(x hope, logp []float32) {
	left := a.e.req.Length - int(x.length) - 1
	for token, p := range logp {
		y := hope{f: x.logp + float64(p), place: opening}
		if a.h != nil {
			y.place = a.h.lattice.to(x.place, token)
			y.f += a.h.left(left)[y.place]
		}
		if math.IsInf(y.f, -1) {
			continue
		}
		y.node = a.e.child(x.node, token, p)
		if a.e.complete(y.node) {
			at, _ := slices.BinarySearchFunc(a.found, y.node, (*node).compare)
			a.found = slices.Insert(a.found, at, y.node)
			a.found = a.found[:min(len(a.found), a.n)]
		} else if a.wanted(y) {
			a.push(y)
		}
	}
}

// shrink drops all but the best most, when there are more than twice as many. What will not be expanded, since n of those that go on alike are or
// will be, does not count: it would take the place of what can be.
func (a *agenda) shrink(most int) {
	if len(a.hopes) <= 2*most {
		return
	}
	slices.SortFunc(a.hopes, func(x, y hope) int { // what is sorted is a heap
		return cmp.Or(cmp.Compare(y.f, x.f), x.lexical(y.node))
	})
	if a.order > 0 {
		waiting := map[meeting]int{}
		a.hopes = slices.DeleteFunc(a.hopes, func(x hope) bool {
			m := a.meeting(x)
			waiting[m]++
			return a.met[m]+waiting[m] > a.n
		})
	}
	if len(a.hopes) > most {
		a.dropped = max(a.dropped, a.hopes[most].f)
		clear(a.hopes[most:])
		a.hopes = a.hopes[:most]
	}
}

func (a *agenda) push(x hope) {
	a.hopes = append(a.hopes, x)
	for i := len(a.hopes) - 1; i > 0; {
		parent := (i - 1) / 2
		if !a.hopes[i].above(a.hopes[parent]) {
			break
		}
		a.hopes[i], a.hopes[parent] = a.hopes[parent], a.hopes[i]
		i = parent
	}
}

func (a *agenda) pop() hope {
	x, last := a.hopes[0], len(a.hopes)-1
	a.hopes[0], a.hopes[last] = a.hopes[last], hope{}
	a.hopes = a.hopes[:last]
	sift(a.hopes, 0, hope.above)
	return x
}
