package vae

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/nn"
	"inkling/tensor"
	"inkling/train"
)

// known is a model of which everything is known by quadrature: one latent variable, bits that are logistic in it, and no hidden layer.
func known(t *testing.T) (m *Model, x []float32) {
	t.Helper()
	m, err := New(Config{Height: 2, Width: 4, Latent: []int{1}, Hidden: [][]int{{}}, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(8, 8))
	for _, p := range m.DecoderParams() {
		for i := range p.Value {
			p.Value[i] = float32(rnd.NormFloat64())
		}
		p.Changed()
	}
	for range 6 {
		z := rnd.NormFloat64()
		for range 8 {
			bit := float32(0)
			if rnd.NormFloat64() < 2*z {
				bit = 1
			}
			x = append(x, bit)
		}
	}
	return m, x
}

// logJoint is log p(x, z), in float64.
func logJoint(m *Model, x []float32, z float64) float64 {
	ps := m.DecoderParams()
	sum := -z*z/2 - math.Log(2*math.Pi)/2
	for i, v := range x {
		logit := float64(ps[0].Value[i])*z + float64(ps[1].Value[i])
		sum += float64(v)*logit - math.Log1p(math.Exp(logit))
	}
	return sum
}

// logEvidence is log p(x).
func logEvidence(m *Model, x []float32) float64 {
	sum := 0.0
	const step = 0.05
	for z := -9.0; z < 9; z += step {
		sum += step * math.Exp(logJoint(m, x, z))
	}
	return math.Log(sum)
}

// boundAt is the evidence lower bound of N(mean, σ).
func boundAt(m *Model, x []float32, mean, logSigma float64) float64 {
	sum := logSigma + math.Log(2*math.Pi*math.E)/2
	const step = 0.1
	for e := -6.0; e < 6; e += step {
		sum += step * math.Exp(-e*e/2) / math.Sqrt(2*math.Pi) * logJoint(m, x, mean+math.Exp(logSigma)*e)
	}
	return sum
}

// exactly trains with the expectation itself, as nearly as quantiles of the noise give it: no step depends on chance.
type exactly struct{ Fit }

const quantiles = 100

func (f *exactly) Loss(tp *tensor.Tape, b Batch, _ []float32) *tensor.Tensor {
	t := f.Model.terms(tp, b, draw{samples: quantiles, analytic: true, noise: func(dst []float32) {
		for i := range dst {
			dst[i] = float32(math.Sqrt2 * math.Erfinv((2*float64(i%quantiles)+1)/quantiles-1))
		}
	}})
	return tensor.Add(tp, tensor.Scale(tp, tensor.Sum(tp, t.LogLikelihood), -1./quantiles), tensor.Sum(tp, t.KL[0]))
}

// everything is a source of one batch, for ever: all examples, last first.
type everything []float32

func (e everything) Batch(int, int, int) (b Batch, err error) {
	for i := len(e)/8 - 1; i >= 0; i-- {
		b.Rows, b.X, b.Index = b.Rows+1, append(b.X, e[8*i:8*i+8]...), append(b.Index, i)
	}
	return b, nil
}
func (e everything) StepsPerEpoch() int { return 1 }

// TestVariationalEM alternates E-steps and M-steps of a model of which everything is known, with a q for each example and with an encoder.
// Each step of either kind makes the bound larger and leaves the other's parameters alone; the bound is never above log p(x); and E-steps
// that go on find, with a table, the best q of each example for the decoder as it is.
func TestVariationalEM(t *testing.T) {
	for _, tabled := range []bool{true, false} {
		m, x := known(t)
		rate := 0.02
		if tabled {
			m, rate = m.WithTable(6), 0.3
		}
		values := func(ps nn.Params) (all []float32) {
			for _, p := range ps {
				all = append(all, p.Value...)
			}
			return all
		}
		bounds := func() (bounds [6]float64, sum, logs float64) {
			b, _ := everything(x).Batch(0, 0, 1)
			t := m.terms(tensor.NewInference(), b, draw{noise: func(dst []float32) { clear(dst) }})
			for i := range 6 {
				q := t.Posterior[0].Row(i)
				at := b.Index[i]
				own := x[8*at : 8*at+8]
				bounds[at] = boundAt(m, own, float64(q[0]), float64(q[1]))
				sum += bounds[at]
				logs += logEvidence(m, own)
			}
			return bounds, sum, logs
		}
		const eSteps, mSteps, rounds = 120, 20, 2
		_, before, logsBefore := bounds()
		encoder, decoder := values(m.EncoderParams()), values(m.DecoderParams())
		var bound, logs float64
		fit := &exactly{Fit{Model: m}}
		_, err := train.Run(context.Background(), fit, everything(x), train.Config{
			Steps: rounds * (eSteps + mSteps), Shards: 1, Optimizer: "sgd", Options: train.Options{Rate: 0.1}, Schedule: "constant", Clip: -1,
			Phases: &train.Turns{Each: []train.Turn{{Steps: eSteps, Params: m.EncoderParams(), Rate: 10 * rate}, {Steps: mSteps, Params: m.DecoderParams()}}},
			Progress: func(p train.Progress) {
				var each [6]float64
				each, bound, logs = bounds()
				if bound < before-1e-4 {
					t.Errorf("table %v, step %d: the bound falls from %.5f to %.5f", tabled, p.Step, before, bound)
				}
				if bound > logs+1e-6 {
					t.Errorf("table %v, step %d: the bound %.5f is above log p(x), which is %.5f", tabled, p.Step, bound, logs)
				}
				before = bound
				eStep := (p.Step-1)%(eSteps+mSteps) < eSteps
				newEncoder, newDecoder := values(m.EncoderParams()), values(m.DecoderParams())
				if slices.Equal(encoder, newEncoder) == eStep || slices.Equal(decoder, newDecoder) != eStep {
					t.Fatalf("table %v, step %d: the wrong parameters changed", tabled, p.Step)
				}
				encoder, decoder = newEncoder, newDecoder
				if tabled && p.Step == eSteps {
					for i, got := range each {
						best := math.Inf(-1)
						for mean := -3.0; mean < 3; mean += 0.1 {
							for log := -2.0; log < 0.5; log += 0.1 {
								best = max(best, boundAt(m, x[8*i:8*i+8], mean, log))
							}
						}
						if got < best-1e-3 {
							t.Errorf("example %d: E-steps end at a bound of %.4f, and there is one of %.4f", i, got, best)
						}
					}
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if logs < logsBefore+1 {
			t.Errorf("table %v: log p(x) of all went from %.3f to %.3f", tabled, logsBefore, logs)
		}
	}
}
