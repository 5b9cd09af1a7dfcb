package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// packing writes the functions that lay rows of a matrix out in panels: of one vector (A of the kernels Aᵀ·B) and of two
// (B of all kernels).
func packing(v vector) {
	packRows(v, 1)
	packRows(v, 2)
}

// packRows goes along the rows, whatever their stride, since the processor fetches ahead only along a row.
func packRows(v vector, vectors int) {
	width := vectors * v.bytes / 4
	begin(fmt.Sprintf("packRows%d%s", width, v.name), "dst *float32, panel int, src *float32, ld, rows, panels int",
		fmt.Sprintf("copies src [rows,%d·panels] into panels [rows,%d], panel bytes apart; ld is the stride of src in bytes.", width, width))
	dst, panel, src, ld, rows := reg.RDI, reg.R8, reg.RSI, reg.R9, reg.RCX
	d, s, n := reg.R10, reg.R11, reg.RAX
	arg("dst", dst)
	arg("panel", panel)
	arg("src", src)
	arg("ld", ld)
	arg("rows", rows)
	Label("row")
	MOVQ(dst, d)
	MOVQ(src, s)
	arg("panels", n)
	Label("panel")
	for j := range vectors {
		VMOVUPS(Mem{Base: s, Disp: v.bytes * j}, v.reg(j))
	}
	for j := range vectors {
		VMOVUPS(v.reg(j), Mem{Base: d, Disp: v.bytes * j})
	}
	ADDQ(U32(4*width), s)
	ADDQ(panel, d)
	DECQ(n)
	JNZ(LabelRef("panel"))
	ADDQ(U32(4*width), dst)
	ADDQ(ld, src)
	DECQ(rows)
	JNZ(LabelRef("row"))
	end()
}

// transpose8 turns 8 rows of 8 columns at a time: 16 half-row loads, the upper halves inserted on the way in so that only
// 16 shuffles remain for 64 numbers. It serves AVX-512 as well: packing waits for memory, not for shuffles.
func transpose8() {
	begin("transpose8AVX2", "dst *float32, step int, src *float32, ld, blocks int",
		"sets dst [8·blocks,8], stride step bytes, to the transpose of src [8,8·blocks], stride ld bytes.")
	dst, step, src, ld, ld3, src4, n := reg.RDI, reg.R8, reg.RSI, reg.R9, reg.R10, reg.R11, reg.RCX
	step3 := reg.R12
	arg("dst", dst)
	arg("step", step)
	arg("src", src)
	arg("ld", ld)
	arg("blocks", n)
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	LEAQ(Mem{Base: step, Index: step, Scale: 2}, step3)
	LEAQ(Mem{Base: src, Index: ld, Scale: 4}, src4)
	Label("loop")
	for half := range 2 { // four columns of src are four rows of dst
		x, y := avx2.reg, func(i int) reg.VecPhysical { return avx2.reg(4 + i) }
		for i := range 4 { // rows i and i+4 in the halves of a register
			VMOVUPS(plus(src, ld, ld3, i, 16*half), x(i).AsX())
			VINSERTF128(Imm(1), plus(src4, ld, ld3, i, 16*half), x(i), x(i))
		}
		VUNPCKLPS(x(1), x(0), y(0))
		VUNPCKHPS(x(1), x(0), y(1))
		VUNPCKLPS(x(3), x(2), y(2))
		VUNPCKHPS(x(3), x(2), y(3))
		VSHUFPS(Imm(0x44), y(2), y(0), x(0))
		VSHUFPS(Imm(0xee), y(2), y(0), x(1))
		VSHUFPS(Imm(0x44), y(3), y(1), x(2))
		VSHUFPS(Imm(0xee), y(3), y(1), x(3))
		for i := range 4 {
			VMOVUPS(x(i), plus(dst, step, step3, i, 0))
		}
		LEAQ(Mem{Base: dst, Index: step, Scale: 4}, dst)
	}
	ADDQ(Imm(32), src)
	ADDQ(Imm(32), src4)
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
}
