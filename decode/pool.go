package decode

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// A norm makes log-probabilities of texts of different lengths comparable: a text of more tokens has a smaller one, however good it is.
type norm struct {
	kind  string // "gnmt" or "plain"
	alpha float64
}

// Ways to normalize by length.
const (
	NormGNMT  = "gnmt"  // divide by ((5 + tokens) / 6)^α (Wu et al. 2016, arXiv:1609.08144)
	NormPlain = "plain" // divide by tokens^α
)

func (n norm) check() error {
	switch {
	case n.kind != "" && n.kind != NormGNMT && n.kind != NormPlain:
		return fmt.Errorf("a length norm %q: there are %s and %s", n.kind, NormGNMT, NormPlain)
	case !(n.alpha >= 0) || math.IsInf(n.alpha, 1):
		return fmt.Errorf("a length penalty of %g: it must be at least 0, which is none", n.alpha)
	}
	return nil
}

// score of a log-probability. It grows with the length, so no text of at most so many tokens that begins with one of this log-probability
// has a better one.
func (n norm) score(logp float64, length int) float64 {
	switch {
	case n.alpha == 0:
		return logp
	case n.kind == NormPlain:
		return logp / math.Pow(float64(length), n.alpha)
	}
	return logp / math.Pow(float64(5+length)/6, n.alpha)
}

// A ranked node is complete and has a score.
type ranked struct {
	*node
	score float64
}

func (r ranked) compare(s ranked) int {
	return cmp.Or(cmp.Compare(s.score, r.score), r.node.compare(s.node))
}

// A pool keeps the best n complete sequences.
type pool struct {
	n    int
	list []ranked // the best first
	most float64  // the largest log-probability of all that were ever offered
}

func newPool(n int) pool { return pool{n: max(1, n), most: math.Inf(-1)} }

// worst is the score that a sequence must have to come in, or more: −∞ as long as there is room.
func (p *pool) worst() float64 {
	if len(p.list) < p.n {
		return math.Inf(-1)
	}
	return p.list[p.n-1].score
}

// wants says whether a sequence, or what goes on from it, can come in where scores are log-probabilities.
func (p *pool) wants(n *node) bool {
	return len(p.list) < p.n || n.compare(p.list[p.n-1].node) < 0
}

// add takes a sequence in if it is one of the best and is not there.
func (p *pool) add(n *node, score float64) {
	p.most = max(p.most, n.logp)
	r := ranked{n, score}
	at, found := slices.BinarySearchFunc(p.list, r, ranked.compare)
	if found || at == p.n {
		return
	}
	if len(p.list) == p.n {
		p.list = p.list[:p.n-1]
	}
	p.list = slices.Insert(p.list, at, r)
}

// nodes are the sequences, the best first.
func (p *pool) nodes() []*node {
	list := make([]*node, len(p.list))
	for i, r := range p.list {
		list[i] = r.node
	}
	return list
}
