package decode

import (
	"encoding/binary"
	"math"
	"slices"
	"sort"
)

// An automaton is all of a request that says where a sequence may go and where it ends, whatever the model: tokens that end it, stop
// strings and a constraint. Its states are numbered as they are come to; 0 is the first.
type automaton struct {
	req   *Request
	mask  *mask
	index map[ending]int32
	list  []ending
}

// ending is a state: the constraint's, how much of each stop string is written, and with these the last token, since a piece may depend
// on the one before it.
type ending struct {
	at      any
	matched string // 4 bytes each
	prev    int
}

func newAutomaton(e *expander) *automaton {
	a := &automaton{req: e.req, mask: &e.mask, index: map[ending]int32{}}
	start := ending{at: e.mask.start(), matched: numbers(make([]int, len(e.mask.stops)))}
	if len(e.mask.stops) > 0 {
		start.prev = e.before(e.root())
	}
	a.number(start)
	return a
}

// numbers are as a string, which can be compared: 4 bytes each.
func numbers(list []int) string {
	var b []byte
	for _, n := range list {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return string(b)
}

func (a *automaton) number(s ending) int32 {
	n, ok := a.index[s]
	if !ok {
		n = int32(len(a.list))
		a.index[s], a.list = n, append(a.list, s)
	}
	return n
}

// next is the state after a token, when at most left may follow it. ended says that the sequence is complete with it, and would be with less
// left; ok is false if the token may not be written here.
func (a *automaton) next(state int32, token, left int) (next int32, ended, ok bool) {
	c := a.req.Constraint
	if c == nil && len(a.mask.stops) == 0 {
		return state, slices.Contains(a.req.Ends, token), true
	}
	s := a.list[state]
	if c != nil {
		if s.at, ok = c.Next(s.at, token); !ok {
			return 0, false, false
		}
	}
	ended = slices.Contains(a.req.Ends, token)
	if len(a.mask.stops) > 0 {
		matched := make([]int, len(a.mask.stops))
		for i := range matched {
			matched[i] = int(binary.LittleEndian.Uint32([]byte(s.matched[4*i:])))
		}
		ended = a.mask.stopped(s.prev, token, matched) || ended
		s.matched, s.prev = numbers(matched), token
	}
	if ended {
		return 0, true, c == nil || c.Accepts(s.at)
	}
	switch {
	case c == nil:
	case !within(c, s.at, left):
		return 0, false, false
	case full(c, s.at, left):
		return 0, true, true
	}
	return a.number(s), false, true
}

// room is how many tokens must be left in a state for a sequence to go on, 0 if it cannot be complete there: with fewer it is complete.
func (a *automaton) room(state int32) int {
	c := a.req.Constraint
	switch {
	case c == nil:
		return 1
	case !c.Accepts(a.list[state].at):
		return 0
	}
	s := a.list[state].at
	if !c.More(s, a.req.Length) {
		return math.MaxInt32
	}
	return sort.Search(a.req.Length, func(left int) bool { return c.More(s, left) })
}
