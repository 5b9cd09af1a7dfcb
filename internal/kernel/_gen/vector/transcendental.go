package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// e^x = 2^n·e^r with n = ⌊x/ln 2⌋ and r = x − n·ln 2 in [0, ln 2), e^r = 1 + r + r²·h(r), h of degree 4.
//
// Rounding n down and not to the nearest keeps e^r in [1, 2): then 2^n is a normal number exactly when the
// result is, so that one product makes 0 of anything smaller, +Inf of anything larger and no denormal ever;
// and e^r − 1 is never negative, so that tanh, which needs 2^n·(e^r−1) + (2^n−1), loses nothing by cancellation.
// ⌊·⌋ is a rounding addition: x/ln 2 − ½ (the half a little less, so that n = 0 at x = 0), plus 1.5·2²³ + 127,
// whose low bits then hold the exponent field of 2^n. At the edges of an interval n may be off by one: r then
// lies outside by an ulp, where the polynomial is as good.
//
// h is the minimax polynomial of (e^r−1−r)/r² by Remez's exchange, for the error of e^r over e^r − 0.9: between
// the relative error of e^r, which exp wants, and that of e^r − 1, which tanh wants. Its coefficients were rounded to
// float32 one after the other, lowest first, the rest fitted anew each time: 0.08 ulp of e^r. Degree 3 gives 0.9 ulp.
// ln 2 is in two parts, since n·(error of the first) would be seen for |n| > 4. What is left is rounding: exp is off
// most for x a little below 0, where r is near ln 2 and rounded twice.
type expConstants struct {
	top, bottom        Op // beyond them e^x is +Inf and 0, and n stays in [−127, 128]
	log2e, half, shift Op
	ln2, ln2low        Op
	c6, c5, c4, c3, c2 Op
	one                Op
}

func (m *machine) expConstants() *expConstants {
	return &expConstants{
		top: m.constant(89), bottom: m.constant(-88),
		log2e: m.constant(1.44269502), half: m.constant(-0.49999997), shift: m.constant(1.5*(1<<23) + 127),
		ln2: m.constant(0.693147182), ln2low: m.constant(-1.90465421e-09),
		c6: m.constant(0.00188429607), c5: m.constant(0.00791980792), c4: m.constant(0.0418218113),
		c3: m.constant(0.166640744), c2: m.constant(0.50000149),
		one: m.constant(1),
	}
}

// reduce finds scale = 2^n, r and h(r). It overwrites x. NaN passes into r and h.
func (m *machine) reduce(x reg.VecVirtual, c *expConstants) (scale, r, h reg.VecVirtual) {
	n := m.copyOf(c.half)
	VFMADD231PS(c.log2e, x, n)
	VADDPS(c.shift, n, n)
	scale = m.vec()
	VPSLLD(Imm(23), n, scale)
	VSUBPS(c.shift, n, n)
	r = x
	VFNMADD231PS(c.ln2, n, r)
	VFNMADD231PS(c.ln2low, n, r)
	h = m.copyOf(c.c6)
	for _, k := range []Op{c.c5, c.c4, c.c3, c.c2} {
		VFMADD213PS(k, r, h)
	}
	return scale, r, h
}

// exp is e^x. It overwrites x. Of a NaN and a bound, VMINPS and VMAXPS take the one written first.
func (m *machine) exp(x reg.VecVirtual, c *expConstants) reg.VecVirtual {
	VMINPS(x, m.held(c.top), x)
	VMAXPS(x, m.held(c.bottom), x)
	return m.expOf(x, c)
}

// expOf is e^x of an x within the bounds.
func (m *machine) expOf(x reg.VecVirtual, c *expConstants) reg.VecVirtual {
	scale, r, h := m.reduce(x, c)
	VFMADD213PS(c.one, r, h)
	VFMADD213PS(c.one, r, h)
	VMULPS(scale, h, h)
	return h
}

// decay is e^−|x|.
func (m *machine) decay(x reg.VecVirtual, sign Op, c *expConstants) reg.VecVirtual {
	e := m.copyOf(sign)
	VORPS(x, e, e)
	VMAXPS(e, m.held(c.bottom), e)
	return m.expOf(e, c)
}

// expm1 is e^x − 1 of an x from 0 to 88, whose relative error is small also where x is. It overwrites x.
func (m *machine) expm1(x reg.VecVirtual, c *expConstants) reg.VecVirtual {
	scale, r, h := m.reduce(x, c)
	VMULPS(r, h, h)
	VFMADD213PS(r, r, h) // e^r − 1
	d := m.vec()
	VSUBPS(c.one, scale, d)
	VFMADD231PS(scale, h, d)
	return d
}

type sigmoidConstants struct {
	*expConstants
	flat Op // from 17 on, sigmoid is 1 in float32
}

func (m *machine) sigmoidConstants() *sigmoidConstants {
	return &sigmoidConstants{m.expConstants(), m.constant(20)}
}

// sigmoid is e^x / (1 + e^x). Bounding x from above keeps e^x finite. It overwrites x.
func (m *machine) sigmoid(x reg.VecVirtual, c *sigmoidConstants) reg.VecVirtual {
	VMINPS(x, m.held(c.flat), x)
	VMAXPS(x, m.held(c.bottom), x)
	e, d := m.expOf(x, c.expConstants), m.vec()
	VADDPS(c.one, e, d)
	VDIVPS(d, e, e)
	return e
}

type tanhConstants struct {
	*expConstants
	sign, two, flat Op // from flat on, tanh(x/2) is 1 in float32
}

func (m *machine) tanhConstants() *tanhConstants {
	return &tanhConstants{m.expConstants(), m.constantBits(1 << 31), m.constant(2), m.constant(20)}
}

// tanh is the sign of x times d/(d+2) with d = e^2|x| − 1 = 2^n·(e^r−1) + (2^n−1), whose relative error is
// small also where x is: there n = 0 and d = r + r²·h. It overwrites x.
func (m *machine) tanh(x reg.VecVirtual, c *tanhConstants) reg.VecVirtual {
	sign, y := m.vec(), m.vec()
	VANDPS(c.sign, x, sign)
	VXORPS(x, sign, y)
	VADDPS(y, y, y)
	VMINPS(y, m.held(c.flat), y)
	d := m.expm1(y, c.expConstants)
	sum := m.vec()
	VADDPS(c.two, d, sum)
	VDIVPS(sum, d, d) // an approximate reciprocal and Newton's step are no faster: the other ports are the limit
	VORPS(sign, d, d)
	return d
}

// transcendental writes exp, tanh and sigmoid.
func (m *machine) transcendental() {
	write := func(name, doc string, prepare func() func(x reg.VecVirtual) reg.VecVirtual) {
		m.begin(name, "(dst, x []float32)", doc)
		dst, x, n := base("dst"), base("x"), size("x")
		f := prepare()
		m.sweep(n, 1, func(at []place) {
			m.store(f(m.load(x, at[0])), dst, at[0])
		})
		m.end()
	}
	write("exp", "sets dst[i] to e^x[i].", func() func(x reg.VecVirtual) reg.VecVirtual {
		c := m.expConstants()
		return func(x reg.VecVirtual) reg.VecVirtual { return m.exp(x, c) }
	})
	write("tanh", "sets dst[i] to tanh x[i].", func() func(x reg.VecVirtual) reg.VecVirtual {
		c := m.tanhConstants()
		return func(x reg.VecVirtual) reg.VecVirtual { return m.tanh(x, c) }
	})
	write("sigmoid", "sets dst[i] to 1/(1+e^−x[i]).", func() func(x reg.VecVirtual) reg.VecVirtual {
		c := m.sigmoidConstants()
		return func(x reg.VecVirtual) reg.VecVirtual { return m.sigmoid(x, c) }
	})
}
