package vae

import (
	"math/rand/v2"
	"sync"

	"inkling/data"
)

// A Batch is what one shard of one step sees.
type Batch struct {
	Rows  int
	X     []float32 // of pictures: Rows examples, one after another; good until the same shard's next batch
	Data  any       // of other data: what their encoder and decoder understand; good as long
	Index []int     // of each in the data
	Step  int
	Epoch float64 // passes over the data before this step
}

// Weight is the number of examples.
func (b Batch) Weight() float64 { return float64(b.Rows) }

// Binarizations are what can be done to grey pictures before they are black and white: nothing; drawing each number anew with its value as
// the probability of one, whenever it is seen ("dynamic", Burda et al. 2016); or once and for all ("fixed").
var Binarizations = []string{"none", "dynamic", "fixed"}

// Batch is rows of numbers as a batch, one picture after another.
func (m *Model) Batch(x []float32) Batch { return Batch{Rows: len(x) / m.Config.Inputs(), X: x} }

// Source gives batches of pictures, in another order in each pass: a pure function of its fields and the step.
type Source struct {
	Images   *data.Images
	Size     int    // examples of a step
	Binarize string // one of Binarizations
	Seed     uint64

	mu    sync.Mutex
	pass  int // of order, plus one
	order []int
	rows  [][]float32 // by shard
	index [][]int
}

// StepsPerEpoch is how many steps see all the data; those left over are seen in another pass.
func (s *Source) StepsPerEpoch() int { return max(1, s.Images.Len()/s.size()) }

func (s *Source) size() int { return min(s.Size, s.Images.Len()) }

// Batch is the shard's part of a step.
func (s *Source) Batch(step, shard, shards int) (Batch, error) {
	per := s.StepsPerEpoch()
	order, rows, index := s.take(step/per, shard, shards)
	size := s.size()
	from, to := shard*size/shards, (shard+1)*size/shards
	first := step % per * size
	b := Batch{Rows: to - from, Step: step, Epoch: float64(step) / float64(per)}
	width := s.Images.Size()
	for i, at := range order[first+from : first+to] {
		index = append(index, at)
		s.Images.Read(rows[i*width:(i+1)*width], at)
	}
	b.X, b.Index = rows[:b.Rows*width], index
	switch s.Binarize {
	case "dynamic":
		Binarize(b.X, rand.New(rand.NewPCG(s.Seed, uint64(step)<<16|uint64(shard)<<1|1)))
	case "fixed":
		for i, at := range index {
			Fixed(b.X[i*width:(i+1)*width], s.Seed, s.Images.Number(at))
		}
	}
	return b, nil
}

// take gives the order of a pass, and the shard's memory.
func (s *Source) take(pass, shard, shards int) (order []int, rows []float32, index []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pass != pass+1 {
		s.order = rand.New(rand.NewPCG(s.Seed, uint64(pass)<<1)).Perm(s.Images.Len())
		s.pass = pass + 1
	}
	for len(s.rows) < shards {
		s.rows, s.index = append(s.rows, nil), append(s.index, nil)
	}
	if s.rows[shard] == nil {
		most := (s.size() + shards - 1) / shards
		s.rows[shard], s.index[shard] = make([]float32, most*s.Images.Size()), make([]int, 0, most)
	}
	return s.order, s.rows[shard], s.index[shard][:0]
}

// Binarize draws each number: one with its value as the probability, else zero.
func Binarize(x []float32, rnd *rand.Rand) {
	for i, p := range x {
		x[i] = 0
		if p > 0 && rnd.Float32() < p {
			x[i] = 1
		}
	}
}

// Fixed binarizes a picture by its number in the data, always in the same way.
func Fixed(x []float32, seed uint64, i int) { Binarize(x, rand.New(rand.NewPCG(^seed, uint64(i)))) }
