package kernel

import "sync"

// Packed is the right operand B [K,N] of a product, rearranged once and used many times, by any
// number of goroutines at once: columns in panels, each panel row after row. It belongs to the
// instruction set that was active when it was packed.
type Packed struct {
	K, N int
	data []float32
	bf16 []uint16 // the same for products in bfloat16
	kind Precision
	isa  string
}

// Precision is the number format of a product's operands. Sums are float32 in both.
type Precision uint8

const (
	Float32  Precision = iota
	BFloat16           // operands rounded to 8 bits of mantissa; fast where the processor has matrix units
)

// Pack rearranges B [k,n], stride ldb.
func (p *Packed) Pack(b []float32, ldb, k, n int, kind Precision) {
	checkMatrix(b, ldb, k, n)
	p.reset(k, n, kind)
	if k == 0 || n == 0 {
		return
	}
	if p.bf16 != nil {
		active.bf16.pack(p.bf16, b, ldb, k, n)
		return
	}
	active.pack(p.data, b, ldb, k, n)
	p.round()
}

// PackT rearranges B [k,n] given by its transpose [n,k], stride ldb: a weight matrix of PyTorch, [out,in].
func (p *Packed) PackT(b []float32, ldb, k, n int, kind Precision) {
	checkMatrix(b, ldb, n, k)
	p.reset(k, n, kind)
	if k == 0 || n == 0 {
		return
	}
	if p.bf16 != nil {
		active.bf16.packT(p.bf16, b, ldb, k, n)
		return
	}
	active.packT(p.data, b, ldb, k, n)
	p.round()
}

// MatMul is C[m,n] = A[m,k]·B, or C += A·B with add. Each element of C is one chain of sums in the
// order of k, whatever m is: a row of the result does not depend on the rows beside it.
func MatMul(c []float32, ldc int, a []float32, lda, m int, b *Packed, add bool) {
	check(b.isa == active.name, "operand was packed for "+b.isa)
	checkMatrix(c, ldc, m, b.N)
	checkMatrix(a, lda, m, b.K)
	switch {
	case b.K == 0:
		for i := 0; i < m && !add; i++ {
			clear(c[i*ldc : i*ldc+b.N])
		}
	case m == 0 || b.N == 0:
	case b.kind == Float32:
		active.matMul(c, ldc, a, lda, m, b, add)
	case active.bf16 != nil:
		active.bf16.matMul(c, ldc, a, lda, m, b, add)
	default:
		matMulRounded(c, ldc, a, lda, m, b, add)
	}
}

// MatMulTN is C[m,n] += A[k,m]ᵀ·B[k,n]: the gradient of a weight matrix, nothing packed beforehand.
func MatMulTN(c []float32, ldc int, a []float32, lda int, b []float32, ldb, m, n, k int, kind Precision) {
	checkMatrix(c, ldc, m, n)
	checkMatrix(a, lda, k, m)
	checkMatrix(b, ldb, k, n)
	switch {
	case m == 0 || n == 0 || k == 0:
	case kind == Float32:
		active.matMulTN(c, ldc, a, lda, b, ldb, m, n, k)
	case active.bf16 != nil:
		active.bf16.matMulTN(c, ldc, a, lda, b, ldb, m, n, k)
	default:
		matMulTNRounded(c, ldc, a, lda, b, ldb, m, n, k)
	}
}

func checkMatrix(x []float32, ld, rows, cols int) {
	check(rows >= 0 && cols >= 0 && ld >= cols, "stride shorter than a row")
	check(rows == 0 || cols == 0 || len(x) >= (rows-1)*ld+cols, "slice shorter than its matrix")
}

// PackedBytes is the memory that B [k,n] takes when it is packed.
func PackedBytes(k, n int, kind Precision) int64 {
	if kind == BFloat16 && active.bf16 != nil {
		return 2 * int64(active.bf16.size(k, n))
	}
	return 4 * int64(panels(k, n))
}

// Bytes is the memory that it takes.
func (p *Packed) Bytes() int64 { return 4*int64(cap(p.data)) + 2*int64(cap(p.bf16)) }

// panels is the number of float32 of a packed B [k,n].
func panels(k, n int) int {
	w := active.panel
	return (n + w - 1) / w * w * k
}

// ScratchBytes is the memory, within a megabyte or so, that a product MatMulTN of m, n and k takes while it runs.
func ScratchBytes(m, n, k int, kind Precision) int64 {
	if kind == BFloat16 && active.bf16 != nil {
		return active.bf16.scratch(m, n, k)
	}
	return 0 // parts of the operands that fit into a cache
}

// reset makes room for B [k,n] in the format of the instruction set in use.
func (p *Packed) reset(k, n int, kind Precision) {
	p.K, p.N, p.kind, p.isa = k, n, kind, active.name
	if kind == BFloat16 && active.bf16 != nil {
		p.bf16 = grow(&p.bf16, active.bf16.size(k, n))
		return
	}
	p.data, p.bf16 = grow(&p.data, panels(k, n)), nil
}

// round rounds packed numbers if they are to be bfloat16.
func (p *Packed) round() {
	if p.kind == BFloat16 {
		roundBFloat16(p.data, p.data)
	}
}

// scratch is the memory of one product while it runs.
type scratch struct {
	a, b, c        []float32 // packed parts of the operands; a tile of C
	roundA, roundB []float32 // rounded parts
}

var scratchPool = sync.Pool{New: func() any { return new(scratch) }}

// grow is the first n of x, made anew if x is too short; what was in it may be lost.
func grow[T any](x *[]T, n int) []T {
	if cap(*x) < n {
		*x = make([]T, n)
		largePages(*x)
	}
	return (*x)[:n]
}
