package softmax

import (
	"cmp"
	"slices"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// What an adaptive softmax gives for the asking: log-probabilities of all words, of one, and the best ones.

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
	widest, tails := a.columns(), a.tails()
	for i := range tails {
		widest = max(widest, len(a.tail(i)))
	}
	n := len(dst) / v
	block, stride := min(n, scoreRows(widest)), tensor.Stride(widest)
	scores, narrow, logTail := tp.Scratch(block*stride), tp.Scratch(block*a.dim), tp.Scratch(block*tails)
	for at := 0; at < n; at += block {
		rows, x := min(block, n-at), h[at*a.dim:]
		// spread writes a part's log-probabilities to its words.
		spread := func(i int, words []int, shift float32) {
			row, to := scores[i*stride:], dst[(at+i)*v:(at+i+1)*v]
			for c, w := range words {
				to[w] = row[c] + shift
			}
		}
		a.section(headSection, kernel.Float32).scores(scores, stride, narrow, x, a.dim, rows)
		for i := range rows {
			row := scores[i*stride : i*stride+a.columns()]
			lse := kernel.LogSumExp(row)
			spread(i, a.first(), -lse)
			for k, s := range row[a.words:] {
				logTail[i*tails+k] = s - lse
			}
		}
		for k := range tails {
			words := a.tail(k)
			a.section(k, kernel.Float32).scores(scores, stride, narrow, x, a.dim, rows)
			for i := range rows {
				lse := kernel.LogSumExp(scores[i*stride : i*stride+len(words)])
				spread(i, words, logTail[i*tails+k]-lse)
			}
		}
	}
}

func (a *adaptive) Scores(tp *tensor.Tape, dst []float32, h *tensor.Tensor, word []int) {
	a.score(tp, a, dst, h, word)
}

// TopK opens a tail only if the tail itself is as likely as the worst of the best words so far: no word is likelier than
// its tail, and so what it leaves closed is proven to be none of them.
func (a *adaptive) TopK(h []float32, k int) ([]Ranked, bool) {
	tp := a.tape()
	defer a.lent.Put(tp)
	found := newBest(k, len(a.order))
	top := tp.Scratch(a.columns())
	a.section(headSection, kernel.Float32).scores(top, len(top), nil, h, a.dim, 1)
	lse := kernel.LogSumExp(top)
	for r, s := range top[:a.words] {
		found.show(Ranked{a.order[r], s - lse})
	}
	likely := make([]int, a.tails())
	for i := range likely {
		likely[i] = i
	}
	slices.SortStableFunc(likely, func(i, j int) int { return cmp.Compare(top[a.words+j], top[a.words+i]) })
	for _, i := range likely {
		words, logTail := a.tail(i), top[a.words+i]-lse
		if found.full() && logTail < found.worst() {
			break
		}
		scores := tp.Scratch(len(words))
		of := a.section(i, kernel.Float32)
		of.scores(scores, len(scores), tp.Scratch(of.width), h, a.dim, 1)
		shift := logTail - kernel.LogSumExp(scores)
		for c, s := range scores {
			found.show(Ranked{words[c], s + shift})
		}
	}
	return found.sorted(), true
}
