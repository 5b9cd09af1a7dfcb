package data

import (
	"fmt"
	"math/rand/v2"
	"sync"
)

// A Window is what one step of training or evaluation reads: Time tokens in each of Lanes parallel
// streams. Position t of lane b is at t·Lanes+b.
type Window struct {
	Lanes, Time int
	Inputs      []int
	Targets     []int     // the token after each input
	Weights     []float32 // of each target; nil: all one
	Fresh       bool      // the lanes start anew: carried state must be zeroed first
}

// Weight is the number of targets, each counted as often as it weighs.
func (w Window) Weight() float64 {
	if w.Weights == nil {
		return float64(len(w.Targets))
	}
	sum := 0.0
	for _, x := range w.Weights {
		sum += float64(x)
	}
	return sum
}

// Windows is a text cut up for training with carried state: lanes read segments of consecutive
// windows, then jump to another segment with a fresh state. The order of segments is shuffled, and
// their borders moved, anew in each epoch. A batch is a pure function of (seed, step).
//
// Reading the text in one piece per lane instead would let the state of training be always that of
// a long run, and evaluation from a zero state would meet a model that never saw one.
type Windows struct {
	tokens      Tokens
	lanes, time int
	segment     int // windows in a segment
	segments    int // in an epoch
	seed        uint64

	mu     sync.Mutex
	orders map[int]order // of the epochs in use
}

type order struct {
	offset int
	perm   []int
}

const segmentWindows = 64 // how long a lane's state is carried, in windows

// NewWindows cuts tokens into windows of the given lanes and time steps. The error says what does not fit.
func NewWindows(tokens Tokens, lanes, time int, seed uint64) (*Windows, error) {
	if lanes < 1 || time < 1 {
		return nil, fmt.Errorf("a batch of %d lanes of %d steps: both must be at least 1", lanes, time)
	}
	n := tokens.Len() - 1 // inputs that have a target
	if time > n/lanes {   // and not lanes·time > n, which may overflow
		return nil, fmt.Errorf("a batch of %d × %d tokens is longer than the text, which has %d to train on: make the batch or the time smaller, or bring more text",
			lanes, time, tokens.Len())
	}
	w := &Windows{tokens: tokens, lanes: lanes, time: time, seed: seed, orders: map[int]order{}}
	w.segment = max(1, min(segmentWindows, n/(lanes*time)))
	length := w.segment * time
	w.segments = n / length
	if w.segments > 16 {
		w.segments-- // leaves room to move the borders
	}
	return w, nil
}

// StepsPerEpoch is the number of steps in which the text is read once.
func (w *Windows) StepsPerEpoch() int { return max(1, w.segments*w.segment/w.lanes) }

// StepTokens is the number of tokens that a step trains on, over all shards.
func (w *Windows) StepTokens() int { return w.lanes * w.time }

// ShardLanes is the number of lanes of one shard.
func (w *Windows) ShardLanes(shard, shards int) int {
	return (shard+1)*w.lanes/shards - shard*w.lanes/shards
}

// Batch is the part of a step's batch that belongs to one shard. It fails only if the tokens cannot be read.
func (w *Windows) Batch(step, shard, shards int) (Window, error) {
	first, lanes := shard*w.lanes/shards, w.ShardLanes(shard, shards)
	round, within := step/w.segment, step%w.segment
	b := Window{
		Lanes: lanes, Time: w.time, Fresh: within == 0,
		Inputs: make([]int, lanes*w.time), Targets: make([]int, lanes*w.time),
	}
	tokens := make([]int, w.time+1)
	for lane := range lanes {
		i := round*w.lanes + first + lane
		o := w.order(i / w.segments)
		at := o.offset + (o.perm[i%w.segments]*w.segment+within)*w.time
		if err := w.tokens.Read(tokens, at); err != nil {
			return Window{}, err
		}
		for t, token := range tokens[:w.time] {
			b.Inputs[t*lanes+lane] = token
			b.Targets[t*lanes+lane] = tokens[t+1]
		}
	}
	return b, nil
}

func (w *Windows) order(epoch int) order {
	w.mu.Lock()
	defer w.mu.Unlock()
	o, ok := w.orders[epoch]
	if !ok {
		for e := range w.orders {
			if e < epoch-2 {
				delete(w.orders, e)
			}
		}
		r := rand.New(rand.NewPCG(w.seed, uint64(epoch)))
		slack := w.tokens.Len() - 1 - w.segments*w.segment*w.time
		o = order{offset: r.IntN(slack + 1), perm: r.Perm(w.segments)}
		w.orders[epoch] = o
	}
	return o
}

// Shard is the part of a window's lanes that falls to one of several workers.
func (w Window) Shard(shard, shards int) Window {
	first := shard * w.Lanes / shards
	s := Window{Lanes: (shard+1)*w.Lanes/shards - first, Time: w.Time, Fresh: w.Fresh}
	for t := range w.Time {
		from := t*w.Lanes + first
		s.Inputs = append(s.Inputs, w.Inputs[from:from+s.Lanes]...)
		s.Targets = append(s.Targets, w.Targets[from:from+s.Lanes]...)
		if w.Weights != nil {
			s.Weights = append(s.Weights, w.Weights[from:from+s.Lanes]...)
		}
	}
	return s
}
