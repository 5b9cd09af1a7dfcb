package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// machine is the instruction set that code is written for: AVX2 with FMA, or AVX-512 F and DQ.
type machine struct {
	name  string
	lanes int // float32 numbers in a vector

	labels    int                // of the current function
	broadcast map[uint32]Op      // constants in registers, of the current function
	slots     map[uint32]int     // constants in memory, by their place
	bits      []uint32           // the same, in order
	arrays    map[string][]int32 // other tables
	arrayRefs []string           // their names, in order
}

func (m *machine) wide() bool { return m.lanes == 16 }

// vec is a new vector register.
func (m *machine) vec() reg.VecVirtual {
	if m.wide() {
		return ZMM()
	}
	return YMM()
}

// begin opens the function name with the given arguments; end closes it.
func (m *machine) begin(name, signature, doc string) {
	m.labels = 0
	m.broadcast = map[uint32]Op{}
	TEXT(name+m.name, attr.NOSPLIT, "func"+signature)
	Pragma("noescape")
	Doc(name + m.name + " " + doc)
}

func (m *machine) end() {
	VZEROUPPER()
	RET()
}

// base is the address of a slice argument, size its length.
func base(name string) reg.Register { return Load(Param(name).Base(), GP64()) }
func size(name string) reg.Register { return Load(Param(name).Len(), GP64()) }

// scalar is a float32 argument in every lane.
func (m *machine) scalar(name string) reg.VecVirtual {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	v := m.vec()
	VBROADCASTSS(p.Addr, v)
	return v
}

// constant is a number in every lane. With 32 registers it is kept in one, from the first use on, which
// must lie before any loop; with 16 it stays in memory, and may only be the first operand.
func (m *machine) constant(x float32) Op { return m.constantBits(math.Float32bits(x)) }

func (m *machine) constantBits(b uint32) Op {
	if op, ok := m.broadcast[b]; ok {
		return op
	}
	slot, ok := m.slots[b]
	if !ok {
		if m.slots == nil {
			m.slots = map[uint32]int{}
		}
		slot = len(m.bits)
		m.slots[b] = slot
		m.bits = append(m.bits, b)
	}
	if m.wide() {
		v := m.vec()
		VBROADCASTSS(NewDataAddr(m.symbol("Constants"), slot*4), v)
		m.broadcast[b] = v
		return v
	}
	return NewDataAddr(m.symbol("Constants"), slot*4*m.lanes)
}

func (m *machine) symbol(name string) Symbol { return NewStaticSymbol("vector" + m.name + name) }

// array is the address of a table of integers.
func (m *machine) array(name string, values []int32) Mem {
	if _, ok := m.arrays[name]; !ok {
		if m.arrays == nil {
			m.arrays = map[string][]int32{}
		}
		m.arrays[name] = values
		m.arrayRefs = append(m.arrayRefs, name)
	}
	return NewDataAddr(m.symbol(name), 0)
}

// tables writes what constant and array asked for.
func (m *machine) tables() {
	GLOBL("vector"+m.name+"Constants", attr.RODATA|attr.NOPTR)
	for i, b := range m.bits {
		if m.wide() {
			DATA(i*4, U32(b))
			continue
		}
		for j := 0; j < m.lanes; j++ {
			DATA((i*m.lanes+j)*4, U32(b))
		}
	}
	for _, name := range m.arrayRefs {
		GLOBL("vector"+m.name+name, attr.RODATA|attr.NOPTR)
		for i, v := range m.arrays[name] {
			DATA(i*4, I32(v))
		}
	}
}

// copyOf is a new register with the value of op.
func (m *machine) copyOf(op Op) reg.VecVirtual {
	v := m.vec()
	VMOVUPS(op, v)
	return v
}

// held is a register with the value of a constant, not to be changed.
func (m *machine) held(op Op) reg.Register {
	if r, ok := op.(reg.Register); ok {
		return r
	}
	return m.copyOf(op)
}

// zero is a new register of zeros.
func (m *machine) zero() reg.VecVirtual {
	v := m.vec()
	VXORPS(v, v, v)
	return v
}

// place is where in every slice a vector lies: at an index, plus so many floats, all lanes or those of a mask.
type place struct {
	index reg.Register
	ahead int
	mask  reg.Register // nil for a whole vector
}

func (at place) of(slice reg.Register) Mem {
	return Mem{Base: slice, Index: at.index, Scale: 4, Disp: 4 * at.ahead}
}

// load reads the vector of a slice; lanes outside the mask are 0 and not read.
func (m *machine) load(slice reg.Register, at place) reg.VecVirtual {
	v := m.vec()
	switch {
	case at.mask == nil:
		VMOVUPS(at.of(slice), v)
	case m.wide():
		VMOVUPS_Z(at.of(slice), at.mask, v)
	default:
		VMASKMOVPS(at.of(slice), at.mask, v)
	}
	return v
}

// store writes the vector of a slice; lanes outside the mask are not written.
func (m *machine) store(v reg.Register, slice reg.Register, at place) {
	switch {
	case at.mask == nil:
		VMOVUPS(v, at.of(slice))
	case m.wide():
		VMOVUPS(v, at.mask, at.of(slice))
	default:
		VMASKMOVPS(v, at.mask, at.of(slice))
	}
}

// keep is v where the mask is set, else other.
func (m *machine) keep(v reg.VecVirtual, at place, other Op) reg.VecVirtual {
	if at.mask == nil {
		return v
	}
	r := m.copyOf(other)
	if m.wide() {
		VMOVAPS(v, at.mask, r)
	} else {
		VBLENDVPS(at.mask, v, r, r)
	}
	return r
}

// sweep emits the loops over n elements: unroll vectors at a time, then one, then a masked rest. body gets
// the places of one round, unroll of them or one.
func (m *machine) sweep(n reg.Register, unroll int, body func(at []place)) {
	index, left := GP64(), GP64()
	XORQ(index, index)
	MOVQ(n, left)
	for _, u := range []int{unroll, 1} {
		step := u * m.lanes
		loop, done := m.label("loop"), m.label("done")
		SUBQ(Imm(uint64(step)), left)
		JL(LabelRef(done))
		Label(loop)
		at := make([]place, u)
		for i := range at {
			at[i] = place{index: index, ahead: i * m.lanes}
		}
		body(at)
		ADDQ(Imm(uint64(step)), index)
		SUBQ(Imm(uint64(step)), left)
		JGE(LabelRef(loop))
		Label(done)
		ADDQ(Imm(uint64(step)), left)
		if u == 1 {
			break
		}
	}
	end := m.label("end")
	JZ(LabelRef(end)) // of the last ADDQ: nothing left
	body([]place{{index: index, mask: m.maskOf(left)}})
	Label(end)
}

// maskOf sets the first n lanes, 0 < n < lanes.
func (m *machine) maskOf(n reg.Register) reg.Register {
	x, v := XMM(), m.vec()
	VMOVD(n.(reg.GPVirtual).As32(), x)
	VPBROADCASTD(x, v)
	if m.wide() {
		k := K()
		VPCMPGTD(m.lane(), v, k)
		return k
	}
	VPCMPGTD(m.lane(), v, v)
	return v
}

// lane is the number of each lane, from 0.
func (m *machine) lane() Op {
	values := make([]int32, m.lanes)
	for i := range values {
		values[i] = int32(i)
	}
	return m.array("Lanes", values)
}

func (m *machine) label(what string) string {
	m.labels++
	return fmt.Sprintf("%s%d", what, m.labels)
}

// fold adds up (or what op does) the lanes of v, halves onto halves, into the first lane of an XMM register.
func (m *machine) fold(v reg.VecVirtual, op func(...Op)) reg.Register {
	if m.wide() {
		high := YMM()
		VEXTRACTF32X8(Imm(1), v, high)
		op(v.AsY(), high, high)
		v = high
	}
	high, s := XMM(), XMM()
	VEXTRACTF128(Imm(1), v, high)
	op(v.AsX(), high, high)
	VPERMILPS(Imm(0b01_00_11_10), high, s)
	op(high, s, s)
	VPERMILPS(Imm(0b10_11_00_01), s, high)
	op(s, high, high)
	return high
}
