package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// numbers broadcasts the n float32 numbers that the argument k points to.
func (m *machine) numbers(n int) []reg.VecVirtual {
	k := Load(Param("k"), GP64())
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = m.vec()
		VBROADCASTSS(Mem{Base: k, Disp: 4 * i}, v[i])
	}
	return v
}

// gradient is clip·grad + l2·w.
func (m *machine) gradient(grad reg.Register, w reg.VecVirtual, clip, l2 reg.VecVirtual, at place) reg.VecVirtual {
	d, decay := m.load(grad, at), m.vec()
	VMULPS(l2, w, decay)
	VFMADD213PS(decay, clip, d)
	return d
}

// optimizers writes adam, momentum and rmsprop. Each has the numbers of its step in an array that
// package kernel fills, with 1−β and the like worked out.
func (m *machine) optimizers() {
	begin := func(name, slices string, numbers int, doc string) {
		m.begin(name, fmt.Sprintf("(%s []float32, k *[%d]float32)", slices, numbers), doc)
	}

	begin("adam", "w, grad, mean, square", 10, "is one step of Adam; k is what AdamStep.numbers gives.")
	w, grad, mean, square, n := base("w"), base("grad"), base("mean"), base("square"), size("w")
	k := m.numbers(10)
	clip, l2, beta1, rest1, beta2, rest2, decay, rate, c2, eps := k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7], k[8], k[9]
	m.sweep(n, 1, func(at []place) {
		p := at[0]
		x := m.load(w, p)
		d := m.gradient(grad, x, clip, l2, p)
		s := m.load(square, p)
		VMULPS(beta2, s, s)
		t := m.vec()
		VMULPS(d, d, t)
		VFMADD231PS(rest2, t, s)
		m.store(s, square, p)
		a := m.load(mean, p)
		VMULPS(beta1, a, a)
		VFMADD231PS(rest1, d, a)
		m.store(a, mean, p)
		VMULPS(c2, s, s)
		VSQRTPS(s, s)
		VADDPS(eps, s, s)
		VMULPS(rate, a, a)
		VDIVPS(s, a, a)
		VFNMADD231PS(decay, x, x)
		VSUBPS(a, x, x)
		m.store(x, w, p)
	})
	m.end()

	begin("momentum", "w, grad, v", 4, "is one step of SGD with momentum; k is what MomentumStep.numbers gives.")
	w, grad, n = base("w"), base("grad"), size("w")
	v := base("v")
	k = m.numbers(4)
	m.sweep(n, 2, func(at []place) {
		for _, p := range at {
			x := m.load(w, p)
			d := m.gradient(grad, x, k[0], k[1], p)
			VFMADD231PS(m.load(v, p), k[2], d)
			m.store(d, v, p)
			VFNMADD231PS(k[3], d, x)
			m.store(x, w, p)
		}
	})
	m.end()

	begin("rmsprop", "w, grad, square", 6, "is one step of RMSProp; k is what RMSPropStep.numbers gives.")
	w, grad, square, n = base("w"), base("grad"), base("square"), size("w")
	k = m.numbers(6)
	m.sweep(n, 1, func(at []place) {
		p := at[0]
		x := m.load(w, p)
		d := m.gradient(grad, x, k[0], k[1], p)
		s := m.load(square, p)
		VMULPS(k[2], s, s)
		t := m.vec()
		VMULPS(d, d, t)
		VFMADD231PS(k[3], t, s)
		m.store(s, square, p)
		VSQRTPS(s, s)
		VADDPS(k[5], s, s)
		VMULPS(k[4], d, d)
		VDIVPS(s, d, d)
		VSUBPS(d, x, x)
		m.store(x, w, p)
	})
	m.end()
}
