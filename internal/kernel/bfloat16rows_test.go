package kernel

import (
	"fmt"
	"math"
	"testing"
)

// TestBFloat16Rows compares every number of rows and length with the sum in float64 of the rounded numbers, with guards past the
// ends: all rows, and those behind the first four, with any number of vectors.
func TestBFloat16Rows(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for _, cols := range []int{0, 1, 15, 16, 17, 31, 32, 33, 64, 100, 250} {
			for rows := range 14 {
				h := NewBFloat16Rows(rows, cols)
				w, back := make([][]float64, rows), make([]float32, cols)
				for i := range rows {
					row := newGuarded(cols, 10+i, random(uint64(10+i), 1)).slice()
					h.Set(i, row)
					h.Get(back, i)
					for j, v := range back {
						if !(math.Abs(float64(v-row[j])) <= math.Abs(float64(row[j]))/256) {
							t.Fatalf("%g is rounded to %g", row[j], v)
						}
						w[i] = append(w[i], float64(v))
					}
				}
				for _, m := range []int{0, 1, 3, 4, 5, 9} {
					x := newGuarded(m*h.Length(), 2, random(2, 1))
					for _, from := range []int{0, 4}[:1+rows/4%2] {
						n := rows - min(rows, from)
						lds := n + m%3
						s := newGuarded(max(0, m*lds), 3, func(int) float32 { return 7 })
						h.AddDots(s.slice(), lds, from, n, x.slice())
						for q := range m {
							for i := range lds {
								want, size := 7.0, 7.0
								if i < n {
									for j, v := range w[from+i] {
										p := v * float64(x.slice()[q*h.Length()+j])
										want, size = want+p, size+math.Abs(p)
									}
								}
								if got := float64(s.slice()[q*lds+i]); !(math.Abs(got-want) <= 1e-6*size) {
									t.Fatalf("%d rows of %d: row %d with vector %d of %d is %g, want %g", rows, cols, from+i, q, m, got, want)
								}
							}
						}
						s.check(t)
					}
				}
			}
		}
	})
}

// TestBFloat16RowsRound to the nearest, ties to even, and keeps what is no number; a row that is set again is as if it had
// never been another.
func TestBFloat16RowsRound(t *testing.T) {
	inf := float32(math.Inf(1))
	from := []float32{1, 1 + 1.0/256, 1 + 3.0/256, -1 - 5.0/1024, inf, -inf, 0}
	want := []float32{1, 1, 1 + 4.0/256, -1 - 2.0/256, inf, -inf, 0}
	h, got := NewBFloat16Rows(2, len(from)), make([]float32, len(from))
	h.Set(1, []float32{-3, -3, -3, -3, -3, -3, -3})
	h.Set(1, from)
	h.Get(got, 1)
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%g is %g, want %g", from[i], got[i], want[i])
		}
	}
	from[0] = float32(math.NaN())
	h.Set(1, from)
	if h.Get(got, 1); got[0] == got[0] || got[1] != 1 {
		t.Errorf("%v, want no number and others", got)
	}
}

// BenchmarkBFloat16Rows goes through a matrix that the caches hold and one that they do not, beside the product with float32.
func BenchmarkBFloat16Rows(b *testing.B) {
	for _, rows := range []int{1024, 100_000} {
		const cols = 128
		x, s, h := Floats(cols), Floats(rows), NewBFloat16Rows(rows, cols)
		for i := range x {
			x[i] = 1
		}
		for i := range rows { // memory that was never written is all one page
			h.Set(i, x)
		}
		b.Run(fmt.Sprintf("%d×%d", rows, cols), func(b *testing.B) {
			b.SetBytes(BFloat16RowsBytes(rows, cols))
			for b.Loop() {
				h.AddDots(s, rows, 0, rows, x)
			}
		})
		b.Run(fmt.Sprintf("%d×%d/32", rows, cols), func(b *testing.B) {
			many, to := make([]float32, 32*cols), Floats(32*rows)
			for b.Loop() {
				for from := 0; from < rows; from += 1000 {
					h.AddDots(to[from:], rows, from, min(1000, rows-from), many)
				}
			}
		})
		var p Packed
		p.PackT(Floats(rows*cols), cols, cols, rows, Float32)
		b.Run(fmt.Sprintf("%d×%d/float32", rows, cols), func(b *testing.B) {
			b.SetBytes(int64(4 * rows * cols))
			for b.Loop() {
				MatMul(s, rows, x, cols, 1, &p, false)
			}
		})
	}
}
