package vae

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"inkling/infer"
	"inkling/tensor"
)

// A linearGaussian is the VAE of which all is known (probabilistic PCA and factor analysis; Tipping & Bishop 1999): networks without hidden
// layers, of which those for the log deviations are constant,
//
//	p(z) = N(0, I), p(x|z) = N(Wz + b, Ψ):   p(x) = N(b, WWᵀ + Ψ),   p(z|x) = N(M⁻¹WᵀΨ⁻¹(x − b), M⁻¹),   M = I + WᵀΨ⁻¹W
//
// The encoder is linear as well, and its q has independent variables, so that none of its kind is the posterior.
type linearGaussian struct {
	*Model
	w          *mat.Dense // [D, d]
	b          []float64
	noise      []float64 // the diagonal of Ψ
	covariance *mat.SymDense
}

const linearInputs, linearLatent = 6, 2

func newLinearGaussian(t *testing.T) linearGaussian {
	t.Helper()
	m, err := New(Config{Height: 2, Width: 3, Latent: []int{linearLatent}, Hidden: [][]int{{}}, Likelihood: "gaussian"})
	if err != nil {
		t.Fatal(err)
	}
	if n := m.Params().Count(); n != 2*linearLatent*(linearInputs+1)+2*linearInputs*(linearLatent+1) || int64(n) != m.Config.Weights() {
		t.Fatalf("%d weights", n)
	}
	rnd := rand.New(rand.NewPCG(4, 7))
	for side, n := range []network{m.encoders()[0], m.decoders()[0]} {
		w, b := n.params()[0], n.params()[1]
		for i := range b.Value {
			scale := i >= len(b.Value)/2
			for j := range w.Row(i) {
				w.Row(i)[j] = [2]float32{0.2, 0.8}[side] * float32(rnd.NormFloat64())
				if scale {
					w.Row(i)[j] = 0
				}
			}
			if b.Value[i] = 0.5 * float32(rnd.NormFloat64()); scale {
				b.Value[i] = -1.2 + 0.5*rnd.Float32()
			}
		}
		w.Changed()
		b.Changed()
	}
	l := linearGaussian{Model: m, w: mat.NewDense(linearInputs, linearLatent, nil), covariance: mat.NewSymDense(linearInputs, nil)}
	w, b := m.decoders()[0].params()[0], m.decoders()[0].params()[1]
	for i := range linearInputs {
		for j, v := range w.Row(i) {
			l.w.Set(i, j, float64(v))
		}
		l.b = append(l.b, float64(b.Value[i]))
		l.noise = append(l.noise, math.Exp(2*float64(b.Value[linearInputs+i])))
	}
	l.covariance.SymOuterK(1, l.w)
	for i, v := range l.noise {
		l.covariance.SetSym(i, i, l.covariance.At(i, i)+v)
	}
	return l
}

// A multivariate is N(mean, covariance).
type multivariate struct {
	mean       []float64
	covariance *mat.SymDense
	factor     mat.Cholesky
}

func newMultivariate(t *testing.T, mean []float64, covariance *mat.SymDense) *multivariate {
	t.Helper()
	n := &multivariate{mean: mean, covariance: covariance}
	if !n.factor.Factorize(covariance) {
		t.Fatal("no covariance")
	}
	return n
}

// far is the squared distance of x from the mean, in deviations.
func (n *multivariate) far(x []float64) float64 {
	off, solved := mat.NewVecDense(len(x), nil), mat.NewVecDense(len(x), nil)
	for i, v := range x {
		off.SetVec(i, v-n.mean[i])
	}
	if err := n.factor.SolveVecTo(solved, off); err != nil {
		panic(err)
	}
	return mat.Dot(off, solved)
}

func (n *multivariate) logProb(x []float64) float64 {
	return -0.5 * (n.far(x) + n.factor.LogDet() + float64(len(x))*math.Log(2*math.Pi))
}

// divergence is KL(n ‖ from).
func (n *multivariate) divergence(from *multivariate) float64 {
	var ratio mat.Dense
	if err := from.factor.SolveTo(&ratio, n.covariance); err != nil {
		panic(err)
	}
	return 0.5 * (ratio.Trace() + from.far(n.mean) - float64(len(n.mean)) + from.factor.LogDet() - n.factor.LogDet())
}

// evidence is log p(x).
func (l linearGaussian) evidence(t *testing.T, x []float32) float64 {
	t.Helper()
	return newMultivariate(t, l.b, l.covariance).logProb(wide(x))
}

// posterior is p(z|x).
func (l linearGaussian) posterior(t *testing.T, x []float32) *multivariate {
	t.Helper()
	var scaled, precision, covariance mat.Dense // WᵀΨ⁻¹, M, M⁻¹
	scaled.CloneFrom(l.w.T())
	off := mat.NewVecDense(linearInputs, nil)
	for i, v := range l.noise {
		for j := range linearLatent {
			scaled.Set(j, i, scaled.At(j, i)/v)
		}
		off.SetVec(i, float64(x[i])-l.b[i])
	}
	precision.Mul(&scaled, l.w)
	for j := range linearLatent {
		precision.Set(j, j, precision.At(j, j)+1)
	}
	if err := covariance.Inverse(&precision); err != nil {
		t.Fatal(err)
	}
	var mean mat.VecDense
	mean.MulVec(&scaled, off)
	mean.MulVec(&covariance, &mean)
	symmetric := mat.NewSymDense(linearLatent, nil)
	for i := range linearLatent {
		for j := range i + 1 {
			symmetric.SetSym(i, j, covariance.At(i, j))
		}
	}
	return newMultivariate(t, mean.RawVector().Data, symmetric)
}

// approximate is q(z|x).
func (l linearGaussian) approximate(t *testing.T, x []float32) *multivariate {
	t.Helper()
	q := l.Posterior(l.Batch(x))
	covariance := mat.NewSymDense(linearLatent, nil)
	for j := range linearLatent {
		covariance.SetSym(j, j, math.Exp(2*float64(q[linearLatent+j])))
	}
	return newMultivariate(t, wide(q[:linearLatent]), covariance)
}

// moments are the mean of draws and its standard error.
func moments(x []float64) (average, chance float64) {
	squares := 0.0
	average = mean(x)
	for _, v := range x {
		squares += (v - average) * (v - average)
	}
	return average, math.Sqrt(squares) / float64(len(x))
}

// agree holds an average of draws against what it should be. slack is of float32 and of what is known to be biased.
func agree(t *testing.T, what string, got, chance, want, slack float64) {
	t.Helper()
	t.Logf("%s: %.4f ± %.4f, by its formula %.4f", what, got, chance, want)
	if math.Abs(got-want) > 3*chance+slack {
		t.Errorf("%s: %.4f ± %.4f, and by its formula %.4f", what, got, chance, want)
	}
}

func TestLinearGaussian(t *testing.T) {
	l := newLinearGaussian(t)
	const examples = 3
	x := bits(rand.New(rand.NewPCG(2, 2)), examples*linearInputs)
	images := picturesOf(t, x, 2, 3)
	row := func(i int) []float32 { return x[i*linearInputs : (i+1)*linearInputs] }
	var truth, loose []float64 // log p(x), and KL(q ‖ p(z|x))
	for i := range examples {
		truth = append(truth, l.evidence(t, row(i)))
		loose = append(loose, l.approximate(t, row(i)).divergence(l.posterior(t, row(i))))
	}
	if l.Posterior(l.Batch(x))[0] == l.Posterior(l.Batch(x))[4] {
		t.Fatal("the encoder looks at nothing")
	}

	t.Run("ELBO + KL(q‖p(z|x)) = log p(x)", func(t *testing.T) {
		const draws = 20_000
		for i := range examples {
			for _, analytic := range []bool{false, true} {
				rnd := rand.New(rand.NewPCG(uint64(i), 5))
				tp := tensor.NewInference()
				terms := l.terms(tp, Batch{Rows: 1, X: row(i)}, draw{samples: draws, analytic: analytic, noise: func(dst []float32) { normal(dst, rnd) }})
				bounds := make([]float64, draws)
				for j := range bounds {
					bounds[j] = float64(terms.LogLikelihood.Row(j)[0])
					for _, kl := range terms.KL[0].Row(j % terms.KL[0].Rows) {
						bounds[j] -= float64(kl)
					}
				}
				elbo, chance := moments(bounds)
				agree(t, fmt.Sprint("log p(x) of ", i), elbo+loose[i], chance, truth[i], 1e-4)
				if loose[i] < 10*chance {
					t.Errorf("a bound %.4f ± %.4f below log p(x) tells nothing", loose[i], chance)
				}
			}
		}
	})

	t.Run("IWAE", func(t *testing.T) {
		last := make([]float64, examples)
		for i := range last {
			last[i] = truth[i] - loose[i]
		}
		for _, k := range []int{5, 50} {
			rnd := rand.New(rand.NewPCG(uint64(k), 5))
			sums := make([][]float64, examples)
			for range 400 {
				for i, v := range importance(l.Model, Batch{Rows: examples, X: x}, k, rnd) {
					sums[i] = append(sums[i], v)
				}
			}
			for i := range last {
				bound, chance := moments(sums[i])
				if !(bound > last[i]+chance && bound < truth[i]+3*chance) {
					t.Errorf("of %d samples: %.4f ± %.4f, not between that of fewer, %.4f, and log p(x), %.4f", k, bound, chance, last[i], truth[i])
				}
				last[i] = bound
			}
		}
		for i := range examples {
			var bounds []float64
			for seed := range uint64(20) {
				b, err := l.Importance(context.Background(), Pictures{Images: images}, 4000, seed, nil)
				if err != nil {
					t.Fatal(err)
				}
				bounds = append(bounds, b[i])
			}
			bound, chance := moments(bounds)
			agree(t, fmt.Sprint("by 4000 samples, log p(x) of ", i), bound, chance, truth[i], 2e-3)
		}
	})

	t.Run("HMC", func(t *testing.T) {
		const chains, draws = 8, 1500
		joint := l.Joint(l.Batch(x), chains)
		h, err := infer.NewHMC(joint, l.DrawPosterior(l.Batch(x), chains, rand.New(rand.NewPCG(9, 9))), infer.HMCOptions{Group: chains, Leapfrog: 5, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.WarmUp(context.Background(), 300); err != nil {
			t.Fatal(err)
		}
		kept := make([][]float64, examples*chains) // of each chain, z after z
		for range draws {
			h.Step()
			for c := range kept {
				kept[c] = append(kept[c], wide(h.Z()[c*linearLatent:(c+1)*linearLatent])...)
			}
		}
		for i := range examples {
			p := l.posterior(t, row(i))
			center, covariance := p.mean, p.covariance
			// of is what infer.Mean says of a function of z.
			of := func(f func(z []float64) float64) (float64, float64) {
				values := make([][]float64, chains)
				for c := range chains {
					for at := 0; at < len(kept[c]); at += linearLatent {
						values[c] = append(values[c], f(kept[i*chains+c][at:at+linearLatent]))
					}
				}
				return infer.Mean(values)
			}
			for a := range linearLatent {
				got, chance := of(func(z []float64) float64 { return z[a] })
				agree(t, fmt.Sprintf("mean of z%d of %d", a, i), got, chance, center[a], 1e-4)
				for b := range a + 1 {
					got, chance := of(func(z []float64) float64 { return (z[a] - center[a]) * (z[b] - center[b]) })
					agree(t, fmt.Sprintf("covariance of z%d and z%d of %d", a, b, i), got, chance, covariance.At(a, b), 1e-4)
				}
			}
			if off := covariance.At(1, 0) / math.Sqrt(covariance.At(0, 0)*covariance.At(1, 1)); math.Abs(off) < 0.1 {
				t.Errorf("a correlation of %.3f is none", off)
			}
		}
	})

	t.Run("AIS", func(t *testing.T) {
		const chains = 64
		for name, from := range map[string]infer.Distribution{"prior": l.PriorDensity(examples, chains), "encoder": l.Approximate(l.Batch(x), chains)} {
			ais, err := infer.NewAIS(from, l.Joint(l.Batch(x), chains), infer.AISOptions{Temperatures: 300, Pilot: 60, Chains: chains, Leapfrog: 4, Seed: 2})
			if err != nil {
				t.Fatal(err)
			}
			found, err := ais.Forward(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for i := range examples {
				// The deviation of the logarithm of a mean of weights, by the deviations of the weights.
				weights := make([]float64, chains)
				for c := range weights {
					weights[c] = math.Exp(found.LogW[i*chains+c] - found.LogZ[i])
				}
				_, chance := moments(weights)
				agree(t, fmt.Sprintf("from the %s, log p(x) of %d", name, i), found.LogZ[i], chance, truth[i], 2e-3)
				if chance > 0.1 {
					t.Errorf("± %.3f tells nothing", chance)
				}
			}
		}
		z, drawn := l.DrawJoint(examples, rand.New(rand.NewPCG(3, 8)))
		back, err := infer.NewAIS(l.PriorDensity(examples, chains), l.Joint(l.Batch(drawn), chains), infer.AISOptions{Temperatures: 300, Pilot: 60, Chains: chains, Leapfrog: 4, Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		upper, err := back.Reverse(context.Background(), z)
		if err != nil {
			t.Fatal(err)
		}
		for i := range examples {
			want := l.evidence(t, drawn[i*linearInputs:(i+1)*linearInputs])
			if math.Abs(upper.LogZ[i]-want) > 0.15 {
				t.Errorf("back to the prior, log p(x) of %d is %.4f, and by its formula %.4f", i, upper.LogZ[i], want)
			}
		}
	})
}
