package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// parts are the addresses of the parts of a slice argument, n numbers each: the gates of a row.
func parts(name string, n reg.Register, count int) []reg.Register {
	q := []reg.Register{base(name)}
	for k := 1; k < count; k++ {
		next := GP64()
		LEAQ(Mem{Base: q[k-1], Index: n, Scale: 4}, next)
		q = append(q, next)
	}
	return q
}

// lstm writes the forward and the backward of one step of one sequence, each in one pass over the row.
func (m *machine) lstm() {
	m.begin("lstmForward", "(gates, cPrev, c, tanhC, h []float32)",
		"is i, f, o = σ(·); g = tanh(·); c = f·cPrev + i·g; tanhC = tanh c; h = o·tanhC, gates in place.")
	n := size("h")
	q := parts("gates", n, 4) // i, f, g, o
	cPrev, c, tanhC, h := base("cPrev"), base("c"), base("tanhC"), base("h")
	sigmoid, tanh := m.sigmoidConstants(), m.tanhConstants()
	m.sweep(n, 1, func(at []place) {
		p := at[0]
		i := m.sigmoid(m.load(q[0], p), sigmoid)
		m.store(i, q[0], p)
		g := m.tanh(m.load(q[2], p), tanh)
		m.store(g, q[2], p)
		VMULPS(g, i, i)
		f := m.sigmoid(m.load(q[1], p), sigmoid)
		m.store(f, q[1], p)
		cell := m.load(cPrev, p)
		VFMADD213PS(i, f, cell)
		m.store(cell, c, p)
		o := m.sigmoid(m.load(q[3], p), sigmoid)
		m.store(o, q[3], p)
		t := m.tanh(cell, tanh)
		m.store(t, tanhC, p)
		VMULPS(t, o, o)
		m.store(o, h, p)
	})
	m.end()

	m.begin("lstmBackward", "(gates, cPrev, tanhC, dh, dc []float32)",
		"replaces activations by gradients of pre-activations, and dc by ∂L/∂cPrev.")
	n = size("dh")
	q = parts("gates", n, 4)
	cPrev, tanhC = base("cPrev"), base("tanhC")
	dh, dc := base("dh"), base("dc")
	one := m.constant(1)
	m.sweep(n, 1, func(at []place) {
		p := at[0]
		out, t, o := m.load(dh, p), m.load(tanhC, p), m.load(q[3], p)
		do := m.copyOf(out)
		VMULPS(o, do, do)         // dh·o
		d := m.load(dc, p)        // d = dc + dh·o·(1−t²)
		slope := m.square(t, one) // 1−t²
		VFMADD231PS(slope, do, d)
		VMULPS(t, do, do) // dh·t·o·(1−o)
		VMULPS(m.less(o, one), do, do)
		m.store(do, q[3], p)

		i, g := m.load(q[0], p), m.load(q[2], p)
		di := m.vec()
		VMULPS(i, d, di) // d·i
		dg := m.square(g, one)
		VMULPS(di, dg, dg)
		m.store(dg, q[2], p) // d·i·(1−g²)
		VMULPS(g, di, di)
		VMULPS(m.less(i, one), di, di)
		m.store(di, q[0], p) // d·g·i·(1−i)

		f := m.load(q[1], p)
		VMULPS(f, d, d)
		m.store(d, dc, p) // d·f
		VMULPS(m.less(f, one), d, d)
		VMULPS(m.load(cPrev, p), d, d)
		m.store(d, q[1], p) // d·cPrev·f·(1−f)
	})
	m.end()
}

// less is 1−x.
func (m *machine) less(x reg.VecVirtual, one Op) reg.VecVirtual {
	v := m.vec()
	VSUBPS(x, m.held(one), v)
	return v
}

// square is 1−x².
func (m *machine) square(x reg.VecVirtual, one Op) reg.VecVirtual {
	v := m.copyOf(one)
	VFNMADD231PS(x, x, v)
	return v
}
