package softmax

import (
	"fmt"
	"slices"
	"sync"

	"inkling/internal/kernel"
)

// SVD is SVD-softmax (Shim, Lee, Choi, Boo and Sung, NIPS 2017): a trained layer of a vector and a bias for each word, asked
// in a way that needs little of its weights. It is made from them without training, and cannot be trained.
//
// With the singular value decomposition A = U·S·Wᵀ of the weights [V, d] the scores are A·h + b = B·h̃ + b, where B = U·S = A·W
// and h̃ = Wᵀ·h. The columns of B are sorted by how large they are, so the first of them, the preview, nearly give the scores:
//
//	ẑ_i = Σ_{j<w} B_ij·h̃_j + b_i,  |z_i − ẑ_i| ≤ ‖B_i,w:‖·‖h̃_w:‖  (Cauchy–Schwarz)
//
// Words whose preview is high get the full view, their exact score. The bound, which is not in the paper, says when no other
// word can be among the best: then these are proven.
//
// The cost of a query is d² + V·w + n·d multiplications instead of V·d. For one query the time is that of reading the preview, and so
// it is kept in bfloat16, which halves it and moves previews by far less than what they leave out; what it moves them by is in the
// bound. Kept are V·w such numbers beside the weights: the full view reads A itself, which is as good as B and need not be
// stored twice.
//
// Rejected, for two LSTMs of 200 on 10,000 words of the Penn Treebank and their hidden vectors of held-out text: to take the mean of the
// rows out of A, which changes all scores alike, and to rotate by how hidden vectors are spread as well. Both left as many
// words to the bound as they found.
type SVD struct {
	dense   *dense
	preview int       // dimensions, w
	full    int       // words that get the full view, n
	bias    []float32 // of each word, all that is added to its score

	rotation    kernel.Packed        // W [d, d], of h̃ᵀ = hᵀ·W
	first       *kernel.BFloat16Rows // B[:, :w]
	rounded     float32              // ‖what rounding took off B_i,:w‖, the largest
	tail        []float32            // of each word, ‖B_i,w:‖
	groupTail   []float32            // the largest of a group of words
	largest     float32              // ‖A_i‖ of all words
	largestBias float32              // |b_i| of all words
	desks       sync.Pool
}

const (
	svdBlock  = 1024 // words; their preview stays in the second-level cache while rows of h pass
	svdGroup  = 64   // words of which the largest preview is known
	svdSample = 16   // of so many words one is a sample
	svdRows   = 32   // of h, whose previews are in memory at once
)

// NewSVD makes one that previews so many dimensions, from 1 to Dim, and gives so many words, from 1 to V, the full view. The
// layer must be of a kind whose exact probabilities are the softmax of a score for each word. Its weights may not change
// afterwards. It takes two passes of 2·V·d² operations and an eigenvalue problem of size d: seconds for V = 100,000 and d = 512.
func NewSVD(d Distribution, preview, full int) (*SVD, error) {
	s, err := Spectrum(d)
	if err != nil {
		return nil, err
	}
	return s.Preview(preview, full)
}

// Preview is [NewSVD] of a layer whose spectrum is known.
func (p *SVDSpectrum) Preview(preview, full int) (*SVD, error) {
	f := p.dense
	v, dim := f.weight.Rows, f.weight.Cols
	if preview < 1 || preview > dim {
		return nil, fmt.Errorf("a preview of %d dimensions: the hidden vectors have %d, so it must be from 1 to %d", preview, dim, dim)
	}
	if full < 1 || full > v {
		return nil, fmt.Errorf("a full view of %d words: the vocabulary has %d, so it must be from 1 to %d", full, v, v)
	}
	s := &SVD{dense: f, preview: preview, full: full, bias: kernel.Floats(v), tail: kernel.Floats(v)}
	copy(s.bias, f.bias.Value)
	if f.shift != nil {
		kernel.Add(s.bias, f.shift)
	}
	s.rotation.Pack(p.vectors, dim, dim, dim, kernel.Float32)
	s.first = kernel.NewBFloat16Rows(v, preview)
	s.groupTail = make([]float32, (v+svdGroup-1)/svdGroup)
	rounded := make([]float32, (v+svdBlock-1)/svdBlock)
	eachBlock(v, svdBlock, func(_, block, from, n int) {
		rows, back := kernel.Floats(n*dim), make([]float32, preview)
		kernel.MatMul(rows, dim, f.weight.Value[from*dim:], dim, n, &s.rotation, false)
		for i := range n {
			row := rows[i*dim : (i+1)*dim]
			s.tail[from+i] = norm(row[preview:])
			s.first.Set(from+i, row[:preview])
			s.first.Get(back, from+i)
			kernel.Axpy(back, -1, row[:preview])
			rounded[block] = max(rounded[block], norm(back))
		}
	})
	s.rounded = slices.Max(rounded)
	for g := range s.groupTail {
		s.groupTail[g] = kernel.Max(s.tail[g*svdGroup : min(v, (g+1)*svdGroup)])
	}
	for i, b := range s.bias {
		s.largest, s.largestBias = max(s.largest, norm(f.weight.Row(i))), max(s.largestBias, b, -b)
	}
	return s, nil
}

// Operations is the number of multiplications of a query with a full view of all the words it may have, as a share of those of
// the exact scores.
func (s *SVD) Operations() float64 {
	v, d := float64(s.dense.weight.Rows), float64(s.dense.weight.Cols)
	return (d*d + v*float64(s.preview) + float64(s.full)*d) / (v * d)
}

// LogProbs is that of the layer, exact.
func (s *SVD) LogProbs(dst, h []float32) { s.dense.LogProbs(dst, h) }

// LogProbsRows is that of the layer, exact.
func (s *SVD) LogProbsRows(dst, h []float32) { s.dense.LogProbsRows(dst, h) }

// ApproximateLogProbs sets dst[w] to the paper's approximation of log p(w|h), in nats: the softmax of scores that are exact for
// the words of the highest previews and previews for all others. It sums to one.
func (s *SVD) ApproximateLogProbs(dst, h []float32) { s.ApproximateLogProbsRows(dst, h) }

// ApproximateLogProbsRows is ApproximateLogProbs for rows of h [n, Dim], into rows of dst [n, V].
func (s *SVD) ApproximateLogProbsRows(dst, h []float32) {
	v := s.dense.vocab()
	s.queries(h, func(at int, q *svdQuery) {
		s.see(q, s.best(q, s.full))
		row, lse := dst[at*v:(at+1)*v], kernel.LogSumExp(q.scores)
		for i, z := range q.scores {
			row[i] = z - lse
		}
	})
}

// ApproximateScores sets dst[i] to what ApproximateLogProbs says of word[i] for row i of h [n, Dim].
func (s *SVD) ApproximateScores(dst, h []float32, word []int) {
	s.queries(h, func(at int, q *svdQuery) {
		s.see(q, s.best(q, s.full))
		dst[at] = q.scores[word[at]] - kernel.LogSumExp(q.scores)
	})
}

// TopK gives the k likeliest words, at least as a full view of so many words as the SVD has shows them. Certified
// says that no other word can be among them, but for the rounding of float32, by which scores may differ that are as good as equal. Their
// log-probabilities differ by what their exact scores do; the sum of all exponentials, which they have in common, is
// that of ApproximateLogProbs over the words that were seen here: an exact one would need all scores.
func (s *SVD) TopK(h []float32, k int) (best []Ranked, certified bool) {
	s.queries(h, func(_ int, q *svdQuery) { best, certified = s.topK(q, k) })
	return best, certified
}

// TopKRows is TopK for rows of h [n, Dim].
func (s *SVD) TopKRows(h []float32, k int) (best [][]Ranked, certified []bool) {
	n := len(h) / s.dense.weight.Cols
	best, certified = make([][]Ranked, n), make([]bool, n)
	s.queries(h, func(at int, q *svdQuery) { best[at], certified[at] = s.topK(q, k) })
	return best, certified
}

// ExactTopKRows is what TopKRows is held against: the product with all weights and the same selection.
func (s *SVD) ExactTopKRows(h []float32, k int) [][]Ranked {
	best := make([][]Ranked, len(h)/s.dense.weight.Cols)
	k = atMost(k, s.dense.vocab())
	s.eachQuery(s.exact, h, func(at int, q *svdQuery) {
		best[at] = ranked(s.best(q, k), kernel.LogSumExp(q.scores))
	})
	return best
}

// topK sees a few words, which say how high a score must be, then those that the bound leaves, if they are not too many, or
// else those of the highest previews.
func (s *SVD) topK(q *svdQuery, k int) (best []Ranked, certified bool) {
	v := s.dense.vocab()
	if k = atMost(k, v); k == 0 {
		return nil, true
	}
	full := max(s.full, k) // words seen in all
	s.see(q, s.best(q, min(full, 4*k)))
	left, all := s.left(q, q.kth(k), full-len(q.seen))
	if !all {
		left = s.best(q, full-len(q.seen))
	}
	s.see(q, left)
	choose(q.seen, k)
	return ranked(q.seen[:k], kernel.LogSumExp(q.scores)), all
}

// ranked are words in order, their scores made log-probabilities.
func ranked(words []Ranked, lse float32) []Ranked {
	words = slices.Clone(words)
	slices.SortFunc(words, before)
	for i := range words {
		words[i].LogProb -= lse
	}
	return words
}
