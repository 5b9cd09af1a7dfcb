package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestBFloat16Products compares products of rounded operands with float64, at all odd sizes, with strides and guards.
func TestBFloat16Products(t *testing.T) {
	sizes := []int{0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 100}
	rnd := rand.New(rand.NewPCG(1, 2))
	onEvery(t, func(t *testing.T) {
		tries := 300
		if raceEnabled {
			tries = 40
		}
		for range tries {
			pick := func() int { return sizes[rnd.IntN(len(sizes))] }
			m, n, k := pick(), pick(), pick()
			if rnd.IntN(8) == 0 {
				k = 100 + rnd.IntN(1000)
			}
			checkBFloat16(t, rnd, m, n, k)
		}
		checkBFloat16(t, rnd, 600, 40, 900)
		checkBFloat16(t, rnd, 40, 33, 4200)
	})
}

// guardedMatrix is random values in rows ld apart, NaN between and behind them.
func guardedMatrix(rnd *rand.Rand, rows, cols, ld int) []float32 {
	x := make([]float32, rows*ld+16)
	for i := range x {
		x[i] = float32(math.NaN())
	}
	for i := range rows {
		for j := range cols {
			x[i*ld+j] = rnd.Float32()*2 - 1
		}
	}
	return x
}

func checkBFloat16(t *testing.T, rnd *rand.Rand, m, n, k int) {
	t.Helper()
	name := fmt.Sprintf("%s m=%d n=%d k=%d", ISA(), m, n, k)
	ldc, lda, ldb := n+rnd.IntN(20), k+rnd.IntN(20), n+rnd.IntN(20)
	a, b, c := guardedMatrix(rnd, m, k, lda), guardedMatrix(rnd, k, n, ldb), guardedMatrix(rnd, m, n, ldc)
	ldt, lat := k+rnd.IntN(9), m+rnd.IntN(9)
	bt, at := guardedMatrix(rnd, n, k, ldt), guardedMatrix(rnd, k, m, lat)
	for i := range k {
		for j := range n {
			bt[j*ldt+i] = b[i*ldb+j]
		}
		for j := range m {
			at[i*lat+j] = a[j*lda+i]
		}
	}
	ra, rb := make([]float32, len(a)), make([]float32, len(b))
	roundBFloat16(ra, a)
	roundBFloat16(rb, b)
	want, size := make([]float64, m*n), make([]float64, m*n)
	for i := range m {
		for l := range k {
			for j := range n {
				v := float64(ra[i*lda+l]) * float64(rb[l*ldb+j])
				want[i*n+j] += v
				size[i*n+j] += math.Abs(v)
			}
		}
	}
	check := func(form string, got []float32, add bool) {
		for i := range m {
			for j := range ldc {
				g := got[i*ldc+j]
				if j >= n {
					if g == g {
						t.Fatalf("%s %s: wrote past row %d", name, form, i)
					}
					continue
				}
				w := want[i*n+j]
				if add {
					w += float64(c[i*ldc+j])
				}
				if !(math.Abs(float64(g)-w) <= 1e-6*(size[i*n+j]+1)) {
					t.Fatalf("%s %s: element %d,%d is %g, want %g", name, form, i, j, g, w)
				}
			}
		}
		for _, g := range got[m*ldc:] {
			if g == g {
				t.Fatalf("%s %s: wrote past the end", name, form)
			}
		}
	}
	var p Packed
	for _, add := range []bool{false, true} {
		p.Pack(b, ldb, k, n, BFloat16)
		got := append([]float32(nil), c...)
		MatMul(got, ldc, a, lda, m, &p, add)
		check("nn", got, add)
		p.PackT(bt, ldt, k, n, BFloat16)
		again := append([]float32(nil), c...)
		MatMul(again, ldc, a, lda, m, &p, add)
		check("nt", again, add)
	}
	got := append([]float32(nil), c...)
	MatMulTN(got, ldc, at, lat, b, ldb, m, n, k, BFloat16)
	check("tn", got, true)
	// A row does not depend on those beside it.
	if m > 1 {
		one := append([]float32(nil), c...)
		p.Pack(b, ldb, k, n, BFloat16)
		all := append([]float32(nil), c...)
		MatMul(all, ldc, a, lda, m, &p, true)
		i := rnd.IntN(m)
		MatMul(one[i*ldc:], ldc, a[i*lda:], lda, 1, &p, true)
		for j := range n {
			if one[i*ldc+j] != all[i*ldc+j] {
				t.Fatalf("%s: row %d alone differs", name, i)
			}
		}
	}
}

// TestBFloat16KeepsNaN: rounding must not turn a NaN into a number.
func TestBFloat16KeepsNaN(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for _, bits := range []uint32{0x7fc00000, 0x7fffffff, 0xffffffff, 0x7f800001} {
			a, b := make([]float32, 64), make([]float32, 64*32)
			a[3] = math.Float32frombits(bits)
			for i := range b {
				b[i] = 1
			}
			var p Packed
			p.Pack(b, 32, 64, 32, BFloat16)
			c := make([]float32, 32)
			MatMul(c, 32, a, 64, 1, &p, false)
			if c[5] == c[5] {
				t.Errorf("%s: NaN %#x became %g", ISA(), bits, c[5])
			}
		}
	})
}
