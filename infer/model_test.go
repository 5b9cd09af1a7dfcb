package infer

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// linear is the model x = W·z + b + σ·noise with z ~ N(0, I), whose every quantity is known: the test bench of this package. As
// a Density it is log p(x, z), with one x for each group of rows.
type linear struct {
	w     *mat.Dense // [seen, dim]
	b     []float64
	sigma float64
	x     [][]float64 // of each example
	each  int         // rows of an example
	calls int
}

// newLinear draws a model, and examples from it, with the z that made each.
func newLinear(seed uint64, seen, dim, examples, each int, sigma float64) (m *linear, z []float32) {
	r := rand.New(rand.NewPCG(seed, 99))
	m = &linear{w: mat.NewDense(seen, dim, nil), b: make([]float64, seen), sigma: sigma, each: each}
	for i := range seen {
		m.b[i] = r.NormFloat64()
		for j := range dim {
			m.w.Set(i, j, r.NormFloat64()/math.Sqrt(float64(dim)))
		}
	}
	for range examples {
		x, own := make([]float64, seen), make([]float64, dim)
		for j := range own {
			z = append(z, float32(r.NormFloat64()))
			own[j] = float64(z[len(z)-1])
		}
		for i := range x {
			x[i] = m.b[i] + sigma*r.NormFloat64()
			for j, v := range own {
				x[i] += m.w.At(i, j) * v
			}
		}
		m.x = append(m.x, x)
	}
	return m, z
}

func (m *linear) Rows() int { return len(m.x) * m.each }
func (m *linear) Dim() int  { _, d := m.w.Dims(); return d }

func (m *linear) At(value []float64, grad, z []float32) {
	m.calls++
	seen, dim := m.w.Dims()
	raw := m.w.RawMatrix().Data
	for row := range value {
		own := z[row*dim : (row+1)*dim]
		sum := -float64(seen)*math.Log(m.sigma) - float64(seen+dim)*logRoot2Pi
		if grad != nil {
			clear(grad[row*dim : (row+1)*dim])
		}
		for j, v := range own {
			sum -= float64(v) * float64(v) / 2
			if grad != nil {
				grad[row*dim+j] = -v
			}
		}
		for i, x := range m.x[row/m.each] {
			rest := x - m.b[i]
			for j, v := range own {
				rest -= raw[i*dim+j] * float64(v)
			}
			rest /= m.sigma
			sum -= rest * rest / 2
			if grad != nil {
				for j := range own {
					grad[row*dim+j] += float32(rest / m.sigma * raw[i*dim+j])
				}
			}
		}
		value[row] = sum
	}
}

// precision is Λ = I + WᵀW/σ², that of every posterior.
func (m *linear) precision() *mat.SymDense {
	dim := m.Dim()
	var p mat.SymDense
	p.SymOuterK(1/(m.sigma*m.sigma), m.w.T())
	for j := range dim {
		p.SetSym(j, j, p.At(j, j)+1)
	}
	return &p
}

// posterior is the exact mean of an example's posterior and the covariance of all.
func (m *linear) posterior(example int) (mean []float64, covariance *mat.SymDense) {
	var chol mat.Cholesky
	if !chol.Factorize(m.precision()) {
		panic("no Cholesky factor")
	}
	covariance = new(mat.SymDense)
	if err := chol.InverseTo(covariance); err != nil {
		panic(err)
	}
	var projected, v mat.VecDense
	centred := mat.NewVecDense(len(m.b), nil)
	for i, x := range m.x[example] {
		centred.SetVec(i, (x-m.b[i])/(m.sigma*m.sigma))
	}
	projected.MulVec(m.w.T(), centred)
	v.MulVec(covariance, &projected)
	return v.RawVector().Data, covariance
}

// evidence is log p(x) of an example: that of N(b, WWᵀ + σ²I).
func (m *linear) evidence(example int) float64 {
	seen := len(m.b)
	var c mat.SymDense
	c.SymOuterK(1, m.w)
	centred := mat.NewVecDense(seen, nil)
	for i := range seen {
		c.SetSym(i, i, c.At(i, i)+m.sigma*m.sigma)
		centred.SetVec(i, m.x[example][i]-m.b[i])
	}
	var chol mat.Cholesky
	if !chol.Factorize(&c) {
		panic("no Cholesky factor")
	}
	var solved mat.VecDense
	if err := chol.SolveVecTo(&solved, centred); err != nil {
		panic(err)
	}
	return -float64(seen)*logRoot2Pi - chol.LogDet()/2 - mat.Dot(centred, &solved)/2
}

// of is a density made of functions of one row.
type of struct {
	rows, dim int
	at        func(row int, z, grad []float32) float64
}

func (f of) Rows() int { return f.rows }
func (f of) Dim() int  { return f.dim }

func (f of) At(value []float64, grad, z []float32) {
	for i := range value {
		var g []float32
		if grad != nil {
			g = grad[i*f.dim : (i+1)*f.dim]
		}
		value[i] = f.at(i, z[i*f.dim:(i+1)*f.dim], g)
	}
}

// checkGradient holds the gradient of a density at z against differences of its values.
func checkGradient(t *testing.T, f Density, z []float32) {
	t.Helper()
	rows, dim := f.Rows(), f.Dim()
	value, above, below := make([]float64, rows), make([]float64, rows), make([]float64, rows)
	grad := make([]float32, rows*dim)
	f.At(value, grad, z)
	for j := range dim {
		up, down := append([]float32(nil), z...), append([]float32(nil), z...)
		for i := range rows {
			up[i*dim+j] += 1e-2
			down[i*dim+j] -= 1e-2
		}
		f.At(above, nil, up)
		f.At(below, nil, down)
		for i := range rows {
			want := (above[i] - below[i]) / float64(up[i*dim+j]-down[i*dim+j])
			if got := float64(grad[i*dim+j]); !near(got, want, 2e-3*(1+math.Abs(want))) {
				t.Errorf("row %d, variable %d: gradient %g, differences give %g", i, j, got, want)
			}
		}
	}
}

func TestLinearModelIsRight(t *testing.T) {
	m, z := newLinear(1, 5, 3, 4, 1, 0.5)
	checkGradient(t, m, z)
	// p(x) = p(x, z)/p(z|x) at any z.
	for e := range m.x {
		mean, covariance := m.posterior(e)
		value := make([]float64, m.Rows())
		m.At(value, nil, z)
		var chol mat.Cholesky
		chol.Factorize(covariance)
		away := mat.NewVecDense(m.Dim(), nil)
		for j := range mean {
			away.SetVec(j, float64(z[e*m.Dim()+j])-mean[j])
		}
		var solved mat.VecDense
		if err := chol.SolveVecTo(&solved, away); err != nil {
			t.Fatal(err)
		}
		logPosterior := -float64(m.Dim())*logRoot2Pi - chol.LogDet()/2 - mat.Dot(away, &solved)/2
		if got, want := value[e]-logPosterior, m.evidence(e); !near(got, want, 1e-4) {
			t.Errorf("example %d: log p(x) %g, and from Bayes' rule %g", e, want, got)
		}
	}
}

// near reports whether two numbers are numbers, and not further apart than that.
func near(got, want, apart float64) bool { return math.Abs(got-want) <= apart }
