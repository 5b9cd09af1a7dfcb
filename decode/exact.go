package decode

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
)

func init() {
	register(Kind{"exact", "the likeliest of all texts, proved to be: depth-first branch and bound", Exact{}})
}

// Exact finds the best sequence of all under any model (Stahlberg and Byrne 2019, arXiv:1908.10090). Log-probabilities only fall, so a
// beginning that is not above the best complete sequence known can be left with all that goes on from it; the others are followed, the likeliest child
// first.
//
// How much can be left depends on how good the best one known is. A beam finds the first; and whenever the search has cost as much as a beam
// several times wider would, that beam is tried too. So what is easy is not made dear by a wide beam, what is hard has one soon, and beams never
// cost much more than the search. After characters of an LSTM, 20 of them, that was a half of the nodes of a beam of 4 alone.
//
// A search that ends of itself gives the N best of all. How many sequences that takes depends on the model, and grows exponentially with
// the length where it is uncertain: Request.Nodes ends it, and the certificate says what gap is left.
type Exact struct {
	Width int `json:"beam,omitempty"` // of the first beam; 0: 4
}

// Check says which option is out of range.
func (x Exact) Check() error {
	if x.Width < 0 {
		return fmt.Errorf("a beam of %d: it must be at least 1", x.Width)
	}
	return nil
}

// together is how many nodes are taken from the stack at once. Those below the top may be expanded in vain, if what is above them has
// better ends; after a beam that is rare, and a product of many rows costs little more than that of one.
const together = maxLanes

// wider is how many times wider than the one before each beam is.
const wider = 4

// Decode is that of [Decoder].
func (x Exact) Decode(ctx context.Context, m Model, req Request) ([]Hypothesis, error) {
	if err := req.Check(m.VocabSize()); err != nil {
		return nil, err
	}
	if err := x.Check(); err != nil {
		return nil, err
	}
	e := newExpander(ctx, m, &req)
	b := newBeam(e, cmp.Or(x.Width, 4), norm{})
	if err := b.run(); err != nil {
		return nil, err
	}
	bound, rest, err := e.deepen(b)
	if err != nil {
		return nil, err
	}
	best := e.best([]*beam{b})
	if len(best) == 0 && len(rest) > 0 {
		best = rest[len(rest)-1:]
	}
	if len(best) == 0 {
		return nil, e.nothing()
	}
	return e.hypotheses(best, e.certificate(best[0], bound), nil), nil
}

// deepen looks depth first for what can come into the pool of a beam that has come to its end. If it is ended before that it gives the rest of its
// stack, and in any case the largest log-probability of what it left.
func (e *expander) deepen(b *beam) (bound float64, stack []*node, err error) {
	p, width := &b.pool, b.width
	bound = math.Inf(-1)
	stack = []*node{e.root()}
	for len(stack) > 0 {
		if next := wider * width; next*e.req.Length <= e.expanded {
			width = next
			w := newBeam(e, width, norm{})
			w.pool = *p
			if err := w.run(); err != nil {
				return bound, nil, err
			}
			*p = w.pool
		}
		var nodes []*node
		for len(stack) > 0 && len(nodes) < together {
			if n := stack[len(stack)-1]; p.wants(n) {
				nodes = append(nodes, n)
			}
			stack = stack[:len(stack)-1]
		}
		var families [][]*node // the children of each, the best last
		done, err := e.expand(nodes, func(n *node, logp []float32) {
			var children []*node
			for token, x := range logp {
				if sum := n.logp + float64(x); math.IsInf(sum, -1) || sum < p.worst() {
					continue
				}
				if c := e.child(n, token, x); e.complete(c) {
					p.add(c, c.logp)
				} else {
					children = append(children, c)
				}
			}
			slices.SortFunc(children, func(a, b *node) int { return b.compare(a) })
			families = append(families, children)
		})
		if err != nil {
			return bound, nil, err
		}
		for _, n := range slices.Backward(nodes[done:]) {
			stack = append(stack, n)
		}
		for _, children := range slices.Backward(families) {
			stack = append(stack, children...)
		}
		if done < len(nodes) {
			break
		}
		if left := e.left(); left > 0 && len(stack) > left { // what is at the bottom will not be come to
			for _, n := range stack[:len(stack)-left] {
				bound = max(bound, n.logp)
			}
			stack = slices.Delete(stack, 0, len(stack)-left)
		}
	}
	for _, n := range stack {
		bound = max(bound, n.logp)
	}
	return bound, stack, nil
}
