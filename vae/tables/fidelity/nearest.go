package fidelity

import (
	"context"
	"encoding/binary"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Distances are those from a row to the nearest that the model learned from: for each column, 0 to 1 for numbers by the share of the data that lies
// between them, 0 or 1 for categories; a mean over columns. A model that copies rows has distances below those of real rows that it never saw.
type Distances struct {
	Compared  int       `json:"compared_with"` // real rows
	Shares    []float64 `json:"shares"`
	Synthetic []float64 `json:"synthetic"` // so large a share is nearer than this
	HeldOut   []float64 `json:"held_out"`
	// Nearer is the share of the rows that were drawn which are nearer than all but a hundredth of those held out.
	Nearer float64 `json:"nearer_than_1_percent_of_held_out"`

	lists [2][]float64 // drawn and held out, in order
}

var distanceShares = []float64{0.01, 0.05, 0.25, 0.5, 0.75, 0.95}

func distances(ctx context.Context, learn, held, drawn part) (d Distances, err error) {
	to := points(learn)
	for i, from := range []part{drawn, held} {
		if d.lists[i], err = nearest(ctx, points(from), to, len(learn.table.Columns)); err != nil {
			return d, err
		}
	}
	d.Compared, d.Shares = len(learn.of), distanceShares
	at := func(list []float64, share float64) float64 {
		return list[min(int(share*float64(len(list))), len(list)-1)]
	}
	for _, s := range distanceShares {
		d.Synthetic, d.HeldOut = append(d.Synthetic, at(d.lists[0], s)), append(d.HeldOut, at(d.lists[1], s))
	}
	limit := at(d.lists[1], 0.01)
	n, _ := slices.BinarySearch(d.lists[0], limit)
	d.Nearer = float64(n) / float64(len(d.lists[0]))
	return d, nil
}

// points are rows as numbers: of a number its share of the data, 2 if it is not there; of a category its class plus 10, which are equal or not.
func points(p part) []float32 {
	n := len(p.table.Columns)
	x := make([]float32, len(p.of)*n)
	for j, c := range p.table.Columns {
		for i, code := range p.codes(j) {
			v := float32(code) + 10
			if c.Numeric() {
				v = 2
				if code != blank && code != -2 {
					v = float32(1 / (1 + math.Exp(-1.8138*float64(c.Place(code)))))
				}
			}
			x[i*n+j] = v
		}
	}
	return x
}

// nearest is the distance of each to the nearest of others, in order.
func nearest(ctx context.Context, from, to []float32, n int) ([]float64, error) {
	list := make([]float64, len(from)/n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(list) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				list[i] = nearestOf(from[i*n:(i+1)*n], to) / float64(n)
			}
		})
	}
	wg.Wait()
	slices.Sort(list)
	return list, ctx.Err()
}

func nearestOf(x, to []float32) float64 {
	best := float32(len(x))
	for n := len(x); len(to) > 0; to = to[n:] {
		sum := float32(0)
		for j, v := range x {
			if d := v - to[j]; d != 0 {
				sum += min(max(d, -d), 1)
				if sum >= best {
					break
				}
			}
		}
		best = min(best, sum)
	}
	return float64(best)
}

// Copies are rows of which every cell is that of a row which the model learned from.
type Copies struct {
	Synthetic int     `json:"synthetic"`
	Share     float64 `json:"share"`
	HeldOut   int     `json:"held_out"` // of real rows that it never saw, which chance alone makes
	HeldShare float64 `json:"held_out_share"`
}

func copies(learn, held, drawn part) (c Copies) {
	there := make(map[string]struct{}, len(learn.of))
	key := make([]byte, 0, 4*len(learn.table.Columns))
	row := func(p part, i int32) []byte {
		key = key[:0]
		for j := range p.table.Columns {
			key = binary.LittleEndian.AppendUint32(key, uint32(p.table.Codes[j][i]))
		}
		return key
	}
	for _, i := range learn.of {
		there[string(row(learn, i))] = struct{}{}
	}
	count := func(p part) (n int) {
		for _, i := range p.of {
			if _, ok := there[string(row(p, i))]; ok {
				n++
			}
		}
		return n
	}
	c.Synthetic, c.HeldOut = count(drawn), count(held)
	c.Share, c.HeldShare = float64(c.Synthetic)/float64(len(drawn.of)), float64(c.HeldOut)/float64(len(held.of))
	return c
}
