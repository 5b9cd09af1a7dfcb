package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// bernoulli writes the log-likelihood of logits, but for one logarithm: with e = e^−|l|, log(1+e^l) is max(l, 0) + log(1+e),
// and Σ log(1+e) is the logarithm of a product whose factors are at most 2. σ(l) is 1/(1+e), or e/(1+e) where l < 0.
func (m *machine) bernoulli() {
	const chains = 2
	m.begin("bernoulli", "(d, l, x []float32, product *[16]float32) float32",
		"is Σ x[i]·l[i] − max(l[i], 0), sets d[i] to x[i] − σ(l[i]) and multiplies lanes of product by 1+e^−|l[i]|.")
	d, l, x, n := base("d"), base("l"), base("x"), size("l")
	exp := m.expConstants()
	sign, none, zero := m.constantBits(1<<31), m.constant(0), m.zero()
	var sum, product [chains]reg.VecVirtual
	for i := range sum {
		sum[i], product[i] = m.zero(), m.copyOf(exp.one)
	}
	m.sweep(n, chains, func(at []place) {
		for i, a := range at {
			logit, v := m.load(l, a), m.load(x, a)
			term := m.vec()
			VMAXPS(logit, zero, term)
			VFMSUB231PS(v, logit, term)
			VADDPS(term, sum[i], sum[i])

			e, whole := m.decay(logit, sign, exp), m.vec()
			VADDPS(exp.one, e, whole)
			s := m.copyOf(e)
			m.replace(s, logit, greater, none, exp.one)
			VDIVPS(whole, s, s)
			VSUBPS(s, v, v)
			m.store(v, d, a)
			e = m.keep(e, a, none)
			VFMADD231PS(e, product[i], product[i])
		}
	})
	VMULPS(product[1], product[0], product[0])
	p := Load(Param("product"), GP64())
	VMULPS(Mem{Base: p}, product[0], product[0])
	VMOVUPS(product[0], Mem{Base: p})
	m.finish(sum[:], VADDPS)
}
