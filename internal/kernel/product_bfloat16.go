package kernel

import "math"

// bfloat16Products are products with operands in bfloat16, of a processor that has units for them.
type bfloat16Products struct {
	size        func(k, n int) int      // of a packed B [k,n], in numbers
	scratch     func(m, n, k int) int64 // bytes that matMulTN rounds into
	pack, packT func(dst []uint16, b []float32, ldb, k, n int)
	matMul      func(c []float32, ldc int, a []float32, lda, m int, b *Packed, add bool)
	matMulTN    func(c []float32, ldc int, a []float32, lda int, b []float32, ldb, m, n, k int)
}

// HasBFloat16 reports whether products in BFloat16 are faster than in Float32 with the instruction set in use.
// Where they are not, they are still there: the same operands, rounded, in float32 arithmetic.
func HasBFloat16() bool { return active.bf16 != nil }

// roundBFloat16 sets dst[i] to the bfloat16 nearest to x[i], ties to even: the upper half of a float32.
// (AMX takes numbers under 2^−126 for zero; here they stay.)
func roundBFloat16(dst, x []float32) {
	for i, v := range x {
		b := math.Float32bits(v)
		if v == v {
			b += 0x7fff + b>>16&1
		} else {
			b |= 1 << 22 // a NaN stays one, whatever its lower half was
		}
		dst[i] = math.Float32frombits(b &^ 0xffff)
	}
}

// roundedRows is A [rows,cols] rounded, without a stride.
func roundedRows(memory *[]float32, a []float32, lda, rows, cols int) []float32 {
	r := grow(memory, rows*cols)
	for i := range rows {
		roundBFloat16(r[i*cols:(i+1)*cols], a[i*lda:i*lda+cols])
	}
	return r
}

// matMulRounded is MatMul in bfloat16 where the processor has none; B was rounded when it was packed.
func matMulRounded(c []float32, ldc int, a []float32, lda, m int, b *Packed, add bool) {
	s := scratchPool.Get().(*scratch)
	for i := 0; i < m; i += roundRows {
		rows := min(roundRows, m-i)
		r := roundedRows(&s.roundA, a[i*lda:], lda, rows, b.K)
		active.matMul(c[i*ldc:], ldc, r, b.K, rows, b, add)
	}
	scratchPool.Put(s)
}

// matMulTNRounded is the same for MatMulTN.
func matMulTNRounded(c []float32, ldc int, a []float32, lda int, b []float32, ldb, m, n, k int) {
	s := scratchPool.Get().(*scratch)
	for l := 0; l < k; l += roundRows {
		rows := min(roundRows, k-l)
		ra := roundedRows(&s.roundA, a[l*lda:], lda, rows, m)
		rb := roundedRows(&s.roundB, b[l*ldb:], ldb, rows, n)
		active.matMulTN(c, ldc, ra, m, rb, n, m, n, rows)
	}
	scratchPool.Put(s)
}

const roundRows = 224 // rows rounded at a time
