package wordvec

import (
	"math"

	"inkling/internal/kernel"
)

// A table is a matrix as a shard sees it. Sharing it, the rows are those of the model. Otherwise they are copies, made
// when the shard first touches a row, which lie one after the other in the order of being touched: few enough to stay in
// the cache.
type table struct {
	data   []float32 // rows
	ld     int
	unused int32 // a row of zeros, which gets nothing but zeros added

	base []float32 // the model's rows; nil if data is that
	slot []int32   // of each word: its row in data; 0: not touched
	kept []int32   // the words touched, that of row i+1 at i

	touches []float32 // of each row of data: how often it was touched
}

func sharedTable(matrix []float32, ld int) *table {
	return &table{data: matrix, ld: ld, unused: int32(len(matrix)/ld - 1)}
}

func privateTable(matrix []float32, ld int) *table {
	return &table{data: make([]float32, ld, 1024*ld), ld: ld, base: matrix, slot: make([]int32, len(matrix)/ld), touches: make([]float32, 1)}
}

// at is the row of a word, which is touched so often.
func (t *table) at(word int32, touches float32) int32 {
	if t.base == nil {
		return word
	}
	if s := t.slot[word]; s > 0 {
		t.touches[s] += touches
		return s
	}
	t.touches = append(t.touches, touches)
	t.kept = append(t.kept, word)
	s := int32(len(t.kept))
	t.slot[word] = s
	t.data = append(t.data, t.base[int(word)*t.ld:(int(word)+1)*t.ld]...)
	return s
}

// forget makes ready for another step.
func (t *table) forget() {
	for _, w := range t.kept {
		t.slot[w] = 0
	}
	t.kept, t.data, t.touches = t.kept[:0], t.data[:t.ld], t.touches[:1]
}

// A merger adds to a matrix what shards have changed of their copies, in the order of the shards. A row that one shard alone
// has touched is that shard's. Others get the sum of the changes δ, or less of it:
//
// Every update moves a vector a little towards where the loss is least, so that updates one after the other move it ever
// less. The shards' changes are not one after the other: if each has moved a vector to the end, the sum is far beyond it, and
// training falls apart, on many shards or with few words. Orthogonal changes have nothing to do with each other, and
// their sum is right; of equal ones the mean is. Between these
//
//	λ = Σ|δ|² / |Σδ|²
//
// is the share of the sum that is taken (as Adasum does for gradients: S. Maleki et al. 2021, Scaling Distributed Training
// with Adaptive Summation), but no less than what follows from how often a vector was touched: n updates that each close
// a share κ of the way close 1−e^(−κn) of it, so that of equal changes which shards have made in n₁, n₂, … updates
//
//	λ = (1−e^(−κΣn)) / Σ(1−e^(−κn))
//
// of the sum is what updates one after the other had done: nearly all of it for the many words that are touched a few
// times in a step.
type merger struct {
	kappa   float64 // of a touch, at most
	copies  [][]float32
	touches []float64
	change  []float32
	sum     []float32
}

// merge merges the words whose number leaves the rest part when divided by parts, so that parts may be merged at once.
func (m *merger) merge(matrix []float32, ld int, shards []*table, part, parts int) {
	for s, t := range shards {
	words:
		for _, w := range t.kept {
			if int(w)%parts != part {
				continue
			}
			for _, before := range shards[:s] {
				if before.slot[w] > 0 {
					continue words
				}
			}
			m.copies, m.touches = m.copies[:0], m.touches[:0]
			for _, other := range shards[s:] {
				if slot := int(other.slot[w]); slot > 0 {
					m.copies = append(m.copies, other.data[slot*ld:(slot+1)*ld])
					m.touches = append(m.touches, float64(other.touches[slot]))
				}
			}
			m.row(matrix[int(w)*ld : (int(w)+1)*ld])
		}
	}
}

// row merges the copies of a row.
func (m *merger) row(row []float32) {
	if len(m.copies) == 1 {
		copy(row, m.copies[0])
		return
	}
	share := float32(m.share(row))
	kernel.Scale(row, 1-share*float32(len(m.copies))) // row + λ·Σ (copy − row)
	for _, copied := range m.copies {
		kernel.Axpy(row, share, copied)
	}
}

// enough is a share of the sum from which on all of it is taken without looking further.
const enough = 0.9

// share is λ.
func (m *merger) share(row []float32) float64 {
	all, each := 0.0, 0.0
	for _, n := range m.touches {
		all += n
		each -= math.Expm1(-m.kappa * n)
	}
	least := -math.Expm1(-m.kappa*all) / each
	if least > enough {
		return 1
	}
	resize(&m.sum, len(row))
	clear(m.sum)
	squares := 0.0
	for _, copied := range m.copies {
		m.change = append(m.change[:0], copied...)
		kernel.Axpy(m.change, -1, row)
		kernel.Add(m.sum, m.change)
		squares += float64(kernel.Dot(m.change, m.change))
	}
	length := float64(kernel.Dot(m.sum, m.sum))
	return min(1, max(least, squares/max(length, squares*1e-6, math.SmallestNonzeroFloat64)))
}
