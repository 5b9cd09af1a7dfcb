package decode

import "math"

// A Candidate is a token that may be next, with its score: a log-probability but for a constant
// that is the same for all.
type Candidate struct {
	Token int32
	Score float32
}

// better orders candidates from the likeliest down, equally likely ones by token.
func (c Candidate) better(than Candidate) bool {
	return c.Score > than.Score || c.Score == than.Score && c.Token < than.Token
}

// Candidates are what filters work on.
type Candidates struct {
	List    []Candidate // in no particular order, each token once, at least one with a score above −∞
	SoFar   []int       // all tokens read or written before, not to be changed
	Written []int       // those of them that were written
	Vocab   int         // how many tokens there are

	all    []Candidate // List with all tokens; reused
	marked []bool      // by token, false between uses
	weight []float64   // of each in List; reused
	count  []int32     // by token, 0 between uses; made when first asked for
}

// fill lists some tokens, or all of them if tokens is nil, of so many that there are; what was written is soFar[from:].
func (c *Candidates) fill(tokens []int, logp []float32, soFar []int, from, vocab int) {
	if len(c.all) < len(logp) {
		c.all, c.marked, c.weight = make([]Candidate, len(logp)), make([]bool, vocab), make([]float64, len(logp))
	}
	for i, x := range logp {
		token := i
		if tokens != nil {
			token = tokens[i]
		}
		c.all[i] = Candidate{int32(token), x}
	}
	c.List, c.SoFar, c.Written, c.Vocab = c.all[:len(logp)], soFar, soFar[from:], vocab
}

// counts has room for a count of each token, all 0 and to be left so.
func (c *Candidates) counts() []int32 {
	if c.count == nil {
		c.count = make([]int32, c.Vocab)
	}
	return c.count
}

// settle empties a list of which nothing is possible.
func (c *Candidates) settle() {
	if math.IsInf(float64(c.max()), -1) {
		c.List = c.List[:0]
	}
}

// max is the best score.
func (c *Candidates) max() float32 {
	best := float32(math.Inf(-1))
	for _, x := range c.List {
		if x.Score > best {
			best = x.Score
		}
	}
	return best
}

// draw takes a candidate with probability in proportion to e^Score, by u, uniform on [0, 1).
func (c *Candidates) draw(u float64) int {
	best, total := float64(c.max()), 0.0
	weight := c.weight[:len(c.List)]
	for i, x := range c.List {
		weight[i] = math.Exp(float64(x.Score) - best)
		total += weight[i]
	}
	left, last := u*total, 0
	for i, w := range weight {
		if w > 0 {
			last = i
		}
		if left -= w; left < 0 {
			break
		}
	}
	return int(c.List[last].Token) // the last possible one if rounding leaves something over
}

// heap makes a heap of the list, with the candidate on top that is above all others. Getting the best
// m of V from one costs O(V + m log V), where sorting would cost O(V log V).
func heap[T any](list []T, above func(a, b T) bool) {
	for i := len(list)/2 - 1; i >= 0; i-- {
		sift(list, i, above)
	}
}

// sift lets the candidate at i sink to its place in a heap.
func sift[T any](list []T, i int, above func(a, b T) bool) {
	for {
		child := 2*i + 1
		if child >= len(list) {
			return
		}
		if child+1 < len(list) && above(list[child+1], list[child]) {
			child++
		}
		if !above(list[child], list[i]) {
			return
		}
		list[i], list[child] = list[child], list[i]
		i = child
	}
}
