package constrain

import (
	"errors"
	"fmt"
	"slices"
)

// The most that is done and kept for a constraint over tokens.
const (
	mostSteps  = 1 << 29 // bytes of pieces read when it is made: some seconds
	mostLeads  = 1 << 24 // pairs of states of which one leads to the other
	mostExact  = 1 << 31 // bits of what can be completed with so many tokens
	mostFollow = 1 << 22 // tokens with the states that they lead to, kept from use to use
)

// Tokens is a [Language] over a vocabulary. It satisfies decode.Constraint, and what it says of how soon a text can end is exact.
//
// A state is one of the language, between tokens, and the context of the next. All that can be come to are looked at when it is made: which lead to
// which is found by walking the pieces from each, and how far each is from an end by going back from those where a text may end.
type Tokens struct {
	d        *dfa
	v        *Vocabulary
	tries    []*trie
	ends     []bool     // by token
	far      []int32    // by spot.at: the fewest tokens to where a text may end, 0 where it may; −1 if there is no way
	least    []int32    // the same, but at least one token
	length   int        // exactly so many tokens; 0: any number
	complete [][]uint64 // of an exact length, by tokens that are left: a bit for each spot.at, whether they can complete it
	follow   follows[int32, int32]
}

// A spot is a state.
type spot struct {
	at      int32 // the language's times the number of contexts, and the context; −1 after a token that ends the text
	written int32 // of an exact length: tokens
}

// Over is the language over tokens: texts of exactly length tokens, without one that ends them; 0: of any number. The error says that no tokens
// spell such a text, or that it is too large.
func (l *Language) Over(v *Vocabulary, length int) (*Tokens, error) {
	v.check()
	t := &Tokens{d: l.d, v: v, length: length, ends: make([]bool, len(v.After))}
	for _, w := range v.Ends {
		t.ends[w] = true
	}
	for _, pieces := range v.Pieces {
		t.tries = append(t.tries, newTrie(pieces, v.Ends))
	}
	if l.d.empty() {
		return nil, errors.New("no text at all satisfies the constraint")
	}
	leads, err := t.leads()
	if err != nil {
		return nil, err
	}
	t.measure(leads)
	start := int32(v.First)
	if !t.accepts(start) && t.least[start] < 0 {
		return nil, errors.New("no text that this model's tokens can spell satisfies the constraint")
	}
	if length > 0 {
		if err := t.count(leads); err != nil {
			return nil, err
		}
		if !t.can(start, length) {
			return nil, fmt.Errorf("no text of exactly %d tokens satisfies the constraint: ask for another length", length)
		}
	}
	return t, nil
}

// leads lists for each state that can be come to those that it leads to, each once.
func (t *Tokens) leads() ([][]int32, error) {
	leads := make([][]int32, t.d.states()*len(t.tries))
	met, round := make([]int32, len(leads)), int32(0) // the last state that leads there
	known := make([]bool, len(leads))
	waiting := []int32{int32(t.v.First)}
	known[waiting[0]] = true
	var states []int32
	steps, pairs := 0, 0
	for len(waiting) > 0 {
		at := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		round++
		steps += t.from(at, &states, func(_, to int32) {
			if met[to] == round {
				return
			}
			met[to] = round
			leads[at] = append(leads[at], to)
			if !known[to] {
				known[to] = true
				waiting = append(waiting, to)
			}
		})
		if pairs += len(leads[at]); steps > mostSteps || pairs > mostLeads {
			return nil, fmt.Errorf("over %d tokens the constraint's %d states are too many: repeat less, or demand less at once", len(t.ends), t.d.states())
		}
	}
	return leads, nil
}

// from calls each with the tokens that may follow a state and the states after them.
func (t *Tokens) from(at int32, states *[]int32, each func(token, to int32)) (steps int) {
	contexts := int32(len(t.tries))
	tree := t.tries[at%contexts]
	*states = slices.Grow((*states)[:0], int(tree.most)+1)
	return walk(tree, *states, at/contexts, func(s int32, b byte) (int32, bool) {
		s = t.d.step(s, b)
		return s, s >= 0
	}, func(tokens []int32, s int32) {
		for _, w := range tokens {
			each(w, s*contexts+int32(t.v.After[w]))
		}
	})
}

// measure finds how far from an end each state is, from the ends back, and drops leads to where there is none.
func (t *Tokens) measure(leads [][]int32) {
	before := make([][]int32, len(leads))
	for at, list := range leads {
		for _, to := range list {
			before[to] = append(before[to], int32(at))
		}
	}
	far := make([]int32, len(leads))
	t.far, t.least = far, make([]int32, len(leads))
	var queue []int32
	for at := range far {
		if far[at], t.least[at] = -1, -1; t.d.accepts[at/len(t.tries)] {
			far[at] = 0
			queue = append(queue, int32(at))
		}
	}
	for len(queue) > 0 {
		to := queue[0]
		queue = queue[1:]
		for _, at := range before[to] {
			if t.least[at] < 0 {
				t.least[at] = far[to] + 1
			}
			if far[at] < 0 {
				far[at] = far[to] + 1
				queue = append(queue, at)
			}
		}
	}
	for at, list := range leads {
		leads[at] = slices.DeleteFunc(list, func(to int32) bool { return far[to] < 0 })
	}
}

// count finds for each number of tokens which states they can complete.
func (t *Tokens) count(leads [][]int32) error {
	if float64(t.length)*float64(len(leads)) > mostExact {
		return fmt.Errorf("exactly %d tokens of a constraint of %d states are too many: ask for fewer", t.length, t.d.states())
	}
	words := (len(leads) + 63) / 64
	last := make([]uint64, words)
	for at := range leads {
		if t.accepts(int32(at)) {
			last[at/64] |= 1 << (at % 64)
		}
	}
	t.complete = [][]uint64{last}
	for range t.length {
		next := make([]uint64, words)
		for at, list := range leads {
			if slices.ContainsFunc(list, func(to int32) bool { return last[to/64]>>(to%64)&1 > 0 }) {
				next[at/64] |= 1 << (at % 64)
			}
		}
		t.complete = append(t.complete, next)
		last = next
	}
	return nil
}

// can says whether exactly so many tokens can complete a state.
func (t *Tokens) can(at int32, left int) bool {
	return t.complete[left][at/64]>>(at%64)&1 > 0
}

// accepts says whether a text of the language may end in a state.
func (t *Tokens) accepts(at int32) bool { return t.far[at] == 0 }

// Start is the state before the first token.
func (t *Tokens) Start() any { return spot{at: int32(t.v.First)} }

// Next is the state after a token, if it may follow.
func (t *Tokens) Next(state any, token int) (any, bool) {
	s := state.(spot)
	switch {
	case s.at < 0:
		return state, false
	case t.ends[token]:
		return spot{at: -1}, t.Accepts(s)
	case t.length > 0 && int(s.written) == t.length:
		return state, false
	}
	contexts := len(t.tries)
	piece := t.v.Pieces[int(s.at)%contexts][token]
	at := t.d.read(s.at/int32(contexts), piece)
	if piece == "" || at < 0 {
		return state, false
	}
	s.at = at*int32(contexts) + int32(t.v.After[token])
	if t.length > 0 {
		s.written++
	}
	return s, true
}

// Accepts says whether a text may end in a state.
func (t *Tokens) Accepts(state any) bool {
	s := state.(spot)
	return s.at < 0 || t.accepts(s.at) && (t.length == 0 || int(s.written) == t.length)
}

// More says whether a text may end after at least one token more and at most left.
func (t *Tokens) More(state any, left int) bool {
	switch s := state.(spot); {
	case s.at < 0:
		return false
	case len(t.v.Ends) > 0 && t.Accepts(s):
		return left > 0
	case t.length == 0:
		return t.least[s.at] > 0 && int(t.least[s.at]) <= left
	default:
		rest := t.length - int(s.written)
		return rest > 0 && rest <= left && t.can(s.at, rest)
	}
}

// Allow clears allowed[w] for each token w that may not follow, or after which no text can end within left tokens more.
func (t *Tokens) Allow(allowed []bool, state any, left int) {
	s := state.(spot)
	end := s.at >= 0 && t.Accepts(s)
	next := 0 // the first token of which nothing was said
	until := func(token int) {
		for ; next < token; next++ {
			allowed[next] = allowed[next] && end && t.ends[next]
		}
	}
	if after := t.length - int(s.written) - 1; s.at >= 0 && (t.length == 0 || after >= 0) {
		for _, f := range t.after(s.at) {
			if t.length == 0 && int(t.far[f.to]) <= left || t.length > 0 && after <= left && t.can(f.to, after) {
				until(int(f.token))
				next++
			}
		}
	}
	until(len(allowed))
}

// after are the tokens that may follow a state, in order.
func (t *Tokens) after(at int32) []followed[int32] {
	return t.follow.get(at, func() (list []followed[int32]) {
		var states []int32
		t.from(at, &states, func(token, to int32) {
			if t.far[to] >= 0 {
				list = append(list, followed[int32]{token, to})
			}
		})
		return list
	})
}
