package constrain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Vocabulary is what tokens add to a text.
//
// That may depend on the token before, as a word brings a space unless it begins a line: so tokens are spelled in contexts, of which there are few, and
// the token before says which it is.
type Vocabulary struct {
	Pieces [][]string // by context and token; "" of one that is no text, which is never written, such as one for all unknown words
	After  []int      // by token: the context of the next one
	First  int        // the context of the first token that is written
	Ends   []int      // tokens that end a text, allowed where it may end; their pieces do not matter
}

// check panics where the lengths do not fit.
func (v *Vocabulary) check() {
	for _, pieces := range v.Pieces {
		if len(pieces) != len(v.After) {
			panic(fmt.Sprintf("constrain: %d pieces of %d tokens", len(pieces), len(v.After)))
		}
	}
}

// A trie has the pieces of a context, nodes in the order in which a walk in depth comes to them. The root, which is no node, has depth 0.
type trie struct {
	char  []byte
	depth []int32 // of the node before: 0 of the children of the root
	skip  []int32 // the first node that is not below
	first []int32 // of each node: its first token in tokens; and their number
	token []int32
	most  int32 // the largest depth of a node
}

func newTrie(pieces []string, ends []int) *trie {
	var order []int32
	for w, p := range pieces {
		if p != "" && !slices.Contains(ends, w) {
			order = append(order, int32(w))
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(strings.Compare(pieces[a], pieces[b]), cmp.Compare(a, b))
	})
	t, path, last := &trie{}, []int32{}, "" // path: the nodes of last
	for _, w := range order {
		p := pieces[w]
		same := 0
		for same < min(len(p), len(last)) && p[same] == last[same] {
			same++
		}
		for _, n := range path[same:] {
			t.skip[n] = int32(len(t.char))
		}
		path = path[:same]
		for i := same; i < len(p); i++ {
			path = append(path, int32(len(t.char)))
			t.char, t.depth, t.skip = append(t.char, p[i]), append(t.depth, int32(i)), append(t.skip, 0)
			t.first = append(t.first, int32(len(t.token)))
		}
		t.token, t.most, last = append(t.token, w), max(t.most, int32(len(p))), p
	}
	for _, n := range path {
		t.skip[n] = int32(len(t.char))
	}
	t.first = append(t.first, int32(len(t.token)))
	return t
}

// tokens are those whose piece ends at a node. They are numbered after those of the nodes before it and before those below it.
func (t *trie) tokens(n int) []int32 { return t.token[t.first[n]:t.first[n+1]] }

// walk follows the pieces from a state on as far as step goes along, and calls each with the tokens that it comes to, and their states. It says how
// many steps it took. states is reused.
func walk[S any](t *trie, states []S, from S, step func(s S, b byte) (S, bool), each func(tokens []int32, s S)) (steps int) {
	states = slices.Grow(states[:0], int(t.most)+1)[:t.most+1]
	states[0] = from
	for n := 0; n < len(t.char); {
		steps++
		s, ok := step(states[t.depth[n]], t.char[n])
		if !ok {
			n = int(t.skip[n])
			continue
		}
		states[t.depth[n]+1] = s
		if tokens := t.tokens(n); len(tokens) > 0 {
			each(tokens, s)
		}
		n++
	}
	return steps
}
