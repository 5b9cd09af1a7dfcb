package data

import (
	"hash/maphash"
	"math/bits"
)

// A mergeTable finds the merge of two adjacent tokens, if there is one. Like [index] it is a table of
// open addressing with linear probing, two thirds full at most.
type mergeTable struct {
	slots []mergeSlot
}

type mergeSlot struct {
	pair uint64 // left<<32 | right
	rank uint32 // lower ranks merge first; one more than the rank, 0: a free slot
	id   uint32 // of both together
}

func pairOf(left, right uint32) uint64 { return uint64(left)<<32 | uint64(right) }

func newMergeTable(n int) *mergeTable {
	return &mergeTable{slots: make([]mergeSlot, n+n/2+2)}
}

// pairSeeds make where a pair stands unknown to whoever makes a file of merges.
var pairSeeds = [2]uint64{maphash.Comparable(hashSeed, 0), maphash.Comparable(hashSeed, 1) | 1}

func (m *mergeTable) probe(pair uint64) *mergeSlot {
	hi, lo := bits.Mul64(pair^pairSeeds[0], pairSeeds[1])
	at, _ := bits.Mul64(hi^lo, uint64(len(m.slots)))
	for {
		slot := &m.slots[at]
		if slot.rank == 0 || slot.pair == pair {
			return slot
		}
		if at++; at == uint64(len(m.slots)) {
			at = 0
		}
	}
}

// find gives the rank of a pair and the token it becomes; noMerge if there is none.
func (m *mergeTable) find(left, right uint32) (rank, id uint32) {
	slot := m.probe(pairOf(left, right))
	return slot.rank - 1, slot.id
}

const noMerge = 1<<32 - 1 // a rank above all ranks

// add adds a merge, and says whether the pair had none before.
func (m *mergeTable) add(left, right, rank, id uint32) bool {
	slot := m.probe(pairOf(left, right))
	if slot.rank != 0 {
		return false
	}
	*slot = mergeSlot{pairOf(left, right), rank + 1, id}
	return true
}

func (m *mergeTable) bytes() int64 { return 16 * int64(len(m.slots)) }

// short is up to how many tokens of a piece the best pair is looked for one by one, which for these
// is faster than a heap.
const short = 48

// merge merges the tokens of a piece, lowest rank first and of these the leftmost first, until no pair
// can be merged. The result is the front of ids. A piece of n bytes costs O(n log n), and 20 bytes of
// memory for each if it is long.
func (m *mergeTable) merge(ids []uint32, s *scratch) []uint32 {
	if len(ids) > short {
		return m.mergeLong(ids, s)
	}
	var ranks, merged [short]uint32 // of each token with the next
	for i := 0; i+1 < len(ids); i++ {
		ranks[i], merged[i] = m.find(ids[i], ids[i+1])
	}
	for n := len(ids) - 1; n > 0; n-- {
		best, at := uint32(noMerge), 0
		for i, rank := range ranks[:n] {
			if rank < best {
				best, at = rank, i
			}
		}
		if best == noMerge {
			break
		}
		ids[at] = merged[at]
		copy(ids[at+1:], ids[at+2:])
		copy(ranks[at:], ranks[at+1:n])
		copy(merged[at:], merged[at+1:n])
		ids = ids[:n]
		if at > 0 {
			ranks[at-1], merged[at-1] = m.find(ids[at-1], ids[at])
		}
		if at+1 < n {
			ranks[at], merged[at] = m.find(ids[at], ids[at+1])
		}
	}
	return ids
}

// scratch is memory of mergeLong, kept from piece to piece.
type scratch struct {
	next, prev []int32
	heap       []uint64 // rank<<32 | position of the left token
}

// mergeLong keeps the pairs in a heap and the tokens in a list linked both ways. An entry of the heap is
// stale if its tokens are no longer there or no longer adjacent: then the pair at its position has
// another rank, or none.
func (m *mergeTable) mergeLong(ids []uint32, s *scratch) []uint32 {
	const gone = 1<<32 - 1 // the right part of a merged pair
	n := len(ids)
	if cap(s.next) < n {
		s.next, s.prev = make([]int32, n), make([]int32, n)
	}
	next, prev := s.next[:n], s.prev[:n]
	if cap(s.heap) < n {
		s.heap = make([]uint64, 0, n)
	}
	heap := s.heap[:0]
	for i := range ids {
		next[i], prev[i] = int32(i+1), int32(i-1)
		if i+1 < n {
			if rank, _ := m.find(ids[i], ids[i+1]); rank != noMerge {
				heap = append(heap, uint64(rank)<<32|uint64(i))
			}
		}
	}
	for i := len(heap)/2 - 1; i >= 0; i-- {
		siftDown(heap, i)
	}
	for len(heap) > 0 {
		top := heap[0]
		heap[0] = heap[len(heap)-1]
		heap = heap[:len(heap)-1]
		siftDown(heap, 0)
		at := int(uint32(top))
		right := int(next[at])
		if ids[at] == gone || right == n {
			continue
		}
		rank, id := m.find(ids[at], ids[right])
		if rank != uint32(top>>32) {
			continue
		}
		ids[at], ids[right] = id, gone
		after := int(next[right])
		next[at] = int32(after)
		if after < n {
			prev[after] = int32(at)
			if rank, _ := m.find(id, ids[after]); rank != noMerge {
				heap = pushHeap(heap, uint64(rank)<<32|uint64(at))
			}
		}
		if before := int(prev[at]); before >= 0 {
			if rank, _ := m.find(ids[before], id); rank != noMerge {
				heap = pushHeap(heap, uint64(rank)<<32|uint64(before))
			}
		}
	}
	s.heap = heap
	kept := ids[:0]
	for at := 0; at < n; at = int(next[at]) {
		kept = append(kept, ids[at])
	}
	return kept
}

// siftDown moves the entry at i of a heap of the smallest down to its place.
func siftDown(heap []uint64, i int) {
	for {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && heap[child+1] < heap[child] {
			child++
		}
		if heap[i] <= heap[child] {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}

func pushHeap(heap []uint64, x uint64) []uint64 {
	heap = append(heap, x)
	for i := len(heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if heap[parent] <= heap[i] {
			break
		}
		heap[parent], heap[i] = heap[i], heap[parent]
		i = parent
	}
	return heap
}
