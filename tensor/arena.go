package tensor

import "inkling/internal/kernel"

// arena hands out slices from large slabs and takes all of them back at once. A step that asks
// for the same sizes in the same order as the one before finds them in the same places, so memory
// is taken in the first step and then no more, and none of it is ever thrown away.
type arena struct {
	slabs []slab
}

// slab is memory of which the first used floats are handed out.
type slab struct {
	floats []float32
	used   int
}

const slabFloats = 1 << 16 // 256 KiB

// ArenaFloats is how many floats a tape takes for a result of so many: the smaller ones share a slab, one of more than half a slab leaves a
// rest that only smaller ones find use for.
func ArenaFloats(n int64) int64 {
	if n > slabFloats/2 {
		return max(n, slabFloats)
	}
	return n
}

// take finds the first slab with room: what is left of one that was too short for something large is
// not lost for what is small.
func (a *arena) take(n int) []float32 {
	n16 := (n + 15) &^ 15 // slices begin on cache lines
	for i := range a.slabs {
		if s := &a.slabs[i]; s.used+n16 <= len(s.floats) {
			return s.take(n, n16)
		}
	}
	a.slabs = append(a.slabs, slab{floats: kernel.Floats(max(n16, slabFloats))})
	return a.slabs[len(a.slabs)-1].take(n, n16)
}

func (s *slab) take(n, n16 int) []float32 {
	s.used += n16
	return s.floats[s.used-n16 : s.used-n16+n : s.used-n16+n]
}

func (a *arena) reset() {
	for i := range a.slabs {
		a.slabs[i].used = 0
	}
}

func (a *arena) size() (n int) {
	for _, s := range a.slabs {
		n += len(s.floats)
	}
	return n
}
