package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// activations writes relu, and what the gradients of activations are by their results.
func (m *machine) activations() {
	m.begin("relu", "(dst, x []float32)", "sets dst[i] to x[i], or to 0 where that is more.")
	dst, x, n := base("dst"), base("x"), size("dst")
	zero := m.zero()
	m.sweep(n, 4, func(at []place) {
		for _, a := range at {
			v := m.load(x, a)
			VMAXPS(v, zero, v) // of a NaN and a number, the first written
			m.store(v, dst, a)
		}
	})
	m.end()

	backward := func(add func(d, dy, y reg.VecVirtual)) {
		dx, dy, y, n := base("dx"), base("dy"), base("y"), size("dx")
		m.sweep(n, 2, func(at []place) {
			for _, a := range at {
				d := m.load(dx, a)
				add(d, m.load(dy, a), m.load(y, a))
				m.store(d, dx, a)
			}
		})
		m.end()
	}

	m.begin("reluBackward", "(dx, dy, y []float32)", "adds dy[i] to dx[i] where y[i] is more than 0.")
	zero = m.zero()
	backward(func(d, dy, y reg.VecVirtual) {
		if m.wide() {
			k := K()
			VCMPPS(Imm(greater), zero, y, k)
			VADDPS(dy, d, k, d)
			return
		}
		VCMPPS(Imm(greater), zero, y, y)
		VANDPS(dy, y, y)
		VADDPS(y, d, d)
	})

	m.begin("tanhBackward", "(dx, dy, y []float32)", "adds dy[i]·(1−y[i]²) to dx[i].")
	one := m.constant(1)
	backward(func(d, dy, y reg.VecVirtual) { VFMADD231PS(m.square(y, one), dy, d) })

	m.begin("sigmoidBackward", "(dx, dy, y []float32)", "adds dy[i]·y[i]·(1−y[i]) to dx[i].")
	one = m.constant(1)
	backward(func(d, dy, y reg.VecVirtual) {
		VMULPS(y, dy, dy)
		VFMADD231PS(m.less(y, one), dy, d)
	})
}
