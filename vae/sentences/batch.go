package sentences

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"inkling/data"
	"inkling/vae"
)

// Batch is vae.Batch.Data of sentences.
type Batch struct {
	Sentences [][]int // tokens of each, the end included and what it begins with not: at least one
	Train     bool    // to learn from: words are dropped
}

// longest is the most tokens of a sentence.
func longest(s [][]int) (n int) {
	for _, tokens := range s {
		n = max(n, len(tokens))
	}
	return n
}

// Examples are sentences to judge a model by, tokens as in Batch. They are vae.Examples.
type Examples [][]int

// Len is how many there are.
func (e Examples) Len() int { return len(e) }

// Batch is some of them.
func (e Examples) Batch(from, to int) vae.Batch {
	return vae.Batch{Rows: to - from, Data: Batch{Sentences: e[from:to]}}
}

// Longest is the most tokens of one.
func (e Examples) Longest() int { return longest(e) }

// Tokens is how many there are of all, with the ends.
func (e Examples) Tokens() (n int) {
	for _, tokens := range e {
		n += len(tokens)
	}
	return n
}

// Bytes is the memory that they take.
func (e Examples) Bytes() int64 { return 24*int64(len(e)) + 8*int64(e.Tokens()) }

// Read takes the sentences of a list into memory, each of which begins with the token begin.
func Read(tokens data.Tokens, begin int) (Examples, error) {
	l, err := find(tokens, begin, 0)
	if err != nil {
		return nil, err
	}
	e := make(Examples, l.Len())
	for i := range e {
		if e[i], err = l.read(i); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// list is where the sentences of a list are.
type list struct {
	tokens  data.Tokens
	starts  []int // of each, behind what it begins with
	lengths []int32
	left    int // out, since they are too long
}

// find finds the sentences of at most so many tokens; 0: of any number.
func find(tokens data.Tokens, begin, longest int) (*list, error) {
	l := &list{tokens: tokens}
	buf, start := make([]int, 1<<12), -1
	end := func(at int) {
		switch n := at - start; {
		case start < 0:
		case longest > 0 && n > longest:
			l.left++
		default:
			l.starts, l.lengths = append(l.starts, start), append(l.lengths, int32(n))
		}
	}
	for at := 0; at < tokens.Len(); at += len(buf) {
		buf = buf[:min(len(buf), tokens.Len()-at)]
		if err := tokens.Read(buf, at); err != nil {
			return nil, err
		}
		for i, id := range buf {
			if id == begin {
				end(at + i)
				start = at + i + 1
			}
		}
	}
	end(tokens.Len())
	return l, nil
}

// Len is how many there are.
func (l *list) Len() int { return len(l.starts) }

func (l *list) read(i int) ([]int, error) {
	tokens := make([]int, l.lengths[i])
	return tokens, l.tokens.Read(tokens, l.starts[i])
}

// Source gives batches of sentences of like length, so that little of them is padding. Which sentences of a length go together, and in which
// order the batches come, is drawn anew in each pass; those left over by whole batches are seen in another. A batch is a pure function of the
// seed and the step.
type Source struct {
	list *list
	size int
	seed uint64

	mu    sync.Mutex
	pass  int // of order, plus one
	order []uint32
}

// SourceBytes is what a source takes in memory for each sentence.
const SourceBytes = 8 + 4 + 2*4

// NewSource finds the sentences of a list, each of which begins with the token begin, and leaves out those of more than longest tokens. Size is
// how many make a batch; of fewer all do.
func NewSource(tokens data.Tokens, begin, longest, size int, seed uint64) (*Source, error) {
	l, err := find(tokens, begin, longest)
	if err != nil {
		return nil, err
	}
	if l.Len() == 0 {
		return nil, fmt.Errorf("no sentence of at most %d tokens among %d: there is nothing to learn from", longest, l.left)
	}
	if uint64(l.Len()) > 1<<32-1 {
		return nil, fmt.Errorf("%d sentences: at most %d", l.Len(), uint64(1<<32-1))
	}
	return &Source{list: l, size: min(size, l.Len()), seed: seed}, nil
}

// Len is how many sentences there are.
func (s *Source) Len() int { return s.list.Len() }

// LeftOut is how many were too long.
func (s *Source) LeftOut() int { return s.list.left }

// Tokens is how many there are to learn from, ends included.
func (s *Source) Tokens() (n int) {
	for _, l := range s.list.lengths {
		n += int(l)
	}
	return n
}

// StepsPerEpoch is how many steps see all sentences but those left over.
func (s *Source) StepsPerEpoch() int { return s.Len() / s.size }

// Padding is the share of what a pass reads that is none of a sentence's.
func (s *Source) Padding(shards int) float64 {
	order := s.take(0)
	tokens, read := 0, 0
	for step := range s.StepsPerEpoch() {
		batch := order[step*s.size : (step+1)*s.size]
		for shard := range shards {
			some, most := batch[shard*s.size/shards:(shard+1)*s.size/shards], 0
			for _, i := range some {
				n := int(s.list.lengths[i])
				tokens, most = tokens+n, max(most, n)
			}
			read += most * len(some)
		}
	}
	return 1 - float64(tokens)/float64(read)
}

// Batch is the shard's part of a step.
func (s *Source) Batch(step, shard, shards int) (vae.Batch, error) {
	per := s.StepsPerEpoch()
	order := s.take(step / per)
	first := step % per * s.size
	some := order[first+shard*s.size/shards : first+(shard+1)*s.size/shards]
	b := vae.Batch{Rows: len(some), Step: step, Epoch: float64(step) / float64(per)}
	d := Batch{Train: true, Sentences: make([][]int, len(some))}
	for i, at := range some {
		var err error
		if d.Sentences[i], err = s.list.read(int(at)); err != nil {
			return vae.Batch{}, err
		}
	}
	b.Data = d
	return b, nil
}

// take gives the order of a pass: a random choice of as many sentences as whole batches hold, by length, and the batches shuffled, but for the
// longest, which comes first: so tapes take their memory at once, and find room for all others in it.
func (s *Source) take(pass int) []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pass == pass+1 {
		return s.order
	}
	rnd := rand.New(rand.NewPCG(s.seed, uint64(pass)<<1))
	all := make([]uint32, s.Len())
	for i := range all {
		all[i] = uint32(i)
	}
	rnd.Shuffle(len(all), func(a, b int) { all[a], all[b] = all[b], all[a] })
	all = all[:s.StepsPerEpoch()*s.size]
	slices.SortStableFunc(all, func(a, b uint32) int { return cmp.Compare(s.list.lengths[a], s.list.lengths[b]) })
	order, batches := make([]uint32, 0, len(all)), rnd.Perm(s.StepsPerEpoch())
	longest := slices.Index(batches, len(batches)-1)
	batches[0], batches[longest] = batches[longest], batches[0]
	for _, batch := range batches {
		order = append(order, all[batch*s.size:(batch+1)*s.size]...)
	}
	s.pass, s.order = pass+1, order
	return order
}
