package decode

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
)

// errLattice is that of a lattice that grows beyond its bounds.
var errLattice = errors.New("there are too many contexts, with what the constraint and stop strings remember")

// A lattice is all that sequences of a Markov model of order d can come to: the nodes are pairs of the last d tokens and a state of the
// automaton of the request, and from each there is an arc for each token, with the token's log-probability. Ways that meet in a
// node go on alike, so the best that can come after it,
//
//	β_r(n) = max over w of [ log p(w|n) + β_{r−1}(n after w) ],   0 where a sequence is complete with r left, −∞ where it cannot be
//
// with r tokens left, is known for all nodes after r steps through all arcs (Viterbi 1967, from the end): N·V additions a step for N nodes,
// which for all contexts of d tokens is V^(d+1). That is max-plus algebra's product of a matrix and a vector. β is what is left
// to get, so a search that knows it never looks at a sequence that is not among the best.
//
// Where an arc leads does not depend on the oldest of the d tokens. So nodes that differ in nothing else share a block of where
// their arcs lead, and the values there are gathered once a step, with the largest of them. And the likeliest tokens of each row are known:
// where the least likely of these, with the largest value of any, comes to no more than what was found, the other tokens need not be looked at.
type lattice struct {
	vocab int
	rows  []float32 // [·, vocab], of transitions
	row   []int32   // of each node: which of the rows it has
	block []int32   // of each node: which of the blocks it has
	next  []int32   // [blocks, vocab]: nodes
	room  []int32   // of each node: with fewer tokens left a sequence is complete here; 0: never

	likely []arc // [rows, few]: those of the likeliest tokens of each row, the likeliest first
	few    int
}

// An arc is a token and its log-probability.
type arc struct {
	logp  float32
	token int32
}

// mostLikely is how many tokens of a row are looked at before all are. Of 66 characters 7 are enough on average, and 24 for 99 nodes of a hundred.
const mostLikely = 24

// The first nodes: complete sequences, what cannot be completed, and the prefix.
const (
	done = iota
	dead
	opening
)

// corner is what a node stands for.
type corner struct {
	past past
	at   int32 // of the automaton
}

// newLattice finds all nodes that can be come to in steps tokens after the prefix, at most so many. When ctx ends it ends with its error.
func newLattice(ctx context.Context, t *transitions, a *automaton, prefix []int, steps, most int) (*lattice, error) {
	l := &lattice{vocab: t.vocab}
	nodes, blocks := map[corner]int32{}, map[corner]int32{}
	add := func(room int) int32 {
		l.row, l.block, l.room = append(l.row, 0), append(l.block, 0), append(l.room, int32(room))
		return int32(len(l.row) - 1)
	}
	add(math.MaxInt32)
	add(0)
	for range l.vocab { // the block of nodes that are not gone on from
		l.next = append(l.next, dead)
	}
	start := corner{pastOf(prefix, t.keep), 0}
	nodes[start] = add(a.room(0))
	pasts := make([]past, 0, tableBlock)
	for depth, border := 0, []corner{start}; depth < steps && len(border) > 0; depth++ {
		pasts = pasts[:0]
		for _, c := range border {
			pasts = append(pasts, c.past)
		}
		if err := t.add(ctx, pasts, len(prefix)+depth); err != nil {
			return nil, err
		}
		var found []corner
		for _, c := range border {
			n := nodes[c]
			l.row[n] = t.index[c.past]
			rest := corner{c.past.without(max(0, t.keep-1)), c.at}
			b, ok := blocks[rest]
			if !ok {
				b = int32(len(l.next) / l.vocab)
				blocks[rest] = b
				for w := range l.vocab {
					to := int32(dead)
					if at, ended, ok := a.next(c.at, w, steps-depth-1); ended && ok {
						to = done
					} else if ok {
						c := corner{rest.past.after(w, t.keep), at}
						if to, ok = nodes[c]; !ok {
							to = add(a.room(at))
							nodes[c] = to
							found = append(found, c)
						}
					}
					l.next = append(l.next, to)
				}
			}
			l.block[n] = b
		}
		if len(l.row) > most || latticeBytes(float64(len(t.index)), float64(len(l.row)), l.vocab, steps) > mostTable {
			return nil, fmt.Errorf("%w: after %d tokens there are %d", errLattice, depth+1, len(l.row))
		}
		border = found
	}
	l.rows = t.rows
	l.rank()
	return l, nil
}

// latticeBytes is what a lattice of so many rows and nodes and its values take, with the maps that it is made with.
func latticeBytes(rows, nodes float64, vocab, steps int) float64 {
	perRow := 4*vocab + 8*min(mostLikely, vocab) + 64
	return rows*float64(perRow) + nodes*(128+16*math.Sqrt(float64(steps)))
}

// rank finds the likeliest tokens of each row.
func (l *lattice) rank() {
	l.few = min(mostLikely, l.vocab)
	l.likely = make([]arc, len(l.rows)/l.vocab*l.few)
	for r := range len(l.rows) / l.vocab {
		logp, best := l.rows[r*l.vocab:][:l.vocab], l.likely[r*l.few:][:0]
		for w, x := range logp {
			if len(best) == l.few && x <= best[l.few-1].logp {
				continue
			}
			best = best[:min(len(best)+1, l.few)]
			at := len(best) - 1
			for ; at > 0 && best[at-1].logp < x; at-- {
				best[at] = best[at-1]
			}
			best[at] = arc{x, int32(w)}
		}
	}
}

// to is the node after a token.
func (l *lattice) to(n int32, token int) int32 { return l.next[int(l.block[n])*l.vocab+token] }

// arcs of a node: what each token adds, and where it leads.
func (l *lattice) arcs(n int32) (logp []float32, next []int32) {
	return l.rows[int(l.row[n])*l.vocab:][:l.vocab], l.next[int(l.block[n])*l.vocab:][:l.vocab]
}

// values are β for all numbers of tokens left. They are N numbers each, so only every stride-th is kept, and those between are made
// again, stride at a time, when they are asked for in turn.
type values struct {
	lattice  *lattice
	stride   int
	kept     [][]float64 // β_0, β_stride, …
	some     [][]float64 // those from kept[at]
	at       int
	gathered []float64 // by block: of where each token leads
	most     []float64 // of each block: the largest of these
}

// values makes those for up to steps tokens. When ctx ends it ends with its error.
func (l *lattice) values(ctx context.Context, steps, stride int) (*values, error) {
	v := &values{lattice: l, stride: stride, at: -1, gathered: make([]float64, len(l.next)), most: make([]float64, len(l.next)/l.vocab)}
	last := make([]float64, len(l.row))
	for n, room := range l.room {
		if room == 0 {
			last[n] = math.Inf(-1)
		}
	}
	v.kept = append(v.kept, last)
	spare := [2][]float64{make([]float64, len(last)), make([]float64, len(last))}
	for r := 1; r <= steps; r++ {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		next := spare[r%2]
		v.step(next, last, r)
		if last = next; r%stride == 0 {
			v.kept = append(v.kept, append([]float64(nil), next...))
		}
	}
	return v, nil
}

// left is β_r.
func (v *values) left(r int) []float64 {
	if v.stride == 1 {
		return v.kept[r]
	}
	if v.at != r/v.stride {
		v.at = r / v.stride
		for len(v.some) < v.stride {
			v.some = append(v.some, make([]float64, len(v.kept[0])))
		}
		copy(v.some[0], v.kept[v.at])
		for i := 1; i < v.stride; i++ {
			v.step(v.some[i], v.some[i-1], v.at*v.stride+i)
		}
	}
	return v.some[r%v.stride]
}

// step sets dst to β_r of each node, from β_{r−1}. A node's value is a maximum, which comes out the same on however many cores.
func (v *values) step(dst, after []float64, r int) {
	for i, n := range v.lattice.next {
		v.gathered[i] = after[n]
	}
	for b := range v.most {
		v.most[b] = slices.Max(v.gathered[b*v.lattice.vocab:][:v.lattice.vocab])
	}
	workers, nodes := runtime.GOMAXPROCS(0), len(dst)
	if nodes*v.lattice.vocab < 1<<16 {
		workers = 1 // waking another core takes longer than the work
	}
	var wg sync.WaitGroup
	for i := 1; i < workers; i++ {
		wg.Go(func() { v.best(dst, nodes*i/workers, nodes*(i+1)/workers) })
	}
	v.best(dst, 0, nodes/workers)
	wg.Wait()
	for n, room := range v.lattice.room {
		if r < int(room) {
			dst[n] = 0
		}
	}
	dst[dead] = math.Inf(-1)
}

// best is the innermost loop, over some of the nodes.
func (v *values) best(dst []float64, from, to int) {
	l, k := v.lattice, v.lattice.vocab
	for n := from; n < to; n++ {
		row, block := int(l.row[n]), int(l.block[n])
		after, most := v.gathered[block*k:][:k], v.most[block]
		best, least := math.Inf(-1), math.Inf(1)
		for _, a := range l.likely[row*l.few:][:l.few] {
			if least = float64(a.logp) + most; least <= best {
				break
			}
			best = max(best, float64(a.logp)+after[a.token])
		}
		if least > best {
			for w, x := range l.rows[row*k:][:k] {
				if y := float64(x) + after[w]; y > best {
					best = y
				}
			}
		}
		dst[n] = best
	}
}
