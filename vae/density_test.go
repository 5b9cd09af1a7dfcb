package vae

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/infer"
)

// A spelled model is a VAE of dense tanh networks and Bernoulli pictures in float64 and in plain loops: what the real one is held against.
type spelled struct{ *Model }

// newSpelled draws a model of 3×3 pictures, with weights so large that its posteriors are far from the prior.
func newSpelled(t testing.TB, seed uint64, latent ...int) spelled {
	t.Helper()
	hidden := [][]int{{5}, {4}}
	m, err := New(Config{Height: 3, Width: 3, Latent: latent, Hidden: hidden[:len(latent)], Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(seed, 3))
	for _, p := range m.Params() {
		for i := range p.Value {
			p.Value[i] = float32(rnd.NormFloat64()) * 0.8
		}
		p.Changed()
	}
	for _, e := range m.encoders() { // an encoder is vague, as one is that covers its posterior
		for i, p := range e.params()[len(e.params())-2:] {
			for k := range p.Value {
				p.Value[k] *= 0.3 * float32(1-i)
			}
			p.Changed()
		}
	}
	for _, d := range m.decoders()[1:] { // nor does the prior reach beyond the plane that is integrated over
		for _, p := range d.params() {
			for k := range p.Value {
				p.Value[k] *= 0.4
			}
			p.Changed()
		}
	}
	return spelled{m}
}

// net is what a chain of layers makes of a vector.
func (spelled) net(n network, x []float64) []float64 {
	ps := n.params()
	for l := 0; l < len(ps); l += 2 {
		w, b := ps[l], ps[l+1]
		y := make([]float64, w.Rows)
		for i := range y {
			y[i] = float64(b.Value[i])
			for j, v := range x {
				if l > 0 {
					v = math.Tanh(v)
				}
				y[i] += float64(w.Row(i)[j]) * v
			}
		}
		x = y
	}
	return x
}

func logNormal(z, mean, logSigma float64) float64 {
	u := (z - mean) / math.Exp(logSigma)
	return -u*u/2 - logSigma - math.Log(2*math.Pi)/2
}

func logNormals(z, q []float64) (sum float64) {
	for i, v := range z {
		sum += logNormal(v, q[i], q[len(z)+i])
	}
	return sum
}

// cut is z by layers.
func (s spelled) cut(z []float64) (layers [][]float64) {
	for _, d := range s.Config.Latent {
		layers, z = append(layers, z[:d]), z[d:]
	}
	return layers
}

func (s spelled) prior(z []float64) (sum float64) {
	layers := s.cut(z)
	for l, own := range layers {
		if l == len(layers)-1 {
			return sum + logNormals(own, make([]float64, 2*len(own)))
		}
		sum += logNormals(own, s.net(s.decoders()[l+1], layers[l+1]))
	}
	panic("no layers")
}

func (s spelled) likelihood(x, z []float64) (sum float64) {
	for i, logit := range s.net(s.decoders()[0], s.cut(z)[0]) {
		sum += x[i]*logit - math.Log1p(math.Exp(logit))
	}
	return sum
}

func (s spelled) joint(x, z []float64) float64 { return s.prior(z) + s.likelihood(x, z) }

func (s spelled) approximate(x, z []float64) (sum float64) {
	from := x
	for l, own := range s.cut(z) {
		sum += logNormals(own, s.net(s.encoders()[l], from))
		from = own
	}
	return sum
}

// plane calls f for the points of a fine grid over two variables, and returns what one of them stands for.
func plane(f func(z []float64)) (area float64) {
	const reach, step = 6.0, 0.125
	for a := -reach; a <= reach; a += step {
		for b := -reach; b <= reach; b += step {
			f([]float64{a, b})
		}
	}
	return step * step
}

// evidenceOf is log p(x) by quadrature.
func (s spelled) evidenceOf(x []float64) float64 {
	total := math.Inf(-1)
	area := plane(func(z []float64) { total = logAdd(total, s.joint(x, z)) })
	return total + math.Log(area)
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// bits are black and white pictures.
func bits(rnd *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rnd.IntN(2))
	}
	return x
}

func TestDensities(t *testing.T) {
	for _, latent := range [][]int{{2}, {1, 1}, {3, 2}} {
		s, rnd := newSpelled(t, 1, latent...), rand.New(rand.NewPCG(2, 2))
		const examples, chains = 3, 4
		x, dim := bits(rnd, examples*9), s.Config.Variables()
		for _, c := range []struct {
			name string
			f    infer.Density
			want func(x, z []float64) float64
		}{
			{"joint", s.Joint(s.Batch(x), chains), s.joint},
			{"approximate", s.Approximate(s.Batch(x), chains), s.approximate},
			{"prior", s.PriorDensity(examples, chains), func(_, z []float64) float64 { return s.prior(z) }},
		} {
			if c.f.Rows() != examples*chains || c.f.Dim() != dim {
				t.Fatalf("%s: %d rows of %d", c.name, c.f.Rows(), c.f.Dim())
			}
			for range 2 { // the second time with memory used before
				z, value, grad := make([]float32, examples*chains*dim), make([]float64, examples*chains), make([]float32, examples*chains*dim)
				normal(z, rnd)
				c.f.At(value, grad, z)
				for i := range value {
					own, of := wide(z[i*dim:(i+1)*dim]), wide(x[i/chains*9:][:9])
					if want := c.want(of, own); math.Abs(value[i]-want) > 1e-4*(1+math.Abs(want)) {
						t.Errorf("%v %s: row %d is %g, want %g", latent, c.name, i, value[i], want)
					}
					for j := range own {
						const h = 1e-4
						up, down := slices.Clone(own), slices.Clone(own)
						up[j], down[j] = up[j]+h, down[j]-h
						want := (c.want(of, up) - c.want(of, down)) / (2 * h)
						if got := float64(grad[i*dim+j]); math.Abs(got-want) > 1e-3*(1+math.Abs(want)) {
							t.Errorf("%v %s: derivative %d of row %d is %g, want %g", latent, c.name, j, i, got, want)
						}
					}
				}
			}
		}
	}
}

// TestDraws holds draws against the densities that they come from: E[f(z)/p(z)] over draws is ∫f, for an f that tells variables apart.
func TestDraws(t *testing.T) {
	for _, latent := range [][]int{{2}, {1, 1}} {
		s, rnd := newSpelled(t, 4, latent...), rand.New(rand.NewPCG(1, 5))
		x := bits(rnd, 2*9)
		const chains = 20_000
		bump := func(z []float64) float64 { return logNormals(z, []float64{0.4, -0.3, -0.6, -0.8}) }
		for _, c := range []struct {
			name string
			z    []float32
			p    func(row int, z []float64) float64
		}{
			{"prior", s.DrawPrior(2*chains, rnd), func(_ int, z []float64) float64 { return s.prior(z) }},
			{"approximate", s.DrawPosterior(s.Batch(x), chains, rnd), func(row int, z []float64) float64 { return s.approximate(wide(x[row/chains*9:][:9]), z) }},
		} {
			for example := range 2 {
				sum, squares := 0.0, 0.0
				for row := example * chains; row < (example+1)*chains; row++ {
					z := wide(c.z[2*row : 2*row+2])
					w := math.Exp(bump(z) - c.p(row, z))
					sum, squares = sum+w, squares+w*w
				}
				mean := sum / chains
				if within := 4 * math.Sqrt((squares/chains-mean*mean)/chains); !(math.Abs(mean-1) < within) || within > 0.3 {
					t.Errorf("%v %s: %.3f, not 1 within %.3f", latent, c.name, mean, within)
				}
			}
		}
	}
}

// TestAIS: from the prior and from the encoder, annealed importance sampling finds log p(x) that is known by quadrature; and that of pictures
// that the model itself draws, from both sides.
func TestAIS(t *testing.T) {
	for _, latent := range [][]int{{2}, {1, 1}} {
		s := newSpelled(t, 6, latent...)
		const examples, chains = 24, 8
		z, x := s.DrawJoint(examples, rand.New(rand.NewPCG(3, 8)))
		truth := make([]float64, examples)
		for i := range truth {
			truth[i] = s.evidenceOf(wide(x[i*9 : (i+1)*9]))
		}
		for name, from := range map[string]infer.Distribution{"prior": s.PriorDensity(examples, chains), "encoder": s.Approximate(s.Batch(x), chains)} {
			ais, err := infer.NewAIS(from, s.Joint(s.Batch(x), chains), infer.AISOptions{Temperatures: 100, Pilot: 60, Chains: chains, Leapfrog: 4, Seed: 2})
			if err != nil {
				t.Fatal(err)
			}
			lower, err := ais.Forward(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			upper, err := ais.Reverse(context.Background(), z)
			if err != nil {
				t.Fatal(err)
			}
			for way, found := range map[string][]float64{"forward": lower.LogZ, "reverse": upper.LogZ} {
				sum, squares := 0.0, 0.0
				for i, v := range found {
					sum, squares = sum+v-truth[i], squares+(v-truth[i])*(v-truth[i])
				}
				off := sum / examples
				chance := math.Sqrt((squares/examples - off*off) / examples)
				t.Logf("%v from the %s, %s: %.4f ± %.4f off", latent, name, way, off, chance)
				if slack := 0.01; math.Abs(off) > 3*chance+slack || chance > 0.05 {
					t.Errorf("%v from the %s, %s: %.4f off, with a standard error of %.4f", latent, name, way, off, chance)
				}
			}
		}
	}
}
