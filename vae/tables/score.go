package tables

import (
	"context"
	"math"
	"math/rand/v2"

	"inkling/tensor"
)

// Scored is what there is to say of some rows, in nats.
type Scored struct {
	Rows    *Rows
	Bound   []float32   // on log p(row), of each
	Columns [][]float32 // −log p(cell|z) by row, of each column: mean over samples by their share of the bound
	Latent  []float32   // what is left: Bound = −Σ Columns − Latent
}

// A Scorer scores rows with the same draws for each: the same row has the same score wherever it stands.
type Scorer struct {
	m     *Model
	k     int
	noise []float32
}

// scoreSeed is that of the draws. It is no choice: scores of one run are to be compared.
const scoreSeed = 0x5c0

// NewScorer makes one with k samples of z for each row: the importance-weighted bound, which is the evidence lower bound for 1.
func (m *Model) NewScorer(k int) *Scorer {
	s := &Scorer{m: m, k: k, noise: make([]float32, k*m.Table.Latent)}
	rnd := rand.New(rand.NewPCG(scoreSeed, 1))
	for i := range s.noise {
		s.noise[i] = float32(rnd.NormFloat64())
	}
	return s
}

// Score scores rows on a tape for inference.
func (s *Scorer) Score(tp *tensor.Tape, rows *Rows) *Scored {
	m, k, d := s.m, s.k, s.m.Table.Latent
	q := m.encoder.encode(tp, rows)
	noise := tp.Scratch(rows.N * len(s.noise))
	for i := range rows.N {
		copy(noise[i*len(s.noise):], s.noise)
	}
	z := tensor.Reparametrize(tp, q, noise, k)
	columns, vocabularies := m.decoder.logProbs(tp, rows, m.decoder.net.Apply(tp, z))
	for v, loss := range vocabularies {
		for i := range loss.Rows {
			columns.Row(i)[m.decoder.of[v]] -= loss.Row(i)[0]
		}
	}
	out := &Scored{Rows: rows, Bound: make([]float32, rows.N), Latent: make([]float32, rows.N), Columns: make([][]float32, rows.N)}
	all, w := make([]float32, rows.N*columns.Cols), make([]float64, k)
	for i := range rows.N {
		deviations := 0.0
		for _, l := range q.Row(i)[d:] {
			deviations += float64(l)
		}
		top := math.Inf(-1)
		for j := range w {
			w[j] = deviations
			for _, l := range columns.Row(i*k + j) {
				w[j] += float64(l)
			}
			for v, x := range z.Row(i*k + j) {
				e := float64(s.noise[j*d+v])
				w[j] += (e*e - float64(x)*float64(x)) / 2
			}
			top = max(top, w[j])
		}
		sum := 0.0
		for j := range w {
			w[j] = math.Exp(w[j] - top)
			sum += w[j]
		}
		bound := top + math.Log(sum/float64(k))
		mine, left := all[i*columns.Cols:(i+1)*columns.Cols], -bound
		for c := range mine {
			nats := 0.0
			for j := range w {
				nats -= w[j] / sum * float64(columns.Row(i*k + j)[c])
			}
			mine[c] = float32(nats)
			left -= nats
		}
		out.Bound[i], out.Columns[i], out.Latent[i] = float32(bound), mine, float32(left)
	}
	return out
}

// AtOnce is how many rows are scored, drawn or encoded at a time.
const AtOnce = 256

// ScoreTable scores some rows of a table, in order.
func (s *Scorer) ScoreTable(ctx context.Context, t *Table, of []int32, emit func(*Scored) error) error {
	return ordered(ctx, blocksOf(t, of), s.Score, emit)
}

// blocksOf gives rows of a table some at a time.
func blocksOf(t *Table, of []int32) func() (*Rows, bool, error) {
	return func() (*Rows, bool, error) {
		if len(of) == 0 {
			return nil, false, nil
		}
		rows, n := new(Rows), min(AtOnce, len(of))
		rows.take(t, of[:n])
		of = of[n:]
		return rows, true, nil
	}
}
