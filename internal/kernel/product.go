package kernel

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
	active.pack(p.data, b, ldb, k, n)
}

// PackT rearranges B [k,n] given by its transpose [n,k], stride ldb: a weight matrix of PyTorch, [out,in].
func (p *Packed) PackT(b []float32, ldb, k, n int, kind Precision) {
	checkMatrix(b, ldb, n, k)
	p.reset(k, n, kind)
	active.packT(p.data, b, ldb, k, n)
}

// MatMul is C[m,n] = A[m,k]·B, or C += A·B with add. Each element of C is one chain of sums in the
// order of k, whatever m is: a row of the result does not depend on the rows beside it.
func MatMul(c []float32, ldc int, a []float32, lda, m int, b *Packed, add bool) {
	check(b.isa == active.name, "operand was packed for "+b.isa)
	checkMatrix(c, ldc, m, b.N)
	checkMatrix(a, lda, m, b.K)
	active.matMul(c, ldc, a, lda, m, b, add)
}

// MatMulTN is C[m,n] += A[k,m]ᵀ·B[k,n]: the gradient of a weight matrix, nothing packed beforehand.
func MatMulTN(c []float32, ldc int, a []float32, lda int, b []float32, ldb, m, n, k int, kind Precision) {
	checkMatrix(c, ldc, m, n)
	checkMatrix(a, lda, k, m)
	checkMatrix(b, ldb, k, n)
	active.matMulTN(c, ldc, a, lda, b, ldb, m, n, k)
}

func checkMatrix(x []float32, ld, rows, cols int) {
	check(rows >= 0 && cols >= 0 && ld >= cols, "stride shorter than a row")
	check(rows == 0 || cols == 0 || len(x) >= (rows-1)*ld+cols, "slice shorter than its matrix")
}

// reset makes room for panels of B [k,n].
func (p *Packed) reset(k, n int, kind Precision) {
	w := active.panel
	p.K, p.N, p.kind, p.isa = k, n, kind, active.name
	if need := (n + w - 1) / w * w * k; cap(p.data) < need {
		p.data = make([]float32, need)
	} else {
		p.data = p.data[:need]
	}
}
