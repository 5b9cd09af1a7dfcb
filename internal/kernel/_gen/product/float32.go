package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tileArgs are the arguments of every kernel of a tile: type tileFunc of the package says what they mean.
const tileArgs = "c *float32, ldc int, a *float32, lda int, b *float32, ldb, k int, next uintptr, mask uint32, add bool"

// The registers of the kernels.
var (
	rowA   = []reg.GPPhysical{reg.RSI, reg.R8, reg.R9} // rows 0, 5 and 10 of A
	strA   = reg.R10                                   // stride of A
	strA3  = reg.R11                                   // three times that
	b      = reg.RBX
	strB   = reg.R12
	strB3  = reg.R13
	c      = reg.RDX
	strC   = reg.RCX
	ahead  = reg.RDI // the row of C to fetch
	last   = reg.R12 // end of the rows of C (kernels of one panel; the others need strB)
	next   = reg.R14
	steps  = reg.RAX
	spare  = reg.R15
	spare8 = reg.R15B
)

// prefetchLines is how many lines a kernel fetches from next on in four steps: half of what a panel has there, so that
// two tiles fetch the whole next panel, and not one: the third-level cache is too slow for that.
func (v vector) prefetchLines() int { return 4 * 2 * v.bytes / 64 / 2 }

func float32Products(v vector) {
	for r := 1; r <= v.rows; r++ {
		matMul(v, r, 1)
	}
	for i, panels := range v.wide {
		matMul(v, i+1, panels)
	}
	for r := 1; r <= v.rows; r++ {
		matMulTN(v, r)
	}
	fmaLoop(v)
}

// sums are the registers of a tile: one sum for each row and vector of columns, then the others.
type sums struct {
	vector
	rows, cols int
}

func (t sums) at(i, j int) reg.VecPhysical { return t.reg(i*t.cols + j) }
func (t sums) tmp(i int) reg.VecPhysical   { return t.reg(t.rows*t.cols + i) }

// matMul is the kernel of rows × panels·2 vectors of C.
func matMul(v vector, rows, panels int) {
	begin(fmt.Sprintf("tile%dx%d%s", rows, panels*v.bytes/2, v.name), tileArgs,
		fmt.Sprintf("is C[%d,%d] (+)= A·B with A read in place.", rows, panels*v.bytes/2))
	t := sums{v, rows, 2 * panels}
	arguments()
	arg("lda", strA)
	LEAQ(Mem{Base: strA, Index: strA, Scale: 2}, strA3)
	bases := rowA[:(rows+4)/5]
	for i := range bases[1:] {
		LEAQ(Mem{Base: bases[i], Index: strA, Scale: 4}, bases[i+1])
		ADDQ(strA, bases[i+1])
	}
	prologue(t)
	if panels > 1 {
		arg("ldb", strB)
		LEAQ(Mem{Base: strB, Index: strB, Scale: 2}, strB3)
	}
	loop(func(n int) {
		for u := range n {
			elementA := func(i int) Mem { return plus(bases[i/5], strA, strA3, i%5, 4*u) }
			vectorB := func(j int) Mem { return plus(b, strB, strB3, j/2, v.bytes*(2*u+j%2)) }
			if panels > 1 {
				stepWide(t, elementA, vectorB)
				continue
			}
			step(t, elementA, vectorB)
			for o := u; n > 1 && o < v.prefetchLines(); o += n {
				PREFETCHT1(Mem{Base: next, Disp: 64 * o})
			}
		}
		if n > 1 && panels == 1 {
			ADDQ(U32(64*v.prefetchLines()), next)
			prefetchC(t)
		}
		for _, a := range bases {
			ADDQ(U32(4*n), a)
		}
		ADDQ(U32(2*v.bytes*n), b)
	})
	epilogue(t)
	end()
}

// matMulTN is the kernel of rows × 2 vectors of C where both A and B are packed: a step reads one vector of A and two of
// B. In passing it fetches two lines of every row from next on, lda apart, a row in four steps.
func matMulTN(v vector, rows int) {
	begin(fmt.Sprintf("tileTN%dx%d%s", rows, v.bytes/2, v.name), tileArgs,
		fmt.Sprintf("is C[%d,%d] (+)= Aᵀ·B with A packed.", rows, v.bytes/2))
	t := sums{v, rows, 2}
	arguments()
	arg("lda", strA)
	prologue(t)
	loop(func(n int) {
		for u := range n {
			step(t,
				func(i int) Mem { return Mem{Base: rowA[0], Disp: v.bytes*u + 4*i} },
				func(j int) Mem { return Mem{Base: b, Disp: v.bytes * (2*u + j)} })
		}
		if n > 1 {
			PREFETCHT1(Mem{Base: next})
			PREFETCHT1(Mem{Base: next, Disp: 64})
			ADDQ(strA, next)
			prefetchC(t)
		}
		ADDQ(U32(v.bytes*n), rowA[0])
		ADDQ(U32(2*v.bytes*n), b)
	})
	epilogue(t)
	end()
}

// step is the multiply-adds of one k: two vectors of B wait in registers while the elements of A pass.
func step(t sums, elementA func(i int) Mem, vectorB func(j int) Mem) {
	VMOVUPS(vectorB(0), t.tmp(0))
	VMOVUPS(vectorB(1), t.tmp(1))
	for i := range t.rows {
		x := t.tmp(2 + i%2)
		VBROADCASTSS(elementA(i), x)
		VFMADD231PS(t.tmp(0), x, t.at(i, 0))
		VFMADD231PS(t.tmp(1), x, t.at(i, 1))
	}
}

// stepWide is the same for few rows and many vectors: the elements of A wait while B passes.
func stepWide(t sums, elementA func(i int) Mem, vectorB func(j int) Mem) {
	for i := range t.rows {
		VBROADCASTSS(elementA(i), t.tmp(i))
	}
	for j := range t.cols {
		if t.rows == 1 {
			VFMADD231PS(vectorB(j), t.tmp(0), t.at(0, j))
			continue
		}
		x := t.tmp(t.rows)
		VMOVUPS(vectorB(j), x)
		for i := range t.rows {
			VFMADD231PS(x, t.tmp(i), t.at(i, j))
		}
	}
}

func arguments() {
	arg("c", c)
	arg("ldc", strC)
	arg("a", rowA[0])
	arg("b", b)
	arg("k", steps)
	arg("next", next)
}

func prologue(t sums) {
	for i := range t.rows * t.cols {
		t.zero(t.reg(i))
	}
	if t.cols == 2 {
		MOVQ(c, ahead)
		MOVQ(strC, last)
		IMUL3Q(Imm(uint64(t.rows)), last, last)
		ADDQ(c, last)
	}
}

// prefetchC fetches the next row of the tile of C, round and round. All rows at once, before the loop, would delay the
// loads of A and B behind them: that cost 3 % at [3200,512]×[512,2048].
func prefetchC(t sums) {
	for o := 0; o < 2*t.bytes; o += 64 {
		PREFETCHT1(Mem{Base: ahead, Disp: o})
	}
	ADDQ(strC, ahead)
	CMPQ(ahead, last)
	CMOVQCC(c, ahead)
}

// loop runs body over the steps, four at a time and then one at a time.
func loop(body func(n int)) {
	MOVQ(steps, spare)
	SHRQ(Imm(2), spare)
	JZ(LabelRef("rest"))
	align()
	Label("four")
	body(4)
	DECQ(spare)
	JNZ(LabelRef("four"))
	Label("rest")
	ANDQ(Imm(3), steps)
	JZ(LabelRef("done"))
	Label("one")
	body(1)
	DECQ(steps)
	JNZ(LabelRef("one"))
	Label("done")
}

// epilogue writes the sums, or adds them to what is there. AVX-512 masks the columns of the last panel.
func epilogue(t sums) {
	masks := []reg.Register{reg.K1, reg.K2}
	if t.masks() {
		arg("mask", spare.As32())
		KMOVW(spare.As32(), masks[0])
		SHRL(Imm(16), spare.As32())
		KMOVW(spare.As32(), masks[1])
	}
	rows := func(add bool) {
		for i := range t.rows {
			for j := range t.cols {
				x, m := t.at(i, j), Mem{Base: c, Disp: t.bytes * j}
				masked := t.masks() && j >= t.cols-2
				switch {
				case masked && add:
					VADDPS(m, x, masks[j%2], x)
				case add:
					VADDPS(m, x, x)
				}
				if masked {
					VMOVUPS(x, masks[j%2], m)
				} else {
					VMOVUPS(x, m)
				}
			}
			if i < t.rows-1 {
				ADDQ(strC, c)
			}
		}
	}
	arg("add", spare8)
	TESTB(spare8, spare8)
	JZ(LabelRef("store"))
	rows(true)
	VZEROUPPER()
	RET()
	Label("store")
	rows(false)
}

// fmaLoop is independent chains of multiply-adds.
func fmaLoop(v vector) {
	chains := map[int]int{64: 24, 32: 12}[v.bytes]
	begin("fmaLoop"+v.name, "n int", fmt.Sprintf("runs %d independent chains of fused multiply-adds n times.", chains))
	arg("n", steps)
	for i := range chains + 1 {
		v.zero(v.reg(i))
	}
	align()
	Label("loop")
	for i := range chains {
		VFMADD231PS(v.reg(chains), v.reg(chains), v.reg(i))
	}
	DECQ(steps)
	JNZ(LabelRef("loop"))
	end()
}
