package softmax

import (
	"slices"

	"inkling/internal/kernel"
)

// grouped are targets in the order of their words' classes, without those of no weight: what is to be done within a
// class is then products of a few rows that follow one another. It is made every step, and its memory is used again.
type grouped struct {
	target []int // of each: its number among the targets as they came
	row    []int // of h
	place  []int // of the word, among all words in the order of classes
	weight []float32
	starts []int // class c has those from starts[c] to starts[c+1]

	class []int // of each target, as they came

	packed kernel.Packed // weights of a class
	floats []float32     // weights of a class, or their gradient
}

// group sorts targets by counting, which keeps their order within a class. Without rows, they are one a row.
func (c *classes) group(t Targets) *grouped {
	g, _ := c.groups.Get().(*grouped)
	if g == nil {
		g = new(grouped)
	}
	g.class = sized(g.class, len(t.Word))
	g.starts = sized(g.starts, c.classes()+1)
	clear(g.starts)
	for j, w := range t.Word {
		g.class[j] = c.of[w]
		if t.weight(j) != 0 {
			g.starts[c.of[w]]++
		}
	}
	n := 0
	for class, some := range g.starts {
		g.starts[class] = n
		n += some
	}
	g.target, g.row, g.place, g.weight = sized(g.target, n), sized(g.row, n), sized(g.place, n), sized(g.weight, n)
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

// memory is of arbitrary content, and good until it is asked for again.
func (g *grouped) memory(n int) []float32 {
	g.floats = sized(g.floats, n)
	return g.floats
}

// sized is a slice of n, made of x if that is long enough; what was in it may be lost.
func sized[T any](x []T, n int) []T { return slices.Grow(x[:0], n)[:n] }
