package decode

import (
	"math"
	"slices"
)

// A mask takes from the tokens that may be next those with which a request's constraint could not be satisfied: what the constraint
// forbids, what would complete a text where it may not end, and what leaves too few tokens to an end.
type mask struct {
	req     *Request
	stops   []stop
	allowed []bool
	matched []int
}

// start is the state of the constraint before the first token.
func (m *mask) start() any {
	if m.req.Constraint == nil {
		return nil
	}
	return m.req.Constraint.Start()
}

// next is its state after a token that it allows.
func (m *mask) next(at any, token int) any {
	if m.req.Constraint == nil {
		return nil
	}
	next, ok := m.req.Constraint.Next(at, token)
	if !ok {
		panic("decode: a token was chosen that the constraint does not allow")
	}
	return next
}

// full says whether nothing can follow so many tokens, after which the constraint is in state at.
func (m *mask) full(at any, written int) bool {
	return m.req.Constraint != nil && full(m.req.Constraint, at, m.req.Length-written)
}

// apply sets the log-probabilities of what may not follow to −∞: after prev (−1: nothing) with the constraint in state at, so many tokens
// written and so much of each stop string matched.
func (m *mask) apply(logp []float32, at any, prev, written int, matched []int) {
	c := m.req.Constraint
	if c == nil {
		return
	}
	if len(m.allowed) < len(logp) {
		m.allowed = make([]bool, len(logp))
	}
	for i := range m.allowed {
		m.allowed[i] = true
	}
	c.Allow(m.allowed, at, m.req.Length-written-1)
	never := float32(math.Inf(-1))
	for token, ok := range m.allowed {
		if ok && logp[token] != never && m.ends(prev, token, matched) {
			next, _ := c.Next(at, token)
			ok = c.Accepts(next)
		}
		if !ok {
			logp[token] = never
		}
	}
}

// ends says whether a token or a stop string ends a text that may yet be longer.
func (m *mask) ends(prev, token int, matched []int) bool {
	if slices.Contains(m.req.Ends, token) {
		return true
	}
	if len(m.stops) == 0 {
		return false
	}
	m.matched = append(m.matched[:0], matched...)
	return m.stopped(prev, token, m.matched)
}

// stopped reads a token's piece and says whether that completes a stop string; it changes matched.
func (m *mask) stopped(prev, token int, matched []int) bool {
	if len(m.stops) == 0 {
		return false
	}
	piece := m.req.Piece(prev, token)
	for i := range len(piece) {
		if watch(m.stops, matched, piece[i]) > 0 {
			return true
		}
	}
	return false
}
