package wordvec

import "inkling/internal/kernel"

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
}

func sharedTable(matrix []float32, ld int) *table {
	return &table{data: matrix, ld: ld, unused: int32(len(matrix)/ld - 1)}
}

func privateTable(matrix []float32, ld int) *table {
	return &table{data: make([]float32, ld, 1024*ld), ld: ld, base: matrix, slot: make([]int32, len(matrix)/ld)}
}

// at is the row of a word.
func (t *table) at(word int32) int32 {
	if t.base == nil {
		return word
	}
	if s := t.slot[word]; s > 0 {
		return s
	}
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
	t.kept, t.data = t.kept[:0], t.data[:t.ld]
}

// row is the copy of a word, nil if it was not touched.
func (t *table) row(word int32) []float32 {
	s := int(t.slot[word])
	if s == 0 {
		return nil
	}
	return t.data[s*t.ld : (s+1)*t.ld]
}

// merge adds to a matrix what shards have changed of their copies, in the order of the shards: of the words whose number
// leaves the rest part when divided by parts, so that parts may be done at once. A row that one shard alone has touched is
// that shard's.
func merge(matrix []float32, ld int, shards []*table, part, parts int) {
	touched := make([][]float32, 0, len(shards))
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
			touched = touched[:0]
			for _, other := range shards[s:] {
				if row := other.row(w); row != nil {
					touched = append(touched, row)
				}
			}
			row := matrix[int(w)*ld : (int(w)+1)*ld]
			if len(touched) == 1 {
				copy(row, touched[0])
				continue
			}
			kernel.Scale(row, float32(1-len(touched))) // row + Σ (copy − row)
			for _, copied := range touched {
				kernel.Add(row, copied)
			}
		}
	}
}
