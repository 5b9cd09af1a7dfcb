package kernel

import "github.com/klauspost/cpuid/v2"

// The instruction sets of amd64. cpuid reports a feature only if the operating system saves its registers.
func init() {
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3) {
		im := goImpl()
		im.name = "avx2"
		productsAVX2(im)
		vectorsAVX2(im)
		impls = append(impls, im)
	}
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512VL, cpuid.AVX512DQ) {
		im := goImpl()
		im.name = "avx512"
		productsAVX512(im)
		vectorsAVX512(im)
		impls = append(impls, im)
		if hasAMX() { // the same in float32, and matrix units for bfloat16
			amx := *im
			amx.name, amx.bf16 = "amx", productsAMX()
			impls = append(impls, &amx)
		}
	}
	choose()
}
