package constrain

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// The most that reading a text by a grammar may come to.
const (
	mostDepth    = 256     // rules that wait for others to end, those at their last symbol not counted
	mostReadings = 64      // ways to read a text that are followed at once
	mostKept     = 1 << 14 // states kept from use to use
)

// A pushdown is a grammar as an automaton over bytes. A text that was read may be read in several ways, each of which is a stack of what is
// still to come: places in rules, and on top the character that is next. A state is the set of these stacks.
//
// The next character is found without reading it, by going down into rules, since none begins with itself. A rule that is the last symbol of
// another takes its place, so that lists of any length need no more stack.
//
// Both depth and the number of stacks are bounded. Of more than mostReadings the ones soonest at an end are followed, and a stack is only kept
// if the way to its end that costs least does not need more than mostDepth. So texts that are nested deeper, or are very ambiguous, may not be
// written, but what can be can always be brought to an end.
type pushdown struct {
	code    []int32   // symbols of all alternatives: a class; a rule, as −1−rule; stop at the end of each
	starts  [][]int32 // of each rule: where its alternatives begin
	classes []*dfa
	// What the rest of an alternative costs from each place in the code: at most so many tokens, at least so many shares of one; and how deep the
	// cheapest way is.
	up, low, deep []int32
	// At most so many tokens for the rest of a character, by class and state.
	upMid [][]int32

	kept  map[string]*pushed
	start *pushed
}

const stop = 1 << 30

// A pushed is a state.
type pushed struct {
	key     string   // what it is known by
	stacks  []string // of each: the state of the class on top, and the places in the code, 4 bytes each, the top last; the empty one is not among them
	accepts bool     // a text may end here: there is an empty stack
	up, low int32    // of the stacks: at most so many tokens, and at least so many shares of one
	next    []*pushed
}

// nowhere is the state after a byte that may not follow.
var nowhere = &pushed{}

// newPushdown makes the automaton. low is the least that a character of a class costs, in shares of a token, up with how many tokens it can be
// written, from each state of its automaton.
func (g *Grammar) newPushdown(low func(c class) int32, up func(c class, d *dfa) []int32) (*pushdown, error) {
	p := &pushdown{kept: map[string]*pushed{}}
	for _, c := range g.classes {
		n := newNFA()
		from, to := n.add(), n.add()
		n.runes(from, c.ranges, to)
		n.nodes[to].accepts = true
		d, err := n.determinize(false)
		if err != nil {
			return nil, err
		}
		p.classes, p.upMid = append(p.classes, d), append(p.upMid, up(c, d))
	}
	ups := g.fixpoint(func(c int32) int32 { return p.upMid[c][0] })
	least := make([]int32, len(g.classes))
	for i, c := range g.classes {
		least[i] = low(c)
	}
	lows := g.fixpoint(func(c int32) int32 { return least[c] })
	for _, r := range g.rules {
		var starts []int32
		for _, alternative := range r.alternatives {
			starts = append(starts, int32(len(p.code)))
			for _, s := range alternative {
				if s.rule >= 0 {
					p.code = append(p.code, -1-s.rule)
				} else {
					p.code = append(p.code, s.class)
				}
			}
			p.code = append(p.code, stop)
		}
		p.starts = append(p.starts, starts)
	}
	p.up, p.low, p.deep = make([]int32, len(p.code)), make([]int32, len(p.code)), make([]int32, len(p.code))
	for at := len(p.code) - 1; at >= 0; at-- {
		switch s := p.code[at]; {
		case s == stop:
		case s < 0:
			p.up[at], p.low[at] = min(never, p.up[at+1]+ups[-1-s]), min(never, p.low[at+1]+lows[-1-s])
		default:
			p.up[at], p.low[at] = min(never, p.up[at+1]+p.upMid[s][0]), min(never, p.low[at+1]+least[s])
		}
	}
	p.deepen(ups, lows)
	p.start = p.state(p.readings([]int32{0, p.begin(g.root)}))
	return p, nil
}

// begin adds an alternative that is nothing but a rule, and gives its place.
func (p *pushdown) begin(rule int32) int32 {
	at := int32(len(p.code))
	cheapest := p.starts[rule][0]
	for _, s := range p.starts[rule] {
		if p.cheaper(s, cheapest) < 0 {
			cheapest = s
		}
	}
	p.code = append(p.code, -1-rule, stop)
	p.up, p.low, p.deep = append(p.up, p.up[cheapest], 0), append(p.low, p.low[cheapest], 0), append(p.deep, 1+p.deep[cheapest], 0)
	return at
}

// cheaper compares places by what they cost.
func (p *pushdown) cheaper(a, b int32) int {
	return cmp.Or(cmp.Compare(p.up[a], p.up[b]), cmp.Compare(p.low[a], p.low[b]))
}

// deepen finds how deep the cheapest way from each place is, rule by rule until nothing becomes less.
func (p *pushdown) deepen(ups, lows []int32) {
	rules := make([]int32, len(p.starts))
	for r := range rules {
		rules[r] = never
	}
	for changed := true; changed; {
		changed = false
		for r := len(rules) - 1; r >= 0; r-- {
			for _, start := range p.starts[r] {
				end := start
				for p.code[end] != stop {
					end++
				}
				for at := end - 1; at >= start; at-- {
					p.deep[at] = p.deep[at+1]
					if s := p.code[at]; s < 0 {
						down := rules[-1-s]
						if p.code[at+1] != stop {
							down = min(never, down+1)
						}
						p.deep[at] = max(p.deep[at], down)
					}
				}
				if p.up[start] == ups[r] && (ups[r] < never || p.low[start] == lows[r]) && p.deep[start] < rules[r] {
					rules[r], changed = p.deep[start], true
				}
			}
		}
	}
}

// state is that of some readings; nowhere if there are none.
func (p *pushdown) state(readings []reading) *pushed {
	if len(readings) == 0 {
		return nowhere
	}
	s := &pushed{up: never, low: never}
	for _, r := range readings {
		if len(r.stack) == 1 {
			s.accepts = true
			continue
		}
		s.stacks = append(s.stacks, pack(r.stack))
		s.up, s.low = min(s.up, r.up), min(s.low, r.low)
	}
	slices.Sort(s.stacks)
	var key []byte
	if s.accepts {
		key = append(key, 1)
	}
	for _, stack := range s.stacks {
		key = binary.LittleEndian.AppendUint32(key, uint32(len(stack)))
		key = append(key, stack...)
	}
	s.key = string(key)
	return p.keep(s)
}

// keep is the state as it is known, if it is.
func (p *pushdown) keep(s *pushed) *pushed {
	if known, ok := p.kept[s.key]; ok {
		return known
	}
	if len(p.kept) >= mostKept {
		clear(p.kept)
	}
	p.kept[s.key] = s
	return s
}

// known is the state of a key, made again if it was not kept.
func (p *pushdown) known(key string) *pushed {
	if s, ok := p.kept[key]; ok {
		return s
	}
	var readings []reading
	rest := key
	if len(rest)%4 == 1 {
		rest = rest[1:]
		readings = append(readings, reading{stack: []int32{0}})
	}
	for len(rest) > 0 {
		n := int(binary.LittleEndian.Uint32([]byte(rest[:4])))
		readings = append(readings, p.cost(unpack(rest[4:4+n])))
		rest = rest[4+n:]
	}
	return p.state(readings)
}

// step is the state after a byte; nowhere if it may not follow.
func (p *pushdown) step(s *pushed, b byte) *pushed {
	if s.next == nil {
		s.next = make([]*pushed, 256)
	}
	if to := s.next[b]; to != nil {
		return to
	}
	var after [][]int32
	for _, packed := range s.stacks {
		top := len(packed) - 4
		c := p.code[binary.LittleEndian.Uint32([]byte(packed[top:]))]
		mid := p.classes[c].step(int32(binary.LittleEndian.Uint32([]byte(packed[:4]))), b)
		if mid < 0 {
			continue
		}
		stack := unpack(packed)
		if p.classes[c].accepts[mid] { // the character is whole
			stack[0] = 0
			stack[len(stack)-1]++
		} else {
			stack[0] = mid
		}
		after = append(after, stack)
	}
	to := p.state(p.readings(after...))
	s.next[b] = to
	return to
}
