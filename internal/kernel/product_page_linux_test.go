package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Operands that end where memory ends, or begin where it begins: a kernel that reads a vector too much faults.
func TestProductsStayInside(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(9, 10))
		place := func(x *matrix, start bool) []float32 {
			y := pageEnd(t, len(x.data()), start)
			copy(y, x.data())
			return y
		}
		normal := func() float32 { return float32(rng.NormFloat64()) }
		for _, shape := range [][3]int{{1, 1, 1}, {3, 130, 7}, {5, 33, 17}, {14, 31, 31}, {17, 16, 33}, {30, 33, 16}, {33, 8, 31}, {7, 100, 9}} {
			m, n, k := shape[0], shape[1], shape[2]
			for _, kind := range []Precision{Float32, BFloat16} {
				for _, start := range []bool{false, true} {
					what := fmt.Sprintf("kind %d [%d,%d]×[%d,%d] at the start %v", kind, m, k, k, n, start)
					a, at := newMatrix(m, k, 0, normal), newMatrix(k, m, 0, normal)
					b, c := newMatrix(k, n, 0, normal), newMatrix(m, n, 0, normal)
					bt := newMatrix(n, k, 0, transposeOf(b, k))
					product := func(f func(c []float32)) *matrix {
						got, x := c.clone(), place(c, start)
						f(x)
						copy(got.data(), x)
						return got
					}
					for _, transposed := range []bool{false, true} {
						got := product(func(c []float32) {
							var p Packed
							if transposed {
								p.PackT(place(bt, start), k, k, n, kind)
							} else {
								p.Pack(place(b, start), n, k, n, kind)
							}
							MatMul(c, n, place(a, start), k, m, &p, true)
						})
						wanted(m, n, k, kind, a.at, b.at).check(t, what, got, c, true)
					}
					got := product(func(c []float32) {
						MatMulTN(c, n, place(at, start), m, place(b, start), n, m, n, k, kind)
					})
					wanted(m, n, k, kind, func(i, l int) float64 { return at.at(l, i) }, b.at).check(t, "TN "+what, got, c, true)
				}
			}
		}
	})
}
