package tensor

// arena hands out slices from large slabs and takes all of them back at once. A step that asks
// for the same sizes in the same order as the one before finds them in the same places.
type arena struct {
	slabs [][]float32
	slab  int // the one in use
	off   int // floats of it handed out
	taken int // floats handed out since reset
}

const slabFloats = 1 << 18 // 1 MiB

func (a *arena) take(n int) []float32 {
	n16 := (n + 15) &^ 15 // slices begin on cache lines
	a.taken += n16
	for ; a.slab < len(a.slabs); a.slab, a.off = a.slab+1, 0 {
		if a.off+n16 <= len(a.slabs[a.slab]) {
			s := a.slabs[a.slab][a.off : a.off+n : a.off+n]
			a.off += n16
			return s
		}
	}
	a.slabs = append(a.slabs, make([]float32, max(n16, slabFloats)))
	a.off = n16
	return a.slabs[a.slab][:n:n]
}

// reset takes everything back. If the last round needed several slabs, one that would have held
// it all replaces them: the ends of slabs into which nothing fitted are not wasted again.
func (a *arena) reset() {
	if len(a.slabs) > 1 {
		a.slabs = nil
		a.slabs = [][]float32{make([]float32, a.taken)}
	}
	a.slab, a.off, a.taken = 0, 0, 0
}

func (a *arena) size() (n int) {
	for _, s := range a.slabs {
		n += len(s)
	}
	return n
}
