package vae

import (
	"context"
	"fmt"
	"math"
	"time"

	"inkling/tensor"
)

// An Estimator gives, with each draw of z, another estimate of the gradient of a bound with respect to the encoder's parameters.
type Estimator struct {
	Name  string // "reparametrized"
	Doc   string // one line
	Bound string // of which it is the gradient: "elbo", or "iwae"

	kind      objective
	objective Objective
}

// Estimators are those that there are, with k ≥ 2 samples of each example. The first is what objective elbo has.
func Estimators(k int) []Estimator {
	list := []Estimator{
		{Name: "reparametrized", Doc: "through z, the divergence in closed form", Bound: "elbo", kind: elbo{}},
		{Name: "sampled KL", Doc: "through z, the divergence at the sample", Bound: "elbo", kind: elbo{}, objective: Objective{Sampled: true}},
		{Name: "score", Doc: "by the score function, less the mean of the other samples", Bound: "elbo", kind: score{}},
		{Name: "score, plain", Doc: "by the score function, with no control variate", Bound: "elbo", kind: score{plain: true}},
		{Name: "IWAE", Doc: "through z, of the importance-weighted bound", Bound: "iwae", kind: iwae{}},
		{Name: "DReG", Doc: "the same, doubly reparametrized", Bound: "iwae", kind: dreg{}},
	}
	for i := range list {
		list[i].objective.K = k
		if err := list[i].kind.settle(&list[i].objective); err != nil {
			panic(fmt.Sprintf("vae: estimators with %d samples: %v", k, err))
		}
	}
	return list
}

// Estimated is how an estimator did on some examples, with nothing but the draws of z differing from one gradient to the next.
type Estimated struct {
	// Variance is E‖g − E g‖² for the gradient g of one example, a mean over the examples: the trace of its covariance. That of a mean over n
	// examples is an n-th of it. Error is its standard error.
	Variance, Error float64
	// Signal is the squared length of E g, of the mean over the examples; less than 0 where chance hides it.
	Signal float64
	// Seconds are the times of each gradient of all examples, of all parameters, forward and back, on one core.
	Seconds []float64
}

// SignalToNoise is the length of the expected gradient over the standard deviation of its estimate, for a mean over n examples as these
// are; 0 where chance hides the signal.
func (e Estimated) SignalToNoise(n int) float64 {
	return math.Sqrt(max(0, e.Signal) * float64(n) / e.Variance)
}

// Estimate draws gradients of the examples of b, 2·pairs of each estimator, in turns, so that what else the machine does falls on all
// alike. ½‖g − g′‖² of two draws has the variance for its expectation; pairs are independent, which gives the standard error. progress,
// unless nil, is told how many pairs are done; it ends early with ctx, and its error.
func (m *Model) Estimate(ctx context.Context, b Batch, list []Estimator, pairs int, seed uint64, progress func(done int)) ([]Estimated, error) {
	size := 0
	for _, p := range m.EncoderParams() {
		size += len(p.Value)
	}
	draws := make([]estimation, len(list))
	tp := tensor.NewTape()
	for i, e := range list {
		draws[i] = estimation{Estimator: e, sum: make([]float64, size), last: make([]float32, size)}
		m.draw(tp, b, &draws[i], seed, math.MaxInt32) // so that the tape has its memory
		clear(draws[i].sum)
		draws[i].seconds = nil
	}
	for pair := range pairs {
		for i := range draws {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			d := &draws[i]
			m.draw(tp, b, d, seed, 2*pair)
			d.halves = append(d.halves, m.draw(tp, b, d, seed, 2*pair+1)/2)
		}
		if progress != nil {
			progress(pair + 1)
		}
	}
	all := make([]Estimated, len(list))
	for i, d := range draws {
		all[i] = d.estimated(float64(b.Rows), float64(pairs))
	}
	return all, nil
}

// estimation is what is gathered of an estimator. Gradients are sums over the examples, in nats.
type estimation struct {
	Estimator
	sum     []float64 // of all
	last    []float32
	halves  []float64 // ½‖g − g′‖² of each pair
	seconds []float64
}

// draw gathers one more gradient, and gives the squared distance from the one before.
func (m *Model) draw(tp *tensor.Tape, b Batch, d *estimation, seed uint64, at int) (distance float64) {
	tp.Reset(seed, uint64(at), 0)
	began := time.Now()
	loss, _ := d.kind.loss(tp, m, b, d.objective)
	tp.Backward(loss, 1)
	d.seconds = append(d.seconds, time.Since(began).Seconds())
	i := 0
	for _, p := range m.EncoderParams() {
		for _, g := range tp.ParamGrad(p) {
			far := float64(g - d.last[i])
			distance += far * far
			d.sum[i] += float64(g)
			d.last[i] = g
			i++
		}
	}
	return distance
}

func (d *estimation) estimated(n, pairs float64) Estimated {
	total, squares, signal := 0.0, 0.0, 0.0
	for _, v := range d.halves {
		total, squares = total+v, squares+v*v
	}
	of := total / pairs // the variance of a sum over the examples
	for _, v := range d.sum {
		signal += v / (2 * pairs) * v / (2 * pairs)
	}
	return Estimated{
		Variance: of / n,
		Error:    math.Sqrt(max(0, squares/pairs-of*of)/max(1, pairs-1)) / n,
		Signal:   (signal - of/(2*pairs)) / (n * n),
		Seconds:  d.seconds,
	}
}
