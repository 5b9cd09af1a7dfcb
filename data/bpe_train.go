package data

import (
	"container/heap"
	"slices"
)

// Training counts the pieces of the text, and then only looks at different pieces: of each pair of
// adjacent tokens it knows how often it occurs and in which pieces. The most frequent pair comes from a
// heap, is merged in its pieces only, and changes the counts of the pairs beside it. An entry of the
// heap may be stale, since counts also fall: then it goes back with the true count. Merging all of a
// text costs O(n log n) in the sum of the lengths of its different pieces; a new count of all pairs for
// each merge, as first published, costs that sum for each token.
//
// Of equally frequent pairs the one of lower ids comes first, ids of bytes being in the order of their
// spelling. This is how the trainer of Hugging Face's tokenizers decides, which learns the same merges.

const (
	trainedPiece = 256 // bytes; of a longer piece each part of so many is one, lest one line without spaces be merged again and again
	leastCount   = 2   // a pair that occurs once is nothing to learn from
)

// TrainBPE learns a byte-level BPE vocabulary of a text, and gives the text in it. The size must be one
// that [CheckBPESize] takes. There are fewer tokens if no pair of tokens that is left occurs twice, and
// none but the bytes if the text is empty. Ids are the bytes first, by their spelling in tokenizer.json, and then
// what was merged, in order.
func TrainBPE(text string, size int) (*Vocab, []int) { return learned(newBPELearner(size), text) }

type trainer struct {
	size   int
	tokens *index
	words  [][]uint32 // the tokens of each different piece
	counts []int64    // of the pieces
	pairs  map[uint64]int32
	infos  []pairInfo
	queue  pairQueue
	grown  []int32 // pairs that the merge at hand makes
}

type pairInfo struct {
	pair  uint64
	count int64
	words []int32 // pieces that have it, or had
	grown bool    // it is in the list of those that the merge at hand makes
}

func newTrainer(pieces *tally, size int) *trainer {
	t := &trainer{size: size, tokens: newIndex(nil, size), counts: pieces.counts, pairs: map[uint64]int32{}}
	var alphabet [256]uint32
	for id, b := range bytesBySpelling() {
		t.tokens.add(string([]byte{b}))
		alphabet[b] = uint32(id)
	}
	all := 0
	for _, piece := range pieces.index.words {
		all += len(piece)
	}
	arena := make([]uint32, 0, all)
	for number, piece := range pieces.index.words {
		start := len(arena)
		for i := range len(piece) {
			arena = append(arena, alphabet[piece[i]])
		}
		word := arena[start:]
		t.words = append(t.words, word)
		for i := 1; i < len(word); i++ {
			t.change(word[i-1], word[i], int32(number), t.counts[number])
		}
	}
	t.push()
	return t
}

// change adds to the count of a pair in a piece.
func (t *trainer) change(left, right uint32, word int32, by int64) {
	pair := pairOf(left, right)
	at, ok := t.pairs[pair]
	if !ok {
		at = int32(len(t.infos))
		t.pairs[pair] = at
		t.infos = append(t.infos, pairInfo{pair: pair})
	}
	info := &t.infos[at]
	info.count += by
	if by < 0 {
		return
	}
	if n := len(info.words); n == 0 || info.words[n-1] != word {
		info.words = append(info.words, word)
	}
	if !info.grown {
		info.grown = true
		t.grown = append(t.grown, at)
	}
}

// push puts the pairs that were made into the queue.
func (t *trainer) push() {
	for _, at := range t.grown {
		info := &t.infos[at]
		info.grown = false
		if info.count >= leastCount {
			heap.Push(&t.queue, queued{info.count, info.pair, at})
		}
	}
	t.grown = t.grown[:0]
}

func (t *trainer) train() *Vocab {
	rules, ids := []uint64{}, []uint32{}
	for len(t.tokens.words) < t.size && len(t.queue) > 0 {
		top := heap.Pop(&t.queue).(queued)
		info := &t.infos[top.at]
		if info.count != top.count {
			if top.count = info.count; top.count >= leastCount {
				heap.Push(&t.queue, top)
			}
			continue
		}
		left, right := uint32(top.pair>>32), uint32(top.pair)
		id := uint32(t.tokens.add(t.tokens.words[left] + t.tokens.words[right])) // which may be there from another pair
		rules, ids = append(rules, top.pair), append(ids, id)
		words := info.words
		info.words = nil
		for _, word := range words {
			t.merge(word, left, right, id)
		}
		t.push()
	}
	tokens := slices.Clip(t.tokens.words)
	merges := newMergeTable(len(rules))
	unique := rules[:0]
	for rank, pair := range rules {
		if merges.add(uint32(pair>>32), uint32(pair), uint32(len(unique)), ids[rank]) {
			unique = append(unique, pair)
		}
	}
	return newBPE(tokens, slices.Clip(unique), merges, false)
}

// merge replaces a pair in a piece by one token.
func (t *trainer) merge(number int32, left, right, id uint32) {
	word, n := t.words[number], t.counts[number]
	merged := word[:0]
	for i := 0; i < len(word); i++ {
		if word[i] != left || i+1 == len(word) || word[i+1] != right {
			merged = append(merged, word[i])
			continue
		}
		if len(merged) > 0 {
			before := merged[len(merged)-1]
			t.change(before, left, number, -n)
			t.change(before, id, number, n)
		}
		if i+2 < len(word) {
			after := word[i+2]
			t.change(right, after, number, -n)
			t.change(id, after, number, n)
		}
		merged = append(merged, id)
		i++
	}
	t.words[number] = merged
}

// queued is a pair with its count when it was put into the queue.
type queued struct {
	count int64
	pair  uint64
	at    int32
}

// A pairQueue is a heap with the most frequent pair at the front.
type pairQueue []queued

func (q pairQueue) Len() int      { return len(q) }
func (q pairQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q pairQueue) Less(i, j int) bool {
	return q[i].count > q[j].count || q[i].count == q[j].count && q[i].pair < q[j].pair
}
func (q *pairQueue) Push(x any) { *q = append(*q, x.(queued)) }
func (q *pairQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
