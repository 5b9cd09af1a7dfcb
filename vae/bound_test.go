package vae

import (
	"math"
	"math/rand/v2"
	"testing"
)

// integrals are log p(x) of each example, by the trapezoidal rule over all z: of a model of few variables, exact for practical purposes.
func integrals(m *Model, b Batch) []float64 {
	const reach, side = 7.0, 101
	const step = 2 * reach / (side - 1)
	points := 1
	for range m.Config.Variables() {
		points *= side
	}
	var z []float32
	for at := range points {
		for range m.Config.Variables() {
			z = append(z, float32(-reach+step*float64(at%side)))
			at /= side
		}
	}
	var all []float64
	for i := range b.Rows {
		joint := make([]float64, points)
		d := m.Config.Inputs()
		m.Joint(m.Batch(b.X[i*d:(i+1)*d]), points).At(joint, nil, z)
		total := math.Inf(-1)
		for _, v := range joint {
			total = logAdd(total, v)
		}
		all = append(all, total+float64(m.Config.Variables())*math.Log(step))
	}
	return all
}

// TestBounds: the evidence lower bound is below the importance-weighted one, which rises with the number of samples and comes to log p(x),
// known by integration, of one stochastic layer and of two.
func TestBounds(t *testing.T) {
	for _, latent := range [][]int{{1}, {2}, {1, 1}} {
		m, b := toy(t, 17, 3, latent...)
		gentle := m.EncoderParams() // so that the weights, and with them the bounds, have few outliers
		for _, n := range m.decoders()[1:] {
			gentle = append(gentle, n.params()...)
		}
		for _, p := range gentle {
			for i := range p.Value {
				p.Value[i] *= 0.2
			}
			p.Changed()
		}
		truth := integrals(m, b)
		rnd := rand.New(rand.NewPCG(5, 6))
		last := make([]float64, b.Rows)
		for i := range last {
			last[i] = math.Inf(-1)
		}
		for _, k := range []int{1, 2, 5, 25, 250} {
			const draws = 1500
			rounds := max(20, draws/k)
			sum, squares := make([]float64, b.Rows), make([]float64, b.Rows)
			for range rounds {
				for i, v := range importance(m, b, k, rnd) {
					sum[i], squares[i] = sum[i]+v, squares[i]+v*v
				}
			}
			for i := range sum {
				mean := sum[i] / float64(rounds)
				chance := math.Sqrt((squares[i]/float64(rounds) - mean*mean) / float64(rounds))
				if !(mean < truth[i]+4*chance) {
					t.Errorf("%v: the bound of %d samples is %.4f ± %.4f, above log p(x), %.4f", latent, k, mean, chance, truth[i])
				}
				if !(mean > last[i]-4*chance) || k == 5 && !(mean > last[i]) {
					t.Errorf("%v: the bound of %d samples is %.4f ± %.4f, below that of fewer, %.4f", latent, k, mean, chance, last[i])
				}
				last[i] = mean
			}
		}
		for i, v := range importance(m, b, 20_000, rnd) {
			if math.Abs(v-truth[i]) > 0.03 {
				t.Errorf("%v: the bound of many samples is %.4f, log p(x) %.4f", latent, v, truth[i])
			}
		}
	}
}
