package softmax

import "inkling/tensor"

// A cut has the words in the order of their frequencies, in a head and tails, as an adaptive softmax has them. The head's
// scores are those of its words, and after them one for each tail.
type cut struct {
	words int   // in the head
	ends  []int // where the head ends, and each tail
	order []int // the words, the most frequent first, and of equal ones the smaller number
	rank  []int // of each word: its place in order
}

func newCut(s Spec) *cut {
	c := &cut{ends: ends(s), order: byFrequency(s.Counts)}
	c.words, c.rank = c.ends[0], make([]int, len(c.order))
	for r, w := range c.order {
		c.rank[w] = r
	}
	return c
}

// tails is how many there are.
func (c *cut) tails() int { return len(c.ends) - 1 }

// columns of the head: its words, and the tails.
func (c *cut) columns() int { return c.words + c.tails() }

// first are the words of the head, and tail those of tail i.
func (c *cut) first() []int     { return c.order[:c.words] }
func (c *cut) tail(i int) []int { return c.order[c.ends[i]:c.ends[i+1]] }

// tailOf is the tail that has the word of a rank; −1: the head.
func (c *cut) tailOf(rank int) int {
	for i := c.tails() - 1; i >= 0; i-- {
		if rank >= c.ends[i] {
			return i
		}
	}
	return -1
}

// column of the head that the word of a rank has: its own or its tail's.
func (c *cut) column(rank int) int {
	if i := c.tailOf(rank); i >= 0 {
		return c.words + i
	}
	return rank
}

// columnsOf are the columns of the head for words.
func (c *cut) columnsOf(tp *tensor.Tape, word []int) []int {
	columns := tp.ScratchInts(len(word))
	for _, w := range word {
		columns = append(columns, c.column(c.rank[w]))
	}
	return columns
}

// shares are those of the head's columns in the text.
func (c *cut) shares(counts []int64) []float64 {
	p, sum := frequencies(counts), make([]float64, c.columns())
	for w, r := range c.rank {
		sum[c.column(r)] += p[w]
	}
	return sum
}

// within are the rows whose targets are in tail i, and these targets, counted within the tail. Targets that follow one
// another and are of the same row, as in a bag of words, share it.
func (c *cut) within(tp *tensor.Tape, i int, t Targets, columns []int) (rows []int, in Targets) {
	most := 0
	for j, col := range columns {
		if col == c.words+i && t.weight(j) != 0 {
			most++
		}
	}
	rows = tp.ScratchInts(most)
	in = Targets{Row: tp.ScratchInts(most), Word: tp.ScratchInts(most), Weight: tp.Scratch(most)[:0]}
	for j, col := range columns {
		if col != c.words+i || t.weight(j) == 0 {
			continue
		}
		if n := len(rows); n == 0 || rows[n-1] != t.Row[j] {
			rows = append(rows, t.Row[j])
		}
		in.Row = append(in.Row, len(rows)-1)
		in.Word = append(in.Word, c.rank[t.Word[j]]-c.ends[i])
		in.Weight = append(in.Weight, t.weight(j))
	}
	if t.Part != nil {
		in.Part = tp.ScratchInts(len(rows))
		for _, r := range rows {
			in.Part = append(in.Part, t.Part[r])
		}
	}
	return rows, in
}
