package data

// A tally counts strings; it numbers them in the order in which each came first.
type tally struct {
	index  *index
	counts []int64
}

func newTally() *tally { return &tally{index: newIndex(nil, 1<<10)} }

// add counts one more of a string, which is kept as it is: a part of a text keeps the text.
func (t *tally) add(word string) int {
	number := t.index.add(word)
	if number == len(t.counts) {
		t.counts = append(t.counts, 0)
	}
	t.counts[number]++
	return number
}
