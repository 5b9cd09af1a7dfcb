package kernel

import (
	"math"
	"slices"
)

// BFloat16Rows is a matrix of bfloat16 whose rows are multiplied with a few rows of float32: half of the memory to go through, which is what such
// products wait for. Where a processor has no units for bfloat16 it is a float32 after a shift, and so this is as fast everywhere.
//
// Rows lie in fours, of which a line of the cache is one's, the next the next one's, and so in turns. A line has 32 numbers of
// a row, i and i+16 of them in one uint32, i in the lower half: a vector of the lower halves, and one of the upper, are each of
// numbers that follow one another. Rows and numbers past the end are zero.
type BFloat16Rows struct {
	Rows, Cols int
	lines      []uint32
}

const (
	linePairs   = 16            // of a line
	lineNumbers = 2 * linePairs // numbers of it
	rowsInTurns = 4
)

// NewBFloat16Rows is a matrix of zeros.
func NewBFloat16Rows(rows, cols int) *BFloat16Rows {
	h := &BFloat16Rows{Rows: rows, Cols: cols, lines: make([]uint32, BFloat16RowsBytes(rows, cols)/4)}
	largePages(h.lines)
	return h
}

// BFloat16RowsBytes is the memory that a matrix takes.
func BFloat16RowsBytes(rows, cols int) int64 {
	return int64(ceil(rows, rowsInTurns)) * rowsInTurns * int64(ceil(cols, lineNumbers)) * 4 * linePairs
}

func ceil(n, of int) int { return (n + of - 1) / of }

// line b of row i.
func (h *BFloat16Rows) line(i, b int) []uint32 {
	at := (i/rowsInTurns*ceil(h.Cols, lineNumbers)+b)*rowsInTurns + i%rowsInTurns
	return h.lines[at*linePairs : (at+1)*linePairs]
}

// Set rounds x to row i, to the nearest numbers and ties to even.
func (h *BFloat16Rows) Set(i int, x []float32) {
	check(i < h.Rows && len(x) == h.Cols, "a row that the matrix does not have")
	var rounded [lineNumbers]float32
	b := 0
	for some := range slices.Chunk(x, lineNumbers) {
		line := h.line(i, b)
		clear(line)
		roundBFloat16(rounded[:len(some)], some)
		for j := range some {
			line[j%linePairs] |= math.Float32bits(rounded[j]) >> 16 << (j / linePairs * 16)
		}
		b++
	}
}

// Get sets x to row i.
func (h *BFloat16Rows) Get(x []float32, i int) {
	check(i < h.Rows && len(x) == h.Cols, "a row that the matrix does not have")
	b := 0
	for some := range slices.Chunk(x, lineNumbers) {
		line := h.line(i, b)
		for j := range some {
			some[j] = math.Float32frombits(line[j%linePairs] >> (j / linePairs * 16) << 16)
		}
		b++
	}
}

// Length is that of a vector that rows are multiplied with: Cols and zeros up to whole lines.
func (h *BFloat16Rows) Length() int { return ceil(h.Cols, lineNumbers) * lineNumbers }

// AddDots adds row(from+i)·x[q] to s[q·lds+i], for n rows and each row of x, which is as long as Length; from is a multiple of 4.
func (h *BFloat16Rows) AddDots(s []float32, lds, from, n int, x []float32) {
	length := h.Length()
	if n == 0 || len(x) == 0 {
		return
	}
	m := len(x) / length
	check(from >= 0 && from%rowsInTurns == 0 && n >= 0 && from+n <= h.Rows, "rows that the matrix does not have")
	check(len(x)%length == 0 && lds >= n && len(s) >= (m-1)*lds+n, "vectors of another length, or products that do not fit")
	w, whole, q := h.lines[from*length/2:], n/rowsInTurns*rowsInTurns, 0
	for ; whole > 0 && q+4 <= m; q += 4 {
		active.bfloat16RowDots4(s[q*lds:], lds, whole, w, x[q*length:], length)
	}
	for ; whole > 0 && q < m; q++ {
		active.bfloat16RowDots(s[q*lds:q*lds+whole], w, x[q*length:(q+1)*length])
	}
	for q = 0; whole < n && q < m; q++ { // the rest of a four
		var last [rowsInTurns]float32
		rest := s[q*lds+whole : q*lds+n]
		copy(last[:], rest)
		active.bfloat16RowDots(last[:], w[whole*length/2:], x[q*length:(q+1)*length])
		copy(rest, last[:])
	}
}

func bfloat16RowDots4Go(s []float32, lds, n int, w []uint32, x []float32, ldx int) {
	for q := range 4 {
		bfloat16RowDotsGo(s[q*lds:q*lds+n], w, x[q*ldx:(q+1)*ldx])
	}
}

func bfloat16RowDotsGo(s []float32, w []uint32, x []float32) {
	for i := 0; i < len(s); i += rowsInTurns {
		for b := 0; b < len(x); b += lineNumbers {
			for r := range rowsInTurns {
				for j, pair := range w[:linePairs] {
					s[i+r] += math.Float32frombits(pair<<16)*x[b+j] + math.Float32frombits(pair&0xffff0000)*x[b+j+linePairs]
				}
				w = w[linePairs:]
			}
		}
	}
}
