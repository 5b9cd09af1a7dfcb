package wordvec

import "inkling/internal/kernel"

// A worker trains on parts of the text, position after position. Several positions that follow each other are a group,
// whose work is three products of small matrices (HogBatch: S. Ji et al. 2016, Parallelizing Word2Vec in Shared and
// Distributed Memory; several windows in one, as their pSGNScc): with X the vectors of the words near the positions and
// Y those of what is to be foretold,
//
//	S = Y·Xᵀ;  G = rate·(label − σ(S)), 0 where a pair is not in a window;  X += Gᵀ·Y;  Y += G·X
//
// The vectors are updated once a group, so that a word which is near several of its positions is seen as it was before
// them.
type worker struct {
	c       *Config
	in, out *table
	loss    loss
	keep    []uint32
	rand    *random
	reader  reader
	kept    []int32 // the words of a part that were not passed over

	// Of a group: what is near, what is foretold, and which of what is near foretells what.
	near    []int32 // rows of in, a multiple of 4
	x       []float32
	targets []int32 // words
	spans   []span
	queries int       // rows of q, a multiple of 4
	q       []float32 // [queries,ld] what foretells: x itself, or of CBOW the means of windows
	outs    []int32   // rows of out, a multiple of 4
	y       []float32
	s       []float32 // [len(outs),queries] the products, then the factors G

	mean  []float32 // of CBOW [queries,len(near)]: the weight of what is near in the mean of each window
	means []float32 // [queries,ld]
	dq    []float32 // their gradient
	order []int32   // 0, 1, 2, …

	groups        int
	products      int     // of vectors, in S; those of G are twice as many
	lost, counted float64 // the loss of groups that were measured, in nats, and their pairs
}

// A span is the queries that foretell a target: from one up to another, but for one between them.
type span struct{ from, to, skip int }

// A loss is what foretelling a word costs.
type loss interface {
	// positions is how many of them may be a group.
	positions() int
	// outputs sets w.outs to the rows of the matrix that take part.
	outputs(w *worker)
	// factors makes of the products w.s the factors G, which are 0 in rows that only fill up. If measured it adds the loss
	// to w.lost, and to w.counted the pairs.
	factors(w *worker, rate float32, measured bool)
}

// part trains on tokens of the text, from one position to another, at a learning rate.
func (w *worker) part(t *Text, from, to int, rate float64) error {
	rows, err := w.reader.read(t, from, to)
	if err != nil {
		return err
	}
	w.kept = w.kept[:0]
	for _, word := range rows {
		switch {
		case word == edge:
			w.item(w.kept, float32(rate))
			w.kept = w.kept[:0]
		case word >= 0 && uint32(w.rand.next()) <= w.keep[word]:
			w.kept = append(w.kept, word)
		}
	}
	w.item(w.kept, float32(rate))
	return nil
}

// item trains on words that windows may reach across.
func (w *worker) item(words []int32, rate float32) {
	if len(words) < 2 {
		return
	}
	for from := 0; from < len(words); {
		to := min(len(words), from+w.loss.positions())
		w.group(words, from, to, rate)
		from = to
	}
}

// measuredGroups is of how many groups the loss of one is measured.
const measuredGroups = 64

// group trains on the positions from one up to another.
func (w *worker) group(words []int32, from, to int, rate float32) {
	w.draw(words, from, to)
	ld := w.in.ld
	resize(&w.x, len(w.near)*ld)
	kernel.GatherRows(w.x, w.in.data, ld, w.near)
	w.q, w.queries = w.x, len(w.near)
	cbow := w.c.Model == "cbow"
	if cbow {
		w.average()
	}
	w.loss.outputs(w)
	for len(w.outs)%4 != 0 {
		w.outs = append(w.outs, w.out.unused)
	}
	resize(&w.y, len(w.outs)*ld)
	kernel.GatherRows(w.y, w.out.data, ld, w.outs)
	n := w.queries
	resize(&w.s, len(w.outs)*n)
	kernel.RowDots(w.s, n, w.y, len(w.outs), w.q, n, ld)
	w.loss.factors(w, rate, w.groups%measuredGroups == 0)
	w.groups++
	w.products += len(w.outs) * n
	if cbow {
		resize(&w.dq, n*ld)
		clear(w.dq)
		kernel.AddRows(w.dq, ld, w.order[:n], w.s, 1, n, w.y, len(w.outs))
		kernel.AddRows(w.in.data, ld, w.near, w.mean, 1, len(w.near), w.dq, n)
	} else {
		kernel.AddRows(w.in.data, ld, w.near, w.s, 1, n, w.y, len(w.outs))
	}
	kernel.AddRows(w.out.data, ld, w.outs, w.s, n, 1, w.q, n)
}

// draw draws the size of each window, and finds what is in it.
func (w *worker) draw(words []int32, from, to int) {
	w.targets, w.spans, w.near = words[from:to], w.spans[:0], w.near[:0]
	least, most := from, to
	for p := from; p < to; p++ {
		b := 1 + w.rand.below(w.c.Window)
		s := span{max(0, p-b), min(len(words), p+b+1), p}
		least, most = min(least, s.from), max(most, s.to)
		w.spans = append(w.spans, s)
	}
	for i := range w.spans {
		s := &w.spans[i]
		s.from, s.to, s.skip = s.from-least, s.to-least, s.skip-least
	}
	for _, word := range words[least:most] {
		w.near = append(w.near, w.in.at(word, 1))
	}
	for len(w.near)%4 != 0 {
		w.near = append(w.near, w.in.unused)
	}
}

// average makes the mean of each window (the gradient of which is shared out as a mean too: O. İrsoy, A. Benton, K.
// Stratos 2021, Corrected CBOW Performs as well as Skip-gram). A window has one query from then on.
func (w *worker) average() {
	n, near, ld := (len(w.spans)+3)&^3, len(w.near), w.in.ld
	resize(&w.mean, n*near)
	clear(w.mean)
	for p := range w.spans {
		s := &w.spans[p]
		share := 1 / float32(s.to-s.from-1)
		for i := s.from; i < s.to; i++ {
			if i != s.skip {
				w.mean[p*near+i] = share
			}
		}
		*s = span{p, p + 1, -1}
	}
	for len(w.order) < n {
		w.order = append(w.order, int32(len(w.order)))
	}
	resize(&w.means, n*ld)
	clear(w.means)
	kernel.AddRows(w.means, ld, w.order[:n], w.mean, near, 1, w.x, near)
	w.q, w.queries = w.means, n
}

// resize makes a slice n long, with anything in it.
func resize(s *[]float32, n int) {
	if cap(*s) < n {
		*s = make([]float32, n, n+n/2)
	}
	*s = (*s)[:n]
}
