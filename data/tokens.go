package data

import (
	"encoding/binary"
	"fmt"
)

// Tokens is a text as token ids, in memory or in a file. Many goroutines may read it.
type Tokens interface {
	Len() int
	// Read sets dst to the tokens from position at on, all of which must be there. It fails only if they are
	// in a file that cannot be read.
	Read(dst []int, at int) error
}

// A List is tokens as Go has them, 8 bytes each.
type List []int

// Len is the number of tokens.
func (l List) Len() int { return len(l) }

// Read copies tokens; it does not fail.
func (l List) Read(dst []int, at int) error {
	copy(dst, l[at:at+len(dst)])
	return nil
}

// Part is the tokens from one position up to another.
func Part(t Tokens, from, to int) Tokens {
	if from < 0 || to < from || to > t.Len() {
		panic(fmt.Sprintf("data: tokens %d to %d of %d", from, to, t.Len()))
	}
	return part{t, from, to - from}
}

type part struct {
	Tokens
	from, n int
}

func (p part) Len() int                     { return p.n }
func (p part) Read(dst []int, at int) error { return p.Tokens.Read(dst, p.from+at) }

// IDBytes is how many bytes a token of a vocabulary of so many takes in memory and in files: 1, 2 or 4.
func IDBytes(vocab int) int {
	switch {
	case vocab <= 1<<8:
		return 1
	case vocab <= 1<<16:
		return 2
	}
	return 4
}

// pack appends ids of so many bytes each, little-endian.
func pack(dst []byte, ids []int, width int) []byte {
	switch width {
	case 1:
		for _, id := range ids {
			dst = append(dst, byte(id))
		}
	case 2:
		for _, id := range ids {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(id))
		}
	default:
		for _, id := range ids {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(id))
		}
	}
	return dst
}

// unpack sets dst to as many ids.
func unpack(dst []int, packed []byte, width int) {
	switch width {
	case 1:
		for i := range dst {
			dst[i] = int(packed[i])
		}
	case 2:
		for i := range dst {
			dst[i] = int(binary.LittleEndian.Uint16(packed[2*i:]))
		}
	default:
		for i := range dst {
			dst[i] = int(binary.LittleEndian.Uint32(packed[4*i:]))
		}
	}
}

// Ids is tokens in memory, [IDBytes] each. It grows by slabs, so that it is never copied.
type Ids struct {
	width int
	slabs [][]byte
	n     int // bytes
}

const slabBytes = 1 << 18

// NewIds makes room for the tokens of a vocabulary of so many.
func NewIds(vocab int) *Ids { return &Ids{width: IDBytes(vocab)} }

// Write adds tokens, as [Section.Encode] writes them.
func (t *Ids) Write(packed []byte) (int, error) {
	for rest := packed; len(rest) > 0; {
		at := t.n % slabBytes
		if at == 0 {
			t.slabs = append(t.slabs, make([]byte, slabBytes))
		}
		n := copy(t.slabs[len(t.slabs)-1][at:], rest)
		t.n += n
		rest = rest[n:]
	}
	return len(packed), nil
}

// Len is the number of tokens.
func (t *Ids) Len() int { return t.n / t.width }

// Read copies tokens; it does not fail.
func (t *Ids) Read(dst []int, at int) error {
	if at < 0 || at+len(dst) > t.Len() {
		panic(fmt.Sprintf("data: tokens %d to %d of %d", at, at+len(dst), t.Len()))
	}
	for len(dst) > 0 {
		slab, from := at*t.width/slabBytes, at*t.width%slabBytes
		n := min(len(dst), (slabBytes-from)/t.width)
		unpack(dst[:n], t.slabs[slab][from:], t.width)
		dst, at = dst[n:], at+n
	}
	return nil
}
