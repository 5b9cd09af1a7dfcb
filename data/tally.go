package data

import (
	"slices"
	"strings"
)

// A tally counts strings; it numbers them in the order in which each came first.
//
// So that a text of any size can be counted, it holds at most so many different ones: when they are more, those that
// were seen least are forgotten. A string that is kept may then have a count that is too low, by as much as those
// that were forgotten had; the frequent ones are not concerned.
type tally struct {
	index  *index
	counts []int64
	most   int
}

const mostTallied = 1 << 22 // about 250 MB of words

func newTally() *tally { return &tally{index: newIndex(nil, 1<<10), most: mostTallied} }

// add counts one more of a string, of which it keeps a copy.
func (t *tally) add(word string) {
	if number := t.index.find(word); number >= 0 {
		t.counts[number]++
		return
	}
	if len(t.counts) >= t.most {
		t.prune()
	}
	t.index.add(strings.Clone(word))
	t.counts = append(t.counts, 1)
}

// prune forgets the strings that were seen least, half of them at least.
func (t *tally) prune() {
	sorted := slices.Clone(t.counts)
	slices.Sort(sorted)
	least := sorted[len(sorted)/2]
	words, counts := t.index.words, t.counts
	t.index, t.counts = newIndex(nil, t.most), make([]int64, 0, t.most)
	for number, word := range words {
		if counts[number] > least {
			t.index.add(word)
			t.counts = append(t.counts, counts[number])
		}
	}
}
