// Package kernel holds the inner loops of Inkling on slices of float32: matrix
// products with packed operands, vector functions, gates of LSTM and GRU, and optimizer steps.
//
// Every kernel exists as plain Go (the reference, which runs anywhere and says
// what the kernel means) and, on amd64, for AVX2 with FMA and for AVX-512; AMX is
// AVX-512 with matrix units for products in bfloat16. One table, [impl], holds the
// functions of an instruction set; [Use] switches the table, so that one test
// compares every implementation on every machine.
//
// Kernels are single-threaded and never allocate in steady state. Matrices are
// row-major with a stride (ld…, in floats) that may exceed the row length.
// Lengths are checked here and a mismatch panics: it is a programmer's error.
package kernel

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// impl is the set of kernels of one instruction set.
type impl struct {
	name        string
	panel       int                                   // columns of B side by side in a Packed
	pack, packT func(dst, b []float32, ldb, k, n int) // panels of B [k,n], given as such or as [n,k]
	matMul      func(c []float32, ldc int, a []float32, lda, m int, b *Packed, add bool)
	matMulTN    func(c []float32, ldc int, a []float32, lda int, b []float32, ldb, m, n, k int)
	bf16        *bfloat16Products // nil where the processor has no units for them

	exp, tanh, sigmoid func(dst, x []float32)
	add                func(dst, x []float32)
	axpy               func(dst []float32, a float32, x []float32)
	scale              func(dst []float32, a float32)
	mul                func(dst, x, y []float32)
	mulAdd             func(dst, x, y []float32)
	normalize          func(dst, x []float32, shift, scale float32)
	relu               func(dst, x []float32)
	reluBackward       func(dx, dy, y []float32)
	tanhBackward       func(dx, dy, y []float32)
	sigmoidBackward    func(dx, dy, y []float32)
	dot                func(x, y []float32) float32
	sum                func(x []float32) float32
	maximum            func(x []float32) float32
	expSum             func(dst, x []float32, shift float32) float32

	bernoulli func(d, l, x []float32) float64
	normal    func(dMean, dLogSigma, mean, logSigma, x []float32, lowest float32) float64
	logistic  func(dMean, dLogScale, mean, logScale, x []float32, h, lowest float32) float64

	lstmForward  func(gates, cPrev, c, tanhC, h []float32)
	lstmBackward func(gates, cPrev, tanhC, dh, dc []float32)
	gruForward   func(gates, rec, hPrev, recN, h []float32)
	gruBackward  func(gates, rec, hPrev, recN, dh, dhPrev []float32)

	adam     func(w, g, m, v []float32, s *AdamStep)
	momentum func(w, g, v []float32, s *MomentumStep)
	rmsprop  func(w, g, v []float32, s *RMSPropStep)

	randomMask func(dst []float32, drop int32, keep float32, counter uint32, k [3]uint32)

	gatherRows func(dst, src []float32, ld int, rows []int32)
	rowDots    func(s []float32, lds int, y []float32, m int, x []float32, n, ld int)
	addRows    func(dst []float32, ld int, rows []int32, g []float32, gi, gj int, y []float32, k int)

	bfloat16RowDots  func(s []float32, w []uint32, x []float32)
	bfloat16RowDots4 func(s []float32, lds, n int, w []uint32, x []float32, ldx int)

	fmaLoop func(n int) (flops float64)
}

var (
	impls  = []*impl{goImpl()} // from the slowest to the fastest; the architecture's init appends
	active = impls[0]
	envErr error
)

// ISA is the name of the instruction set in use: "go", "avx2", "avx512" or "amx".
func ISA() string { return active.name }

// Available lists the instruction sets that this machine can run, slowest first.
func Available() []string {
	names := make([]string, len(impls))
	for i, im := range impls {
		names[i] = im.name
	}
	return names
}

// Use switches every kernel to the named instruction set. It is meant for start-up and tests:
// it must not run while kernels run, and operands packed before are not valid after.
func Use(name string) error {
	i := slices.IndexFunc(impls, func(im *impl) bool { return im.name == name })
	if i < 0 {
		return fmt.Errorf("instruction set %q cannot run here: choose one of %s", name, strings.Join(Available(), ", "))
	}
	active = impls[i]
	return nil
}

// Err reports whether INKLING_ISA asked for an instruction set that this machine does not have.
func Err() error { return envErr }

// choose picks the fastest instruction set, or the one that INKLING_ISA names.
func choose() {
	active, envErr = impls[len(impls)-1], nil
	if name := os.Getenv("INKLING_ISA"); name != "" {
		if err := Use(name); err != nil {
			envErr = fmt.Errorf("INKLING_ISA: %w", err)
		}
	}
}

func init() { choose() }

func check(ok bool, what string) {
	if !ok {
		panic("kernel: " + what)
	}
}
