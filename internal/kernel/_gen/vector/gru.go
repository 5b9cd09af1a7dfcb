package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// gru writes the forward and the backward of one step of one sequence, each in one pass over the row.
func (m *machine) gru() {
	m.begin("gruForward", "(gates, rec, hPrev, recN, h []float32)",
		"is r, z = σ(gates + rec); n = tanh(gates + r·rec); h = n + z·(hPrev − n), gates in place; recN is the third of rec.")
	n := size("h")
	g, u := parts("gates", n, 3), parts("rec", n, 3)
	hPrev, recN, h := base("hPrev"), base("recN"), base("h")
	sigmoid, tanh := m.sigmoidConstants(), m.tanhConstants()
	m.sweep(n, 1, func(at []place) {
		p := at[0]
		gate := func(k int) reg.VecVirtual {
			v := m.load(g[k], p)
			VADDPS(m.load(u[k], p), v, v)
			v = m.sigmoid(v, sigmoid)
			m.store(v, g[k], p)
			return v
		}
		r := gate(0)
		c := m.load(g[2], p)
		state := m.load(u[2], p)
		m.store(state, recN, p)
		VFMADD231PS(state, r, c)
		c = m.tanh(c, tanh)
		m.store(c, g[2], p)
		z := gate(1)
		d := m.load(hPrev, p)
		VSUBPS(c, d, d)
		VFMADD213PS(c, z, d)
		m.store(d, h, p)
	})
	m.end()

	m.begin("gruBackward", "(gates, rec, hPrev, recN, dh, dhPrev []float32)",
		"replaces activations by gradients of pre-activations, sets rec and recN to those of the state, and adds dh·z to dhPrev.")
	n = size("dh")
	g, u = parts("gates", n, 3), parts("rec", n, 3)
	hPrev, recN, dh, dhPrev := base("hPrev"), base("recN"), base("dh"), base("dhPrev")
	one := m.constant(1)
	m.sweep(n, 1, func(at []place) {
		p := at[0]
		d, z, c := m.load(dh, p), m.load(g[1], p), m.load(g[2], p)
		past := m.load(dhPrev, p)
		VFMADD231PS(z, d, past)
		m.store(past, dhPrev, p)

		dz := m.load(hPrev, p)
		VSUBPS(c, dz, dz)
		VMULPS(d, dz, dz) // dh·(hPrev−n)
		VMULPS(z, dz, dz)
		closed := m.less(z, one) // 1−z
		VMULPS(closed, dz, dz)
		m.store(dz, g[1], p)
		m.store(dz, u[1], p)

		VMULPS(closed, d, d)
		VMULPS(m.square(c, one), d, d) // dn
		m.store(d, g[2], p)
		r, dr := m.load(g[0], p), m.load(recN, p)
		VMULPS(r, d, d) // dn·r
		m.store(d, u[2], p)
		m.store(d, recN, p)
		VMULPS(d, dr, dr) // dn·r·rec_n
		VMULPS(m.less(r, one), dr, dr)
		m.store(dr, g[0], p)
		m.store(dr, u[0], p)
	})
	m.end()
}
