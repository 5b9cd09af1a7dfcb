package constrain

import (
	"encoding/binary"
	"slices"
)

// The most that automata may come to. What is larger is refused in words, whatever it was made from.
const (
	mostNodes  = 1 << 20 // of a nondeterministic one
	mostStates = 1 << 17 // of a deterministic one
	mostArcs   = 1 << 22 // of a deterministic one
	mostPlaces = 1 << 24 // nodes of all sets that states stand for
)

// An nfa is a nondeterministic automaton over bytes. Nodes are numbered from 0, where it begins.
type nfa struct {
	nodes []nfaNode
	tails map[tail]int32 // nodes that the last bytes of characters share
}

type nfaNode struct {
	arcs            []arc
	empty           []int32 // may be gone to without a byte,
	atStart, atStop []int32 // at the beginning of the text, at its end
	accepts         bool
	whole           bool // stands between characters
}

// An arc leads on by any byte of a range.
type arc struct {
	lo, hi byte
	to     int32
}

// A tail is what a node that waits for one more byte is known by.
type tail struct {
	span
	to int32
}

func newNFA() *nfa { return &nfa{tails: map[tail]int32{}} }

func (n *nfa) add() int32 {
	n.nodes = append(n.nodes, nfaNode{})
	return int32(len(n.nodes) - 1)
}

// runes lets characters of ranges, which are pairs of a first and a last, lead from a node to another.
func (n *nfa) runes(from int32, ranges []rune, to int32) {
	for i := 0; i < len(ranges); i += 2 {
		sequences(ranges[i], ranges[i+1], func(spans []span) {
			at := to
			for i, s := range slices.Backward(spans) {
				if i == 0 {
					n.nodes[from].arcs = append(n.nodes[from].arcs, arc{s.lo, s.hi, at})
					break
				}
				key := tail{s, at}
				node, ok := n.tails[key]
				if !ok {
					node = n.add()
					n.nodes[node].arcs = []arc{{s.lo, s.hi, at}}
					n.tails[key] = node
				}
				at = node
			}
		})
	}
}

// text lets a text lead from a node to another.
func (n *nfa) text(from int32, text string, to int32) {
	for i := range len(text) {
		next := to
		if i < len(text)-1 {
			next = n.add()
		}
		n.nodes[from].arcs = append(n.nodes[from].arcs, arc{text[i], text[i], next})
		from = next
	}
}

// A subset is a state of the deterministic automaton in the making: nodes of n, sorted.
type subset struct {
	n       *nfa
	nodes   []int32
	stamp   []int32 // by node: the round in which it was added last
	round   int32
	waiting []int32
}

// close adds what can be gone to without a byte.
func (s *subset) close(nodes []int32, start, stop bool) {
	s.round++
	s.nodes, s.waiting = s.nodes[:0], append(s.waiting[:0], nodes...)
	for len(s.waiting) > 0 {
		at := s.waiting[len(s.waiting)-1]
		s.waiting = s.waiting[:len(s.waiting)-1]
		if s.stamp[at] == s.round {
			continue
		}
		s.stamp[at] = s.round
		node := &s.n.nodes[at]
		if len(node.arcs) > 0 || node.accepts || node.whole || len(node.atStop) > 0 {
			s.nodes = append(s.nodes, at)
		}
		s.waiting = append(s.waiting, node.empty...)
		if start {
			s.waiting = append(s.waiting, node.atStart...)
		}
		if stop {
			s.waiting = append(s.waiting, node.atStop...)
		}
	}
	slices.Sort(s.nodes)
}

// accepts says whether a text may end in a set of nodes; whole, whether it does not end within a character.
func (n *nfa) accepts(nodes []int32) (accepts, whole bool) {
	for _, at := range nodes {
		accepts, whole = accepts || n.nodes[at].accepts, whole || n.nodes[at].whole
	}
	return accepts, whole
}

// determinize makes the automaton that is in one state at a time, each of which stands for a set of nodes. With complement it accepts the
// other texts, if all that are texts have a way through n whose nodes say where a character is whole.
func (n *nfa) determinize(complement bool) (*dfa, error) {
	if len(n.nodes) > mostNodes {
		return nil, errTooLarge
	}
	d := &dfa{}
	s := &subset{n: n, stamp: make([]int32, len(n.nodes))}
	index, sets, places := map[string]int32{}, []string{}, 0
	var key []byte
	number := func(nodes []int32, start bool) (int32, error) {
		s.close(nodes, start, false)
		key = key[:0]
		for _, at := range s.nodes {
			key = binary.LittleEndian.AppendUint32(key, uint32(at))
		}
		if start {
			key = append(key, 1)
		}
		if state, ok := index[string(key)]; ok {
			return state, nil
		}
		state := int32(len(sets))
		places += len(s.nodes)
		if state >= mostStates || places > mostPlaces || len(d.arcs) > mostArcs {
			return 0, errTooLarge
		}
		set := string(key)
		index[set], sets = state, append(sets, set)
		s.close(slices.Clone(s.nodes), start, true)
		accepts, whole := n.accepts(s.nodes)
		if complement {
			accepts = whole && !accepts
		}
		d.accepts = append(d.accepts, accepts)
		return state, nil
	}
	if _, err := number([]int32{0}, true); err != nil {
		return nil, err
	}
	var targets [256][]int32 // by byte
	for state := 0; state < len(sets); state++ {
		for b := range targets {
			targets[b] = targets[b][:0]
		}
		for set := sets[state]; len(set) >= 4; set = set[4:] {
			for _, a := range n.nodes[binary.LittleEndian.Uint32([]byte(set[:4]))].arcs {
				for b := int(a.lo); b <= int(a.hi); b++ {
					targets[b] = append(targets[b], a.to)
				}
			}
		}
		d.first = append(d.first, int32(len(d.arcs)))
		for b, list := range targets {
			switch {
			case len(list) == 0:
			case b > 0 && slices.Equal(list, targets[b-1]):
				d.arcs[len(d.arcs)-1].hi = byte(b)
			default:
				to, err := number(list, false)
				if err != nil {
					return nil, err
				}
				d.lead(byte(b), byte(b), to)
			}
		}
	}
	d.first = append(d.first, int32(len(d.arcs)))
	return d.trimmed().minimal(), nil
}
