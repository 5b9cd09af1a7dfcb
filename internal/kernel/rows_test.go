package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
)

// TestRowDots compares every block count and length of rows with the sum in float64, with guards past the ends.
func TestRowDots(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for ld := RowAlign; ld <= 20*RowAlign; ld += RowAlign {
			for m := 0; m <= 12; m += 4 {
				for n := 0; n <= 12; n += 4 {
					lds := n + ld%3
					y, x := newGuarded(m*ld, 1, random(1, 1)), newGuarded(n*ld, 2, random(2, 1))
					s := newGuarded(m*lds, 3, func(int) float32 { return 7 })
					RowDots(s.slice(), lds, y.slice(), m, x.slice(), n, ld)
					for j := range m {
						for i := range lds {
							got := float64(s.slice()[j*lds+i])
							want, size := 7.0, 0.0
							if i < n {
								want = 0
								for d := range ld {
									p := float64(y.slice()[j*ld+d]) * float64(x.slice()[i*ld+d])
									want, size = want+p, size+math.Abs(p)
								}
							}
							if !(math.Abs(got-want) <= 1e-6*size) {
								t.Fatalf("%d·%d rows of %d: [%d,%d] is %g, want %g", m, n, ld, j, i, got, want)
							}
						}
					}
					s.check(t)
				}
			}
		}
	})
}

// TestAddRows compares every length of rows and number of terms with the sum in float64; a row that is there twice
// gets both sums, and no other row is touched.
func TestAddRows(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	onEvery(t, func(t *testing.T) {
		for ld := RowAlign; ld <= 20*RowAlign; ld += RowAlign {
			for _, k := range []int{0, 1, 2, 3, 5, 8, 21} {
				for _, n := range []int{0, 4, 8, 12} {
					for _, swapped := range []bool{false, true} {
						const all = 9
						rows := make([]int32, n)
						for i := range rows {
							rows[i] = int32(r.IntN(all))
						}
						gi, gj := 1, n+1
						if swapped {
							gi, gj = k+2, 1
						}
						g := newGuarded(max(0, (n-1)*gi+(k-1)*gj+1), 1, random(4, 1))
						y := newGuarded(k*ld, 2, random(5, 1))
						dst := newGuarded(all*ld, 3, random(6, 1))
						want, size := make([]float64, all*ld), make([]float64, all*ld)
						for i, v := range dst.slice() {
							want[i], size[i] = float64(v), math.Abs(float64(v))
						}
						for i, row := range rows {
							for j := range k {
								for d := range ld {
									p := float64(g.slice()[i*gi+j*gj]) * float64(y.slice()[j*ld+d])
									want[int(row)*ld+d] += p
									size[int(row)*ld+d] += math.Abs(p)
								}
							}
						}
						AddRows(dst.slice(), ld, rows, g.slice(), gi, gj, y.slice(), k)
						for i, v := range dst.slice() {
							if !(math.Abs(float64(v)-want[i]) <= 1e-6*size[i]) {
								t.Fatalf("%d rows of %d, %d terms: element %d is %g, want %g", n, ld, k, i, v, want[i])
							}
						}
						dst.check(t)
					}
				}
			}
		}
	})
}

func TestGatherRows(t *testing.T) { onEvery(t, testGatherRows) }

func testGatherRows(t *testing.T) {
	const ld = 2 * RowAlign
	src := newGuarded(5*ld, 1, func(i int) float32 { return float32(i) })
	dst := newGuarded(4*ld, 2, func(int) float32 { return 0 })
	rows := []int32{4, 0, 0, 3}
	GatherRows(dst.slice(), src.slice(), ld, rows)
	for i, v := range dst.slice() {
		if want := float32(int(rows[i/ld])*ld + i%ld); v != want {
			t.Fatalf("element %d is %g, want %g", i, v, want)
		}
	}
	dst.check(t)
}

// TestConcurrentRows is a race that is meant to be one, and of which the race detector says nothing.
func TestConcurrentRows(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		const ld, all = RowAlign, 8
		matrix, y, g := make([]float32, all*ld), make([]float32, ld), make([]float32, 4)
		for i := range y {
			y[i] = 1
		}
		for i := range g {
			g[i] = 1
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				private := make([]float32, 4*ld)
				for i := range 1000 {
					rows := []int32{int32(i % all), int32((i + 1) % all), 0, 1}
					GatherRows(private, matrix, ld, rows)
					AddRows(matrix, ld, rows, g, 1, 4, y, 1)
				}
			})
		}
		wg.Wait()
		for i, v := range matrix {
			if !(v >= 1 && v == float32(int(v))) {
				t.Fatalf("element %d is %g: additions may be lost, but not torn", i, v)
			}
		}
	})
}

func TestRowsRefuse(t *testing.T) {
	m, s := make([]float32, 4*RowAlign), make([]float32, 16)
	for name, f := range map[string]func(){
		"length of rows":   func() { GatherRows(m, m, 8, nil) },
		"row":              func() { GatherRows(m, m, RowAlign, []int32{4}) },
		"negative row":     func() { AddRows(m, RowAlign, []int32{0, 1, 2, -1}, s, 1, 4, m, 1) },
		"too few factors":  func() { AddRows(m, RowAlign, []int32{0, 1, 2, 3}, s[:3], 1, 4, m, 1) },
		"not whole blocks": func() { AddRows(m, RowAlign, []int32{0, 1, 2}, s, 1, 4, m, 1) },
		"short result":     func() { RowDots(s[:15], 4, m, 4, m, 4, RowAlign) },
		"short operand":    func() { RowDots(s, 4, m[1:], 4, m, 4, RowAlign) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// BenchmarkRows are the three products of a group of word vectors: 16 positions, windows of 5, 16 negatives, dimension 100.
func BenchmarkRows(b *testing.B) {
	for _, dim := range []int{112, 304} {
		const m, n = 32, 28
		matrix, rows := make([]float32, 1000*dim), make([]int32, m)
		for i := range rows {
			rows[i] = int32(i * 31)
		}
		x, y, s := make([]float32, n*dim), make([]float32, m*dim), make([]float32, m*n)
		for _, c := range []struct {
			name string
			run  func()
		}{
			{"gather", func() { GatherRows(y, matrix, dim, rows) }},
			{"dots", func() { RowDots(s, n, y, m, x, n, dim) }},
			{"add", func() { AddRows(matrix, dim, rows[:n], s, 1, n, y, m) }},
		} {
			b.Run(fmt.Sprintf("%s/dim=%d", c.name, dim), func(b *testing.B) {
				for b.Loop() {
					c.run()
				}
				b.ReportMetric(2*m*n*float64(dim)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOPS")
			})
		}
	}
}
