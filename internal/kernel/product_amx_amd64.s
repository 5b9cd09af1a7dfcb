#include "textflag.h"

// Written by hand: neither the assembler nor avo knows the tile instructions, so they stand as bytes,
// each with its meaning beside it. Registers are those of the bytes: C at R11 and R12 with rows BX
// apart, A at CX and R13 with rows DX apart, B at SI with rows DI = 64 apart.

#define LDTILECFG_AX BYTE $0xc4; BYTE $0xe2; BYTE $0x78; BYTE $0x49; BYTE $0x00
#define TILERELEASE  BYTE $0xc4; BYTE $0xe2; BYTE $0x78; BYTE $0x49; BYTE $0xc0
#define TILEZERO(i)  BYTE $0xc4; BYTE $0xe2; BYTE $0x7b; BYTE $0x49; BYTE $(0xc0+8*i)

#define LOAD_C0  BYTE $0xc4; BYTE $0xc2; BYTE $0x7b; BYTE $0x4b; BYTE $0x04; BYTE $0x1b              // tmm0 = [R11]
#define LOAD_C1  BYTE $0xc4; BYTE $0xc2; BYTE $0x7b; BYTE $0x4b; BYTE $0x4c; BYTE $0x1b; BYTE $0x40  // tmm1 = [R11+64]
#define LOAD_C2  BYTE $0xc4; BYTE $0xc2; BYTE $0x7b; BYTE $0x4b; BYTE $0x14; BYTE $0x1c              // tmm2 = [R12]
#define LOAD_C3  BYTE $0xc4; BYTE $0xc2; BYTE $0x7b; BYTE $0x4b; BYTE $0x5c; BYTE $0x1c; BYTE $0x40  // tmm3 = [R12+64]
#define STORE_C0 BYTE $0xc4; BYTE $0xc2; BYTE $0x7a; BYTE $0x4b; BYTE $0x04; BYTE $0x1b              // [R11] = tmm0
#define STORE_C1 BYTE $0xc4; BYTE $0xc2; BYTE $0x7a; BYTE $0x4b; BYTE $0x4c; BYTE $0x1b; BYTE $0x40  // [R11+64] = tmm1
#define STORE_C2 BYTE $0xc4; BYTE $0xc2; BYTE $0x7a; BYTE $0x4b; BYTE $0x14; BYTE $0x1c              // [R12] = tmm2
#define STORE_C3 BYTE $0xc4; BYTE $0xc2; BYTE $0x7a; BYTE $0x4b; BYTE $0x5c; BYTE $0x1c; BYTE $0x40  // [R12+64] = tmm3
#define LOAD_A0  BYTE $0xc4; BYTE $0xe2; BYTE $0x7b; BYTE $0x4b; BYTE $0x24; BYTE $0x11              // tmm4 = [CX]
#define LOAD_A1  BYTE $0xc4; BYTE $0xc2; BYTE $0x7b; BYTE $0x4b; BYTE $0x6c; BYTE $0x15; BYTE $0x00  // tmm5 = [R13]
#define LOAD_B0  BYTE $0xc4; BYTE $0xe2; BYTE $0x7b; BYTE $0x4b; BYTE $0x34; BYTE $0x3e              // tmm6 = [SI]
#define LOAD_B1  BYTE $0xc4; BYTE $0xe2; BYTE $0x7b; BYTE $0x4b; BYTE $0xbc; BYTE $0x3e; LONG $0x400 // tmm7 = [SI+1024]
#define MUL_00   BYTE $0xc4; BYTE $0xe2; BYTE $0x4a; BYTE $0x5c; BYTE $0xc4                          // tmm0 += tmm4·tmm6
#define MUL_01   BYTE $0xc4; BYTE $0xe2; BYTE $0x42; BYTE $0x5c; BYTE $0xcc                          // tmm1 += tmm4·tmm7
#define MUL_10   BYTE $0xc4; BYTE $0xe2; BYTE $0x4a; BYTE $0x5c; BYTE $0xd5                          // tmm2 += tmm5·tmm6
#define MUL_11   BYTE $0xc4; BYTE $0xe2; BYTE $0x42; BYTE $0x5c; BYTE $0xdd                          // tmm3 += tmm5·tmm7

// Z2 = bfloat16 of Z0 (lower half) and Z1 (upper half): vcvtne2ps2bf16 zmm2, zmm1, zmm0.
#define ROUND_Z0_Z1_TO_Z2 BYTE $0x62; BYTE $0xf2; BYTE $0x77; BYTE $0x48; BYTE $0x72; BYTE $0xd0

// func amxTiles(cfg *tileConfig, c *float32, ldc int, a *uint16, lda int, b *uint16, steps, panels, blocks, cstep, bstep int, add bool)
//
// C += A·B, or C = A·B, for so many panels of 32 columns and blocks of 32 rows (of 17 to 32, if there is
// one block), k in steps of 32. Strides in bytes; from panel to panel C moves by cstep and B by bstep.
TEXT ·amxTiles(SB), NOSPLIT, $24-89
	MOVQ cfg+0(FP), AX
	LDTILECFG_AX
	MOVQ c+8(FP), R10
	MOVQ ldc+16(FP), BX
	MOVQ lda+32(FP), DX
	MOVQ b+40(FP), SI
	MOVQ SI, 16(SP)
	MOVQ $64, DI
	MOVQ panels+56(FP), AX
	MOVQ AX, 0(SP)

panel:
	MOVQ R10, R8
	MOVQ a+24(FP), R9
	MOVQ blocks+64(FP), AX
	MOVQ AX, 8(SP)

block:
	MOVQ R8, R11
	MOVQ BX, R12
	SHLQ $4, R12
	ADDQ R8, R12
	MOVQ R9, CX
	MOVQ DX, R13
	SHLQ $4, R13
	ADDQ R9, R13
	MOVQ 16(SP), SI
	MOVQ steps+48(FP), AX
	CMPB add+88(FP), $0
	JEQ  zero
	LOAD_C0
	LOAD_C1
	LOAD_C2
	LOAD_C3
	JMP  step

zero:
	TILEZERO(0)
	TILEZERO(1)
	TILEZERO(2)
	TILEZERO(3)

step:
	LOAD_A0
	LOAD_B0
	LOAD_B1
	MUL_00
	LOAD_A1
	MUL_01
	MUL_10
	MUL_11
	ADDQ $64, CX
	ADDQ $64, R13
	ADDQ $2048, SI
	DECQ AX
	JNZ  step

	STORE_C0
	STORE_C1
	STORE_C2
	STORE_C3
	MOVQ BX, AX
	SHLQ $5, AX
	ADDQ AX, R8
	MOVQ DX, AX
	SHLQ $5, AX
	ADDQ AX, R9
	DECQ 8(SP)
	JNZ  block

	ADDQ cstep+72(FP), R10
	MOVQ bstep+80(FP), AX
	ADDQ AX, 16(SP)
	DECQ 0(SP)
	JNZ  panel
	TILERELEASE
	RET

// func amxTile(cfg *tileConfig, c *float32, ldc int, a *uint16, lda int, b *uint16, steps, panels, cstep, bstep int, add bool)
//
// amxTiles for one block of 1 to 16 rows.
TEXT ·amxTile(SB), NOSPLIT, $0-81
	MOVQ cfg+0(FP), AX
	LDTILECFG_AX
	MOVQ c+8(FP), R11
	MOVQ ldc+16(FP), BX
	MOVQ lda+32(FP), DX
	MOVQ b+40(FP), R9
	MOVQ panels+56(FP), R8
	MOVQ $64, DI

panel:
	MOVQ R9, SI
	MOVQ a+24(FP), CX
	MOVQ steps+48(FP), AX
	CMPB add+80(FP), $0
	JEQ  zero
	LOAD_C0
	LOAD_C1
	JMP  step

zero:
	TILEZERO(0)
	TILEZERO(1)

step:
	LOAD_A0
	LOAD_B0
	MUL_00
	LOAD_B1
	MUL_01
	ADDQ $64, CX
	ADDQ $2048, SI
	DECQ AX
	JNZ  step

	STORE_C0
	STORE_C1
	ADDQ cstep+64(FP), R11
	ADDQ bstep+72(FP), R9
	DECQ R8
	JNZ  panel
	TILERELEASE
	RET

// func roundRow(dst *uint16, src *float32, n int)
//
// dst = bfloat16 of src, to nearest even, n a multiple of 32.
TEXT ·roundRow(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	VMOVUPS (SI), Z0
	VMOVUPS 64(SI), Z1
	ROUND_Z0_Z1_TO_Z2
	VMOVDQU16 Z2, (DI)
	ADDQ $128, SI
	ADDQ $64, DI
	SUBQ $32, CX
	JNZ  loop
	VZEROUPPER
	RET

// func roundPairs(dst *uint32, even, odd int, lo, hi *float32, groups int)
//
// Each dword of dst is the bfloat16 of lo and, above it, of hi, in groups of 16 columns; dst moves by
// even bytes after the first, third, … group and by odd after the others.
TEXT ·roundPairs(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ even+8(FP), R8
	MOVQ odd+16(FP), R9
	MOVQ lo+24(FP), SI
	MOVQ hi+32(FP), DX
	MOVQ groups+40(FP), CX
	VMOVDQU16 ·interleave(SB), Z3

loop:
	VMOVUPS (SI), Z0
	VMOVUPS (DX), Z1
	ROUND_Z0_Z1_TO_Z2
	VPERMW Z2, Z3, Z4
	VMOVDQU16 Z4, (DI)
	ADDQ $64, SI
	ADDQ $64, DX
	ADDQ R8, DI
	XCHGQ R8, R9
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// func transpose16(dst *uint32, ldd int, src *uint32, lds int)
//
// dst = srcᵀ, 16 × 16 dwords, strides in bytes.
TEXT ·transpose16(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ lds+24(FP), R9
	VMOVDQU32 (SI), Z0
	ADDQ R9, SI
	VMOVDQU32 (SI), Z1
	ADDQ R9, SI
	VMOVDQU32 (SI), Z2
	ADDQ R9, SI
	VMOVDQU32 (SI), Z3
	ADDQ R9, SI
	VMOVDQU32 (SI), Z4
	ADDQ R9, SI
	VMOVDQU32 (SI), Z5
	ADDQ R9, SI
	VMOVDQU32 (SI), Z6
	ADDQ R9, SI
	VMOVDQU32 (SI), Z7
	ADDQ R9, SI
	VMOVDQU32 (SI), Z8
	ADDQ R9, SI
	VMOVDQU32 (SI), Z9
	ADDQ R9, SI
	VMOVDQU32 (SI), Z10
	ADDQ R9, SI
	VMOVDQU32 (SI), Z11
	ADDQ R9, SI
	VMOVDQU32 (SI), Z12
	ADDQ R9, SI
	VMOVDQU32 (SI), Z13
	ADDQ R9, SI
	VMOVDQU32 (SI), Z14
	ADDQ R9, SI
	VMOVDQU32 (SI), Z15
	ADDQ R9, SI

	// Pairs of rows, then pairs of pairs: Z(4g+j) holds columns j, 4+j, 8+j, 12+j of rows 4g to 4g+3.
	VPUNPCKLDQ Z1, Z0, Z16
	VPUNPCKHDQ Z1, Z0, Z17
	VPUNPCKLDQ Z3, Z2, Z18
	VPUNPCKHDQ Z3, Z2, Z19
	VPUNPCKLDQ Z5, Z4, Z20
	VPUNPCKHDQ Z5, Z4, Z21
	VPUNPCKLDQ Z7, Z6, Z22
	VPUNPCKHDQ Z7, Z6, Z23
	VPUNPCKLDQ Z9, Z8, Z24
	VPUNPCKHDQ Z9, Z8, Z25
	VPUNPCKLDQ Z11, Z10, Z26
	VPUNPCKHDQ Z11, Z10, Z27
	VPUNPCKLDQ Z13, Z12, Z28
	VPUNPCKHDQ Z13, Z12, Z29
	VPUNPCKLDQ Z15, Z14, Z30
	VPUNPCKHDQ Z15, Z14, Z31
	VPUNPCKLQDQ Z18, Z16, Z0
	VPUNPCKHQDQ Z18, Z16, Z1
	VPUNPCKLQDQ Z19, Z17, Z2
	VPUNPCKHQDQ Z19, Z17, Z3
	VPUNPCKLQDQ Z22, Z20, Z4
	VPUNPCKHQDQ Z22, Z20, Z5
	VPUNPCKLQDQ Z23, Z21, Z6
	VPUNPCKHQDQ Z23, Z21, Z7
	VPUNPCKLQDQ Z26, Z24, Z8
	VPUNPCKHQDQ Z26, Z24, Z9
	VPUNPCKLQDQ Z27, Z25, Z10
	VPUNPCKHQDQ Z27, Z25, Z11
	VPUNPCKLQDQ Z30, Z28, Z12
	VPUNPCKHQDQ Z30, Z28, Z13
	VPUNPCKLQDQ Z31, Z29, Z14
	VPUNPCKHQDQ Z31, Z29, Z15

	// Quarters of registers change places.
	VSHUFI32X4 $0x88, Z4, Z0, Z16
	VSHUFI32X4 $0xdd, Z4, Z0, Z20
	VSHUFI32X4 $0x88, Z12, Z8, Z24
	VSHUFI32X4 $0xdd, Z12, Z8, Z28
	VSHUFI32X4 $0x88, Z5, Z1, Z17
	VSHUFI32X4 $0xdd, Z5, Z1, Z21
	VSHUFI32X4 $0x88, Z13, Z9, Z25
	VSHUFI32X4 $0xdd, Z13, Z9, Z29
	VSHUFI32X4 $0x88, Z6, Z2, Z18
	VSHUFI32X4 $0xdd, Z6, Z2, Z22
	VSHUFI32X4 $0x88, Z14, Z10, Z26
	VSHUFI32X4 $0xdd, Z14, Z10, Z30
	VSHUFI32X4 $0x88, Z7, Z3, Z19
	VSHUFI32X4 $0xdd, Z7, Z3, Z23
	VSHUFI32X4 $0x88, Z15, Z11, Z27
	VSHUFI32X4 $0xdd, Z15, Z11, Z31
	VSHUFI32X4 $0x88, Z24, Z16, Z0
	VSHUFI32X4 $0xdd, Z24, Z16, Z8
	VSHUFI32X4 $0x88, Z28, Z20, Z4
	VSHUFI32X4 $0xdd, Z28, Z20, Z12
	VSHUFI32X4 $0x88, Z25, Z17, Z1
	VSHUFI32X4 $0xdd, Z25, Z17, Z9
	VSHUFI32X4 $0x88, Z29, Z21, Z5
	VSHUFI32X4 $0xdd, Z29, Z21, Z13
	VSHUFI32X4 $0x88, Z26, Z18, Z2
	VSHUFI32X4 $0xdd, Z26, Z18, Z10
	VSHUFI32X4 $0x88, Z30, Z22, Z6
	VSHUFI32X4 $0xdd, Z30, Z22, Z14
	VSHUFI32X4 $0x88, Z27, Z19, Z3
	VSHUFI32X4 $0xdd, Z27, Z19, Z11
	VSHUFI32X4 $0x88, Z31, Z23, Z7
	VSHUFI32X4 $0xdd, Z31, Z23, Z15
	VMOVDQU32 Z0, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z1, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z2, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z3, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z4, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z5, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z6, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z7, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z8, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z9, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z10, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z11, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z12, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z13, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z14, (DI)
	ADDQ R8, DI
	VMOVDQU32 Z15, (DI)
	ADDQ R8, DI
	VZEROUPPER
	RET
