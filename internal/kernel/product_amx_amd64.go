package kernel

import (
	"sync"
	"unsafe"

	"github.com/klauspost/cpuid/v2"
)

// Products in bfloat16 by AMX, the matrix units of Intel's server processors: TDPBF16PS multiplies 16 × 32
// by 32 × 16 bfloat16 into 16 × 16 float32 in 16 cycles, 32 times the rate of a core's float32 multiply-adds.
// Compute is no longer what costs: bringing operands into tiles is. So
//
//   - B is rounded once, when it is packed: panels of 32 columns, each a row of k-steps, each step two tiles of
//     16 rows of (k, k+1) pairs × 16 columns;
//   - A is rounded into scratch, some rows at a time, that stay in the second-level cache while all panels
//     of B pass by;
//   - C is 2 × 2 tiles that stay in registers for the whole of k;
//   - one product takes the panels of B from left to right and the next from right to left. In a recurrence
//     the same B comes again and again; where it is a little larger than the second-level cache, going round
//     in one direction would find each panel just thrown out, and going to and fro finds most of them.
//
// Sums are float32, in the order of k: a row of the result does not depend on the rows beside it.

// tileConfig is the operand of LDTILECFG: for each of eight tiles, rows and bytes a row.
type tileConfig struct {
	palette, _ uint8
	_          [14]uint8
	bytes      [16]uint16
	rows       [16]uint8
}

var tileConfigs [33]tileConfig // by the number of rows of C

//go:noescape
func amxTiles(cfg *tileConfig, c *float32, ldc int, a *uint16, lda int, b *uint16, steps, panels, blocks, cstep, bstep int, add bool)

//go:noescape
func amxTile(cfg *tileConfig, c *float32, ldc int, a *uint16, lda int, b *uint16, steps, panels, cstep, bstep int, add bool)

//go:noescape
func roundRow(dst *uint16, src *float32, n int)

//go:noescape
func roundPairs(dst *uint32, even, odd int, lo, hi *float32, groups int)

//go:noescape
func transpose16(dst *uint32, ldd int, src *uint32, lds int)

var interleave [32]uint16 // 0, 16, 1, 17, …: the words of two halves in turn

// hasAMX asks the processor for tiles of bfloat16 and the operating system for leave to use them.
func hasAMX() bool {
	return cpuid.CPU.Supports(cpuid.AMXTILE, cpuid.AMXBF16, cpuid.AVX512BF16, cpuid.AVX512F, cpuid.AVX512BW) && grantTiles()
}

func init() {
	for r := range tileConfigs {
		c := &tileConfigs[r]
		c.palette = 1
		set := func(tile, rows int) { c.bytes[tile], c.rows[tile] = 64, uint8(rows) }
		top, bottom := min(r, 16), max(r-16, 0)
		for _, t := range []int{0, 1, 4} {
			set(t, top)
		}
		if bottom > 0 {
			for _, t := range []int{2, 3, 5} {
				set(t, bottom)
			}
		}
		set(6, 16)
		set(7, 16)
	}
	for i := range interleave {
		interleave[i] = uint16(i/2 + 16*(i%2))
	}
}

// amxScratch is what one product rounds into.
type amxScratch struct {
	a     []uint16
	strip []uint32
	back  bool // the next product takes the panels of B from the last to the first
	c     [32 * 32]float32
	lo    [32]float32
	hi    [32]float32
	b     []uint16 // tiles
}

var amxPool = sync.Pool{New: func() any { return new(amxScratch) }}

const (
	tileK      = 32
	panelCols  = 32
	stepWords  = 1024    // uint16 of B in a step of a panel
	scratchA   = 1 << 19 // uint16 of A rounded at a time: half of a second-level cache of 2 MiB
	amxKMax    = 4096    // k taken at a time
	padA       = 32      // uint16 between rows of rounded A, so that rows of tiles fall into different sets
	blockRows  = 32
	callBlocks = 512 // bounds the time of one call, which cannot be preempted
)

// productsAMX are the products of this file, for kernels that do all else with AVX-512.
func productsAMX() *bfloat16Products {
	return &bfloat16Products{size: sizeAMX, scratch: scratchAMX, pack: packAMX, packT: packTAMX, matMul: matMulAMX, matMulTN: matMulTNAMX}
}

func sizeAMX(k, n int) int {
	return (k + tileK - 1) / tileK * ((n + panelCols - 1) / panelCols) * stepWords
}

// scratchAMX is what matMulTNAMX holds: B in tiles, a part of A, and a strip of it.
func scratchAMX(m, n, k int) int64 {
	return 2*int64(sizeAMX(min(k, amxKMax), n)) + 2*scratchA + 64*int64(m)
}

// packAMX packs B given row by row of k: two rows at a time make pairs.
func packAMX(tiles []uint16, b []float32, ld, k, n int) {
	s := amxPool.Get().(*amxScratch)
	defer amxPool.Put(s)
	steps := (k + tileK - 1) / tileK
	whole, panelBytes := n/16, steps*stepWords*2
	var zeros [32]float32
	if n%panelCols != 0 { // the last panel has columns that nothing else writes
		clear(tiles[n/panelCols*steps*stepWords:])
	}
	for i := 0; i < steps*tileK; i += 2 {
		dst := (*uint32)(unsafe.Pointer(&tiles[i/tileK*stepWords+i%tileK*16]))
		row := func(i int) []float32 {
			if i >= k {
				return nil
			}
			return b[i*ld : i*ld+n]
		}
		lo, hi := row(i), row(i+1)
		if lo != nil && hi != nil && whole > 0 {
			roundPairs(dst, 1024, panelBytes-1024, &lo[0], &hi[0], whole)
		}
		for g := 0; g*16 < n; g++ {
			if lo != nil && hi != nil && g < whole {
				continue
			}
			s.lo, s.hi = zeros, zeros
			if lo != nil {
				copy(s.lo[:16], lo[g*16:])
			}
			if hi != nil {
				copy(s.hi[:16], hi[g*16:])
			}
			at := unsafe.Add(unsafe.Pointer(dst), g/2*panelBytes+g%2*1024)
			roundPairs((*uint32)(at), 0, 0, &s.lo[0], &s.hi[0], 1)
		}
	}
}

// packTAMX packs B given column by column of n: a column rounded is a row of pairs, and 16 of them are transposed.
func packTAMX(tiles []uint16, b []float32, ld, k, n int) {
	s := amxPool.Get().(*amxScratch)
	defer amxPool.Put(s)
	steps := (k + tileK - 1) / tileK
	lda := steps * tileK
	s.a = grow(&s.a, 16*lda)
	for j := 0; j < (n+panelCols-1)/panelCols*panelCols; j += 16 {
		for r := range 16 {
			if row := s.a[r*lda : (r+1)*lda]; j+r < n {
				s.round(row, b[(j+r)*ld:(j+r)*ld+k])
			} else {
				clear(row)
			}
		}
		dst := tiles[j/panelCols*steps*stepWords+j%panelCols/16*512:]
		for t := range steps {
			transpose16((*uint32)(unsafe.Pointer(&dst[t*stepWords])), 64, (*uint32)(unsafe.Pointer(&s.a[t*tileK])), lda*2)
		}
	}
}

// round rounds a row and fills up with zeros.
func (s *amxScratch) round(dst []uint16, src []float32) {
	n := len(src) &^ 31
	if n > 0 {
		roundRow(&dst[0], &src[0], n)
	}
	if n < len(dst) {
		s.lo = [32]float32{}
		copy(s.lo[:], src[n:])
		roundRow(&dst[n], &s.lo[0], 32)
		clear(dst[min(n+32, len(dst)):])
	}
}

// matMulAMX is MatMul for an operand packed by packAMX.
func matMulAMX(c []float32, ldc int, a []float32, lda, m int, b *Packed, add bool) {
	s := amxPool.Get().(*amxScratch)
	defer amxPool.Put(s)
	steps := (b.K + tileK - 1) / tileK
	ld := steps*tileK + padA
	rows := max(scratchA/ld&^(blockRows-1), blockRows)
	s.a = grow(&s.a, min(rows, m)*ld)
	for i := 0; i < m; i += rows {
		part := min(rows, m-i)
		for r := range part {
			s.round(s.a[r*ld:r*ld+steps*tileK], a[(i+r)*lda:(i+r)*lda+b.K])
		}
		s.multiply(c[i*ldc:], ldc, ld, part, b.bf16, steps, b.N, add)
	}
}

// multiply is C[m,n] (+)= A·B of A rounded in s.a and B in tiles.
func (s *amxScratch) multiply(c []float32, ldc, lda, m int, b []uint16, steps, n int, add bool) {
	whole, perPanel := n/panelCols, steps*stepWords
	for i := 0; i < m; {
		blocks := (m - i) / blockRows
		if blocks == 0 {
			blocks = 1
		}
		rows := min(blocks*blockRows, m-i)
		for done := 0; done < whole; {
			panels := min(whole-done, max(1, callBlocks/blocks))
			p, dir := done, 1
			if s.back {
				p, dir = whole-1-done, -1
			}
			s.tiles(&c[i*ldc+p*panelCols], ldc, lda, i, rows, &b[p*perPanel], steps, panels, dir, add)
			done += panels
		}
		s.back = !s.back
		if cols := n - whole*panelCols; cols > 0 { // a panel that is partly padding goes through scratch
			for r := i; r < i+rows; r += blockRows {
				part := min(blockRows, i+rows-r)
				s.tiles(&s.c[0], panelCols, lda, r, part, &b[whole*perPanel], steps, 1, 1, false)
				for q := range part {
					dst := c[(r+q)*ldc+whole*panelCols:][:cols]
					if add {
						for j, v := range s.c[q*panelCols:][:cols] {
							dst[j] += v
						}
					} else {
						copy(dst, s.c[q*panelCols:])
					}
				}
			}
		}
		i += rows
	}
}

// tiles multiplies rows of A from row i on, a multiple of 32 or at most 32 of them, by whole panels, the first at
// b and the others after or, with dir −1, before it.
func (s *amxScratch) tiles(c *float32, ldc, lda, i, rows int, b *uint16, steps, panels, dir int, add bool) {
	a := &s.a[i*lda]
	if rows <= 16 {
		amxTile(&tileConfigs[rows], c, ldc*4, a, lda*2, b, steps, panels, dir*128, dir*steps*stepWords*2, add)
	} else {
		amxTiles(&tileConfigs[min(rows, blockRows)], c, ldc*4, a, lda*2, b, steps, panels, max(1, rows/blockRows), dir*128, dir*steps*stepWords*2, add)
	}
}

// matMulTNAMX is MatMulTN: B is packed, and A rounded and transposed, some columns at a time.
func matMulTNAMX(c []float32, ldc int, a []float32, lda int, b []float32, ldb, m, n, k int) {
	s := amxPool.Get().(*amxScratch)
	defer amxPool.Put(s)
	for l := 0; l < k; l += amxKMax {
		part := min(amxKMax, k-l)
		steps := (part + tileK - 1) / tileK
		s.b = grow(&s.b, sizeAMX(part, n))
		packAMX(s.b, b[l*ldb:], ldb, part, n)
		ld := steps*tileK + padA
		rows := min(max(scratchA/ld&^(blockRows-1), blockRows), (m+15)&^15)
		s.a = grow(&s.a, rows*ld)
		for i := 0; i < m; i += rows {
			cols := min(rows, m-i)
			s.transposeA(a[l*lda+i:], lda, cols, part, ld)
			s.multiply(c[i*ldc:], ldc, ld, cols, s.b, steps, n, true)
		}
	}
}

// transposeA rounds A[k][m] into s.a as rows of m: pairs of rows of k are interleaved, a strip of 32 rows
// at a time, and the strip transposed 16 × 16 pairs at a time.
func (s *amxScratch) transposeA(a []float32, lda, m, k, ld int) {
	groups := (m + 15) / 16
	s.strip = grow(&s.strip, 16*groups*16)
	var zeros [32]float32
	for l := 0; l < k; l += tileK {
		for p := range 16 {
			dst := s.strip[p*groups*16:]
			i := l + 2*p
			if i+1 < k && m >= 16 {
				roundPairs(&dst[0], 64, 64, &a[i*lda], &a[(i+1)*lda], m/16)
			}
			for g := range groups {
				if i+1 < k && g < m/16 {
					continue
				}
				s.lo, s.hi = zeros, zeros
				if i < k {
					copy(s.lo[:16], a[i*lda+g*16:i*lda+m])
				}
				if i+1 < k {
					copy(s.hi[:16], a[(i+1)*lda+g*16:(i+1)*lda+m])
				}
				roundPairs(&dst[g*16], 0, 0, &s.lo[0], &s.hi[0], 1)
			}
		}
		for g := range groups {
			transpose16((*uint32)(unsafe.Pointer(&s.a[g*16*ld+l])), ld*2, &s.strip[g*16], groups*64)
		}
	}
}
