package constrain

import (
	"errors"
	"slices"
	"sync"
)

// mostSearched is how many tokens are looked at to find out with how many tokens a text can be brought to an end.
const mostSearched = 1 << 20

// Nested is a [Grammar] over a vocabulary. It satisfies decode.Constraint.
//
// There are more states than can be listed, so the fewest tokens to an end are not known of all of them. Two bounds are: each character takes at
// least its share of the longest piece that has it, and whoever writes character by character can end so soon. Where the tokens that are left
// are between the two it is searched for, through all tokens that may follow, up to a million of them; if that does not tell, it is held to be
// possible. So nothing that satisfies the grammar is ever forbidden for its length, and where each character is a token, or can be spelled by
// tokens of a byte, and more tokens are left than that takes, whatever is written can be completed.
type Nested struct {
	p     *pushdown
	v     *Vocabulary
	tries []*trie
	ends  []bool

	mu     sync.Mutex // of all that is kept
	follow map[site]*outlook
	size   int // tokens in it
	bounds map[site]bound
	looked int // tokens, in the search that goes on
}

// A nest is a state: the key of the pushdown's, and the context of the next token; −1 after one that ends the text.
type nest struct {
	key     string
	context int
}

// A site is a state as it is kept.
type site struct {
	s       *pushed
	context int
}

// An outlook has the tokens that may follow, in order, and what they lead to, each once.
type outlook struct {
	tokens []followed[*pushed]
	sites  []site
}

// A bound is with how many tokens, at least one, a text may end at the least, and with how many it can.
type bound struct{ low, up int32 }

// Over is the grammar over tokens. The error says that no tokens spell such a text.
func (g *Grammar) Over(v *Vocabulary) (*Nested, error) {
	v.check()
	n := &Nested{v: v, ends: make([]bool, len(v.After))}
	for _, w := range v.Ends {
		n.ends[w] = true
	}
	spelling := n.spelling()
	for _, pieces := range v.Pieces {
		n.tries = append(n.tries, newTrie(pieces, v.Ends))
	}
	var err error
	if n.p, err = g.newPushdown(spelling.least, spelling.tokens); err != nil {
		return nil, err
	}
	n.forget()
	if s := n.p.start; s == nowhere || !s.accepts && !n.more(site{s, v.First}, never-1) {
		return nil, errors.New("no text that this model's tokens can spell satisfies the grammar")
	}
	return n, nil
}

// Start is the state before the first token.
func (n *Nested) Start() any { return nest{n.p.start.key, n.v.First} }

// state finds that of a nest; nil after a token that ends the text.
func (n *Nested) state(s any) (site, bool) {
	at := s.(nest)
	if at.context < 0 {
		return site{}, false
	}
	return site{n.p.known(at.key), at.context}, true
}

// Next is the state after a token, if it may follow.
func (n *Nested) Next(state any, token int) (any, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, ok := n.state(state)
	if !ok {
		return state, false
	}
	if n.ends[token] {
		return nest{"", -1}, at.s.accepts
	}
	piece, s := n.v.Pieces[at.context][token], at.s
	for i := 0; i < len(piece) && s != nowhere; i++ {
		s = n.p.step(s, piece[i])
	}
	if piece == "" || s == nowhere {
		return state, false
	}
	return nest{s.key, n.v.After[token]}, true
}

// Accepts says whether a text may end in a state.
func (n *Nested) Accepts(state any) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, ok := n.state(state)
	return !ok || at.s.accepts
}

// More says whether a text may end after at least one token more and at most left, as far as is known.
func (n *Nested) More(state any, left int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, ok := n.state(state)
	if ok && at.s.accepts && len(n.v.Ends) > 0 {
		return left > 0
	}
	return ok && n.more(at, left)
}

// Allow clears allowed[w] for each token w that may not follow, or after which no text can end within left tokens more.
func (n *Nested) Allow(allowed []bool, state any, left int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, ok := n.state(state)
	next := 0
	until := func(token int) {
		for ; next < token; next++ {
			allowed[next] = allowed[next] && ok && at.s.accepts && n.ends[next]
		}
	}
	if ok {
		for _, f := range n.after(at).tokens {
			if n.within(site{f.to, n.v.After[f.token]}, left) {
				until(int(f.token))
				next++
			}
		}
	}
	until(len(allowed))
}

// within says whether a text may end within left tokens of a state, as far as is known.
func (n *Nested) within(at site, left int) bool { return at.s.accepts || n.more(at, left) }

// more says whether one may end after at least one token and at most left.
func (n *Nested) more(at site, left int) bool {
	n.looked = 0
	return n.search(at, left)
}

// after are the tokens that may follow.
func (n *Nested) after(at site) *outlook {
	if o, ok := n.follow[at]; ok {
		return o
	}
	o, met := &outlook{}, map[site]bool{}
	walk(n.tries[at.context], nil, at.s, func(s *pushed, b byte) (*pushed, bool) {
		s = n.p.step(s, b)
		return s, s != nowhere
	}, func(tokens []int32, s *pushed) {
		for _, w := range tokens {
			o.tokens = append(o.tokens, followed[*pushed]{w, s})
			if to := (site{s, n.v.After[w]}); !met[to] {
				met[to] = true
				o.sites = append(o.sites, to)
			}
		}
	})
	byToken(o.tokens)
	if n.size += len(o.tokens) + 1; n.size > mostFollow {
		n.forget()
		n.size = len(o.tokens) + 1
	}
	n.follow[at] = o
	return o
}

func (n *Nested) forget() {
	n.follow, n.bounds, n.size = map[site]*outlook{}, map[site]bound{}, 0
}

// search finds out whether a text may end after at least one token and at most left: by the bounds, or else by looking at what all tokens lead to, with
// one token less left. What that tells is kept. It gives up with true.
func (n *Nested) search(at site, left int) bool {
	b, ok := n.bounds[at]
	if !ok {
		b = bound{max(1, (at.s.low+share-1)/share), at.s.up}
		if at.s.low >= never {
			b.low = never
		}
	}
	switch {
	case left < int(b.low):
		return false
	case left >= int(b.up):
		return true
	case n.looked > mostSearched:
		return true
	}
	o := n.after(at)
	n.looked += len(o.tokens)
	possible := slices.ContainsFunc(o.sites, func(to site) bool { return to.s.accepts || int(to.s.up) < left }) ||
		slices.ContainsFunc(o.sites, func(to site) bool { return n.search(to, left-1) })
	switch {
	case n.looked > mostSearched:
		return true
	case possible:
		b.up = int32(left)
	default:
		b.low = int32(left) + 1
	}
	n.bounds[at] = b
	return possible
}
