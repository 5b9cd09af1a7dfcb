package kernel

import "runtime"

func goImpl() *impl {
	return &impl{
		name: "go", panel: 16,
		pack:   func(dst, b []float32, ldb, k, n int) { packGo(dst, 16, b, ldb, 1, k, n) },
		packT:  func(dst, b []float32, ldb, k, n int) { packGo(dst, 16, b, 1, ldb, k, n) },
		matMul: matMulGo, matMulTN: matMulTNGo,
		exp: expGo, tanh: tanhGo, sigmoid: sigmoidGo,
		add: addGo, axpy: axpyGo, scale: scaleGo, mul: mulGo, mulAdd: mulAddGo, normalize: normalizeGo,
		relu: reluGo, reluBackward: reluBackwardGo, tanhBackward: tanhBackwardGo, sigmoidBackward: sigmoidBackwardGo,
		dot: dotGo, sum: sumGo, maximum: maximumGo, expSum: expSumGo,
		bernoulli: bernoulliGo, normal: normalGo, logistic: logisticGo,
		lstmForward: lstmForwardGo, lstmBackward: lstmBackwardGo,
		gruForward: gruForwardGo, gruBackward: gruBackwardGo,
		adam: adamGo, momentum: momentumGo, rmsprop: rmspropGo,
		randomMask: randomMaskGo,
		gatherRows: gatherRowsGo, rowDots: rowDotsGo, addRows: addRowsGo, bfloat16RowDots: bfloat16RowDotsGo, bfloat16RowDots4: bfloat16RowDots4Go,
		fmaLoop: fmaLoopGo,
	}
}

// packGo lays B [k,n] out in panels of w columns, each panel row after row; columns past the last are zero.
func packGo(dst []float32, w int, b []float32, strideK, strideN, k, n int) {
	for j0 := 0; j0 < n; j0 += w {
		panel := dst[j0*k : (j0+w)*k]
		nc := min(w, n-j0)
		for i := range k {
			row := panel[i*w : (i+1)*w]
			for j := range row[:nc] {
				row[j] = b[i*strideK+(j0+j)*strideN]
			}
			clear(row[nc:])
		}
	}
}

func matMulGo(c []float32, ldc int, a []float32, lda, m int, b *Packed, add bool) {
	const w = 16
	for j0 := 0; j0 < b.N; j0 += w {
		panel := b.data[j0*b.K : (j0+w)*b.K]
		nc := min(w, b.N-j0)
		for i := 0; i < m; i++ {
			var sum [w]float32
			for l, x := range a[i*lda : i*lda+b.K] {
				row := panel[l*w : l*w+w]
				for j := range sum {
					sum[j] += x * row[j]
				}
			}
			dst := c[i*ldc+j0 : i*ldc+j0+nc]
			for j := range dst {
				if add {
					dst[j] += sum[j]
				} else {
					dst[j] = sum[j]
				}
			}
		}
	}
}

func matMulTNGo(c []float32, ldc int, a []float32, lda int, b []float32, ldb, m, n, k int) {
	for l := 0; l < k; l++ {
		row := b[l*ldb : l*ldb+n]
		for i, x := range a[l*lda : l*lda+m] {
			axpyGo(c[i*ldc:i*ldc+n], x, row)
		}
	}
}

// fmaLoopGo measures what plain Go reaches: eight independent chains of a multiply and an add.
func fmaLoopGo(n int) float64 {
	var s [8]float32
	x := float32(1e-9)
	for i := 0; i < n; i++ {
		for j := range s {
			s[j] += x * x
		}
	}
	runtime.KeepAlive(s) // or the compiler would see that no one looks at the sums
	return float64(n) * 16
}

// FMALoop runs n rounds of independent fused multiply-adds in registers, on the calling core, and
// returns the floating-point operations done: their rate is the peak that products are measured against.
func FMALoop(n int) (flops float64) { return active.fmaLoop(n) }
