package vae

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"

	"inkling/data"
	"inkling/internal/parallel"
	"inkling/tensor"
)

// Examples are what a model is judged by, each always the same.
type Examples interface {
	Len() int
	Batch(from, to int) Batch // of examples from … to−1. Several goroutines may ask
}

// Pictures are binarized once and for all, unless Binarize is "none" or "". They are Examples.
type Pictures struct {
	Images   *data.Images
	Binarize string
	Seed     uint64
}

// Len is how many there are.
func (e Pictures) Len() int { return e.Images.Len() }

// Read sets dst to example i.
func (e Pictures) Read(dst []float32, i int) {
	e.Images.Read(dst, i)
	if e.Binarize == "dynamic" || e.Binarize == "fixed" {
		Fixed(dst, e.Seed, e.Images.Number(i))
	}
}

// Rows are examples from … to−1, one after another.
func (e Pictures) Rows(from, to int) []float32 {
	width := e.Images.Size()
	x := make([]float32, (to-from)*width)
	for i := from; i < to; i++ {
		e.Read(x[(i-from)*width:(i-from+1)*width], i)
	}
	return x
}

// Batch is a copy of theirs.
func (e Pictures) Batch(from, to int) Batch {
	b := Batch{Rows: to - from, X: e.Rows(from, to)}
	for i := from; i < to; i++ {
		b.Index = append(b.Index, i)
	}
	return b
}

// What is drawn for examples by a seed is drawn in streams of their own, by what it is for.
const (
	judgeStream      = 0
	importanceStream = 0x1a
)

// Number is that of example i in the data.
func (e Pictures) Number(i int) int { return e.Images.Number(i) }

// noiseOf draws for examples from … to−1. Each has a stream by the seed and its Number in the data, if it has one, so that what is drawn for it
// does not depend on where it stands, nor on what is judged beside it.
func noiseOf(e Examples, seed uint64, from, to int) func(dst []float32) {
	number := func(i int) int { return i }
	if n, ok := e.(interface{ Number(i int) int }); ok {
		number = n.Number
	}
	streams := make([]*rand.Rand, to-from)
	for i := range streams {
		streams[i] = rand.New(rand.NewPCG(seed, uint64(number(from+i))))
	}
	return func(dst []float32) {
		each := len(dst) / len(streams)
		for i, rnd := range streams {
			normal(dst[i*each:(i+1)*each], rnd)
		}
	}
}

// Judged is what there is to say of each example, and of each latent variable. Nats.
type Judged struct {
	LogLikelihood []float64 // E_q log p(x|z), of each example
	KL            []float64 // KL(q(z|x) ‖ p(z))
	Variables     [][]float64
	Means         [][]float32 // of q(z_l|…) by layer, [examples, d]; of layers above the first at the mean of the layer below
	LogDeviations [][]float32
}

// Bound is the evidence lower bound of each example.
func (j *Judged) Bound() []float64 {
	b := make([]float64, len(j.KL))
	for i := range b {
		b[i] = j.LogLikelihood[i] - j.KL[i]
	}
	return b
}

const judgedAtOnce = 64 // examples

// Judge measures the evidence lower bound of all examples with one draw of z each, the divergence of the last layer in closed form. What is
// drawn for an example is a function of the seed and its number in the data. All cores are used.
func (m *Model) Judge(ctx context.Context, e Examples, seed uint64) (*Judged, error) {
	n := e.Len()
	j := &Judged{LogLikelihood: make([]float64, n), KL: make([]float64, n)}
	for _, d := range m.Config.Latent {
		j.Variables = append(j.Variables, make([]float64, d))
		j.Means, j.LogDeviations = append(j.Means, make([]float32, n*d)), append(j.LogDeviations, make([]float32, n*d))
	}
	var mu sync.Mutex
	chunks := (n + judgedAtOnce - 1) / judgedAtOnce
	parts := make([][][]float64, chunks) // sums are added in the order of chunks, so that the bits are always the same
	err := each(ctx, chunks, func(tp *tensor.Tape, c int) {
		from, to := c*judgedAtOnce, min(n, (c+1)*judgedAtOnce)
		t := m.terms(tp, e.Batch(from, to), draw{analytic: true, noise: noiseOf(e, seed^judgeStream, from, to)})
		sums := make([][]float64, len(t.KL))
		q := t.Posterior[0]
		for l, d := range m.Config.Latent {
			if l > 0 { // at the mean of the layer below: what was drawn there is no difference between examples
				q = m.up[l-1].apply(tp, pick(tp, q, nil))
			}
			for i := range q.Rows {
				copy(j.Means[l][(from+i)*d:], q.Row(i)[:d])
				copy(j.LogDeviations[l][(from+i)*d:(from+i+1)*d], q.Row(i)[d:])
			}
		}
		for l, kl := range t.KL {
			sums[l] = make([]float64, kl.Cols)
			for i := range kl.Rows {
				for v, nats := range kl.Row(i) {
					sums[l][v] += float64(nats)
					j.KL[from+i] += float64(nats)
				}
			}
		}
		for i := range t.LogLikelihood.Rows {
			j.LogLikelihood[from+i] = float64(t.LogLikelihood.Row(i)[0])
		}
		mu.Lock()
		defer mu.Unlock()
		parts[c] = sums
	})
	if err != nil {
		return nil, err
	}
	for _, sums := range parts {
		for l := range sums {
			for v, nats := range sums[l] {
				j.Variables[l][v] += nats / float64(n)
			}
		}
	}
	return j, nil
}

// DrawnAtOnce is how many samples of an example Importance holds at a time, of a large number.
const DrawnAtOnce = 500

// Importance is log (1/k) Σ p(x, z)/q(z|x) with k draws from q, of each example: a lower bound on log p(x) on the average, which rises to it
// with k. What is drawn for an example is a function of the seed and its number in the data. emit, unless nil, is told of each bound as soon as
// those before it are known, from one goroutine at a time.
func (m *Model) Importance(ctx context.Context, e Examples, k int, seed uint64, emit func(i int, bound float64)) ([]float64, error) {
	bounds := make([]float64, e.Len())
	var mu sync.Mutex
	known, emitted := make([]bool, e.Len()), 0
	err := each(ctx, e.Len(), func(tp *tensor.Tape, i int) {
		b, noise := e.Batch(i, i+1), noiseOf(e, seed^importanceStream, i, i+1)
		total := math.Inf(-1)
		for drawn := 0; drawn < k && ctx.Err() == nil; drawn += m.atOnce {
			tp.Reset(0, 0, 0)
			t := m.terms(tp, b, draw{samples: min(m.atOnce, k-drawn), noise: noise})
			w := t.logWeights(tp)
			for r := range w.Rows {
				total = logAdd(total, float64(w.Row(r)[0]))
			}
		}
		if ctx.Err() != nil {
			return
		}
		bounds[i] = total - math.Log(float64(k))
		mu.Lock()
		defer mu.Unlock()
		known[i] = true
		for ; emitted < len(known) && known[emitted]; emitted++ {
			if emit != nil {
				emit(emitted, bounds[emitted])
			}
		}
	})
	if err == nil {
		err = ctx.Err() // which may have ended the last of them early
	}
	return bounds, err
}

// logAdd is log(e^a + e^b).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

// each calls f for 0 … n−1 on all cores, each with a tape that records nothing, until ctx ends.
func each(ctx context.Context, n int, f func(tp *tensor.Tape, i int)) error {
	workers := runtime.GOMAXPROCS(0)
	tapes := make([]*tensor.Tape, workers)
	return parallel.Try(workers, n, func(worker, i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if tapes[worker] == nil {
			tapes[worker] = tensor.NewInference()
		}
		tapes[worker].Reset(0, 0, 0)
		f(tapes[worker], i)
		return nil
	})
}

// activeVariance is how much the mean of q(z|x) must vary over the data for a variable to be active (Burda et al. 2016).
const activeVariance = 0.01

// Active are the latent variables whose mean depends on x, numbered from 0 through all layers.
func (j *Judged) Active() (active []int) {
	v := 0
	for l, means := range j.Means {
		d := len(j.Variables[l])
		for i := range d {
			sum, squares, n := 0.0, 0.0, 0.0
			for at := i; at < len(means); at += d {
				x := float64(means[at])
				sum, squares, n = sum+x, squares+x*x, n+1
			}
			if squares/n-sum/n*sum/n > activeVariance {
				active = append(active, v)
			}
			v++
		}
	}
	return active
}
