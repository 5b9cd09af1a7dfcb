package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// elementwise writes the functions of one multiply or add an element. They are bound by memory, so
// only the loop's own instructions are worth saving: four vectors a round.
func (m *machine) elementwise() {
	each := func(n reg.Register, body func(at place)) {
		m.sweep(n, 4, func(at []place) {
			for _, a := range at {
				body(a)
			}
		})
	}

	m.begin("add", "(dst, x []float32)", "adds x to dst.")
	dst, x, n := base("dst"), base("x"), size("dst")
	each(n, func(at place) {
		d, v := m.load(dst, at), m.load(x, at)
		VADDPS(v, d, d)
		m.store(d, dst, at)
	})
	m.end()

	m.begin("axpy", "(dst []float32, a float32, x []float32)", "adds a·x to dst.")
	dst, x, n = base("dst"), base("x"), size("dst")
	a := m.scalar("a")
	each(n, func(at place) {
		d, v := m.load(dst, at), m.load(x, at)
		VFMADD231PS(v, a, d)
		m.store(d, dst, at)
	})
	m.end()

	m.begin("scale", "(dst []float32, a float32)", "multiplies dst by a.")
	dst, n = base("dst"), size("dst")
	a = m.scalar("a")
	each(n, func(at place) {
		d := m.load(dst, at)
		VMULPS(a, d, d)
		m.store(d, dst, at)
	})
	m.end()

	m.begin("mul", "(dst, x, y []float32)", "sets dst[i] to x[i]·y[i].")
	dst, x, n = base("dst"), base("x"), size("dst")
	y := base("y")
	each(n, func(at place) {
		v, w := m.load(x, at), m.load(y, at)
		VMULPS(w, v, v)
		m.store(v, dst, at)
	})
	m.end()

	m.begin("mulAdd", "(dst, x, y []float32)", "adds x[i]·y[i] to dst[i].")
	dst, x, y, n = base("dst"), base("x"), base("y"), size("dst")
	each(n, func(at place) {
		d, v, w := m.load(dst, at), m.load(x, at), m.load(y, at)
		VFMADD231PS(w, v, d)
		m.store(d, dst, at)
	})
	m.end()

	m.begin("normalize", "(dst, x []float32, shift, scale float32)", "sets dst[i] to (x[i]−shift)·scale.")
	dst, x, n = base("dst"), base("x"), size("dst")
	shift, scale := m.scalar("shift"), m.scalar("scale")
	each(n, func(at place) {
		v := m.load(x, at)
		VSUBPS(shift, v, v)
		VMULPS(scale, v, v)
		m.store(v, dst, at)
	})
	m.end()
}
