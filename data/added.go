package data

import (
	"slices"
	"strings"
)

// Tokens may be added to a model's own, as GPT-2's <|endoftext|>. In a text they are looked for before
// anything else, at each place the longest first, and what stands between them is encoded section by
// section, each as if it were a text. Hugging Face's library looks in two rounds: first for those that
// it does not normalize, then in what is left for the others.

// An addedToken is one of them as its file says.
type addedToken struct {
	id                  int
	content             string
	special, normalized bool
}

// addedTokens are those of a vocabulary, but for Begin and End.
type addedTokens struct {
	list    []addedToken // by id
	rounds  [][]addedToken
	longest int
}

// newAdded is nil if there are none.
func newAdded(list []addedToken) *addedTokens {
	if len(list) == 0 {
		return nil
	}
	a := &addedTokens{list: list}
	for _, normalized := range []bool{false, true} {
		var round []addedToken
		for _, t := range list {
			a.longest = max(a.longest, len(t.content))
			if t.normalized == normalized {
				round = append(round, t)
			}
		}
		if round != nil {
			slices.SortStableFunc(round, func(x, y addedToken) int { return len(y.content) - len(x.content) })
			a.rounds = append(a.rounds, round)
		}
	}
	return a
}

// split calls each with the sections of a text, of id −1, and the added tokens between them, in order.
func (a *addedTokens) split(text string, each func(at int, section string, id int)) {
	splitRounds(a.rounds, 0, text, each)
}

func splitRounds(rounds [][]addedToken, at int, text string, each func(at int, section string, id int)) {
	if text == "" {
		return
	}
	if len(rounds) == 0 {
		each(at, text, -1)
		return
	}
	var first [256]bool
	for _, t := range rounds[0] {
		first[t.content[0]] = true
	}
	start := 0
search:
	for i := 0; i < len(text); i++ {
		if !first[text[i]] {
			continue
		}
		for _, t := range rounds[0] {
			if strings.HasPrefix(text[i:], t.content) {
				splitRounds(rounds[1:], at+start, text[start:i], each)
				each(at+i, t.content, t.id)
				start = i + len(t.content)
				i = start - 1
				continue search
			}
		}
	}
	splitRounds(rounds[1:], at+start, text[start:], each)
}

// mayCut says whether no added token can stand across a place of a text, whatever follows the text,
// and none begins behind the place, where it would end a section.
func (a *addedTokens) mayCut(text string, at int) bool {
	if a == nil {
		return true
	}
	for start := max(0, at-a.longest+1); start < at+8 && start < len(text); start++ {
		for _, t := range a.list {
			n := min(len(t.content), len(text)-start)
			if start+len(t.content) > at && text[start:start+n] == t.content[:n] {
				return false
			}
		}
	}
	return true
}

// has says whether a token is one of them.
func (a *addedTokens) has(id int) bool {
	return a != nil && slices.ContainsFunc(a.list, func(t addedToken) bool { return t.id == id })
}

// withItems lists them by id, with those that stand around an item, if the vocabulary has some.
func (a *addedTokens) withItems(v *Vocab) []addedToken {
	var list []addedToken
	if a != nil {
		list = append(list, a.list...)
	}
	if v.hasItems() {
		list = append(list, addedToken{id: v.Begin, content: beginName, special: true}, addedToken{id: v.End, content: endName, special: true})
	}
	slices.SortFunc(list, func(x, y addedToken) int { return x.id - y.id })
	return list
}
