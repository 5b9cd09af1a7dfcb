package softmax

import (
	"slices"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// grouped are targets in the order of their words' classes, without those of no weight: what is to be done within a
// class is then products of a few rows that follow one another. Its memory is the tape's.
type grouped struct {
	target []int // of each: its number among the targets as they came
	row    []int // of h
	place  []int // of the word, among all words in the order of classes
	weight []float32
	starts []int // class c has those from starts[c] to starts[c+1]

	class []int // of each target, as they came

	packed *kernel.Packed // weights of a class
	floats []float32      // weights of a class, or their gradient: room for any class that many rows want
}

// group sorts targets by counting, which keeps their order within a class. Without rows, they are one a row.
func (c *classes) group(tp *tensor.Tape, t Targets) *grouped {
	ints := func(n int) []int { return tp.ScratchInts(n)[:n] }
	g := &grouped{class: ints(len(t.Word)), starts: ints(c.classes() + 1), packed: tp.ScratchPacked()}
	clear(g.starts)
	for j, w := range t.Word {
		g.class[j] = c.of[w]
		if t.weight(j) != 0 {
			g.starts[c.of[w]]++
		}
	}
	n, largest := 0, 0
	for class, some := range g.starts {
		g.starts[class] = n
		n += some
		if some >= fewRows {
			largest = max(largest, c.size(class))
		}
	}
	if c.tied || c.weight.Sparse {
		g.floats = tp.Scratch(largest * c.weight.Cols)
	}
	g.target, g.row, g.place, g.weight = ints(n), ints(n), ints(n), tp.Scratch(n)
	for j, w := range t.Word {
		if t.weight(j) == 0 {
			continue
		}
		i := g.starts[g.class[j]]
		g.starts[g.class[j]]++
		g.target[i], g.row[i], g.place[i], g.weight[i] = j, j, c.place[w], t.weight(j)
		if t.Row != nil {
			g.row[i] = t.Row[j]
		}
	}
	copy(g.starts[1:], g.starts) // each is where the next begins by now
	g.starts[0] = 0
	return g
}

// sized is a slice of n, made of x if that is long enough; what was in it may be lost.
func sized[T any](x []T, n int) []T { return slices.Grow(x[:0], n)[:n] }
