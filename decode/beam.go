package decode

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
)

func init() {
	register(Kind{"beam", "the best few beginnings of each length, all their continuations compared", Beam{}})
}

// Beam search goes on from the Width best beginnings of each length. What it drops it never takes up again, so the best sequence may be
// missed; the certificate bounds by how much. Every complete sequence that was scored is a candidate, so more hypotheses than Width
// can be had. The search ends when nothing that is left can come among the best N.
//
// Beginnings are compared by their log-probability, complete sequences by what LengthNorm makes of it.
type Beam struct {
	Width         int     `json:"beam,omitempty"`           // beginnings that are kept; 0: 4
	LengthNorm    string  `json:"length_norm,omitempty"`    // NormGNMT or NormPlain; "": NormGNMT
	LengthPenalty float64 `json:"length_penalty,omitempty"` // the α of the norm; above 0 prefers longer texts; 0: none

	// Groups makes as many beams of Width/Groups, one after the other at each step: a token costs a beam DiversityPenalty for each time
	// that a beam before it has taken it in that step (Vijayakumar et al. 2018, arXiv:1610.02424, Hamming diversity). The penalty decides
	// what is kept; it is not part of any score. Hypotheses are the best of each beam, then the second of each, and so on. 0: 1
	Groups           int     `json:"groups,omitempty"`
	DiversityPenalty float64 `json:"diversity_penalty,omitempty"` // in nats; 0 with several groups makes no difference between them

	KeepGreedy bool `json:"keep_greedy,omitempty"` // follows the greedy path too: the result is never less likely
}

// Check says which option is out of range.
func (b Beam) Check() error {
	width, groups := cmp.Or(b.Width, 4), cmp.Or(b.Groups, 1)
	switch {
	case width < 1:
		return fmt.Errorf("a beam of %d: it must be at least 1", b.Width)
	case groups < 1:
		return fmt.Errorf("%d groups: there must be at least 1", b.Groups)
	case width%groups != 0:
		return fmt.Errorf("a beam of %d in %d groups: the groups must be equal, so ask for a multiple of %d", width, groups, groups)
	case !(b.DiversityPenalty >= 0) || math.IsInf(b.DiversityPenalty, 1):
		return fmt.Errorf("a diversity penalty of %g: it must be at least 0", b.DiversityPenalty)
	case b.DiversityPenalty > 0 && groups == 1:
		return fmt.Errorf("a diversity penalty of %g is between groups: ask for several", b.DiversityPenalty)
	}
	return norm{b.LengthNorm, b.LengthPenalty}.check()
}

// Score is what complete sequences are compared by.
func (b Beam) Score(logProb float64, tokens int) float64 {
	return norm{b.LengthNorm, b.LengthPenalty}.score(logProb, tokens)
}

// Decode is that of [Decoder]. With one group the stream is given of the first hypothesis what all that may become it have in common, while
// the search goes on.
func (b Beam) Decode(ctx context.Context, m Model, req Request) ([]Hypothesis, error) {
	if err := req.Check(m.VocabSize()); err != nil {
		return nil, err
	}
	if err := b.Check(); err != nil {
		return nil, err
	}
	e := newExpander(ctx, m, &req)
	groups := make([]*beam, cmp.Or(b.Groups, 1))
	for i := range groups {
		groups[i] = newBeam(e, cmp.Or(b.Width, 4)/len(groups), norm{b.LengthNorm, b.LengthPenalty})
		groups[i].penalty = b.DiversityPenalty
	}
	if b.KeepGreedy {
		groups[0].greedy = groups[0].live[0]
	}
	var first lane
	first.begin(0, &req, e.mask.stops)
	var taken []int
	if len(groups) > 1 {
		taken = make([]int, m.VocabSize())
	}
	for going := true; going; {
		going = false
		clear(taken)
		for _, g := range groups {
			if err := g.step(taken); err != nil {
				return nil, err
			}
			going = going || !g.cut && len(g.nodes()) > 0
		}
		if req.Stream != nil && len(groups) == 1 {
			e.tell(&first, groups[0].settled(len(first.soFar)-len(req.Prefix)))
		}
	}
	best := e.best(groups)
	if len(best) == 0 {
		return nil, e.nothing()
	}
	return e.hypotheses(best, e.certificate(best[0], groups[0].bound()), &first), nil
}

// best are the hypotheses of all groups: what is complete, or else, if the search was cut off, what there is.
func (e *expander) best(groups []*beam) (best []*node) {
	for rank := range max(1, e.req.N) {
		var round []ranked
		for _, g := range groups {
			if rank < len(g.pool.list) {
				n := g.pool.list[rank].node
				round = append(round, ranked{n, g.norm.score(n.logp, int(n.length))})
			}
		}
		slices.SortFunc(round, ranked.compare)
		for _, r := range round {
			if len(best) < max(1, e.req.N) && !slices.ContainsFunc(best, func(n *node) bool { return n.compare(r.node) == 0 }) {
				best = append(best, r.node)
			}
		}
	}
	if len(best) == 0 && groups[0].cut {
		best = groups[0].nodes()
		best = best[:min(len(best), max(1, e.req.N))]
	}
	return best
}

// A follower is a child that may be made.
type follower struct {
	parent *node
	score  float64 // its log-probability, less the penalty
	step   float32
	token  int32
}

// after is the order from the worst up; of equals the smaller token comes later.
func (f follower) after(g follower) bool {
	if f.score != g.score {
		return f.score < g.score
	}
	if f.parent == g.parent {
		return f.token > g.token
	}
	return f.parent.lexical(g.parent) > 0
}

// A beam is one group.
type beam struct {
	e       *expander
	width   int
	norm    norm
	penalty float64
	live    []*node // the best beginnings, all of a length
	greedy  *node   // the greedy path; nil if it is not kept, or has ended
	pool    pool
	dropped float64    // the largest log-probability of what was not followed
	cut     bool       // the budget or the context ended
	kept    []follower // a heap with the worst on top; reused
}

func newBeam(e *expander, width int, norm norm) *beam {
	return &beam{e: e, width: width, norm: norm, live: []*node{e.root()}, pool: newPool(e.req.N), dropped: math.Inf(-1)}
}

// run takes steps to the end.
func (b *beam) run() error {
	for !b.cut && len(b.nodes()) > 0 {
		if err := b.step(nil); err != nil {
			return err
		}
	}
	return nil
}

// nodes are those to be expanded next.
func (b *beam) nodes() []*node {
	if b.greedy == nil || slices.Contains(b.live, b.greedy) {
		return b.live
	}
	return append(slices.Clip(b.live), b.greedy)
}

// step goes on by one token; taken counts by token how often groups before took it, and from then on what this one takes.
func (b *beam) step(taken []int) error {
	nodes := b.nodes()
	if b.cut || len(nodes) == 0 {
		return nil
	}
	var extra *node // on the greedy path, and followed for nothing else
	if len(nodes) > len(b.live) {
		extra = b.greedy
	}
	b.kept = b.kept[:0]
	var token int
	var step float32
	done, err := b.e.look(nodes, func(n *node, logp []float32) {
		if n == b.greedy {
			token, step = likeliestOf(logp)
		}
		if n != extra {
			b.offer(n, logp, taken)
		}
	})
	if b.cut = done < len(nodes); err != nil || b.cut {
		return err
	}
	slices.SortFunc(b.kept, func(f, g follower) int {
		if f.after(g) {
			return 1
		}
		return -1
	})
	b.live = make([]*node, len(b.kept))
	for i, f := range b.kept {
		b.live[i] = b.e.child(f.parent, int(f.token), f.step)
		if taken != nil {
			taken[f.token]++
		}
	}
	if b.greedy != nil {
		b.greedy = b.follow(b.greedy, token, step)
	}
	drop(nodes)
	b.prune()
	return nil
}

// likeliestOf is the first of the likeliest tokens; its log-probability is −∞ if none is possible.
func likeliestOf(logp []float32) (token int, step float32) {
	for i, x := range logp {
		if x > logp[token] {
			token = i
		}
	}
	return token, logp[token]
}

// follow takes the greedy path on; nil where it ends.
func (b *beam) follow(n *node, token int, step float32) *node {
	if math.IsInf(float64(step), -1) {
		return nil
	}
	for _, c := range b.live {
		if c.parent == n && int(c.token) == token {
			return c
		}
	}
	c := b.e.child(n, token, step)
	if b.e.complete(c) {
		b.pool.add(c, b.norm.score(c.logp, int(c.length)))
		return nil
	}
	return c
}

// offer puts what may follow a node into the pool if it is complete, and else among what is kept if it is of the best.
func (b *beam) offer(n *node, logp []float32, taken []int) {
	for token, x := range logp {
		f := follower{n, n.logp + float64(x), x, int32(token)}
		sum := f.score
		if math.IsInf(sum, -1) {
			continue
		}
		if taken != nil && taken[token] > 0 {
			f.score -= b.penalty * float64(taken[token])
		}
		done, room := b.norm.score(f.score, int(n.length)+1), len(b.kept) < b.width || b.kept[0].after(f)
		if !room && done < b.pool.worst() {
			b.dropped = max(b.dropped, sum)
			continue
		}
		switch {
		case b.e.completes(n, token):
			if b.pool.most = max(b.pool.most, sum); done >= b.pool.worst() {
				b.pool.add(b.e.child(n, token, x), done)
			}
		case len(b.kept) < b.width:
			if b.kept = append(b.kept, f); len(b.kept) == b.width {
				heap(b.kept, follower.after)
			}
		case room:
			b.dropped = max(b.dropped, b.kept[0].parent.logp+float64(b.kept[0].step))
			b.kept[0] = f
			sift(b.kept, 0, follower.after)
		default:
			b.dropped = max(b.dropped, sum)
		}
	}
}

// prune drops what cannot come among the best any more.
func (b *beam) prune() {
	worst := b.pool.worst()
	hopeless := func(n *node) bool {
		if b.norm.score(n.logp, b.e.req.Length) >= worst {
			return false
		}
		b.dropped = max(b.dropped, n.logp)
		return true
	}
	b.live = slices.DeleteFunc(b.live, hopeless)
	if b.greedy != nil && hopeless(b.greedy) {
		b.greedy = nil
	}
}

// bound is what no complete sequence exceeds: neither those that were found, nor what was dropped or is left.
func (b *beam) bound() float64 {
	bound := max(b.pool.most, b.dropped)
	for _, n := range b.nodes() {
		bound = max(bound, n.logp)
	}
	return bound
}

// settled is the last node that all have in common which may yet be the first hypothesis; so many tokens are known to be.
func (b *beam) settled(known int) *node {
	all := b.nodes()
	if len(b.pool.list) > 0 {
		all = append(slices.Clip(all), b.pool.list[0].node)
	}
	if len(all) == 0 {
		return b.e.root()
	}
	common := all[0]
	for _, n := range all[1:] {
		for common != n && int(common.length) > known {
			switch {
			case common.length > n.length:
				common = common.parent
			case n.length > common.length:
				n = n.parent
			default:
				common, n = common.parent, n.parent
			}
		}
	}
	return common
}
