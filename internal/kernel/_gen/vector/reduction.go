package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// chains is how many accumulators a reduction has: an addition waits for the one before it, four cycles.
const chains = 4

// reductions writes dot, sum, maximum and expSum. Lane l of accumulator a takes every (chains·lanes)-th
// element; what whole rounds leave over goes to the first accumulator. So the order depends on the length alone.
func (m *machine) reductions() {
	m.begin("dot", "(x, y []float32) float32", "is Σ x[i]·y[i].")
	x, y, n := base("x"), base("y"), size("x")
	acc := m.accumulators(m.zero)
	m.sweep(n, chains, func(at []place) {
		for i, a := range at {
			v, w := m.load(x, a), m.load(y, a)
			VFMADD231PS(w, v, acc[i])
		}
	})
	m.finish(acc, VADDPS)

	m.begin("sum", "(x []float32) float32", "is Σ x[i].")
	x, n = base("x"), size("x")
	acc = m.accumulators(m.zero)
	m.sweep(n, chains, func(at []place) {
		for i, a := range at {
			VADDPS(m.load(x, a), acc[i], acc[i])
		}
	})
	m.finish(acc, VADDPS)

	m.begin("maximum", "(x []float32) float32", "is the largest x[i], −Inf for none.")
	x, n = base("x"), size("x")
	least := m.constant(float32(math.Inf(-1)))
	acc = m.accumulators(func() reg.VecVirtual { return m.copyOf(least) })
	m.sweep(n, chains, func(at []place) {
		for i, a := range at {
			VMAXPS(acc[i], m.keep(m.load(x, a), a, least), acc[i]) // of a NaN and a number, the first written
		}
	})
	m.finish(acc, VMAXPS)

	m.begin("expSum", "(dst, x []float32, shift float32) float32", "is Σ e^(x[i]−shift); the terms go to dst unless it is nil.")
	dst, x, n := base("dst"), base("x"), size("x")
	shift := m.scalar("shift")
	c := m.expConstants()
	none := m.constant(0)
	total := m.zero()
	sweep := func(keep bool) {
		m.sweep(n, 1, func(at []place) {
			v := m.load(x, at[0])
			VSUBPS(shift, v, v)
			e := m.exp(v, c)
			if keep {
				m.store(e, dst, at[0])
			}
			VADDPS(m.keep(e, at[0], none), total, total)
		})
	}
	nowhere, done := m.label("nowhere"), m.label("summed")
	TESTQ(dst, dst)
	JZ(LabelRef(nowhere))
	sweep(true)
	JMP(LabelRef(done))
	Label(nowhere)
	sweep(false)
	Label(done)
	m.finish([]reg.VecVirtual{total}, VADDPS)
}

func (m *machine) accumulators(start func() reg.VecVirtual) []reg.VecVirtual {
	acc := make([]reg.VecVirtual, chains)
	for i := range acc {
		acc[i] = start()
	}
	return acc
}

// finish combines the accumulators in pairs, then their lanes, and returns the result.
func (m *machine) finish(acc []reg.VecVirtual, op func(...Op)) {
	for ; len(acc) > 1; acc = acc[:len(acc)/2] {
		for i := range len(acc) / 2 {
			op(acc[i+len(acc)/2], acc[i], acc[i])
		}
	}
	ret, err := ReturnIndex(0).Resolve()
	if err != nil {
		panic(err)
	}
	VMOVSS(m.fold(acc[0], op), ret.Addr) // Store would mix in an SSE instruction
	m.end()
}
