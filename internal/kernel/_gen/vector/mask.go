package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// mask writes randomMask: see the function mix of package kernel, which is the same in Go.
func (m *machine) mask() {
	m.begin("randomMask", "(dst []float32, drop int32, keep float32, counter uint32, k *[3]uint32)",
		"sets dst[i] to 0 where the signed random word of counter+i is below drop, else to keep.")
	dst, n := base("dst"), size("dst")
	words := m.numbers(3)
	a, b, c := m.constantBits(mixA), m.constantBits(mixB), m.constantBits(mixC)
	drop, keep, counter := m.scalar("drop"), m.scalar("keep"), m.scalar("counter")
	VPADDD(m.lane(), counter, counter)
	step := m.constantBits(uint32(m.lanes))
	m.sweep(n, 2, func(at []place) {
		for _, p := range at {
			x := m.vec()
			VXORPS(words[0], counter, x)
			VPADDD(step, counter, counter)
			for _, s := range []struct {
				shift uint64
				times Op
				word  reg.VecVirtual
			}{{17, a, words[1]}, {11, b, words[2]}, {15, c, nil}, {14, nil, nil}} {
				t := m.vec()
				VPSRLD(Imm(s.shift), x, t)
				VXORPS(t, x, x)
				if s.times != nil {
					VPMULLD(s.times, x, x)
				}
				if s.word != nil {
					VXORPS(s.word, x, x)
				}
			}
			if m.wide() {
				k := K()
				VPCMPD(Imm(5), drop, x, k) // not less
				VMOVAPS_Z(keep, k, x)
			} else {
				VPCMPGTD(x, drop, x) // less
				VANDNPS(keep, x, x)
			}
			m.store(x, dst, p)
		}
	})
	m.end()
}

// The multipliers of triple32.
const (
	mixA = 0xed5ad4bb
	mixB = 0xac4c1b51
	mixC = 0x31848bab
)
