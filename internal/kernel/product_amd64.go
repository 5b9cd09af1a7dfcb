package kernel

//go:generate go run -C _gen ./product -isa avx2 -out ../product_avx2_amd64.s -stubs ../product_avx2_amd64.go -pkg kernel
//go:generate go run -C _gen ./product -isa avx512 -out ../product_avx512_amd64.s -stubs ../product_avx512_amd64.go -pkg kernel

import "unsafe"

// A tile is a block of C whose sums stay in registers while k passes: 14 × 32 floats with AVX-512 (28 registers of sums,
// 2 of B, 2 of A), 6 × 16 with AVX2. For one k it loads 2 vectors of B and one number a row of A, and does two
// multiply-adds a row, so that the multiply-adds and not the loads are the limit. Every number of rows has a kernel,
// so that rows are divided evenly: 25 are 13 + 12, never 14 + 11.
//
// tileFunc is the kernel of a tile: C[rows,cols] = A[rows,k]·B[k,cols], or += with add. It has a fixed number of rows, and
// the columns where mask has a bit. Strides are in bytes; what lda and ldb mean depends on the kernel. It fetches memory
// from next on into the second-level cache in passing: a hint, so next may point anywhere.
type tileFunc func(c *float32, ldc int, a *float32, lda int, b *float32, ldb, k int, next uintptr, mask uint32, add bool)

// tiling is the kernels of an instruction set.
type tiling struct {
	rows, cols int        // of the largest tile; a panel of B has cols columns
	masks      bool       // whether kernels heed mask; if not they write all columns
	mul        []tileFunc // by rows less one; A is read in place, row after row
	wide       []tileFunc // the same for few rows and several panels, ldb apart: one tile alone has too few independent sums
	panels     []int      // of wide
	mulTN      []tileFunc // A is packed as B is, in panels of lanes columns; lda is the stride of what next points to
	lanes      int
	packA      packFunc // panels of lanes columns
	packB      packFunc // panels of cols columns
}

// packFunc copies the rows of src, stride ld, into panels that lie panel apart, in bytes.
type packFunc func(dst *float32, panel int, src *float32, ld, rows, panels int)

// The blocks of the products, in floats. They were measured on Sapphire Rapids with both cores busy; larger ones stop
// paying when the second-level cache is shared or only 1 MiB.
const (
	kBlock   = 512 // of k; a panel of B is then 64 KiB
	rowTiles = 8   // tiles that pass one panel of B before the next: with kBlock, 229 KB of A
	kBlockTN = 256 // of k; longer ones save passes over C but lose more in the cache
	nBlockTN = 512 // of columns of B, packed at a time: 512 KiB
)

func at(x []float32, i int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(x)), 4*i))
}

func address(x []float32, i int) uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(x))) + 4*uintptr(i)
}

// evenly is the size of the blocks, a multiple of 4 of at most limit, that divide k as evenly as possible.
func evenly(k, limit int) int {
	blocks := max(1, (k+limit-1)/limit)
	return max(4, ((k+blocks-1)/blocks+3)&^3)
}

// matMul goes through k in blocks (the same for any m, so that sums do not depend on m), then through rows in blocks
// that stay in the second-level cache, then through the panels of B, which are fetched one ahead.
func (t *tiling) matMul(c []float32, ldc int, a []float32, lda, m int, b *Packed, add bool) {
	s := scratchPool.Get().(*scratch)
	kc, w := evenly(b.K, kBlock), t.cols
	tiles := (m + t.rows - 1) / t.rows
	for l := 0; l < b.K; l += kc {
		k, add := min(kc, b.K-l), add || l > 0
		panel := func(j int) []float32 { return b.data[j*b.K+l*w:] }
		j0 := 0
		if m <= len(t.wide) {
			for wide := w * t.panels[m-1]; j0+wide <= b.N; j0 += wide {
				t.wide[m-1](at(c, j0), 4*ldc, at(a, l), 4*lda, at(panel(j0), 0), 4*w*b.K, k, 0, ^uint32(0), add)
			}
		}
		for first := 0; first < tiles; first += rowTiles {
			for j := j0; j < b.N; j += w {
				next := address(panel(j), w*b.K)
				for i := first; i < min(first+rowTiles, tiles); i++ {
					r, end := m*i/tiles, m*(i+1)/tiles
					t.tile(t.mul[end-r-1], c[r*ldc+j:], ldc, end-r, min(w, b.N-j), at(a, r*lda+l), lda, at(panel(j), 0), k, next, add, s)
					next += uintptr(4 * w * k / 2)
				}
			}
		}
	}
	scratchPool.Put(s)
}

// tile runs a kernel on a tile that may have less than all columns.
func (t *tiling) tile(f tileFunc, c []float32, ldc, rows, cols int, a *float32, lda int, b *float32, k int, next uintptr, add bool, s *scratch) {
	if cols == t.cols || t.masks {
		f(at(c, 0), 4*ldc, a, 4*lda, b, 0, k, next, uint32(1<<cols-1), add)
		return
	}
	whole := grow(&s.c, t.rows*t.cols)
	f(at(whole, 0), 4*t.cols, a, 4*lda, b, 0, k, next, 0, false)
	for i := range rows {
		dst, src := c[i*ldc:i*ldc+cols], whole[i*t.cols:]
		if add {
			addGo(dst, src[:cols])
		} else {
			copy(dst, src)
		}
	}
}

// matMulTN packs a block of B, then one tile's columns of A after the other. Both are needed: read in place, every step
// would be in another page. The columns of the next tile are fetched while one is at work.
func (t *tiling) matMulTN(c []float32, ldc int, a []float32, lda int, b []float32, ldb, m, n, k int) {
	s := scratchPool.Get().(*scratch)
	kc, nc := evenly(k, kBlockTN), min(nBlockTN, (n+t.cols-1)/t.cols*t.cols)
	pa, pb := grow(&s.a, kc*t.lanes), grow(&s.b, kc*nc)
	tiles := (m + t.rows - 1) / t.rows
	for l := 0; l < k; l += kc {
		k := min(kc, k-l)
		for j0 := 0; j0 < n; j0 += nc {
			t.packRows(pb, t.cols, t.packB, b[l*ldb+j0:], ldb, k, min(nc, n-j0))
			for i := range tiles {
				r, end := m*i/tiles, m*(i+1)/tiles
				t.packTile(pa, a[l*lda+r:], lda, k, end-r)
				next, step := address(a, l*lda+end), lda
				for j := j0; j < min(n, j0+nc); j += t.cols {
					if j == j0+4*t.cols { // a kernel fetches a quarter of the rows; all are there
						next, step = address(pa, 0), 0
					}
					t.tile(t.mulTN[end-r-1], c[r*ldc+j:], ldc, end-r, min(t.cols, n-j), at(pa, 0), step, at(pb, (j-j0)*k), k, next, true, s)
					next += uintptr(4 * step * (k / 4))
				}
			}
		}
	}
	scratchPool.Put(s)
}

// packRows lays rows out in panels of w columns; what is beyond the last column is zero.
func (t *tiling) packRows(dst []float32, w int, f packFunc, src []float32, ld, rows, cols int) {
	full := cols / w
	for i, n := 0, 0; full > 0 && i < rows; i += n {
		n = min(rows-i, max(1, 1<<18/cols))
		f(at(dst, i*w), 4*w*rows, at(src, i*ld), 4*ld, n, full)
	}
	if rest := cols % w; rest > 0 {
		packGo(dst[full*w*rows:], w, src[full*w:], ld, 1, rows, rest)
	}
}

// packTile lays out the columns of one tile, and what is beside them where there is something: kernels do not look at it.
func (t *tiling) packTile(dst, src []float32, ld, rows, cols int) {
	if len(src) >= (rows-1)*ld+t.lanes {
		cols = t.lanes
	}
	t.packRows(dst, t.lanes, t.packA, src, ld, rows, cols)
}

// pack is packGo for all panels of B.
func (t *tiling) pack(dst, b []float32, ldb, k, n int) {
	t.packRows(dst, t.cols, t.packB, b, ldb, k, n)
}

// packT is the same from the transpose: whole panels 8 columns at a time, the rest number by number.
func (t *tiling) packT(dst, b []float32, ldb, k, n int) {
	w, blocks := t.cols, k/8
	for j := 0; j < n; j += w {
		panel, from := dst[j*k:(j+w)*k], 0
		if j+w <= n && blocks > 0 {
			for i := 0; i < w; i += 8 {
				transpose8AVX2(at(panel, i), 4*w, at(b, (j+i)*ldb), 4*ldb, blocks)
			}
			from = 8 * blocks
		}
		if from < k {
			packGo(panel[from*w:], w, b[j*ldb+from:], 1, ldb, k-from, min(w, n-j))
		}
	}
}

func productsAVX512(im *impl) {
	t := &tiling{
		rows: 14, cols: 32, masks: true,
		mul: []tileFunc{
			tile1x32AVX512, tile2x32AVX512, tile3x32AVX512, tile4x32AVX512, tile5x32AVX512, tile6x32AVX512, tile7x32AVX512,
			tile8x32AVX512, tile9x32AVX512, tile10x32AVX512, tile11x32AVX512, tile12x32AVX512, tile13x32AVX512, tile14x32AVX512,
		},
		wide:   []tileFunc{tile1x128AVX512, tile2x128AVX512, tile3x128AVX512},
		panels: []int{4, 4, 4},
		mulTN: []tileFunc{
			tileTN1x32AVX512, tileTN2x32AVX512, tileTN3x32AVX512, tileTN4x32AVX512, tileTN5x32AVX512, tileTN6x32AVX512, tileTN7x32AVX512,
			tileTN8x32AVX512, tileTN9x32AVX512, tileTN10x32AVX512, tileTN11x32AVX512, tileTN12x32AVX512, tileTN13x32AVX512, tileTN14x32AVX512,
		},
		lanes: 16, packA: packRows16AVX512, packB: packRows32AVX512,
	}
	t.install(im)
	im.fmaLoop = fmaRounds(fmaLoopAVX512, 24*32)
}

func productsAVX2(im *impl) {
	t := &tiling{
		rows: 6, cols: 16,
		mul:    []tileFunc{tile1x16AVX2, tile2x16AVX2, tile3x16AVX2, tile4x16AVX2, tile5x16AVX2, tile6x16AVX2},
		wide:   []tileFunc{tile1x64AVX2, tile2x32AVX2, tile3x32AVX2},
		panels: []int{4, 2, 2},
		mulTN:  []tileFunc{tileTN1x16AVX2, tileTN2x16AVX2, tileTN3x16AVX2, tileTN4x16AVX2, tileTN5x16AVX2, tileTN6x16AVX2},
		lanes:  8, packA: packRows8AVX2, packB: packRows16AVX2,
	}
	t.install(im)
	im.fmaLoop = fmaRounds(fmaLoopAVX2, 12*16)
}

func (t *tiling) install(im *impl) {
	im.panel, im.pack, im.packT, im.matMul, im.matMulTN = t.cols, t.pack, t.packT, t.matMul, t.matMulTN
}

// fmaRounds calls loop in pieces that the scheduler can interrupt.
func fmaRounds(loop func(n int), flops int) func(n int) float64 {
	return func(n int) float64 {
		for i := 0; i < n; i += 1 << 15 {
			loop(min(1<<15, n-i))
		}
		return float64(n) * float64(flops)
	}
}
