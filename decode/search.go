package decode

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// mostNodes is how many sequences a search expands if it is not told.
const mostNodes = 1_000_000

// A node is a sequence that a search has come to: the one before it and a token. Its score is its log-probability under the model.
type node struct {
	parent  *node // nil of the root, which is the prefix
	state   State // the model's before token was read, of the root after the prefix; nil once the node is expanded
	at      any   // the constraint's
	matched []int // how much of each stop string its text ends with
	logp    float64
	step    float32 // what token adds to logp
	token   int32
	length  int32 // tokens without the prefix
	ended   bool  // by its token or a stop string, or since nothing can follow
}

// compare orders nodes from the best down: by log-probability, and of equals first the one with the smaller token where they differ first, or
// that ends there. So if n follows a complete sequence, all that go on from n follow it as well.
func (n *node) compare(m *node) int {
	if n.logp != m.logp {
		return cmp.Compare(m.logp, n.logp)
	}
	return n.lexical(m)
}

// lexical orders sequences as words are in a dictionary.
func (n *node) lexical(m *node) int {
	shorter := cmp.Compare(n.length, m.length)
	for n.length > m.length {
		n = n.parent
	}
	for m.length > n.length {
		m = m.parent
	}
	first := shorter
	for ; n != m; n, m = n.parent, m.parent {
		if n.token != m.token {
			first = cmp.Compare(n.token, m.token)
		}
	}
	return first
}

// An expander gives searches the scores of what may follow nodes, of many in one product where the model can, and keeps the account: what
// that took, and the end of the budget and of the context.
type expander struct {
	ctx      context.Context
	model    Model
	req      *Request
	mask     mask
	prefix   State
	scores   *scores
	rows     int // that scores has room for
	states   []State
	tokens   []int
	expanded int
	calls    int
}

// newExpander reads the prefix of a request that was checked.
func newExpander(ctx context.Context, m Model, req *Request) *expander {
	e := &expander{ctx: ctx, model: m, req: req, prefix: m.Start(), mask: mask{req: req, stops: newStops(req.Stop)}}
	for _, token := range req.Prefix {
		if ctx.Err() != nil {
			break // and so does the search
		}
		e.prefix = m.Next(e.prefix, token)
	}
	return e
}

// root is the prefix, as a node to be expanded alone.
func (e *expander) root() *node {
	return &node{state: e.prefix, at: e.mask.start(), matched: make([]int, len(e.mask.stops))}
}

// left is how many nodes may still be expanded.
func (e *expander) left() int {
	if e.ctx.Err() != nil {
		return 0
	}
	return cmp.Or(e.req.Nodes, mostNodes) - e.expanded
}

// expand scores what may follow each of the nodes, none of which is complete, in turn: each is given a node and the log-probabilities of
// all tokens, −∞ for those that cannot follow, makes children of it and keeps no slice. It says how many of the nodes were expanded;
// fewer than there are if the budget or the context ended. A node can be expanded once.
func (e *expander) expand(nodes []*node, each func(n *node, logp []float32)) (done int, err error) {
	return e.look(nodes, func(n *node, logp []float32) {
		each(n, logp)
		n.state = nil // its children have it, as long as they need it
	})
}

// look is expand, but children may be made until the nodes' states are dropped.
func (e *expander) look(nodes []*node, each func(n *node, logp []float32)) (done int, err error) {
	for some := range slices.Chunk(nodes, maxLanes) {
		some = some[:min(len(some), max(0, e.left()))]
		if len(some) == 0 {
			break
		}
		e.score(some)
		for i, n := range some {
			_, logp := e.scores.row(i)
			if err := check(nil, logp, len(e.req.Prefix)+int(n.length)); err != nil {
				return done, err
			}
			e.mask.apply(logp, n.at, e.before(n), int(n.length), n.matched)
			n.state = e.states[i]
			each(n, logp)
			done++
		}
	}
	return done, nil
}

// drop lets go of the states of nodes of which no more children will be made.
func drop(nodes []*node) {
	for _, n := range nodes {
		n.state = nil
	}
}

// score brings the states of nodes up to date and scores what follows.
func (e *expander) score(nodes []*node) {
	if e.rows < len(nodes) {
		e.rows = len(nodes)
		e.scores = newScores(e.model, 0, e.rows)
	}
	e.states, e.tokens = e.states[:0], e.tokens[:0]
	for _, n := range nodes {
		e.states, e.tokens = append(e.states, n.state), append(e.tokens, int(n.token))
	}
	if nodes[0].parent != nil {
		advance(e.model, e.states, e.tokens)
	}
	e.scores.of(e.states)
	e.expanded += len(nodes)
	if _, ok := e.model.(Batch); ok {
		e.calls++
	} else {
		e.calls += len(nodes)
	}
}

// before is the token that the next one of a node comes after, −1 if there is none.
func (e *expander) before(n *node) int {
	switch {
	case n.parent != nil:
		return int(n.token)
	case len(e.req.Prefix) > 0:
		return e.req.Prefix[len(e.req.Prefix)-1]
	}
	return -1
}

// child is the node after a token, of a node that is being expanded. step is the token's log-probability, not −∞.
func (e *expander) child(n *node, token int, step float32) *node {
	c := &node{
		parent: n, state: n.state, at: e.mask.next(n.at, token), logp: n.logp + float64(step),
		step: step, token: int32(token), length: n.length + 1,
	}
	if len(n.matched) > 0 {
		c.matched = slices.Clone(n.matched)
	}
	c.ended = slices.Contains(e.req.Ends, token) || e.mask.stopped(e.before(n), token, c.matched) || e.mask.full(c.at, int(c.length))
	if e.complete(c) {
		c.state, c.matched = nil, nil
	}
	return c
}

// complete says whether a sequence goes on no further.
func (e *expander) complete(n *node) bool { return n.ended || int(n.length) == e.req.Length }

// completes says whether a token ends a sequence.
func (e *expander) completes(n *node, token int) bool {
	if int(n.length)+1 == e.req.Length || e.mask.ends(e.before(n), token, n.matched) {
		return true
	}
	return e.req.Constraint != nil && e.mask.full(e.mask.next(n.at, token), int(n.length)+1)
}

// nothing is the error of a search that has looked everywhere.
func (e *expander) nothing() error {
	if e.req.Constraint == nil {
		return errors.New("the model gives every text the probability 0")
	}
	return errors.New("no text that the model holds for possible satisfies the constraint within so many tokens: allow more tokens, or demand less")
}

// certificate is what a search has proved that found best and left nothing above bound.
func (e *expander) certificate(best *node, bound float64) *Certificate {
	exact := e.complete(best) && bound <= best.logp
	return &Certificate{Best: best.logp, Bound: max(bound, best.logp), Exact: exact, Expanded: e.expanded, Calls: e.calls}
}

// hypotheses turns nodes into what a decoder gives, the first of them as it was begun: lane has what was streamed of it; nil: nothing.
func (e *expander) hypotheses(nodes []*node, cert *Certificate, begun *lane) []Hypothesis {
	hyps := make([]Hypothesis, len(nodes))
	for i, n := range nodes {
		l := begun
		if i > 0 || l == nil {
			l = new(lane)
			l.begin(i, e.req, e.mask.stops)
		}
		e.tell(l, n)
		if hyps[i] = l.finish(); hyps[i].FinishReason == FinishCancelled && e.ctx.Err() == nil {
			hyps[i].FinishReason = FinishNodes
		}
		hyps[i].Certificate = cert
	}
	return hyps
}

// tell writes to a lane what a node has more than was written.
func (e *expander) tell(l *lane, n *node) {
	var path []*node
	for told := len(l.soFar) - len(e.req.Prefix); int(n.length) > told; n = n.parent {
		path = append(path, n)
	}
	for _, n := range slices.Backward(path) {
		l.take(int(n.token), n.step)
	}
}
