package infer

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
)

// FitOptions are those of a variational fit. The zero value works.
type FitOptions struct {
	Steps    int     // steps of Adam; 1000
	Pairs    int     // pairs of draws for each row and step, one the other's mirror image; 1
	Rate     float64 // Adam's learning rate, for means and log σ alike; 0.05
	Draws    int     // fresh draws for the evidence lower bound at the end; 1000
	Seed     uint64
	Progress func(done, total int) // called after every step where it is not nil
}

// A Fit is the Gaussian with independent variables that variational inference found for each row, and how good it is.
type Fit struct {
	Mean, LogSigma []float32 // [Rows, Dim]
	ELBO           []float64 // of each row: E[log f(z) − log q(z)] in nats, from draws that the fit has not seen; a lower bound of log ∫f
	Error          []float64 // its standard error; NaN where the bound is −∞, since a draw fell where f is zero
	Skipped        int       // gradients that were not finite, of all rows and draws, and so left out
}

// FitGaussian maximizes the evidence lower bound of every row by itself over q = N(mean, σ²), from a given start, [Rows, Dim] each and
// only read: stochastic gradient steps through z = mean + σ·ε (D. Kingma and M. Welling, 2014) with the optimizer Adam. Begun at an
// encoder's q it gives the amortization gap, what the encoder loses against the best q of its kind for each example by itself
// (C. Cremer, X. Li and D. Duvenaud, "Inference suboptimality in variational autoencoders", 2018).
//
// The gradient follows log f − log q along z alone, without the score of q, whose mean is zero (G. Roeder, Y. Wu and D. Duvenaud, 2017), so
// that noise vanishes as q nears f; ε comes with −ε, so that what is odd about log f is free of noise. What is returned is the mean of
// means and log σ over the last half of the steps, which is far steadier than any one.
//
// Cost: 2·Pairs evaluations a step, and Draws in the end. Memory: 11·Rows·Dim float32 or so. An error is that of the context, or says
// what is wrong with the start or the options.
func FitGaussian(ctx context.Context, f Density, mean, logSigma []float32, o FitOptions) (*Fit, error) {
	o.Steps = orElse(o.Steps, 1000)
	o.Pairs = orElse(o.Pairs, 1)
	o.Rate = orElse(o.Rate, 0.05)
	o.Draws = orElse(o.Draws, 1000)
	size := f.Rows() * f.Dim()
	if len(mean) != size || len(logSigma) != size {
		panic(fmt.Sprintf("infer: FitGaussian from %d means and %d log σ, want %d·%d", len(mean), len(logSigma), f.Rows(), f.Dim()))
	}
	switch {
	case o.Steps < 1 || o.Pairs < 1:
		return nil, fmt.Errorf("%d steps of %d pairs of draws: there must be at least one of each", o.Steps, o.Pairs)
	case !(o.Rate > 0 && o.Rate <= 1):
		return nil, fmt.Errorf("a learning rate of %g: it must be above 0 and at most 1", o.Rate)
	case o.Draws < 2:
		return nil, fmt.Errorf("%d draws for the bound: a standard error takes at least 2", o.Draws)
	}
	for k := range mean {
		if mean[k]-mean[k] != 0 || logSigma[k]-logSigma[k] != 0 {
			return nil, fmt.Errorf("row %d of the fit starts at mean %g and log σ %g, which must be finite", k/f.Dim(), mean[k], logSigma[k])
		}
	}
	fit := newFitter(f, mean, logSigma, o)
	for step := range o.Steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		fit.step()
		if step >= o.Steps/2 {
			fit.count()
		}
		if o.Progress != nil {
			o.Progress(step+1, o.Steps)
		}
	}
	fit.settle()
	return fit.judge(ctx)
}

// A fitter holds q, of which means and log σ are the two halves of one vector, and the optimizer's moments.
type fitter struct {
	f                     Density
	o                     FitOptions
	size, steps, counted  int
	q, grad               []float32 // [2·Rows·Dim]
	moment, square, total []float32 // [2·Rows·Dim]: Adam's, and the sum of q over the steps counted
	noise, z, slope       []float32 // [Rows, Dim]
	value                 []float64
	rnd                   *rand.Rand
	skipped               int
}

func newFitter(f Density, mean, logSigma []float32, o FitOptions) *fitter {
	size := len(mean)
	vector := func(n int) []float32 { return make([]float32, n) }
	return &fitter{
		f: f, o: o, size: size, q: append(append(vector(0), mean...), logSigma...), grad: vector(2 * size),
		moment: vector(2 * size), square: vector(2 * size), total: vector(2 * size),
		noise: vector(size), z: vector(size), slope: vector(size), value: make([]float64, f.Rows()),
		rnd: rand.New(rand.NewPCG(o.Seed, fitStream)),
	}
}

// step makes one step of Adam (D. Kingma and J. Ba, 2015, with their constants) up the gradient.
func (t *fitter) step() {
	clear(t.grad)
	for range t.o.Pairs {
		for k := range t.noise {
			t.noise[k] = float32(t.rnd.NormFloat64())
		}
		t.add(1)
		t.add(-1)
	}
	const decay, squareDecay, tiny = 0.9, 0.999, 1e-8
	t.steps++
	rate := t.o.Rate / (1 - math.Pow(decay, float64(t.steps)))
	whole := 1 - math.Pow(squareDecay, float64(t.steps))
	for k, g := range t.grad {
		g /= float32(2 * t.o.Pairs)
		t.moment[k] = decay*t.moment[k] + (1-decay)*g
		t.square[k] = squareDecay*t.square[k] + (1-squareDecay)*g*g
		t.q[k] += float32(rate * float64(t.moment[k]) / (math.Sqrt(float64(t.square[k])/whole) + tiny))
	}
}

// add adds to the gradient what the noise, or its mirror image (sign −1), says.
func (t *fitter) add(sign float32) {
	dim := t.f.Dim()
	mean, logSigma := t.q[:t.size], t.q[t.size:]
	for k, e := range t.noise {
		t.z[k] = mean[k] + sign*e*float32(math.Exp(float64(logSigma[k])))
	}
	t.f.At(t.value, t.slope, t.z)
	for i := range t.value {
		row, sum := t.slope[i*dim:(i+1)*dim], float32(0)
		for _, g := range row {
			sum += 0 * g
		}
		if sum != 0 {
			t.skipped++
			continue
		}
		for j, g := range row {
			k := i*dim + j
			sigma := float32(math.Exp(float64(logSigma[k])))
			g += sign * t.noise[k] / sigma // −∂ log q/∂z
			t.grad[k] += g
			t.grad[t.size+k] += g * sign * t.noise[k] * sigma
		}
	}
}

// count lets q as it is now join the mean.
func (t *fitter) count() {
	t.counted++
	for k, v := range t.q {
		t.total[k] += v
	}
}

// settle makes q the mean of those counted.
func (t *fitter) settle() {
	for k, v := range t.total {
		t.q[k] = v / float32(t.counted)
	}
}

// judge estimates the evidence lower bound of q by fresh draws.
func (t *fitter) judge(ctx context.Context) (*Fit, error) {
	rows := t.f.Rows()
	fit := &Fit{
		Mean: t.q[:t.size:t.size], LogSigma: t.q[t.size:], Skipped: t.skipped,
		ELBO: make([]float64, rows), Error: make([]float64, rows),
	}
	q := NewGaussian(t.f.Dim(), fit.Mean, fit.LogSigma)
	rnd := rand.New(rand.NewPCG(t.o.Seed, elboStream))
	logQ, squares := make([]float64, rows), make([]float64, rows)
	for n := range t.o.Draws {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		q.Draw(t.z, rnd)
		t.f.At(t.value, nil, t.z)
		q.At(logQ, nil, t.z)
		for i := range rows {
			ratio := logDensity(t.value[i]) - logQ[i]
			away := ratio - fit.ELBO[i] // B. Welford's updates of mean and squares, 1962
			fit.ELBO[i] += away / float64(n+1)
			squares[i] += away * (ratio - fit.ELBO[i])
		}
	}
	for i := range rows {
		fit.Error[i] = math.Sqrt(squares[i] / float64(t.o.Draws-1) / float64(t.o.Draws))
		if math.IsNaN(fit.ELBO[i]) { // of a draw where f is zero
			fit.ELBO[i] = math.Inf(-1)
		}
	}
	return fit, nil
}
