// Command product writes the assembly of the matrix products of package kernel, for one instruction set at a time:
//
//	go run ./product -isa avx512 -out ../product_avx512_amd64.s -stubs ../product_avx512_amd64.go -pkg kernel
package main

import (
	"flag"
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	isa := flag.String("isa", "", "avx2 or avx512")
	flag.Parse()
	ConstraintExpr("amd64")
	switch *isa {
	case "avx2":
		float32Products(avx2)
		packing(avx2)
		transpose8()
	case "avx512":
		float32Products(avx512)
		packing(avx512)
	default:
		fmt.Fprintln(os.Stderr, "product: -isa must be avx2 or avx512")
		os.Exit(2)
	}
	Generate()
}

// vector is what the generators need to know about an instruction set.
type vector struct {
	name  string
	bytes int   // of a register
	rows  int   // of the largest tile
	wide  []int // panels of the kernels of 1, 2, 3 rows: enough sums to hide the latency of a multiply-add
	reg   func(i int) reg.VecPhysical
}

var (
	avx512 = vector{name: "AVX512", bytes: 64, rows: 14, wide: []int{4, 4, 4}, reg: func(i int) reg.VecPhysical { return zmm[i] }}
	avx2   = vector{name: "AVX2", bytes: 32, rows: 6, wide: []int{4, 2, 2}, reg: func(i int) reg.VecPhysical { return zmm[i].AsY().(reg.VecPhysical) }}
	zmm    = []reg.VecPhysical{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
		reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
		reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
	}
)

func (v vector) masks() bool { return v.bytes == 64 }

func (v vector) zero(x reg.VecPhysical) {
	if v.bytes == 64 {
		VPXORD(x, x, x)
	} else {
		VXORPS(x, x, x)
	}
}

// begin opens a function with the given arguments.
func begin(name, args, doc string) {
	TEXT(name, NOSPLIT, "func("+args+")")
	Pragma("noescape")
	Doc(name + " " + doc)
}

// arg loads an argument into a register.
func arg(name string, to reg.Register) { Load(Param(name), to) }

func end() {
	VZEROUPPER()
	RET()
}

// align starts the next instruction, the head of a hot loop, on a line of the instruction cache.
func align() { Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []Op{Imm(64)}}) }

// plus is base + i·stride for i up to 4, where stride3 holds three times the stride (for i = 3).
func plus(base, stride, stride3 reg.Register, i, disp int) Mem {
	switch i {
	case 0:
		return Mem{Base: base, Disp: disp}
	case 3:
		return Mem{Base: base, Index: stride3, Scale: 1, Disp: disp}
	}
	return Mem{Base: base, Index: stride, Scale: uint8(i), Disp: disp}
}
