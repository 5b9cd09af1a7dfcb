package softmax

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/mat"

	"inkling/internal/kernel"
	"inkling/internal/parallel"
)

// SVDSpectrum is how the weights of a layer are spread over directions of the hidden vector: what a preview is chosen by.
type SVDSpectrum struct {
	Values []float64 // the singular values of the weights, from the largest down; as many as there are dimensions

	dense   *dense
	vectors []float32 // W [d, d]: column j is the direction of value j
}

// linear is what gives a word its score, of layers whose exact probabilities are the softmax of these.
func (f *dense) linear() *dense { return f }

// Spectrum is that of a layer's weights A [V, d]. It is found from the eigenvectors of AᵀA, which is small and takes V·d²
// multiplications, instead of the decomposition of A. Whatever rounding does to AᵀA, its eigenvectors are
// orthogonal as float64 can have them, so that the rotation is exact; only the order of what is small may be off.
func Spectrum(d Distribution) (*SVDSpectrum, error) {
	l, ok := d.(interface{ linear() *dense })
	if !ok {
		return nil, errors.New("a preview by SVD needs an output layer that is one softmax of a score for each word: one trained as full, or by sampling")
	}
	f := l.linear()
	v, dim := f.weight.Rows, f.weight.Cols
	gram := f.gram()
	for _, x := range gram {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, errors.New("a preview by SVD of weights that are not all numbers: they are damaged, or training went astray")
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(dim, gram), true) {
		return nil, fmt.Errorf("a preview by SVD: the weights, %d × %d, have no decomposition in float64", v, dim)
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	s := &SVDSpectrum{Values: make([]float64, dim), dense: f, vectors: make([]float32, dim*dim)}
	for j, l := range eigen.Values(nil) { // from the smallest up
		to := dim - 1 - j
		s.Values[to] = math.Sqrt(max(0, l))
		for i := range dim {
			s.vectors[i*dim+to] = float32(vectors.At(i, j))
		}
	}
	return s, nil
}

// gram is AᵀA. Blocks are multiplied in float32 and added up in float64, in an order that depends on nothing.
func (f *dense) gram() []float64 {
	v, dim := f.weight.Rows, f.weight.Cols
	const block = 1 << 12
	sum, turn := make([]float64, dim*dim), newTurn()
	part := make([][]float32, runtime.GOMAXPROCS(0))
	eachBlock(v, block, func(worker, i, from, n int) {
		if part[worker] == nil {
			part[worker] = make([]float32, dim*dim)
		}
		p := part[worker]
		clear(p)
		rows := f.weight.Value[from*dim:]
		kernel.MatMulTN(p, dim, rows, dim, rows, dim, dim, dim, n, kernel.Float32)
		turn.take(i, func() {
			for j, x := range p {
				sum[j] += float64(x)
			}
		})
	})
	return sum
}

// turn lets workers do something in the order of their blocks.
type turn struct {
	mu   sync.Mutex
	cond *sync.Cond
	next int
}

func newTurn() *turn {
	t := &turn{}
	t.cond = sync.NewCond(&t.mu)
	return t
}

func (t *turn) take(i int, f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.next != i {
		t.cond.Wait()
	}
	f()
	t.next++
	t.cond.Broadcast()
}

// eachBlock calls f for blocks of n rows, on all cores: each with its number, which worker it is, and its rows. Blocks are begun in order.
func eachBlock(rows, block int, f func(worker, i, from, n int)) {
	parallel.For(runtime.GOMAXPROCS(0), (rows+block-1)/block, func(worker, i int) {
		f(worker, i, i*block, min(block, rows-i*block))
	})
}
