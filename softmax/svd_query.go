package softmax

import (
	"fmt"
	"math"
	"math/bits"

	"inkling/internal/kernel"
)

// svdQuery is what is known of the scores for one hidden vector.
type svdQuery struct {
	h        []float32
	scores   []float32 // of each word: exact if it was seen, a preview if not
	groups   []float32 // the largest preview of each group
	tail     float32   // ‖h̃_w:‖
	rounding float32   // by which scores may be off
	marks    []uint64  // of each group, a bit for each word that was seen
	seen     []Ranked  // words and their exact scores
	found    []Ranked  // words to be seen; reused
	list     []Ranked  // to choose from; reused
}

// svdDesk is the memory of some queries.
type svdDesk struct {
	rotated []float32 // h̃ [svdRows, d]
	preview []float32 // its first numbers, and zeros up to the length of B's rows
	scores  []float32 // [svdRows, V]
	groups  []float32 // [svdRows, V/svdGroup]
	query   svdQuery
}

// SVDFloats are the floats that an SVD of a layer [v, dim] holds while it works for one caller.
func SVDFloats(v, dim int) int64 {
	return svdRows * (int64(v) + int64(v)/svdGroup + 2*int64(dim))
}

// queries makes previews for rows of h, some at a time so that B is read once for them, and calls each for one after the other.
func (s *SVD) queries(h []float32, each func(at int, q *svdQuery)) { s.eachQuery(s.previews, h, each) }

// eachQuery does it with what sets the scores of some rows.
func (s *SVD) eachQuery(score func(d *svdDesk, h []float32, rows int), h []float32, each func(at int, q *svdQuery)) {
	v, dim, groups := s.dense.vocab(), s.dense.weight.Cols, len(s.groupTail)
	if len(h)%dim != 0 {
		panic(fmt.Sprintf("softmax: %d numbers are no hidden vectors of %d", len(h), dim))
	}
	n := len(h) / dim
	d, _ := s.desks.Get().(*svdDesk)
	if d == nil {
		d = &svdDesk{query: svdQuery{marks: make([]uint64, groups)}}
	}
	defer s.desks.Put(d)
	if rows := min(n, svdRows); len(d.scores) < rows*v {
		d.rotated, d.scores, d.groups = make([]float32, rows*dim), kernel.Floats(rows*v), make([]float32, rows*groups)
		d.preview = make([]float32, rows*s.first.Length())
	}
	for at := 0; at < n; at += svdRows {
		rows := min(svdRows, n-at)
		score(d, h[at*dim:], rows)
		s.group(d, rows)
		for i := range rows {
			q := &d.query
			q.h, q.scores, q.groups = h[(at+i)*dim:(at+i+1)*dim], d.scores[i*v:(i+1)*v], d.groups[i*groups:(i+1)*groups]
			rest := d.rotated[i*dim+s.preview : (i+1)*dim]
			q.tail = norm(rest)
			q.rounding = s.rounding(norm(q.h)) + s.rounded*norm(d.rotated[i*dim:i*dim+s.preview])
			each(at+i, q)
			for _, r := range q.seen {
				q.marks[r.Word/svdGroup] = 0
			}
			q.seen = q.seen[:0]
		}
	}
}

// rounding bounds by how much the bound of a word for a hidden vector of a norm, and the exact score it is held against, can be off
// in float32, where a sum of n products is off by n·2⁻²⁴ of the sum of their sizes. These are
//   - the rotations of A and of h, of d products and rounded vectors of W: each is off in each of d numbers, so by
//     (d+1)·√d of its norm at worst, where the signs of the products go against each other;
//   - the preview, the norms of the tails and the exact score: at most d+2 each, of ‖A_i‖·‖h‖;
//   - the bias, at the start of the preview and in the score: d+1 each.
//
// What bfloat16 takes off the preview is beside this.
//
// In fact it is some √d less. Against what the tails leave open it is small all the same.
func (s *SVD) rounding(norm float32) float32 {
	d := float64(s.dense.weight.Cols)
	off := (2*(d+1)*math.Sqrt(d)+3*(d+2))*float64(s.largest)*float64(norm) + 2*(d+1)*float64(s.largestBias)
	return float32(off / (1 << 24))
}

func norm(x []float32) float32 { return float32(math.Sqrt(float64(kernel.Dot(x, x)))) }

// previews makes those of some rows.
func (s *SVD) previews(d *svdDesk, h []float32, rows int) {
	v, dim := s.dense.vocab(), s.dense.weight.Cols
	kernel.MatMul(d.rotated, dim, h, dim, rows, &s.rotation, false)
	length := s.first.Length()
	for i := range rows {
		copy(d.preview[i*length:], d.rotated[i*dim:i*dim+s.preview])
	}
	for from := 0; from < v; from += svdBlock {
		to := min(v, from+svdBlock)
		for i := range rows {
			copy(d.scores[i*v+from:], s.bias[from:to])
		}
		s.first.AddDots(d.scores[from:], v, from, to-from, d.preview[:rows*length])
	}
}

// exact makes the scores themselves.
func (s *SVD) exact(d *svdDesk, h []float32, rows int) {
	v, dim := s.dense.vocab(), s.dense.weight.Cols
	s.dense.logits(d.scores, v, h, dim, rows, kernel.Float32)
}

// group finds the highest score of each group.
func (s *SVD) group(d *svdDesk, rows int) {
	v, groups := s.dense.vocab(), len(s.groupTail)
	for i := range rows {
		row := d.scores[i*v : (i+1)*v]
		for g := range groups {
			d.groups[i*groups+g] = kernel.Max(row[g*svdGroup : min(v, (g+1)*svdGroup)])
		}
	}
}

// see gives words the full view.
func (s *SVD) see(q *svdQuery, words []Ranked) {
	for _, w := range words {
		z := kernel.Dot(s.dense.weight.Row(w.Word), q.h) + s.bias[w.Word]
		q.scores[w.Word] = z
		q.marks[w.Word/svdGroup] |= 1 << (w.Word % svdGroup)
		q.seen = append(q.seen, Ranked{w.Word, z})
	}
}

// best finds the n unseen words of the highest previews, in no order; all if there are fewer.
//
// Words are left out beforehand that are below a score which at least n words reach. If n is small, that is the n-th highest of what
// groups have highest. If it is not, a sample of the words guesses it, and is asked again if too few reach that.
func (s *SVD) best(q *svdQuery, n int) []Ranked {
	need := n + len(q.seen) // those that were seen may be the highest
	if 4*need < len(q.groups) {
		q.list = q.list[:0]
		for g, x := range q.groups {
			q.list = append(q.list, Ranked{g, x})
		}
		return s.above(q, n, choose(q.list, need))
	}
	for share := need/svdSample + need/(8*svdSample) + 16; share <= len(q.scores)/svdSample; share *= 2 {
		q.list = q.list[:0]
		for i := 0; i < len(q.scores); i += svdSample {
			q.list = append(q.list, Ranked{i, q.scores[i]})
		}
		if found := s.above(q, n, choose(q.list, share)); len(found) == n {
			return found
		}
	}
	return s.above(q, n, float32(math.Inf(-1)))
}

// above finds n unseen words of those that reach a score, the highest of them, or all if there are fewer.
func (s *SVD) above(q *svdQuery, n int, least float32) []Ranked {
	q.found = q.found[:0]
	for g, x := range q.groups {
		if x < least {
			continue
		}
		from := g * svdGroup
		for i, z := range q.scores[from:min(len(q.scores), from+svdGroup)] {
			if !(z < least) && q.marks[g]>>i&1 == 0 {
				q.found = append(q.found, Ranked{from + i, z})
			}
		}
	}
	n = min(n, len(q.found))
	choose(q.found, n)
	return q.found[:n]
}

// left finds the unseen words whose scores may reach least. If there are more than most of them it says that these are not all.
func (s *SVD) left(q *svdQuery, least float32, most int) (words []Ranked, all bool) {
	q.found = q.found[:0]
	for g, x := range q.groups {
		if x+q.rounding+q.tail*s.groupTail[g] < least {
			continue
		}
		from := g * svdGroup
		for unseen := s.unseen(q, g); unseen != 0; unseen &= unseen - 1 {
			w := from + bits.TrailingZeros64(unseen)
			if z := q.scores[w]; !(z+q.rounding+q.tail*s.tail[w] < least) {
				q.found = append(q.found, Ranked{w, z})
			}
		}
		if len(q.found) > most {
			return nil, false
		}
	}
	return q.found, true
}

// unseen has a bit for each word of a group that was not seen.
func (s *SVD) unseen(q *svdQuery, g int) uint64 {
	all := ^uint64(0)
	if n := len(q.scores) - g*svdGroup; n < svdGroup {
		all = 1<<n - 1
	}
	return all &^ q.marks[g]
}

// kth is the k-th highest score that was seen.
func (q *svdQuery) kth(k int) float32 {
	return choose(q.seen, min(k, len(q.seen)))
}
