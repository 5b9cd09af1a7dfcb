package vae

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"inkling/tensor"
)

// drawnAgain is what the objectives draw on a tape of this seed, and log w of each sample: what the formulas of this file are made of.
func drawnAgain(m *Model, b Batch, k int, seed uint64) (z []*tensor.Tensor, w []float64) {
	tp := tensor.NewTape()
	tp.Reset(seed, 0, 0)
	t := m.terms(tp, b, draw{samples: k, noise: drawn(tp)})
	log := t.logWeights(tp)
	for i := range log.Rows {
		w = append(w, float64(log.Row(i)[0]))
	}
	return t.Z, w
}

// encoderGradient is the gradient of what f makes on a tape, with respect to the encoder.
func encoderGradient(m *Model, seed uint64, f func(tp *tensor.Tape) *tensor.Tensor) (g []float32) {
	tp := tensor.NewTape()
	tp.Reset(seed, 0, 0)
	tp.Backward(f(tp), 1)
	for _, p := range m.EncoderParams() {
		g = append(g, tp.ParamGrad(p)...)
	}
	return g
}

// shares are w̃, the weights of each example's samples divided by their sum.
func shares(w []float64, k int) []float64 {
	s := make([]float64, len(w))
	for first := 0; first < len(w); first += k {
		total := math.Inf(-1)
		for _, v := range w[first : first+k] {
			total = logAdd(total, v)
		}
		for j := first; j < first+k; j++ {
			s[j] = math.Exp(w[j] - total)
		}
	}
	return s
}

// TestDReG holds the gradients of dreg, for given noise, against its formula, in pieces: ∂log w/∂z from the densities log p(x, z) and
// log q(z|x) as functions of z, w̃² from log w, and ∂z/∂φ from a tape that only draws.
func TestDReG(t *testing.T) {
	for _, latent := range shapes {
		for _, k := range []int{1, 3, 6} {
			m, b := toy(t, 11, 3, latent...)
			encoder, decoder, _ := gradientOf(tensor.NewTape(), m, b, complete(t, Objective{Name: "dreg", K: k}), 9)

			z, w := drawnAgain(m, b, k, 9)
			at, rows, dim := beside(z), b.Rows*k, m.Config.Variables()
			joint, posterior := make([]float32, rows*dim), make([]float32, rows*dim)
			m.Joint(m.Batch(b.X), k).At(make([]float64, rows), joint, at)
			m.Approximate(m.Batch(b.X), k).At(make([]float64, rows), posterior, at)
			toZ := make([][]float32, len(latent)) // −w̃² ∂log w/∂z of each layer
			for i, s := range shares(w, k) {
				from := i * dim
				for l, d := range latent {
					for j := range d {
						toZ[l] = append(toZ[l], float32(-s*s*float64(joint[from+j]-posterior[from+j])))
					}
					from += d
				}
			}
			want := encoderGradient(m, 9, func(tp *tensor.Tape) *tensor.Tensor {
				var sum *tensor.Tensor
				from, each, noise := tp.Const(b.Rows, m.Config.Inputs(), b.X), k, drawn(tp)
				for l, e := range m.encoders() {
					dst := make([]float32, rows*latent[l])
					noise(dst)
					from, each = tensor.Reparametrize(tp, e.apply(tp, from), dst, each), 1
					sum = plus(tp, sum, tensor.Sum(tp, tensor.Mul(tp, from, tp.Const(rows, latent[l], toZ[l]))))
				}
				return sum
			})
			sameGradient(t, fmt.Sprintf("%v, %d samples: the encoder's gradient", latent, k), encoder, want)

			_, same, _ := gradientOf(tensor.NewTape(), m, b, complete(t, Objective{Name: "iwae", K: k}), 9)
			sameGradient(t, fmt.Sprintf("%v, %d samples: the decoder's gradient", latent, k), decoder, same)
		}
	}
}

// TestScore holds the gradients of the score function, for given noise, against its formula: log q of constants, weighed by how much
// log w is above the mean of the others'.
func TestScore(t *testing.T) {
	for _, latent := range shapes {
		for _, kind := range []score{{}, {plain: true}} {
			for _, k := range []int{2, 5} {
				m, b := toy(t, 11, 3, latent...)
				z, w := drawnAgain(m, b, k, 9)
				weight := make([]float32, len(w))
				for i := range w {
					others := 0.0
					for j := i / k * k; j < (i/k+1)*k; j++ {
						if j != i && !kind.plain {
							others += w[j] / float64(k-1)
						}
					}
					weight[i] = float32(-(w[i] - others) / float64(k))
				}
				want := encoderGradient(m, 0, func(tp *tensor.Tape) *tensor.Tensor {
					var log *tensor.Tensor
					from := tp.Const(b.Rows, m.Config.Inputs(), b.X)
					for l, e := range m.encoders() {
						at := tp.Const(z[l].Rows, latent[l], z[l].Data)
						log = plus(tp, log, tensor.WeightedSum(tp, tensor.GaussianLogProb(tp, at, e.apply(tp, from)), weight))
						from = at
					}
					return log
				})
				what := fmt.Sprintf("%v, %d samples, plain %v", latent, k, kind.plain)
				encoder, decoder := gradientBy(kind, m, b, k, 9)
				sameGradient(t, what+": the encoder's gradient", encoder, want)
				_, same, _ := gradientOf(tensor.NewTape(), m, b, complete(t, Objective{Sampled: true, K: k}), 9)
				sameGradient(t, what+": the decoder's gradient", decoder, same)
			}
		}
	}
}

// gradientBy is gradientOf of an objective that may have no name.
func gradientBy(kind objective, m *Model, b Batch, k int, seed uint64) (encoder, decoder []float32) {
	tp := tensor.NewTape()
	tp.Reset(seed, 0, 0)
	loss, _ := kind.loss(tp, m, b, Objective{K: k, Beta: 1})
	tp.Backward(loss, 1)
	for i, p := range m.Params() {
		if i < len(m.EncoderParams()) {
			encoder = append(encoder, tp.ParamGrad(p)...)
		} else {
			decoder = append(decoder, tp.ParamGrad(p)...)
		}
	}
	return encoder, decoder
}

// TestExpectations: estimators of the gradient of the same bound have the same expectation. Of each, many are drawn, of a batch that has the
// same examples again and again; a difference of means is compared with what chance makes of it.
func TestExpectations(t *testing.T) {
	const rows, repeated, rounds = 2, 200, 60
	reparametrized := elbo{}
	for _, c := range []struct {
		what      string
		kind, old objective
		k         int
		precise   float64 // the most that chance may make, of the length of the mean
	}{
		{"dreg and iwae", dreg{}, iwae{}, 4, 0.04},
		{"score and elbo", score{}, reparametrized, 3, 0.08},
		{"score without a control variate and elbo", score{plain: true}, reparametrized, 3, 0.1},
	} {
		for _, latent := range shapes {
			m, few := toy(t, 13, rows, latent...)
			b := Batch{Rows: rows * repeated}
			for range repeated {
				b.X = append(b.X, few.X...)
			}
			rnd := rand.New(rand.NewPCG(1, 2))
			var sum, squares, length []float64
			for range rounds {
				got, _ := gradientBy(c.kind, m, b, c.k, rnd.Uint64())
				want, _ := gradientBy(c.old, m, b, c.k, rnd.Uint64())
				if sum == nil {
					sum, squares, length = make([]float64, len(got)), make([]float64, len(got)), make([]float64, len(got))
				}
				for i := range got {
					d := float64(got[i] - want[i])
					sum[i], squares[i], length[i] = sum[i]+d, squares[i]+d*d, length[i]+float64(want[i])
				}
			}
			worst, chance, size := 0.0, 0.0, 0.0
			for i := range sum {
				if sum[i] == 0 { // of a number that is black in all examples
					continue
				}
				variance := (squares[i] - sum[i]*sum[i]/rounds) / (rounds - 1) * rounds // of the sum
				worst = max(worst, math.Abs(sum[i])/math.Sqrt(variance))
				chance, size = chance+variance, size+length[i]*length[i]
			}
			if !(worst < 4.5) {
				t.Errorf("%s, %v: a mean differs by %.1f standard errors", c.what, latent, worst)
			}
			if share := math.Sqrt(chance / size); !(share < c.precise) {
				t.Errorf("%s, %v: chance makes %.3f of the mean, too much to tell", c.what, latent, share)
			} else {
				t.Logf("%s, %v: the worst of %d means differs by %.1f standard errors; chance makes %.4f", c.what, latent, len(sum), worst, share)
			}
		}
	}
}
