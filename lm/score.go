package lm

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"inkling/data"
	"inkling/internal/parallel"
	"inkling/softmax"
	"inkling/tensor"
)

// Scoring reads many items side by side: up to scoreLanes of them as the lanes of one window, which makes their steps
// one product. Time is cut into windows of about scoreRows tokens, with carried state from one to the next, so an item
// of any length takes the same memory.
//
// Items of a window are of nearly the same length: they are taken from the longest to the shortest, and one that is
// shorter by more than 1/scoreSlack than the first of its window begins another. So less than that share of what is
// read is padding behind the end of an item, whatever the lengths. Taking lanes out as their items end, or giving them
// new items, would read no padding, but would have to know how each kind of layer lays out the state of its lanes.
const (
	scoreLanes = 96
	scoreRows  = 768
	scoreTime  = 64 // the most steps, so that a long item can be given up soon
	scoreSlack = 8
)

// A Scorer gives the probability of many independent sequences of tokens. One goroutine uses it at a time.
type Scorer struct {
	model *Model
	desks []*scoreDesk // one a worker
	order []int        // of the items, longest first
}

// scoreDesk is what one worker works on.
type scoreDesk struct {
	tape   *tensor.Tape
	carry  []float32
	window data.Window
	scores []float32
}

// Scorer makes one that uses so many cores.
func (m *Model) Scorer(workers int) *Scorer {
	if workers < 1 {
		panic(fmt.Sprintf("lm: Scorer with %d workers", workers))
	}
	s := &Scorer{model: m}
	for range workers {
		d := &scoreDesk{tape: tensor.NewInference()}
		d.tape.Scratch(int(m.Config.scoring())) // windows of many shapes will find room in one piece, and no rests are left
		s.desks = append(s.desks, d)
	}
	return s
}

// Score reads each item from the model's start and sets dst[i][t] to log p(items[i][t+1] | items[i][:t+1]), in nats:
// what an item is made of, less its first token, which is only read. dst[i] must have room for these. The result does not
// depend on what else is among the items, but for rounding. When ctx ends, so does Score, with its error and with some of
// dst.
func (s *Scorer) Score(ctx context.Context, dst [][]float32, items [][]int) error {
	if len(dst) != len(items) {
		panic(fmt.Sprintf("lm: Score of %d items into %d", len(items), len(dst)))
	}
	for i, item := range items {
		if len(dst[i]) < len(item)-1 {
			panic(fmt.Sprintf("lm: Score of an item of %d tokens into %d", len(item), len(dst[i])))
		}
	}
	s.sort(items)
	groups := s.groups(items)
	return parallel.Try(len(s.desks), len(groups), func(desk, i int) error {
		return s.read(ctx, s.desks[desk], groups[i], dst, items)
	})
}

// sort puts the items that have something to score in order, from the longest to the shortest.
func (s *Scorer) sort(items [][]int) {
	s.order = s.order[:0]
	for i, item := range items {
		if len(item) > 1 {
			s.order = append(s.order, i)
		}
	}
	slices.SortFunc(s.order, func(a, b int) int {
		return cmp.Or(cmp.Compare(len(items[b]), len(items[a])), cmp.Compare(a, b))
	})
}

// groups cuts the order into the items of each window. Few items are spread over the workers.
func (s *Scorer) groups(items [][]int) (groups [][]int) {
	lanes := min(scoreLanes, (len(s.order)+len(s.desks)-1)/len(s.desks))
	for rest := s.order; len(rest) > 0; {
		longest, n := len(items[rest[0]]), 1
		for n < min(lanes, len(rest)) && (longest-len(items[rest[n]]))*scoreSlack <= longest {
			n++
		}
		groups = append(groups, rest[:n])
		rest = rest[n:]
	}
	return groups
}

// read scores a group of items, longest first.
func (s *Scorer) read(ctx context.Context, d *scoreDesk, group []int, dst [][]float32, items [][]int) error {
	lanes, longest := len(group), len(items[group[0]])-1
	most := min(longest, scoreTime, max(1, scoreRows/lanes))
	for at := 0; at < longest; at += most {
		if err := ctx.Err(); err != nil {
			return err
		}
		w := d.fresh(s.model, lanes, min(most, longest-at))
		w.Fresh = at == 0
		for lane, i := range group {
			for t := range w.Time {
				input, target := 0, 0 // padding, whose score is not looked at
				if at+t+1 < len(items[i]) {
					input, target = items[i][at+t], items[i][at+t+1]
				}
				w.Inputs[t*lanes+lane], w.Targets[t*lanes+lane] = input, target
			}
		}
		h := s.model.hidden(d.tape, w, d.carry)
		softmax.Scores(d.tape, s.model.out, s.model.Vocab(), d.scores, h, w.Targets)
		for lane, i := range group {
			for t := 0; t < w.Time && at+t+1 < len(items[i]); t++ {
				dst[i][at+t] = d.scores[t*lanes+lane]
			}
		}
	}
	return nil
}

// fresh makes a window to be filled, and room for what comes of it.
func (d *scoreDesk) fresh(m *Model, lanes, time int) data.Window {
	d.tape.Reset(0, 0, 0)
	n, w := lanes*time, &d.window
	w.Lanes, w.Time = lanes, time
	w.Inputs, w.Targets, d.scores = sized(w.Inputs, n), sized(w.Targets, n), sized(d.scores, n)
	if carry := m.CarryFloats(*w); len(d.carry) != carry {
		d.carry = sized(d.carry, carry)
	}
	return *w
}

// sized is the first n of x, made anew if x is too short.
func sized[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}
