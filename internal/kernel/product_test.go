package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// matrix is one with stride ld in which every float outside the matrix, before, between and after its rows, is a
// guard. Guards of operands are signalling NaNs too, so that a kernel that uses one gives NaN.
type matrix struct {
	all        []float32
	rows, cols int
	ld         int
}

const (
	sentinel   = 0x7fa5a5a5
	guardSpace = 37 // floats before and after
)

func newMatrix(rows, cols, pad int, fill func() float32) *matrix {
	g := &matrix{rows: rows, cols: cols, ld: cols + pad}
	g.all = make([]float32, guardSpace+rows*g.ld+guardSpace)
	for i := range g.all {
		g.all[i] = math.Float32frombits(sentinel)
	}
	for i := range rows {
		for j := range cols {
			g.data()[i*g.ld+j] = fill()
		}
	}
	return g
}

// data is the slice that a kernel gets: it ends with the last number of the matrix.
func (g *matrix) data() []float32 {
	end := guardSpace
	if g.rows > 0 {
		end += (g.rows-1)*g.ld + g.cols
	}
	return g.all[guardSpace:end]
}

func (g *matrix) at(i, j int) float64 { return float64(g.all[guardSpace+i*g.ld+j]) }

// intact fails if a float outside the matrix changed.
func (g *matrix) intact(t *testing.T, what string) {
	t.Helper()
	for i, x := range g.all {
		p := i - guardSpace
		inside := p >= 0 && g.ld > 0 && p/g.ld < g.rows && p%g.ld < g.cols
		if !inside && math.Float32bits(x) != sentinel {
			t.Fatalf("%s: wrote outside the matrix, at %d of [%d,%d] stride %d", what, p, g.rows, g.cols, g.ld)
		}
	}
}

func (g *matrix) clone() *matrix {
	h := *g
	h.all = slices.Clone(g.all)
	return &h
}

// eps32 and eps16 bound the relative error of rounding to float32 and to bfloat16.
const (
	eps32 = 1.0 / (1 << 24)
	eps16 = 1.0 / (1 << 8)
)

// want is a product in float64 and, for the bound, the sum of the sizes of its terms.
type want struct {
	m, n, k   int
	kind      Precision
	sum, size []float64
}

// wanted multiplies A [m,k] and B [k,n], given by functions so that A may be a transpose.
func wanted(m, n, k int, kind Precision, a, b func(i, j int) float64) *want {
	w := &want{m, n, k, kind, make([]float64, m*n), make([]float64, m*n)}
	row := make([]float64, n)
	for l := range k {
		for j := range n {
			row[j] = b(l, j)
		}
		for i := range m {
			x, sum, size := a(i, l), w.sum[i*n:(i+1)*n], w.size[i*n:(i+1)*n]
			for j, y := range row {
				sum[j] += x * y
				size[j] += math.Abs(x * y)
			}
		}
	}
	return w
}

// check compares C. A sum of k products, in any order, is off by at most k·ε·Σ|a·b| (Higham, Accuracy and Stability of
// Numerical Algorithms, §3.1); what was in C before is one term more. Rounded operands add 2·ε₁₆·Σ|a·b|.
func (w *want) check(t *testing.T, what string, c, before *matrix, add bool) {
	t.Helper()
	for i := range w.m {
		for j := range w.n {
			sum, size, rounding := w.sum[i*w.n+j], w.size[i*w.n+j], 0.0
			if w.kind == BFloat16 {
				rounding = 2.01 * eps16 * size
			}
			if add {
				sum += before.at(i, j)
				size += math.Abs(before.at(i, j))
			}
			tol := float64(w.k+2)*eps32*size + rounding
			if got := c.at(i, j); !(math.Abs(got-sum) <= tol) {
				t.Fatalf("%s: C[%d,%d] = %v, want %v ± %.2g", what, i, j, got, sum, tol)
			}
		}
	}
	c.intact(t, what)
}

var oddSizes = []int{0, 1, 2, 3, 5, 7, 13, 14, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129}

// oddShapes has every odd size in every place, shapes for every kernel and every kind of block, and random ones.
func oddShapes(rng *rand.Rand) [][3]int {
	var shapes [][3]int
	pick := func() int { return oddSizes[rng.IntN(len(oddSizes))] }
	for _, s := range oddSizes {
		for range 3 {
			shapes = append(shapes, [3]int{s, pick(), pick()}, [3]int{pick(), s, pick()}, [3]int{pick(), pick(), s})
		}
	}
	for m := range 20 { // every kernel of few rows, alone and wide
		shapes = append(shapes, [3]int{m, 150, 37}, [3]int{m, 33, 9})
	}
	// More than one block of k, of rows, of columns.
	shapes = append(shapes, [3]int{5, 17, 1100}, [3]int{130, 33, 530}, [3]int{2, 300, 1030}, [3]int{3, 1100, 20}, [3]int{33, 530, 450})
	for range 10 {
		shapes = append(shapes, [3]int{rng.IntN(200), rng.IntN(200), rng.IntN(200)})
	}
	if raceEnabled || testing.Short() {
		rng.Shuffle(len(shapes), func(i, j int) { shapes[i], shapes[j] = shapes[j], shapes[i] })
		shapes = shapes[:len(shapes)/8]
	}
	return shapes
}

func TestMatMul(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		normal := func() float32 { return float32(rng.NormFloat64()) }
		var b Packed
		for _, kind := range []Precision{Float32, BFloat16} {
			for _, shape := range oddShapes(rng) {
				m, n, k := shape[0], shape[1], shape[2]
				pad := []int{0, 0, 1, 3, 16, 29}
				a := newMatrix(m, k, pad[rng.IntN(6)], normal)
				bn := newMatrix(k, n, pad[rng.IntN(6)], normal)
				bt := newMatrix(n, k, pad[rng.IntN(6)], transposeOf(bn, k))
				c := newMatrix(m, n, pad[rng.IntN(6)], normal)
				w := wanted(m, n, k, kind, a.at, bn.at)
				for _, form := range []string{"NN", "NT"} {
					if form == "NN" {
						b.Pack(bn.data(), bn.ld, k, n, kind)
					} else {
						b.PackT(bt.data(), bt.ld, k, n, kind)
					}
					for _, add := range []bool{false, true} {
						what := fmt.Sprintf("%s kind %d [%d,%d]×[%d,%d] add %v", form, kind, m, k, k, n, add)
						got := c.clone()
						MatMul(got.data(), got.ld, a.data(), a.ld, m, &b, add)
						w.check(t, what, got, c, add)
					}
				}
			}
		}
	})
}

// transposeOf yields the numbers of the transpose of b, row after row.
func transposeOf(b *matrix, cols int) func() float32 {
	i := -1
	return func() float32 {
		i++
		return float32(b.at(i%cols, i/cols))
	}
}

func TestMatMulTN(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		normal := func() float32 { return float32(rng.NormFloat64()) }
		for _, kind := range []Precision{Float32, BFloat16} {
			for _, shape := range oddShapes(rng) {
				m, n, k := shape[0], shape[1], shape[2]
				pad := []int{0, 0, 1, 3, 16, 29}
				a := newMatrix(k, m, pad[rng.IntN(6)], normal)
				b := newMatrix(k, n, pad[rng.IntN(6)], normal)
				c := newMatrix(m, n, pad[rng.IntN(6)], normal)
				got := c.clone()
				MatMulTN(got.data(), got.ld, a.data(), a.ld, b.data(), b.ld, m, n, k, kind)
				what := fmt.Sprintf("TN kind %d [%d,%d]ᵀ×[%d,%d]", kind, k, m, k, n)
				wanted(m, n, k, kind, func(i, l int) float64 { return a.at(l, i) }, b.at).check(t, what, got, c, true)
			}
		}
	})
}

// A row of a product must not depend on the rows beside it: a batch of one gives the same bits as a batch of many.
func TestMatMulRowsAreIndependent(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		normal := func() float32 { return float32(rng.NormFloat64()) }
		var b Packed
		for _, kind := range []Precision{Float32, BFloat16} {
			for _, shape := range [][2]int{{300, 70}, {65, 130}, {40, 1100}} {
				n, k := shape[0], shape[1]
				const rows = 33
				b.Pack(newMatrix(k, n, 0, normal).data(), n, k, n, kind)
				a := newMatrix(rows, k, 5, normal)
				c := newMatrix(rows, n, 3, normal)
				all := c.clone()
				MatMul(all.data(), all.ld, a.data(), a.ld, rows, &b, true)
				for m := 1; m < rows; m += 1 + rng.IntN(2) {
					part, from := c.clone(), rng.IntN(rows-m+1)
					MatMul(part.data()[from*part.ld:], part.ld, a.data()[from*a.ld:], a.ld, m, &b, true)
					for i := from; i < from+m; i++ {
						for j := range n {
							if part.at(i, j) != all.at(i, j) {
								t.Fatalf("kind %d n %d k %d: row %d differs between %d and %d rows", kind, n, k, i, m, rows)
							}
						}
					}
				}
			}
		}
	})
}

// One Packed serves many goroutines (run with -race).
func TestMatMulConcurrent(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		const m, n, k = 29, 75, 61
		rng := rand.New(rand.NewPCG(7, 8))
		normal := func() float32 { return float32(rng.NormFloat64()) }
		for _, kind := range []Precision{Float32, BFloat16} {
			var b Packed
			b.Pack(newMatrix(k, n, 0, normal).data(), n, k, n, kind)
			a := newMatrix(m, k, 0, normal).data()
			ta := newMatrix(k, m, 0, normal).data()
			tb := newMatrix(k, n, 0, normal).data()
			var wg sync.WaitGroup
			results := make([][]float32, 8)
			for i := range results {
				wg.Go(func() {
					c := make([]float32, m*n)
					for range 20 {
						MatMul(c, n, a, k, m, &b, false)
						MatMulTN(c, n, ta, m, tb, n, m, n, k, kind)
					}
					results[i] = c
				})
			}
			wg.Wait()
			for _, c := range results {
				if !slices.Equal(c, results[0]) {
					t.Fatal("goroutines got different results")
				}
			}
		}
	})
}

func TestProductsDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector sync.Pool forgets at random")
	}
	onEvery(t, func(t *testing.T) {
		const m, n, k = 20, 70, 50
		a, bn, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
		for _, kind := range []Precision{Float32, BFloat16} {
			var b Packed
			work := func() {
				b.Pack(bn, n, k, n, kind)
				MatMul(c, n, a, k, m, &b, false)
				MatMulTN(c, n, a, m, bn, n, m, n, k, kind)
			}
			work()
			if allocs := testing.AllocsPerRun(50, work); allocs >= 1 {
				t.Errorf("kind %d: %v allocations", kind, allocs)
			}
		}
	})
}

func TestProductPanics(t *testing.T) {
	var b Packed
	b.Pack(make([]float32, 6), 3, 2, 3, Float32)
	for name, f := range map[string]func(){
		"short A":     func() { MatMul(make([]float32, 6), 3, make([]float32, 3), 2, 2, &b, false) },
		"short C":     func() { MatMul(make([]float32, 5), 3, make([]float32, 4), 2, 2, &b, false) },
		"stride of C": func() { MatMul(make([]float32, 6), 2, make([]float32, 4), 2, 2, &b, false) },
		"short B":     func() { b.PackT(make([]float32, 5), 2, 2, 3, Float32) },
		"rows":        func() { MatMulTN(nil, 3, nil, 3, nil, 3, -1, 3, 3, Float32) },
		"not packed":  func() { MatMul(nil, 0, nil, 0, 0, new(Packed), false) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			f()
		})
	}
}
