package decode

import (
	"cmp"
	"context"
	"math"
	"slices"
)

func init() {
	register(Kind{"bestfirst", "what beam search finds, with fewer sequences scored", BestFirst{}})
}

// BestFirst is best-first beam search (Meister, Vieira and Cotterell 2020, arXiv:2007.03909). It goes on from the likeliest beginning of any
// length. Since log-probabilities only fall, the first Width of a length that it comes to are the ones that [Beam] would keep, and once it
// has come to these no other of that length can matter. So the hypotheses are the same, and what a beam keeps beside a path that is far ahead is
// never scored. It takes one beginning at a time, which a model that is faster with many at once may not make up for.
type BestFirst struct {
	Width         int     `json:"beam,omitempty"`           // beginnings of each length that are followed; 0: 4
	LengthNorm    string  `json:"length_norm,omitempty"`    // as in [Beam]
	LengthPenalty float64 `json:"length_penalty,omitempty"` // as in [Beam]
}

// Check says which option is out of range.
func (b BestFirst) Check() error { return b.beam().Check() }

func (b BestFirst) beam() Beam {
	return Beam{Width: b.Width, LengthNorm: b.LengthNorm, LengthPenalty: b.LengthPenalty}
}

// Score is that of [Beam].
func (b BestFirst) Score(logProb float64, tokens int) float64 { return b.beam().Score(logProb, tokens) }

// Decode is that of [Decoder].
func (b BestFirst) Decode(ctx context.Context, m Model, req Request) ([]Hypothesis, error) {
	if err := req.Check(m.VocabSize()); err != nil {
		return nil, err
	}
	if err := b.Check(); err != nil {
		return nil, err
	}
	e := newExpander(ctx, m, &req)
	f := front{e: e, width: cmp.Or(b.Width, 4), norm: norm{b.LengthNorm, b.LengthPenalty}, pool: newPool(req.N), dropped: math.Inf(-1)}
	f.layers = []layer{{open: []*node{e.root()}, left: 1}}
	n := f.next()
	for ; n != nil; n = f.next() {
		if done, err := e.expand([]*node{n}, f.offer); err != nil {
			return nil, err
		} else if done == 0 {
			f.dropped = max(f.dropped, n.logp)
			break
		}
	}
	best, bound := f.pool.nodes(), f.bound()
	if len(best) == 0 && n != nil {
		best = []*node{n}
	}
	if len(best) == 0 {
		return nil, e.nothing()
	}
	return e.hypotheses(best, e.certificate(best[0], bound), nil), nil
}

// A layer has the beginnings of one length that were come to, the best first, and how many may yet be followed. No more are kept.
type layer struct {
	open []*node
	left int
}

// A front is what best-first beam search has before it.
type front struct {
	e       *expander
	width   int
	norm    norm
	layers  []layer // by length
	first   int     // those before have nothing to follow
	pool    pool
	dropped float64 // the largest log-probability of what is not followed
}

// next takes out the beginning that is to be expanded: the likeliest, of equally likely ones the shortest; nil if none can come among the best.
func (f *front) next() *node {
	at := -1
	for i := f.first; i < len(f.layers); i++ {
		if l := &f.layers[i]; len(l.open) > 0 && (at < 0 || l.open[0].logp > f.layers[at].open[0].logp) {
			at = i
		}
	}
	if at < 0 || !f.hopeful(f.layers[at].open[0].logp) {
		return nil
	}
	l := &f.layers[at]
	n := l.open[0]
	l.open = l.open[1:]
	if l.left--; l.left == 0 {
		f.leave(l, 0)
		if len(f.e.req.Ends)+len(f.e.req.Stop) == 0 && f.e.req.Constraint == nil { // what is shorter has no place to go on to, and no end of its own
			for ; f.first < at; f.first++ {
				f.leave(&f.layers[f.first], 0)
			}
		}
	}
	return n
}

// hopeful says whether what goes on from such a log-probability can come among the best.
func (f *front) hopeful(logp float64) bool {
	return f.norm.score(logp, f.e.req.Length) >= f.pool.worst()
}

// leave drops all but the best n of a layer.
func (f *front) leave(l *layer, n int) {
	for len(l.open) > n {
		last := len(l.open) - 1
		f.dropped = max(f.dropped, l.open[last].logp)
		l.open = l.open[:last]
	}
}

// offer puts children into the pool if they are complete, and else into their layer if they are of the best.
func (f *front) offer(n *node, logp []float32) {
	length := int(n.length) + 1
	if length == len(f.layers) {
		f.layers = append(f.layers, layer{left: f.width})
	}
	for token, x := range logp {
		sum := n.logp + float64(x)
		if math.IsInf(sum, -1) {
			continue
		}
		done := f.norm.score(sum, length)
		var l *layer
		if f.layers[length].left > 0 && f.hopeful(sum) {
			l = &f.layers[length]
			if len(l.open) >= l.left && sum < l.open[len(l.open)-1].logp {
				l = nil
			}
		}
		if l == nil && done < f.pool.worst() {
			f.dropped = max(f.dropped, sum)
			continue
		}
		switch {
		case f.e.completes(n, token):
			f.pool.add(f.e.child(n, token, x), done)
		case l == nil:
			f.dropped = max(f.dropped, sum)
		default:
			c := f.e.child(n, token, x)
			at, _ := slices.BinarySearchFunc(l.open, c, (*node).compare)
			l.open = slices.Insert(l.open, at, c)
			f.leave(l, l.left)
		}
	}
}

// bound is what no complete sequence exceeds.
func (f *front) bound() float64 {
	bound := max(f.pool.most, f.dropped)
	for _, l := range f.layers[f.first:] {
		for _, n := range l.open {
			bound = max(bound, n.logp)
		}
	}
	return bound
}
