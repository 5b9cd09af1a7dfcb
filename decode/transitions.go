package decode

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// mostTable is how many bytes the tables of a search over a Markov model may take.
const mostTable = 1 << 30

// tableBlock is how many contexts are scored in one product.
const tableBlock = 256

// order is that of a Markov model, 0 of any other.
func order(m Model) int {
	if k, ok := m.(Markov); ok {
		return k.Order()
	}
	return 0
}

// past is the last tokens of a sequence, the oldest first, 4 bytes each: a value, so that equal ones meet in a map.
type past string

func pastOf(tokens []int, most int) (p past) {
	for _, token := range tokens[max(0, len(tokens)-most):] {
		p = p.after(token, most)
	}
	return p
}

func (p past) length() int { return len(p) / 4 }

func (p past) token(i int) int { return int(binary.LittleEndian.Uint32([]byte(p[4*i : 4*i+4]))) }

// after is the past after one more token, of which the last most are kept.
func (p past) after(token, most int) past {
	if most == 0 {
		return ""
	}
	return p.without(most-1) + past(binary.LittleEndian.AppendUint32(nil, uint32(token)))
}

// without is its last most tokens.
func (p past) without(most int) past { return p[max(0, len(p)-4*most):] }

// transitions are log p(w | past) of a Markov model of order d, a row for each past that was asked for, all of them made in batched
// products on all cores. With keep below d they are those of a relaxed model that sees the last keep tokens: of each w the
// largest that any older tokens could make it,
//
//	r(w | w_{t−keep} … w_{t−1}) = max over w_{t−d} … w_{t−keep−1} of p(w | w_{t−d} … w_{t−1})
//
// so that no sequence is less likely under it. It costs the scores of all pasts of d tokens, and memory for those of keep.
type transitions struct {
	model         Model
	vocab         int
	order, keep   int
	read          int // tokens of the prefix
	index         map[past]int32
	rows          []float32 // [len(index), vocab]
	scored, calls atomic.Int64
}

func newTransitions(m Model, order, keep int, req *Request) *transitions {
	return &transitions{model: m, vocab: m.VocabSize(), order: order, keep: keep, read: len(req.Prefix), index: map[past]int32{}}
}

// contexts is how many pasts of so many tokens there are, or that can be come to in so many steps; +Inf if that is beyond counting.
func contexts(vocab, order, steps int) float64 {
	n := 0.0
	for t := range steps { // after t tokens the older ones are those of the prefix
		if t > order || n > 1e18 {
			break
		}
		n += math.Pow(float64(vocab), float64(t))
	}
	return min(n, math.Pow(float64(vocab), float64(order)))
}

// add makes the rows of pasts that have none, each of keep tokens or of all tokens there are. after is what errors say: after so many
// tokens. When ctx ends it ends with its error.
func (t *transitions) add(ctx context.Context, pasts []past, after int) error {
	var fresh []past
	for _, p := range pasts {
		if _, ok := t.index[p]; !ok {
			t.index[p] = int32(len(t.index))
			fresh = append(fresh, p)
		}
	}
	from, n := len(t.rows), len(fresh)*t.vocab
	if cap(t.rows) < from+n {
		t.rows = append(make([]float32, 0, max(from+n, min(2*from, mostTable/4))), t.rows...)
	}
	t.rows = t.rows[:from+n]
	rows := t.rows[from:]

	block := tableBlock
	if t.keep < t.order {
		block = 1 // a past has many behind it
	}
	blocks := (len(fresh) + block - 1) / block
	errs := make([]error, blocks)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(blocks, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1) - 1); i < blocks && ctx.Err() == nil; i = int(next.Add(1) - 1) {
				some := fresh[i*block : min((i+1)*block, len(fresh))]
				dst := rows[i*block*t.vocab:][:len(some)*t.vocab]
				if t.keep < t.order && some[0].length() == t.keep {
					errs[i] = t.most(ctx, dst, some[0], after)
				} else {
					errs[i] = t.score(dst, some, after)
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// score sets dst to the scores of what follows pasts.
func (t *transitions) score(dst []float32, pasts []past, after int) error {
	states := make([]State, len(pasts))
	for i, p := range pasts {
		s := t.model.Start()
		for j := range p.length() {
			s = t.model.Next(s, p.token(j))
		}
		states[i] = s
	}
	(&scores{model: t.model, logp: dst, cols: t.vocab}).of(states)
	t.scored.Add(int64(len(pasts)))
	if _, ok := t.model.(Batch); ok {
		t.calls.Add(1)
	} else {
		t.calls.Add(int64(len(pasts)))
	}
	for i := range pasts {
		if err := check(nil, dst[i*t.vocab:(i+1)*t.vocab], after); err != nil {
			return err
		}
	}
	return nil
}

// most sets dst to the largest scores of what follows p, whatever is before it, and if nothing has to be, nothing.
func (t *transitions) most(ctx context.Context, dst []float32, p past, after int) error {
	for w := range dst {
		dst[w] = float32(math.Inf(-1))
	}
	rows, some := make([]float32, tableBlock*t.vocab), make([]past, 0, tableBlock)
	take := func() error {
		if err := t.score(rows[:len(some)*t.vocab], some, after); err != nil {
			return err
		}
		for i := range some {
			for w, x := range rows[i*t.vocab : (i+1)*t.vocab] {
				dst[w] = max(dst[w], x)
			}
		}
		some = some[:0]
		return ctx.Err()
	}
	var older func(p past, missing int) error
	older = func(p past, missing int) error {
		if missing == 0 {
			if some = append(some, p); len(some) == tableBlock {
				return take()
			}
			return nil
		}
		for token := range t.vocab {
			if err := older(past("").after(token, 1)+p, missing-1); err != nil {
				return err
			}
		}
		return nil
	}
	for length := max(t.keep, min(t.read, t.order)); length <= t.order; length++ {
		if err := older(p, length-t.keep); err != nil {
			return err
		}
	}
	if len(some) > 0 {
		return take()
	}
	return nil
}

// tooLarge is the error of a table that would take too much, in words; nil if it can be made.
func tooLarge(vocab, order, steps, nodes int) error {
	n := contexts(vocab, order, steps)
	bytes := latticeBytes(n, n, vocab, steps)
	switch {
	case bytes > mostTable:
		return fmt.Errorf("the last %d of %d tokens are %.3g contexts, and all that may follow them takes %.1f GB, and %.1f GB are allowed", order, vocab, n, bytes/1e9, float64(mostTable)/1e9)
	case n > float64(nodes):
		return fmt.Errorf("the last %d of %d tokens are %.3g contexts, and %d nodes are allowed", order, vocab, n, nodes)
	}
	return nil
}
