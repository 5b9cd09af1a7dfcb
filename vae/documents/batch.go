package documents

import (
	"math/rand/v2"
	"sync"

	"inkling/data"
	"inkling/vae"
)

// Source gives batches of documents, in another order in each pass: a pure function of its fields and the step.
type Source struct {
	Bags *data.Bags
	Size int // documents of a step
	Seed uint64

	mu      sync.Mutex
	pass    int // of order, plus one
	order   []int
	batches []*memory // by shard
}

// memory is what a batch is made in.
type memory struct {
	batch Batch
	index []int
}

// StepsPerEpoch is how many steps see all the documents; those left over are seen in another pass.
func (s *Source) StepsPerEpoch() int { return max(1, s.Bags.Len()/s.size()) }

func (s *Source) size() int { return min(s.Size, s.Bags.Len()) }

// Batch is the shard's part of a step, good until its next.
func (s *Source) Batch(step, shard, shards int) (vae.Batch, error) {
	per, size := s.StepsPerEpoch(), s.size()
	order, m := s.take(step/per, shard, shards)
	from, to := shard*size/shards, (shard+1)*size/shards
	first := step % per * size
	m.begin()
	for _, at := range order[first+from : first+to] {
		m.add(s.Bags, at)
	}
	return vae.Batch{Rows: to - from, Data: m.batch, Index: m.index, Step: step, Epoch: float64(step) / float64(per)}, nil
}

func (s *Source) take(pass, shard, shards int) (order []int, m *memory) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pass != pass+1 {
		s.order = rand.New(rand.NewPCG(s.Seed, uint64(pass)<<1)).Perm(s.Bags.Len())
		s.pass = pass + 1
	}
	for len(s.batches) < shards {
		s.batches = append(s.batches, new(memory))
	}
	return s.order, s.batches[shard]
}

func (m *memory) begin() {
	m.batch = Batch{append(m.batch.Starts[:0], 0), m.batch.Words[:0], m.batch.Counts[:0]}
	m.index = m.index[:0]
}

func (m *memory) add(b *data.Bags, i int) {
	words, counts := b.Bag(i)
	for j, w := range words {
		m.batch.Words, m.batch.Counts = append(m.batch.Words, int(w)), append(m.batch.Counts, float32(counts[j]))
	}
	m.batch.Starts, m.index = append(m.batch.Starts, len(m.batch.Words)), append(m.index, i)
}

// Examples are documents to judge a model by: vae.Examples.
type Examples struct{ Bags *data.Bags }

// Len is how many there are.
func (e Examples) Len() int { return e.Bags.Len() }

// Number is that of a document in the data it was read from.
func (e Examples) Number(i int) int { return e.Bags.Numbers[i] }

// Batch is a copy of theirs.
func (e Examples) Batch(from, to int) vae.Batch {
	m := new(memory)
	m.begin()
	for i := from; i < to; i++ {
		m.add(e.Bags, i)
	}
	return vae.Batch{Rows: to - from, Data: m.batch, Index: m.index}
}

// Norm is the mean squared length of what the encoder sees of documents.
func (c Config) norm(b *data.Bags) float64 {
	sum := 0.0
	for i := range b.Len() {
		_, counts := b.Bag(i)
		for _, n := range counts {
			v := float64(seen(c.Input == "log", float32(n)))
			sum += v * v
		}
	}
	return sum / float64(max(1, b.Len()))
}

// For sets what the first weights go by: how often each word occurs, and what the encoder will see.
func (c Config) For(v *data.BagVocab, train *data.Bags) Config {
	c.Counts, c.Norm = v.Counts, c.norm(train)
	return c
}
