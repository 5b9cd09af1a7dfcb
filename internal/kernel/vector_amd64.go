package kernel

//go:generate go -C _gen run ./vector -isa avx2 -out ../vector_avx2_amd64.s -stubs ../vector_avx2_amd64.go -pkg kernel
//go:generate go -C _gen run ./vector -isa avx512 -out ../vector_avx512_amd64.s -stubs ../vector_avx512_amd64.go -pkg kernel

// vectorsAVX2 fills in the vector functions for AVX2 with FMA.
func vectorsAVX2(im *impl) {
	im.exp, im.tanh, im.sigmoid = expAVX2, tanhAVX2, sigmoidAVX2
	im.add, im.axpy, im.scale, im.mul, im.mulAdd = addAVX2, axpyAVX2, scaleAVX2, mulAVX2, mulAddAVX2
	im.dot, im.sum, im.maximum, im.expSum = dotAVX2, sumAVX2, maximumAVX2, expSumAVX2
	im.normalize = normalizeAVX2
	im.relu, im.reluBackward = reluAVX2, reluBackwardAVX2
	im.tanhBackward, im.sigmoidBackward = tanhBackwardAVX2, sigmoidBackwardAVX2
	im.bernoulli = func(d, l, x []float32) float64 {
		p := ones
		return float64(bernoulliAVX2(d, l, x, &p)) - logProduct(&p)
	}
	im.normal = func(dMean, dLogSigma, mean, logSigma, x []float32, lowest float32) float64 {
		return float64(normalAVX2(dMean, dLogSigma, mean, logSigma, x, lowest))
	}
	im.logistic = func(dMean, dLogScale, mean, logScale, x []float32, h, lowest float32) float64 {
		p := ones
		return float64(logisticAVX2(dMean, dLogScale, mean, logScale, x, h, lowest, &p)) + logProduct(&p)
	}
	im.lstmForward, im.lstmBackward = lstmForwardAVX2, lstmBackwardAVX2
	im.gruForward, im.gruBackward = gruForwardAVX2, gruBackwardAVX2
	im.gatherRows, im.rowDots, im.addRows = gatherRowsAVX2, rowDotsAVX2, addRowsAVX2
	im.bfloat16RowDots, im.bfloat16RowDots4 = bfloat16RowDotsAVX2, bfloat16RowDots4AVX2
	im.adam = func(w, g, m, v []float32, s *AdamStep) {
		k := s.numbers()
		adamAVX2(w, g, m, v, &k)
	}
	im.momentum = func(w, g, v []float32, s *MomentumStep) {
		k := s.numbers()
		momentumAVX2(w, g, v, &k)
	}
	im.rmsprop = func(w, g, v []float32, s *RMSPropStep) {
		k := s.numbers()
		rmspropAVX2(w, g, v, &k)
	}
	im.randomMask = func(dst []float32, drop int32, keep float32, counter uint32, k [3]uint32) {
		randomMaskAVX2(dst, drop, keep, counter, &k)
	}
}

// vectorsAVX512 fills in the vector functions for AVX-512 F and DQ.
func vectorsAVX512(im *impl) {
	im.exp, im.tanh, im.sigmoid = expAVX512, tanhAVX512, sigmoidAVX512
	im.add, im.axpy, im.scale, im.mul, im.mulAdd = addAVX512, axpyAVX512, scaleAVX512, mulAVX512, mulAddAVX512
	im.dot, im.sum, im.maximum, im.expSum = dotAVX512, sumAVX512, maximumAVX512, expSumAVX512
	im.normalize = normalizeAVX512
	im.relu, im.reluBackward = reluAVX512, reluBackwardAVX512
	im.tanhBackward, im.sigmoidBackward = tanhBackwardAVX512, sigmoidBackwardAVX512
	im.bernoulli = func(d, l, x []float32) float64 {
		p := ones
		return float64(bernoulliAVX512(d, l, x, &p)) - logProduct(&p)
	}
	im.normal = func(dMean, dLogSigma, mean, logSigma, x []float32, lowest float32) float64 {
		return float64(normalAVX512(dMean, dLogSigma, mean, logSigma, x, lowest))
	}
	im.logistic = func(dMean, dLogScale, mean, logScale, x []float32, h, lowest float32) float64 {
		p := ones
		return float64(logisticAVX512(dMean, dLogScale, mean, logScale, x, h, lowest, &p)) + logProduct(&p)
	}
	im.lstmForward, im.lstmBackward = lstmForwardAVX512, lstmBackwardAVX512
	im.gruForward, im.gruBackward = gruForwardAVX512, gruBackwardAVX512
	im.gatherRows, im.rowDots, im.addRows = gatherRowsAVX512, rowDotsAVX512, addRowsAVX512
	im.bfloat16RowDots, im.bfloat16RowDots4 = bfloat16RowDotsAVX512, bfloat16RowDots4AVX512
	im.adam = func(w, g, m, v []float32, s *AdamStep) {
		k := s.numbers()
		adamAVX512(w, g, m, v, &k)
	}
	im.momentum = func(w, g, v []float32, s *MomentumStep) {
		k := s.numbers()
		momentumAVX512(w, g, v, &k)
	}
	im.rmsprop = func(w, g, v []float32, s *RMSPropStep) {
		k := s.numbers()
		rmspropAVX512(w, g, v, &k)
	}
	im.randomMask = func(dst []float32, drop int32, keep float32, counter uint32, k [3]uint32) {
		randomMaskAVX512(dst, drop, keep, counter, &k)
	}
}

// numbers is what the assembly wants to know of a step, in its order.
func (s *AdamStep) numbers() [10]float32 {
	return [10]float32{
		s.Clip, s.L2, s.Beta1, 1 - s.Beta1, s.Beta2, 1 - s.Beta2,
		s.Rate * s.Decay, s.Rate / s.C1, 1 / s.C2, s.Eps,
	}
}

func (s *MomentumStep) numbers() [4]float32 {
	return [4]float32{s.Clip, s.L2, s.Momentum, s.Rate}
}

func (s *RMSPropStep) numbers() [6]float32 {
	return [6]float32{s.Clip, s.L2, s.Alpha, s.New, s.Rate, s.Eps}
}
