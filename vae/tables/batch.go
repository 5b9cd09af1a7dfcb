package tables

import (
	"math/rand/v2"
	"sync"

	"inkling/vae"
)

// Rows is what a batch holds of a table: Batch.Data.
type Rows struct {
	N     int
	Codes [][]int32 // of each column, by row
}

// take sets rows to those of a table by number.
func (r *Rows) take(t *Table, numbers []int32) {
	r.N = len(numbers)
	for len(r.Codes) < len(t.Columns) {
		r.Codes = append(r.Codes, nil)
	}
	for c := range t.Columns {
		r.Codes[c] = r.Codes[c][:0]
		for _, i := range numbers {
			r.Codes[c] = append(r.Codes[c], t.Codes[c][i])
		}
	}
}

// Source gives batches of some rows of a table, in another order in each pass: a pure function of its fields and the step.
type Source struct {
	Table *Table
	Of    []int32 // numbers of the rows
	Size  int     // rows of a step
	Seed  uint64

	mu    sync.Mutex
	pass  int // of order, plus one
	order []int32
	rows  []*Rows // by shard
}

// StepsPerEpoch is how many steps see all rows; those left over are seen in another pass.
func (s *Source) StepsPerEpoch() int { return max(1, len(s.Of)/s.size()) }

func (s *Source) size() int { return min(s.Size, len(s.Of)) }

// Batch is the shard's part of a step.
func (s *Source) Batch(step, shard, shards int) (vae.Batch, error) {
	per, size := s.StepsPerEpoch(), s.size()
	order, rows := s.memory(step/per, shard, shards)
	from, to := shard*size/shards, (shard+1)*size/shards
	first := step % per * size
	rows.take(s.Table, order[first+from:first+to])
	return vae.Batch{Rows: to - from, Data: rows, Step: step, Epoch: float64(step) / float64(per)}, nil
}

func (s *Source) memory(pass, shard, shards int) ([]int32, *Rows) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pass != pass+1 {
		s.order = append(s.order[:0:0], s.Of...) // other shards may still read the one before
		rand.New(rand.NewPCG(s.Seed, uint64(pass)<<1|1)).Shuffle(len(s.order), func(i, j int) { s.order[i], s.order[j] = s.order[j], s.order[i] })
		s.pass = pass + 1
	}
	for len(s.rows) < shards {
		s.rows = append(s.rows, &Rows{})
	}
	return s.order, s.rows[shard]
}

// Examples are some rows of a table to judge a model by.
type Examples struct {
	Table *Table
	Of    []int32 // numbers of the rows
}

// Len is how many there are.
func (e Examples) Len() int { return len(e.Of) }

// Batch is a copy of theirs.
func (e Examples) Batch(from, to int) vae.Batch {
	rows := new(Rows)
	rows.take(e.Table, e.Of[from:to])
	return vae.Batch{Rows: to - from, Data: rows}
}

// Number is that of row i in the file.
func (e Examples) Number(i int) int { return int(e.Of[i]) }
