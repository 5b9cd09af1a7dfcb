package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// bfloat16RowDots multiplies rows of bfloat16, two numbers in 32 bits, with a row of float32. The upper half of 32 bits is a
// float32 once the lower is cleared, and the lower once it is moved up. Four rows pass at a time, which lie in turns, a line of
// each, so that memory is read in the order in which it lies. (Fetching 1 to 32 KiB ahead was no faster.)
func (m *machine) bfloat16RowDots() {
	m.begin("bfloat16RowDots", "(s []float32, w []uint32, x []float32)",
		"adds w[i]·x to s[i]: rows of whole lines, four in turns.")
	s, w, rows := base("s"), base("w"), size("s")
	length := size("x")
	upper := m.held(m.constantBits(0xffff0000))

	Label("rows")
	var sums [4]reg.VecVirtual
	for i := range sums {
		sums[i] = m.zero()
	}
	x, left := base("x"), GP64()
	MOVQ(length, left)
	Label("lines")
	for at := 0; at < 16; at += m.lanes { // of the 16 pairs in a line
		low, high := m.vec(), m.vec()
		VMOVUPS(Mem{Base: x, Disp: 4 * at}, low)
		VMOVUPS(Mem{Base: x, Disp: 4 * (at + 16)}, high)
		for i := range sums {
			pair, first := m.vec(), m.vec()
			VMOVUPS(Mem{Base: w, Disp: 64*i + 4*at}, pair)
			VPSLLD(Imm(16), pair, first)
			VANDPS(upper, pair, pair)
			VFMADD231PS(low, first, sums[i])
			VFMADD231PS(high, pair, sums[i])
		}
	}
	ADDQ(Imm(128), x)
	ADDQ(I32(256), w)
	SUBQ(Imm(32), left)
	JNZ(LabelRef("lines"))
	sum := m.fold4(sums)
	VADDPS(Mem{Base: s}, sum, sum)
	VMOVUPS(sum, Mem{Base: s})
	ADDQ(Imm(16), s)
	SUBQ(Imm(4), rows)
	JNZ(LabelRef("rows"))
	m.end()
}

// bfloat16RowDots4 does it for four rows of float32, to the same bits, so that a line is made into numbers once for all. Two rows of the matrix
// pass at a time, whose 2×4 sums stay in registers, and then the other two of the four in turns.
func (m *machine) bfloat16RowDots4() {
	m.begin("bfloat16RowDots4", "(s []float32, lds, n int, w []uint32, x []float32, ldx int)",
		"adds w[i]·x[q] to s[q,i], for 4 rows of x and n of w: whole lines, four in turns.")
	s, w, rows := base("s"), base("w"), Load(Param("n"), GP64())
	lds, ldx := Load(Param("lds"), GP64()), Load(Param("ldx"), GP64())
	length := GP64()
	MOVQ(ldx, length)
	lds3, ldx3 := GP64(), GP64()
	for _, of := range [][2]reg.Register{{lds, lds3}, {ldx, ldx3}} {
		SHLQ(Imm(2), of[0])
		LEAQ(Mem{Base: of[0], Index: of[0], Scale: 2}, of[1])
	}
	upper := m.held(m.constantBits(0xffff0000))

	Label("rows")
	var sum [4]reg.Register // of a row: its products with each row of x
	for pair := 0; pair < 4; pair += 2 {
		var sums [2][4]reg.VecVirtual
		for r := range sums {
			for q := range sums[r] {
				sums[r][q] = m.zero()
			}
		}
		x, at, left := base("x"), GP64(), GP64()
		MOVQ(w, at)
		MOVQ(length, left)
		loop := m.label("lines")
		Label(loop)
		for from := 0; from < 16; from += m.lanes {
			for r := range sums {
				high, low := m.vec(), m.vec()
				VMOVUPS(Mem{Base: at, Disp: 64*(pair+r) + 4*from}, high)
				VPSLLD(Imm(16), high, low)
				VANDPS(upper, high, high)
				for q := range sums[r] {
					mem := plus(x, ldx, ldx3, q)
					mem.Disp = 4 * from
					VFMADD231PS(mem, low, sums[r][q])
					mem.Disp += 4 * 16
					VFMADD231PS(mem, high, sums[r][q])
				}
			}
		}
		ADDQ(Imm(128), x)
		ADDQ(I32(256), at)
		SUBQ(Imm(32), left)
		JNZ(LabelRef(loop))
		for r := range sums {
			sum[pair+r] = m.fold4(sums[r])
		}
		if pair == 2 {
			MOVQ(at, w)
		}
	}
	for q, row := range transpose4(sum) {
		mem := plus(s, lds, lds3, q)
		VADDPS(mem, row, row)
		VMOVUPS(row, mem)
	}
	ADDQ(Imm(16), s)
	SUBQ(Imm(4), rows)
	JNZ(LabelRef("rows"))
	m.end()
}

// transpose4 has in its row q the lanes q of the rows that it is given.
func transpose4(v [4]reg.Register) (t [4]reg.Register) {
	ab, cd := XMM(), XMM() // lanes 0 and 1 of two rows each
	VUNPCKLPS(v[1], v[0], ab)
	VUNPCKLPS(v[3], v[2], cd)
	for i := range t {
		t[i] = XMM()
	}
	VMOVLHPS(cd, ab, t[0])
	VMOVHLPS(ab, cd, t[1])
	AB, CD := XMM(), XMM() // lanes 2 and 3
	VUNPCKHPS(v[1], v[0], AB)
	VUNPCKHPS(v[3], v[2], CD)
	VMOVLHPS(CD, AB, t[2])
	VMOVHLPS(AB, CD, t[3])
	return t
}
