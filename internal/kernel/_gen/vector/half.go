package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// halfRowDots multiplies rows of bfloat16, two numbers in 32 bits, with a row of float32. The upper half of 32 bits is a
// float32 once the lower is cleared, and the lower once it is moved up. Four rows pass at a time, which lie in turns, a line of
// each, so that memory is read in the order in which it lies. (Fetching 1 to 32 KiB ahead was no faster.)
func (m *machine) halfRowDots() {
	m.begin("halfRowDots", "(s []float32, w []uint32, x []float32)",
		"adds w[i]·x to s[i]: rows of whole blocks, four in turns.")
	s, w, rows := base("s"), base("w"), size("s")
	length := size("x")
	upper := m.held(m.constantBits(0xffff0000))

	Label("rows")
	var sums [4][2]reg.VecVirtual
	for i := range sums {
		sums[i] = [2]reg.VecVirtual{m.zero(), m.zero()}
	}
	x, left := base("x"), GP64()
	MOVQ(length, left)
	Label("blocks")
	for at := 0; at < 16; at += m.lanes { // of the 16 pairs in a block
		low, high := m.vec(), m.vec()
		VMOVUPS(Mem{Base: x, Disp: 4 * at}, low)
		VMOVUPS(Mem{Base: x, Disp: 4 * (at + 16)}, high)
		for i := range sums {
			pair, first := m.vec(), m.vec()
			VMOVUPS(Mem{Base: w, Disp: 64*i + 4*at}, pair)
			VPSLLD(Imm(16), pair, first)
			VANDPS(upper, pair, pair)
			VFMADD231PS(low, first, sums[i][0])
			VFMADD231PS(high, pair, sums[i][1])
		}
	}
	ADDQ(Imm(128), x)
	ADDQ(I32(256), w)
	SUBQ(Imm(32), left)
	JNZ(LabelRef("blocks"))
	var whole [4]reg.VecVirtual
	for i := range sums {
		VADDPS(sums[i][0], sums[i][1], sums[i][1])
		whole[i] = sums[i][1]
	}
	sum := m.fold4(whole)
	VADDPS(Mem{Base: s}, sum, sum)
	VMOVUPS(sum, Mem{Base: s})
	ADDQ(Imm(16), s)
	SUBQ(Imm(4), rows)
	JNZ(LabelRef("rows"))
	m.end()
}
