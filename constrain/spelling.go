package constrain

import (
	"unicode/utf8"
)

// A spelling says which characters pieces have.
type spelling struct {
	whole  map[rune]int  // in pieces that are whole characters: how many the longest of these has
	alone  map[rune]bool // those that are a piece, in all contexts
	bytes  [256]bool     // in pieces that are not whole characters, or are a byte
	byte   [256]bool     // those that are a piece, in all contexts
	widest int           // how many characters begin in a piece at the most, of those that are not whole characters
}

// spelling looks through the pieces.
func (n *Nested) spelling() *spelling {
	s := &spelling{whole: map[rune]int{}, alone: map[rune]bool{}, widest: 1}
	for w := range n.v.After {
		if n.ends[w] {
			continue
		}
		first := n.v.Pieces[0][w]
		same := true
		for _, pieces := range n.v.Pieces {
			piece := pieces[w]
			same = same && piece == first
			if utf8.ValidString(piece) {
				for _, r := range piece {
					s.whole[r] = max(s.whole[r], utf8.RuneCountInString(piece))
				}
				continue
			}
			begun := 0
			for i := range len(piece) {
				s.bytes[piece[i]] = true
				if utf8.RuneStart(piece[i]) {
					begun++
				}
			}
			s.widest = max(s.widest, begun)
		}
		if same && len(first) == 1 {
			s.byte[first[0]] = true
		}
		if r, size := utf8.DecodeRuneInString(first); same && size > 0 && size == len(first) && utf8.ValidString(first) {
			s.alone[r] = true
		}
	}
	return s
}

// share is what a token is worth: a character of a piece of n costs share/n, rounded down.
const share = 1 << 12

// least is the least that a character of a class can cost: its share of the longest piece that has it whole; or, where its bytes are in pieces that are
// not whole characters, of the longest of these. It is never if it cannot be spelled.
func (s *spelling) least(c class) int32 {
	longest := 0
	for r, n := range s.whole {
		if n > longest && c.has(r) {
			longest = n
		}
	}
	for i := 0; i < len(c.ranges) && longest < s.widest; i += 2 {
		sequences(c.ranges[i], c.ranges[i+1], func(spans []span) {
			all := true
			for _, span := range spans {
				all = all && some(s.bytes[:], span.lo, span.hi)
			}
			if all {
				longest = max(longest, s.widest)
			}
		})
	}
	if longest == 0 {
		return never
	}
	return share / int32(longest)
}

func some(bytes []bool, lo, hi byte) bool {
	for b := int(lo); b <= int(hi); b++ {
		if bytes[b] {
			return true
		}
	}
	return false
}

// tokens is with how many tokens, each a character or a byte, what is left of a character can be written, from each state of its automaton.
func (s *spelling) tokens(c class, d *dfa) []int32 {
	cost := make([]int32, d.states())
	for state, accepts := range d.accepts {
		if !accepts {
			cost[state] = never
		}
	}
	for changed := true; changed; {
		changed = false
		for state := range cost {
			for _, a := range d.of(int32(state)) {
				if cost[a.to]+1 < cost[state] && some(s.byte[:], a.lo, a.hi) {
					cost[state], changed = cost[a.to]+1, true
				}
			}
		}
	}
	for r := range s.alone {
		if c.has(r) {
			cost[0] = 1
		}
	}
	return cost
}
