package kernel

import (
	"math"
	"slices"
)

// Half is a matrix of bfloat16 whose rows are multiplied with one row of float32: half of the memory to go through, which is what such
// products wait for. Where a processor has no units for bfloat16 it is a float32 after a shift, and so this is as fast everywhere.
//
// Rows lie in fours, of which a line of the cache is one's, the next the next one's, and so in turns. A line has 32 numbers of
// a row, i and i+16 of them in one uint32, i in the lower half: a vector of the lower halves, and one of the upper, are each of
// numbers that follow one another. Rows and numbers past the end are zero.
type Half struct {
	Rows, Cols int
	lines      []uint32
}

const (
	halfPairs = 16            // of a line
	halfLine  = 2 * halfPairs // numbers of it
	halfRows  = 4             // in turns
)

// NewHalf is a matrix of zeros.
func NewHalf(rows, cols int) *Half {
	h := &Half{Rows: rows, Cols: cols, lines: make([]uint32, HalfBytes(rows, cols)/4)}
	largePages(h.lines)
	return h
}

// HalfBytes is the memory that a matrix takes.
func HalfBytes(rows, cols int) int64 {
	return int64(ceil(rows, halfRows)) * halfRows * int64(ceil(cols, halfLine)) * 4 * halfPairs
}

func ceil(n, of int) int { return (n + of - 1) / of }

// line b of row i.
func (h *Half) line(i, b int) []uint32 {
	at := (i/halfRows*ceil(h.Cols, halfLine)+b)*halfRows + i%halfRows
	return h.lines[at*halfPairs : (at+1)*halfPairs]
}

// Set rounds x to row i, to the nearest numbers and ties to even.
func (h *Half) Set(i int, x []float32) {
	check(i < h.Rows && len(x) == h.Cols, "a row that the matrix does not have")
	var rounded [halfLine]float32
	b := 0
	for some := range slices.Chunk(x, halfLine) {
		line := h.line(i, b)
		clear(line)
		roundBFloat16(rounded[:len(some)], some)
		for j := range some {
			line[j%halfPairs] |= math.Float32bits(rounded[j]) >> 16 << (j / halfPairs * 16)
		}
		b++
	}
}

// Get sets x to row i.
func (h *Half) Get(x []float32, i int) {
	check(i < h.Rows && len(x) == h.Cols, "a row that the matrix does not have")
	b := 0
	for some := range slices.Chunk(x, halfLine) {
		line := h.line(i, b)
		for j := range some {
			some[j] = math.Float32frombits(line[j%halfPairs] >> (j / halfPairs * 16) << 16)
		}
		b++
	}
}

// Length is that of a vector that rows are multiplied with: Cols and zeros up to whole lines.
func (h *Half) Length() int { return ceil(h.Cols, halfLine) * halfLine }

// AddDots adds row(from+i)·x to s[i]; from is a multiple of 4, and x has the matrix's Length.
func (h *Half) AddDots(s []float32, from int, x []float32) {
	check(from%halfRows == 0 && from+len(s) <= h.Rows && len(x) == h.Length(), "rows that the matrix does not have, or a vector of another length")
	if len(s) == 0 || len(x) == 0 {
		return
	}
	w, whole := h.lines[from*len(x)/2:], len(s)/halfRows*halfRows
	if whole > 0 {
		active.halfRowDots(s[:whole], w, x)
	}
	if whole < len(s) {
		var last [halfRows]float32
		copy(last[:], s[whole:])
		active.halfRowDots(last[:], w[whole*len(x)/2:], x)
		copy(s[whole:], last[:])
	}
}

func halfRowDotsGo(s []float32, w []uint32, x []float32) {
	for i := 0; i < len(s); i += halfRows {
		for b := 0; b < len(x); b += halfLine {
			for r := range halfRows {
				for j, pair := range w[:halfPairs] {
					s[i+r] += math.Float32frombits(pair<<16)*x[b+j] + math.Float32frombits(pair&0xffff0000)*x[b+j+halfPairs]
				}
				w = w[halfPairs:]
			}
		}
	}
}
