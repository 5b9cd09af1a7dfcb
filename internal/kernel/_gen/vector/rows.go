package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rows writes the products of a few rows with a few rows, as word vectors need them. Rows are whole vectors long and come
// four at a time, so that there is no rest to care for.
func (m *machine) rows() {
	m.gatherRows()
	m.rowDots()
	m.addRows()
}

// gatherRows copies vectors in the order of the rows, so that the next rows are on their way from memory meanwhile.
func (m *machine) gatherRows() {
	m.begin("gatherRows", "(dst, src []float32, ld int, rows []int32)", "copies rows: dst[i] = src[rows[i]]; there is at least one.")
	dst, src, rows := base("dst"), base("src"), base("rows")
	ld, left := Load(Param("ld"), GP64()), size("rows")
	SHLQ(Imm(2), ld)
	Label("rows")
	from, rest := GP64(), GP64()
	MOVLQSX(Mem{Base: rows}, from)
	IMULQ(ld, from)
	ADDQ(src, from)
	MOVQ(ld, rest)
	Label("vectors")
	for i := range 64 / (4 * m.lanes) {
		v := m.vec()
		VMOVUPS(Mem{Base: from, Disp: 4 * m.lanes * i}, v)
		VMOVUPS(v, Mem{Base: dst, Disp: 4 * m.lanes * i})
	}
	ADDQ(Imm(64), from)
	ADDQ(Imm(64), dst)
	SUBQ(Imm(64), rest)
	JNZ(LabelRef("vectors"))
	ADDQ(Imm(4), rows)
	DECQ(left)
	JNZ(LabelRef("rows"))
	m.end()
}

// rowDots keeps the sums of 2×4 pairs of rows in registers: 6 loads for 8 multiply-adds.
func (m *machine) rowDots() {
	m.begin("rowDots", "(s []float32, lds int, y []float32, m int, x []float32, n, ld int)",
		"sets s[j,i] to y[j]·x[i]; m is even and n a multiple of 4.")
	s, x, y := base("s"), base("x"), base("y")
	lds, ld := Load(Param("lds"), GP64()), Load(Param("ld"), GP64())
	SHLQ(Imm(2), lds)
	SHLQ(Imm(2), ld)
	ld3 := GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	rows := Load(Param("m"), GP64())

	Label("outputs")
	at, out, cols := GP64(), GP64(), Load(Param("n"), GP64())
	MOVQ(x, at)
	MOVQ(s, out)
	Label("inputs")
	var sums [2][4]reg.VecVirtual
	for j := range sums {
		for i := range sums[j] {
			sums[j][i] = m.zero()
		}
	}
	row, left := GP64(), GP64()
	MOVQ(y, row)
	MOVQ(ld, left)
	Label("dims")
	a, b := m.vec(), m.vec()
	VMOVUPS(Mem{Base: row}, a)
	VMOVUPS(Mem{Base: row, Index: ld, Scale: 1}, b)
	for i := range 4 {
		v := m.vec()
		VMOVUPS(plus(at, ld, ld3, i), v)
		VFMADD231PS(v, a, sums[0][i])
		VFMADD231PS(v, b, sums[1][i])
	}
	ADDQ(Imm(uint64(4*m.lanes)), row)
	ADDQ(Imm(uint64(4*m.lanes)), at)
	SUBQ(Imm(uint64(4*m.lanes)), left)
	JNZ(LabelRef("dims"))
	VMOVUPS(m.fold4(sums[0]), Mem{Base: out})
	VMOVUPS(m.fold4(sums[1]), Mem{Base: out, Index: lds, Scale: 1})
	ADDQ(ld3, at) // which the loop brought to the end of the first row
	ADDQ(Imm(16), out)
	SUBQ(Imm(4), cols)
	JNZ(LabelRef("inputs"))
	LEAQ(Mem{Base: y, Index: ld, Scale: 2}, y)
	LEAQ(Mem{Base: s, Index: lds, Scale: 2}, s)
	SUBQ(Imm(2), rows)
	JNZ(LabelRef("outputs"))
	m.end()
}

// fold4 adds up the lanes of four vectors, into one of four.
func (m *machine) fold4(v [4]reg.VecVirtual) reg.Register {
	if m.wide() {
		for i := range v {
			high := YMM()
			VEXTRACTF32X8(Imm(1), v[i], high)
			VADDPS(v[i].AsY(), high, high)
			v[i] = high
		}
	}
	low, high, s := YMM(), YMM(), XMM()
	VHADDPS(v[1], v[0], low)
	VHADDPS(v[3], v[2], high)
	VHADDPS(high, low, low)
	VEXTRACTF128(Imm(1), low, s)
	VADDPS(low.AsX(), s, s)
	return s
}

// plus is base + i·stride for i up to 3.
func plus(base, stride, stride3 reg.Register, i int) Mem {
	switch i {
	case 0:
		return Mem{Base: base}
	case 3:
		return Mem{Base: base, Index: stride3, Scale: 1}
	}
	return Mem{Base: base, Index: stride, Scale: uint8(i)}
}

// addRows keeps the sums of four rows and a few vectors in registers while k passes.
func (m *machine) addRows() {
	m.begin("addRows", "(dst []float32, ld int, rows []int32, g []float32, gi, gj int, y []float32, k int)",
		"adds Σ g[i·gi+j·gj]·y[j] to the row rows[i] of dst, for each i; there are a multiple of 4 rows.")
	g, rows := base("g"), base("rows")
	ld, gi, gj := Load(Param("ld"), GP64()), Load(Param("gi"), GP64()), Load(Param("gj"), GP64())
	for _, stride := range []reg.Register{ld, gi, gj} {
		SHLQ(Imm(2), stride)
	}
	gi3, left := GP64(), size("rows")
	LEAQ(Mem{Base: gi, Index: gi, Scale: 2}, gi3)

	width := 3 // vectors of a tile
	if m.wide() {
		width = 6
	}
	Label("rows")
	off := GP64() // of the tile in a row, in bytes
	XORQ(off, off)
	for w := width; w > 0; w-- {
		tile, done := m.label("tile"), m.label("done")
		Label(tile)
		rest := GP64()
		MOVQ(ld, rest)
		SUBQ(off, rest)
		CMPQ(rest, I32(int32(4*m.lanes*w)))
		JL(LabelRef(done))
		m.addTile(w, g, rows, ld, gi, gi3, gj, off)
		ADDQ(I32(int32(4*m.lanes*w)), off)
		JMP(LabelRef(tile))
		Label(done)
	}
	LEAQ(Mem{Base: g, Index: gi, Scale: 4}, g)
	ADDQ(Imm(16), rows)
	SUBQ(Imm(4), left)
	JNZ(LabelRef("rows"))
	m.end()
}

func (m *machine) addTile(w int, g, rows, ld, gi, gi3, gj, off reg.Register) {
	sums := make([][]reg.VecVirtual, 4)
	for i := range sums {
		for range w {
			sums[i] = append(sums[i], m.zero())
		}
	}
	at, row, k := GP64(), base("y"), Load(Param("k"), GP64())
	MOVQ(g, at)
	ADDQ(off, row)
	loop := m.label("loop")
	Label(loop)
	y := make([]reg.VecVirtual, w)
	for v := range y {
		y[v] = m.vec()
		VMOVUPS(Mem{Base: row, Disp: 4 * m.lanes * v}, y[v])
	}
	for i := range 4 {
		a := m.vec()
		VBROADCASTSS(plus(at, gi, gi3, i), a)
		for v := range y {
			VFMADD231PS(y[v], a, sums[i][v])
		}
	}
	ADDQ(gj, at)
	ADDQ(ld, row)
	DECQ(k)
	JNZ(LabelRef(loop))
	dst := base("dst")
	ADDQ(off, dst)
	for i := range 4 { // one after the other, since a row may be there twice
		to := GP64()
		MOVLQSX(Mem{Base: rows, Disp: 4 * i}, to)
		IMULQ(ld, to)
		ADDQ(dst, to)
		for v := range y {
			mem := Mem{Base: to, Disp: 4 * m.lanes * v}
			VADDPS(mem, sums[i][v], sums[i][v])
			VMOVUPS(sums[i][v], mem)
		}
	}
}
