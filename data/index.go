package data

import (
	"hash/maphash"
	"math/bits"
)

// An index numbers strings in the order in which they are added, and finds the number of one without
// allocating. It is a table of open addressing with linear probing, two thirds full at most, which
// holds 32 bits of the hash beside the number, so that a string is compared about once. A Go map of
// the same strings takes three times the memory and twice the time.
type index struct {
	words []string
	table []uint64 // low half of the hash<<32 | number+1; 0: free
}

// hashSeed is one for the process, so that two vocabularies of the same tokens are the same in memory.
// It differs from process to process, so that nobody can make a file that fills one corner of a table.
var hashSeed = maphash.MakeSeed()

// newIndex makes room for n strings, and finds none of those given until they are put.
func newIndex(words []string, n int) *index {
	return &index{words: words, table: make([]uint64, n+n/2+2)}
}

// probe gives the place of a string in the table, or the free one where it would stand.
func (x *index) probe(word string) (at int, slot uint64, tag uint64) {
	hash := maphash.String(hashSeed, word)
	tag = hash << 32
	home, _ := bits.Mul64(hash, uint64(len(x.table))) // the hash as a fraction of the table
	for at = int(home); ; {
		slot = x.table[at]
		if slot == 0 || slot>>32 == tag>>32 && x.words[uint32(slot)-1] == word {
			return at, slot, tag
		}
		if at++; at == len(x.table) {
			at = 0
		}
	}
}

// find gives the number of a string, −1 if it has none.
func (x *index) find(word string) int {
	_, slot, _ := x.probe(word)
	return int(uint32(slot)) - 1
}

// put makes the string of a number be found, and says whether no other number had the same.
func (x *index) put(number int) bool {
	at, slot, tag := x.probe(x.words[number])
	if slot == 0 {
		x.table[at] = tag | uint64(number+1)
	}
	return slot == 0
}

// add gives the number of a string, which it keeps if it is new.
func (x *index) add(word string) int {
	at, slot, tag := x.probe(word)
	if slot != 0 {
		return int(uint32(slot)) - 1
	}
	x.words = append(x.words, word)
	x.table[at] = tag | uint64(len(x.words))
	if 3*len(x.words) > 2*len(x.table) {
		x.table = make([]uint64, 2*len(x.table))
		for number := range x.words {
			x.put(number)
		}
	}
	return len(x.words) - 1
}

// bytes is the memory of the table; the strings are the caller's to count.
func (x *index) bytes() int64 { return 8 * int64(cap(x.table)) }
