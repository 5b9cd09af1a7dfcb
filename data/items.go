package data

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
)

// Items is a list cut up for training: each lane reads an item from Begin to End, from a fresh state. Items of like
// length go side by side, so that little is padding, which has weight zero; one longer than a window goes on in the
// next, with the state carried. Which of the items of a length go together, and in which order the groups come, is
// drawn anew in each epoch. A batch is a pure function of (seed, step).
type Items struct {
	tokens      Tokens
	lanes, time int
	seed        uint64
	starts      []int    // where each item begins, and behind the last one where it ends
	byLength    []uint32 // items, short to long
	steps       int      // in an epoch

	mu     sync.Mutex
	epochs map[int]*epoch // in use
}

// epoch is the order of one pass over the list.
type epoch struct {
	items  []uint32 // by length; group g is those from g·lanes on
	groups []uint32 // in the order in which they are read
	first  []int    // step of each of these
}

// NewItems finds the items of a list, each of which begins with the token begin. The error says what does not fit.
func NewItems(tokens Tokens, begin, lanes, time int, seed uint64) (*Items, error) {
	if lanes < 1 || time < 1 {
		return nil, fmt.Errorf("a batch of %d lanes of %d steps: both must be at least 1", lanes, time)
	}
	t := &Items{tokens: tokens, lanes: lanes, time: time, seed: seed, epochs: map[int]*epoch{}}
	buf := make([]int, 1<<12)
	for at := 0; at < tokens.Len(); at += len(buf) {
		buf = buf[:min(len(buf), tokens.Len()-at)]
		if err := tokens.Read(buf, at); err != nil {
			return nil, err
		}
		for i, id := range buf {
			if id == begin {
				t.starts = append(t.starts, at+i)
			}
		}
	}
	if len(t.starts) == 0 {
		return nil, fmt.Errorf("a list without items: there is nothing to read")
	}
	if uint64(len(t.starts)) > 1<<32-1 {
		return nil, fmt.Errorf("a list of %d items: at most %d", len(t.starts), uint64(1<<32-1))
	}
	t.starts = append(t.starts, tokens.Len())
	t.sort()
	for g := 0; g < len(t.byLength); g += lanes {
		t.steps += t.windows(t.byLength, g/lanes)
	}
	return t, nil
}

// sort counts the items of each length and puts each in its place.
func (t *Items) sort() {
	n, longest := len(t.starts)-1, 0
	for i := range n {
		longest = max(longest, t.length(uint32(i)))
	}
	place := make([]int, longest+2)
	for i := range n {
		place[t.length(uint32(i))+1]++
	}
	for l := range longest + 1 {
		place[l+1] += place[l]
	}
	t.byLength = make([]uint32, n)
	for i := range n {
		l := t.length(uint32(i))
		t.byLength[place[l]] = uint32(i)
		place[l]++
	}
}

// length is how many tokens of an item are read: all but End.
func (t *Items) length(i uint32) int { return t.starts[i+1] - t.starts[i] - 1 }

// windows is in how many steps a group is read.
func (t *Items) windows(items []uint32, group int) int {
	last := min((group+1)*t.lanes, len(items)) - 1
	return max(1, (t.length(items[last])+t.time-1)/t.time)
}

// StepsPerEpoch is the number of steps in which the list is read once.
func (t *Items) StepsPerEpoch() int { return t.steps }

// Len is the number of items.
func (t *Items) Len() int { return len(t.byLength) }

// ItemBytes is the memory for each item of a list in training: where it begins, its place by length, and that in two epochs,
// with the groups of twelve lanes or more. Of fewer lanes L they take 24/L bytes instead of 2.
const ItemBytes = 8 + 4 + 2*4 + 2

// ShardLanes is the number of lanes of one shard.
func (t *Items) ShardLanes(shard, shards int) int {
	return (shard+1)*t.lanes/shards - shard*t.lanes/shards
}

// Batch is the part of a step's batch that belongs to one shard. Its windows are as long as the longest of its
// group needs, and at most the time. It fails only if the tokens cannot be read.
func (t *Items) Batch(step, shard, shards int) (Window, error) {
	e := t.epoch(step / t.steps)
	return t.window(e, step%t.steps, shard*t.lanes/shards, t.ShardLanes(shard, shards))
}

// Once reads each item once, short ones first, for evaluation.
func (t *Items) Once() iter.Seq2[Window, error] {
	return func(yield func(Window, error) bool) {
		e := t.order(t.byLength, nil)
		for step := range t.steps {
			if w, err := t.window(e, step, 0, t.lanes); !yield(w, err) || err != nil {
				return
			}
		}
	}
}

// window is some lanes of a step of an epoch.
func (t *Items) window(e *epoch, step, first, lanes int) (Window, error) {
	at := search(e.first, step)
	group, from := int(e.groups[at]), (step-e.first[at])*t.time
	last := min((group+1)*t.lanes, len(e.items)) - 1
	steps := max(1, min(t.time, t.length(e.items[last])-from))
	w := Window{
		Lanes: lanes, Time: steps, Fresh: from == 0,
		Inputs: make([]int, lanes*steps), Targets: make([]int, lanes*steps), Weights: make([]float32, lanes*steps),
	}
	tokens := make([]int, steps+1)
	for lane := range lanes {
		i := group*t.lanes + first + lane
		if i >= len(e.items) {
			break // the last group has fewer
		}
		item := e.items[i]
		there := min(steps, t.length(item)-from)
		if there <= 0 {
			continue
		}
		if err := t.tokens.Read(tokens[:there+1], t.starts[item]+from); err != nil {
			return Window{}, err
		}
		for s := range there {
			j := s*lanes + lane
			w.Inputs[j], w.Targets[j], w.Weights[j] = tokens[s], tokens[s+1], 1
		}
	}
	return w, nil
}

// search is the last of the ascending numbers that is not above n.
func search(ascending []int, n int) int {
	low, high := 0, len(ascending)
	for high-low > 1 {
		if mid := (low + high) / 2; ascending[mid] <= n {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// epoch draws the order of a pass. The one before is kept, since shards may still be at it.
func (t *Items) epoch(number int) *epoch {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.epochs[number]
	if e == nil {
		for old := range t.epochs {
			if old != number-1 {
				delete(t.epochs, old)
			}
		}
		r := rand.New(rand.NewPCG(t.seed, uint64(number)))
		items := append([]uint32(nil), t.byLength...)
		for i := 0; i < len(items); {
			n := i + 1
			for n < len(items) && t.length(items[n]) == t.length(items[i]) {
				n++
			}
			same := items[i:n]
			r.Shuffle(len(same), func(a, b int) { same[a], same[b] = same[b], same[a] })
			i = n
		}
		e = t.order(items, r)
		t.epochs[number] = e
	}
	return e
}

// order puts the groups one after another, by chance if there is any.
func (t *Items) order(items []uint32, r *rand.Rand) *epoch {
	e := &epoch{items: items, groups: make([]uint32, (len(items)+t.lanes-1)/t.lanes)}
	for g := range e.groups {
		e.groups[g] = uint32(g)
	}
	if r != nil {
		r.Shuffle(len(e.groups), func(a, b int) { e.groups[a], e.groups[b] = e.groups[b], e.groups[a] })
	}
	step := 0
	for _, g := range e.groups {
		e.first = append(e.first, step)
		step += t.windows(items, int(g))
	}
	return e
}
