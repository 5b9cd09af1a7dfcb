// Command vector writes the assembly of the vector functions of package kernel:
//
//	go run ./vector -isa avx512 -out ../vector_avx512_amd64.s -stubs ../vector_avx512_amd64.go -pkg kernel
//
// Every function is written once, for a vector of any width ([machine] hides the rest), and goes over
// its slices by [machine.sweep]: whole vectors, then one masked vector for what is left. Elementwise
// functions use the same instructions in both, so an element's bits do not depend on its position,
// nor on the instruction set.
package main

import (
	"flag"
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	isa := flag.String("isa", "", "avx2 or avx512")
	flag.Parse()
	var m *machine
	switch *isa {
	case "avx2":
		m = &machine{name: "AVX2", lanes: 8}
	case "avx512":
		m = &machine{name: "AVX512", lanes: 16}
	default:
		fmt.Fprintln(os.Stderr, "vector: -isa must be avx2 or avx512")
		os.Exit(2)
	}
	m.transcendental()
	m.elementwise()
	m.activations()
	m.reductions()
	m.lstm()
	m.gru()
	m.bernoulli()
	m.densities()
	m.optimizers()
	m.mask()
	m.rows()
	m.bfloat16RowDots()
	m.bfloat16RowDots4()
	m.tables()
	Generate()
}
