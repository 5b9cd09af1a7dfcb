package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS: how the second source compares with the first written. NaNs do not.
const (
	less    = 17
	greater = 30
)

// densities writes the log-densities of location-scale variables: values and derivatives in one pass.
func (m *machine) densities() {
	m.normal()
	m.logistic()
}

func (m *machine) normal() {
	m.begin("normal", "(dMean, dLogSigma, mean, logSigma, x []float32, lowest float32) float32",
		"is −Σ ½u² + log σ and sets the derivatives to u/σ and u²−1, u being (x−mean)/σ and log σ at least lowest.")
	dMean, dLogSigma, mean, logSigma, x, n := base("dMean"), base("dLogSigma"), base("mean"), base("logSigma"), base("x"), size("x")
	lowest, exp := m.scalar("lowest"), m.expConstants()
	sign, half, none := m.constantBits(1<<31), m.constant(0.5), m.constant(0)
	sum := m.zero()
	m.sweep(n, 1, func(at []place) {
		p := at[0]
		log := m.load(logSigma, p)
		bounded, inverse := m.vec(), m.vec()
		VMAXPS(log, lowest, bounded)
		VXORPS(sign, bounded, inverse)
		inverse = m.exp(inverse, exp)
		u := m.load(x, p)
		VSUBPS(m.load(mean, p), u, u)
		VMULPS(inverse, u, u)
		VMULPS(u, inverse, inverse)
		m.store(inverse, dMean, p)
		VMULPS(u, u, u)
		VFMADD231PS(half, u, bounded)
		VSUBPS(m.keep(bounded, p, none), sum, sum)
		VSUBPS(exp.one, u, u)
		m.replace(u, log, less, lowest, none)
		m.store(u, dLogSigma, p)
	})
	m.finish([]reg.VecVirtual{sum}, VADDPS)
}

// logistic writes log(σ(a)−σ(b)) of a = (x−mean+h)/s and b = (x−mean−h)/s as
//
//	min(a, 0) − max(b, 0) + log E/((E+1)·(1+e^−|a|)·(1+e^−|b|)), E = e^δ−1, δ = 2h/s
//
// of which the logarithm is that of a product over all x: exponents are added up, mantissas, between √½ and √2, multiplied.
// Where x is at an edge, a or b is so far off that its terms vanish, and so is δ.
func (m *machine) logistic() {
	m.begin("logistic", "(dMean, dLogScale, mean, logScale, x []float32, h, lowest float32, product *[16]float32) float32",
		"is Σ log(σ(a)−σ(b)) but for the logarithm of product, and sets the derivatives.")
	dMean, dLogScale, mean, logScale, x, n := base("dMean"), base("dLogScale"), base("mean"), base("logScale"), base("x"), size("x")
	h, lowest, exp := m.scalar("h"), m.scalar("lowest"), m.expConstants()
	sign, none := m.constantBits(1<<31), m.constant(0)
	far, farBelow, wide := m.constant(1000), m.constant(-1000), m.constant(40)
	root, exponent := m.constantBits(0x3f3504f3), m.constantBits(0xff800000)
	ln2 := m.constant(0.693147182)
	sum, product, exponents := m.zero(), m.copyOf(exp.one), m.zero()
	m.sweep(n, 1, func(at []place) {
		p := at[0]
		inverse := m.load(logScale, p)
		VMAXPS(inverse, lowest, inverse)
		VXORPS(sign, inverse, inverse)
		inverse = m.exp(inverse, exp)
		v, width := m.load(x, p), m.vec()
		a, b := m.vec(), m.copyOf(v)
		VSUBPS(m.load(mean, p), b, b)
		VMULPS(inverse, b, b)
		VMULPS(h, inverse, width)
		VADDPS(width, b, a)
		VSUBPS(width, b, b)
		VADDPS(width, width, width)
		VMINPS(width, m.held(wide), width)
		top := m.copyOf(exp.one)
		VSUBPS(h, top, top)
		m.replace(b, v, less, h, farBelow)
		m.replace(width, v, less, h, wide)
		m.replace(a, v, greater, top, far)
		m.replace(width, v, greater, top, wide)

		m.store(inverse, dMean, p) // there are no registers to keep it in

		term, above := m.zero(), m.zero()
		VMINPS(a, term, term)
		VMAXPS(b, above, above)
		VSUBPS(above, term, term)
		VADDPS(m.keep(term, p, none), sum, sum)

		grown, ratio := m.expm1(m.copyOf(width), exp), m.vec()
		VDIVPS(grown, width, width)
		VADDPS(exp.one, grown, ratio)
		VDIVPS(ratio, grown, ratio)

		// tail is 1/(1+e^−|x|), by which ratio is multiplied, times e^−|x|, or times 1 where x compares with 0
		tail := func(x reg.VecVirtual, predicate uint64) reg.VecVirtual {
			e, part := m.decay(x, sign, exp), m.vec()
			VADDPS(exp.one, e, part)
			VDIVPS(part, m.held(exp.one), part)
			VMULPS(part, ratio, ratio)
			m.replace(e, x, predicate, none, exp.one)
			VMULPS(part, e, e)
			return e
		}
		slope := tail(a, less) // σ(−a)
		VFMADD231PS(slope, a, width)
		s := tail(b, greater) // σ(b)
		VFMSUB213PS(width, s, b)
		VSUBPS(slope, s, s)
		VMULPS(m.load(dMean, p), s, s)
		m.store(s, dMean, p)
		m.replace(b, m.load(logScale, p), less, lowest, none)
		m.store(b, dLogScale, p)

		ratio = m.keep(ratio, p, exp.one)
		part := m.vec()
		VPSUBD(root, ratio, part)
		m.and(exponent, part)
		VPSUBD(part, ratio, ratio)
		VMULPS(ratio, product, product)
		VPSRAD(Imm(23), part, part)
		VPADDD(part, exponents, exponents)
	})
	VCVTDQ2PS(exponents, exponents)
	VFMADD231PS(ln2, exponents, sum)
	q := Load(Param("product"), GP64())
	VMULPS(Mem{Base: q}, product, product)
	VMOVUPS(product, Mem{Base: q})
	m.finish([]reg.VecVirtual{sum}, VADDPS)
}

// replace puts other into v where x compares with bound.
func (m *machine) replace(v, x reg.VecVirtual, predicate uint64, bound, other Op) {
	if m.wide() {
		k := K()
		VCMPPS(Imm(predicate), bound, x, k)
		VMOVAPS(other, k, v)
		return
	}
	c := m.vec()
	VCMPPS(Imm(predicate), bound, x, c)
	VBLENDVPS(c, other, v, v)
}

// and keeps the bits of v that mask has.
func (m *machine) and(mask Op, v reg.VecVirtual) {
	if m.wide() {
		VPANDD(mask, v, v)
	} else {
		VPAND(mask, v, v)
	}
}
