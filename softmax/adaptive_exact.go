package softmax

import (
	"cmp"
	"slices"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// What an adaptive softmax gives for the asking: log-probabilities of all words, of one, and the best ones.

// headScores are those of the head for rows of h.
func (a *adaptive) headScores(dst []float32, stride int, h []float32, hstride, rows int, p tensor.Precision) {
	for _, b := range a.bias {
		for i := range rows {
			copy(dst[i*stride:], b.Value)
		}
	}
	kernel.MatMul(dst, stride, h, hstride, rows, a.head.Packed(true, p), len(a.bias) > 0)
}

// scores are those of the tail's words for rows of h. narrow is memory for as many rows of its hidden vectors.
func (t *tail) scores(dst []float32, stride int, narrow, h []float32, hstride, rows int, p tensor.Precision) {
	kernel.MatMul(narrow, t.down.Rows, h, hstride, rows, t.down.Packed(true, p), false)
	kernel.MatMul(dst, stride, narrow, t.down.Rows, rows, t.words.Packed(true, p), false)
}

func (a *adaptive) LogProbs(dst, h []float32) { a.LogProbsRows(dst, h) }

// tape lends memory, to be given back to the pool.
func (a *adaptive) tape() *tensor.Tape {
	tp, _ := a.lent.Get().(*tensor.Tape)
	if tp == nil {
		tp = tensor.NewInference()
	}
	tp.Reset(0, 0, 0)
	return tp
}

func (a *adaptive) LogProbsRows(dst, h []float32) {
	tp, v := a.tape(), len(a.order)
	defer a.lent.Put(tp)
	widest := a.head.Rows
	for _, t := range a.tails {
		widest = max(widest, t.words.Rows)
	}
	n := len(dst) / v
	block, stride := min(n, scoreRows(widest)), tensor.Stride(widest)
	scores, narrow, logTail := tp.Scratch(block*stride), tp.Scratch(block*a.dim), tp.Scratch(block*len(a.tails))
	for at := 0; at < n; at += block {
		rows, x := min(block, n-at), h[at*a.dim:]
		// spread writes a part's log-probabilities to its words.
		spread := func(i int, words []int, shift float32) {
			row, to := scores[i*stride:], dst[(at+i)*v:(at+i+1)*v]
			for c, w := range words {
				to[w] = row[c] + shift
			}
		}
		a.headScores(scores, stride, x, a.dim, rows, kernel.Float32)
		for i := range rows {
			row := scores[i*stride : i*stride+a.head.Rows]
			lse := kernel.LogSumExp(row)
			spread(i, a.order[:a.words], -lse)
			for k, s := range row[a.words:] {
				logTail[i*len(a.tails)+k] = s - lse
			}
		}
		for k := range a.tails {
			t := &a.tails[k]
			t.scores(scores, stride, narrow, x, a.dim, rows, kernel.Float32)
			for i := range rows {
				lse := kernel.LogSumExp(scores[i*stride : i*stride+t.words.Rows])
				spread(i, a.order[t.from:t.to], logTail[i*len(a.tails)+k]-lse)
			}
		}
	}
}

// Scores makes the head's scores for all rows, and those of each tail for the rows whose word it has.
func (a *adaptive) Scores(tp *tensor.Tape, dst []float32, h *tensor.Tensor, word []int) {
	wide := a.head.Rows
	stride, block := tensor.Stride(wide), min(h.Rows, scoreRows(wide))
	scores := tp.Scratch(block * stride)
	for at := 0; at < h.Rows; at += block {
		rows := min(block, h.Rows-at)
		a.headScores(scores, stride, h.Data[at*h.Stride:], h.Stride, rows, tp.Precision)
		for i := range rows {
			row := scores[i*stride : i*stride+wide]
			dst[at+i] = row[a.column(a.rank[word[at+i]])] - kernel.LogSumExp(row)
		}
	}
	for k := range a.tails {
		a.addTail(tp, k, dst, h, word)
	}
}

// addTail adds log p(word | tail k) to the rows whose word is in it, some at a time.
func (a *adaptive) addTail(tp *tensor.Tape, k int, dst []float32, h *tensor.Tensor, word []int) {
	t := &a.tails[k]
	own := tp.ScratchInts(len(word)) // rows
	for i, w := range word {
		if a.tailOf(a.rank[w]) == k {
			own = append(own, i)
		}
	}
	wide := t.words.Rows
	stride, block := tensor.Stride(wide), min(len(own), scoreRows(wide))
	scores, narrow, x := tp.Scratch(block*stride), tp.Scratch(block*t.down.Rows), tp.Scratch(block*a.dim)
	for some := range slices.Chunk(own, max(block, 1)) {
		for i, row := range some {
			copy(x[i*a.dim:], h.Row(row))
		}
		t.scores(scores, stride, narrow, x, a.dim, len(some), tp.Precision)
		for i, row := range some {
			of := scores[i*stride : i*stride+wide]
			dst[row] += of[a.rank[word[row]]-t.from] - kernel.LogSumExp(of)
		}
	}
}

// TopK opens a tail only if the tail itself is as likely as the worst of the best words so far: no word is likelier than
// its tail, and so what it leaves closed is proven to be none of them.
func (a *adaptive) TopK(h []float32, k int) ([]Ranked, bool) {
	tp := a.tape()
	defer a.lent.Put(tp)
	found := newBest(k, len(a.order))
	head := tp.Scratch(a.head.Rows)
	a.headScores(head, len(head), h, a.dim, 1, kernel.Float32)
	lse := kernel.LogSumExp(head)
	for r, s := range head[:a.words] {
		found.show(Ranked{a.order[r], s - lse})
	}
	likely := make([]int, len(a.tails))
	for i := range likely {
		likely[i] = i
	}
	slices.SortStableFunc(likely, func(i, j int) int { return cmp.Compare(head[a.words+j], head[a.words+i]) })
	for _, i := range likely {
		t, logTail := &a.tails[i], head[a.words+i]-lse
		if found.full() && logTail < found.worst() {
			break
		}
		scores := tp.Scratch(t.words.Rows)
		t.scores(scores, len(scores), tp.Scratch(t.down.Rows), h, a.dim, 1, kernel.Float32)
		shift := logTail - kernel.LogSumExp(scores)
		for c, s := range scores {
			found.show(Ranked{a.order[t.from+c], s + shift})
		}
	}
	return found.sorted(), true
}
