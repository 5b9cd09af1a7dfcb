package vae

import (
	"math/rand/v2"

	"inkling/tensor"
)

// Density is the logarithm of a density of z, given some examples: of log p(x, z), log q(z|x) or log p(z), with chains rows for each
// example and the variables of all layers in a row, those of the first layer first. It fits infer.Density. One goroutine uses one at a time.
type Density struct {
	m      *Model
	tp     *tensor.Tape
	b      Batch
	first  []float32 // of log q: q(z_1|x), [n, 2d]
	k      int
	log    func(d *Density, z []*tensor.Tensor) *tensor.Tensor // [n·k, 1]
	pieces []*tensor.Tensor
}

// Joint is log p(x, z), which is log p(z|x) but for a constant of each example.
func (m *Model) Joint(b Batch, chains int) *Density {
	return m.density(b, chains, (*Density).joint)
}

// A Distribution is a Density that one can draw from: log q(z|x) or log p(z). It fits infer.Distribution.
type Distribution struct {
	*Density
	draw func(rnd *rand.Rand) []float32
}

// Draw sets z to an exact draw for each row.
func (d *Distribution) Draw(z []float32, rnd *rand.Rand) { copy(z, d.draw(rnd)) }

// Approximate is log q(z|x). The first layer's q, which depends on x alone, is found once.
func (m *Model) Approximate(b Batch, chains int) *Distribution {
	d := m.density(b, chains, (*Density).approximate)
	d.first = m.Posterior(b)
	return &Distribution{d, func(rnd *rand.Rand) []float32 { return m.DrawPosterior(b, chains, rnd) }}
}

// PriorDensity is log p(z).
func (m *Model) PriorDensity(n, chains int) *Distribution {
	d := m.density(Batch{Rows: n}, chains, (*Density).prior)
	return &Distribution{d, func(rnd *rand.Rand) []float32 { return m.DrawPrior(n*chains, rnd) }}
}

func (m *Model) density(b Batch, chains int, log func(*Density, []*tensor.Tensor) *tensor.Tensor) *Density {
	return &Density{m: m, tp: tensor.NewTape(), b: b, k: chains, log: log}
}

// Rows is the number of examples times that of chains.
func (d *Density) Rows() int { return d.b.Rows * d.k }

// Dim is the number of variables of all layers.
func (d *Density) Dim() int { return d.m.Config.Variables() }

// At sets value[i] to the logarithm at row i of z, in nats, and row i of grad to its gradient unless grad is nil.
func (d *Density) At(value []float64, grad, z []float32) {
	d.tp.Reset(0, 0, 0)
	leaf := d.tp.Leaf(d.Rows(), d.Dim(), z)
	d.tp.Frozen(func() {
		layers, at := d.pieces[:0], 0
		for _, n := range d.m.Config.Latent {
			piece := leaf
			if n != leaf.Cols {
				piece = tensor.Cols(d.tp, leaf, at, at+n)
			}
			layers, at = append(layers, piece), at+n
		}
		d.pieces = layers
		log := d.log(d, layers)
		for i := range value {
			value[i] = float64(log.Row(i)[0])
		}
		if grad != nil {
			d.tp.Backward(tensor.Sum(d.tp, log), 1)
			copy(grad, leaf.Grad())
		}
	})
}

func (d *Density) prior(z []*tensor.Tensor) *tensor.Tensor {
	var sum *tensor.Tensor
	for l := range z {
		sum = plus(d.tp, sum, tensor.SumCols(d.tp, d.m.logPrior(d.tp, z, l)))
	}
	return sum
}

func (d *Density) joint(z []*tensor.Tensor) *tensor.Tensor {
	return plus(d.tp, d.prior(z), d.m.decoder.LogLikelihood(d.tp, d.b, z[0]))
}

func (d *Density) approximate(z []*tensor.Tensor) *tensor.Tensor {
	q := d.tp.Const(d.b.Rows, 2*d.m.Config.Latent[0], d.first)
	sum := tensor.SumCols(d.tp, tensor.GaussianLogProb(d.tp, z[0], q))
	for l := 1; l < len(z); l++ {
		q := d.m.up[l-1].apply(d.tp, z[l-1])
		sum = tensor.Add(d.tp, sum, tensor.SumCols(d.tp, tensor.GaussianLogProb(d.tp, z[l], q)))
	}
	return sum
}

func plus(tp *tensor.Tape, a, b *tensor.Tensor) *tensor.Tensor {
	if a == nil {
		return b
	}
	return tensor.Add(tp, a, b)
}

// DrawPosterior draws z of all layers from q(z|x), chains times for each example: where an inference about these examples may begin.
func (m *Model) DrawPosterior(b Batch, chains int, rnd *rand.Rand) []float32 {
	tp := tensor.NewInference()
	var from *tensor.Tensor
	var layers []*tensor.Tensor
	k := chains
	for l := range m.Config.Latent {
		q := m.posterior(tp, b, l, from)
		noise := make([]float32, q.Rows*k*q.Cols/2)
		normal(noise, rnd)
		from, k = tensor.Reparametrize(tp, q, noise, k), 1
		layers = append(layers, from)
	}
	return beside(layers)
}

// DrawPrior draws z of all layers from p(z), as many rows as asked for.
func (m *Model) DrawPrior(rows int, rnd *rand.Rand) []float32 {
	tp := tensor.NewInference()
	top := make([]float32, rows*m.Top())
	normal(top, rnd)
	layers := []*tensor.Tensor{tp.Const(rows, m.Top(), top)}
	for l := len(m.down) - 1; l >= 0; l-- {
		layers = append([]*tensor.Tensor{pick(tp, m.down[l].apply(tp, layers[0]), rnd)}, layers...)
	}
	return beside(layers)
}

// DrawJoint draws n pictures from the model with the z of all layers that made them, which is an exact draw from p(z|x) of each.
func (m *Model) DrawJoint(n int, rnd *rand.Rand) (z, x []float32) {
	z = m.DrawPrior(n, rnd)
	all, below := m.Config.Variables(), m.Config.Latent[0]
	first := make([]float32, n*below)
	for i := range n {
		copy(first[i*below:(i+1)*below], z[i*all:])
	}
	x = m.inRows(first, below, func(tp *tensor.Tape, t *tensor.Tensor) *tensor.Tensor {
		return m.pictures.show(tp, t, rnd)
	})
	return z, x
}

// beside is the rows of all tensors, one after another.
func beside(layers []*tensor.Tensor) (z []float32) {
	for i := range layers[0].Rows {
		for _, t := range layers {
			z = append(z, t.Row(i)...)
		}
	}
	return z
}
