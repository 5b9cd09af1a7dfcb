package constrain

import (
	"encoding/binary"
	"errors"
)

// errTooLarge is that of an automaton beyond the bounds.
var errTooLarge = errors.New("it comes to more states than are allowed, 131072: repeat less, or demand less at once")

// A dfa is a deterministic automaton over bytes: the arcs of each state are sorted and do not overlap, and where there is none the text cannot
// go on. State 0 is the first.
type dfa struct {
	first   []int32 // of each state: its first arc; and the number of all arcs
	arcs    []arc
	accepts []bool
}

func (d *dfa) states() int { return len(d.accepts) }

func (d *dfa) of(state int32) []arc { return d.arcs[d.first[state]:d.first[state+1]] }

// lead adds an arc to the last state.
func (d *dfa) lead(lo, hi byte, to int32) {
	if n := len(d.arcs); n > int(d.first[len(d.first)-1]) && d.arcs[n-1].to == to && int(d.arcs[n-1].hi)+1 == int(lo) {
		d.arcs[n-1].hi = hi
		return
	}
	d.arcs = append(d.arcs, arc{lo, hi, to})
}

// step is the state after a byte; −1 if there is none.
func (d *dfa) step(state int32, b byte) int32 {
	arcs := d.of(state)
	for len(arcs) > 0 {
		switch m := len(arcs) / 2; {
		case b < arcs[m].lo:
			arcs = arcs[:m]
		case b > arcs[m].hi:
			arcs = arcs[m+1:]
		default:
			return arcs[m].to
		}
	}
	return -1
}

// read is the state after a text; −1 if there is none.
func (d *dfa) read(state int32, text string) int32 {
	for i := 0; i < len(text) && state >= 0; i++ {
		state = d.step(state, text[i])
	}
	return state
}

// empty says whether it accepts no text.
func (d *dfa) empty() bool { return d.states() == 1 && !d.accepts[0] && len(d.arcs) == 0 }

// trimmed drops states that cannot be come to, and those from which no text can end.
func (d *dfa) trimmed() *dfa {
	before := make([][]int32, d.states())
	for s := range before {
		for _, a := range d.of(int32(s)) {
			before[a.to] = append(before[a.to], int32(s))
		}
	}
	alive := make([]bool, d.states())
	var waiting []int32
	for s, ok := range d.accepts {
		if ok {
			alive[s] = true
			waiting = append(waiting, int32(s))
		}
	}
	for len(waiting) > 0 {
		at := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		for _, s := range before[at] {
			if !alive[s] {
				alive[s] = true
				waiting = append(waiting, s)
			}
		}
	}
	number := make([]int32, d.states()) // plus 1
	number[0] = 1
	order, t := []int32{0}, &dfa{}
	for i := 0; i < len(order); i++ {
		t.first, t.accepts = append(t.first, int32(len(t.arcs))), append(t.accepts, d.accepts[order[i]])
		for _, a := range d.of(order[i]) {
			if !alive[a.to] {
				continue
			}
			if number[a.to] == 0 {
				order = append(order, a.to)
				number[a.to] = int32(len(order))
			}
			t.lead(a.lo, a.hi, number[a.to]-1)
		}
	}
	t.first = append(t.first, int32(len(t.arcs)))
	return t
}

// minimal merges states that accept the same rests (Moore 1956): they are told apart by whether they accept, then by the classes that their
// arcs lead to, until that tells no more of them apart. Where it takes long they stay as they are, which is as right.
func (d *dfa) minimal() *dfa {
	const most = 1 << 26 // arcs looked at
	class, classes := make([]int32, d.states()), 1
	for s, ok := range d.accepts {
		if ok {
			class[s] = 1
		}
	}
	next := make([]int32, d.states())
	var key []byte
	for round := 0; ; round++ {
		index := map[string]int32{}
		for s := range next {
			key = binary.LittleEndian.AppendUint32(key[:0], uint32(class[s]))
			last := arc{to: -1}
			for _, a := range d.of(int32(s)) {
				to := class[a.to]
				if to == last.to && int(last.hi)+1 == int(a.lo) {
					key[len(key)-5], last.hi = a.hi, a.hi
					continue
				}
				key = append(key, a.lo, a.hi)
				key = binary.LittleEndian.AppendUint32(key, uint32(to))
				last = arc{a.lo, a.hi, to}
			}
			c, ok := index[string(key)]
			if !ok {
				c = int32(len(index))
				index[string(key)] = c
			}
			next[s] = c
		}
		class, next = next, class
		fresh := len(index) - classes
		if classes = len(index); fresh == 0 && round > 0 {
			break
		}
		if round > 64 && fresh < 8 || round*(len(d.arcs)+d.states()) > most { // a long chain, say
			return d
		}
	}
	m := &dfa{}
	for s, c := range class { // classes are numbered as they are come to, so state 0 is of class 0
		if int(c) < len(m.accepts) {
			continue
		}
		m.first, m.accepts = append(m.first, int32(len(m.arcs))), append(m.accepts, d.accepts[s])
		for _, a := range d.of(int32(s)) {
			m.lead(a.lo, a.hi, class[a.to])
		}
	}
	m.first = append(m.first, int32(len(m.arcs)))
	return m
}

// intersect is the automaton of the texts that both accept: its states are pairs of theirs.
func intersect(a, b *dfa) (*dfa, error) {
	type pair struct{ a, b int32 }
	index, pairs, d := map[pair]int32{{}: 0}, []pair{{}}, &dfa{}
	for i := 0; i < len(pairs); i++ {
		p := pairs[i]
		d.first, d.accepts = append(d.first, int32(len(d.arcs))), append(d.accepts, a.accepts[p.a] && b.accepts[p.b])
		for x, y := a.of(p.a), b.of(p.b); len(x) > 0 && len(y) > 0; {
			if lo, hi := max(x[0].lo, y[0].lo), min(x[0].hi, y[0].hi); lo <= hi {
				to := pair{x[0].to, y[0].to}
				if _, ok := index[to]; !ok {
					index[to] = int32(len(pairs))
					pairs = append(pairs, to)
				}
				d.lead(lo, hi, index[to])
			}
			if x[0].hi <= y[0].hi {
				x = x[1:]
			} else {
				y = y[1:]
			}
		}
		if len(pairs) > mostStates || len(d.arcs) > mostArcs {
			return nil, errTooLarge
		}
	}
	d.first = append(d.first, int32(len(d.arcs)))
	return d.trimmed().minimal(), nil
}

// anything accepts every string of bytes.
func anything() *dfa {
	return &dfa{first: []int32{0, 1}, arcs: []arc{{0, 255, 0}}, accepts: []bool{true}}
}
