package kernel

import "math"

// The vector functions in plain Go: what each of them means, and what runs where there is no assembly. exp, tanh and
// sigmoid go by float64 and are rounded correctly; sums go from left to right.

func expf(x float32) float32     { return float32(math.Exp(float64(x))) }
func tanhf(x float32) float32    { return float32(math.Tanh(float64(x))) }
func sigmoidf(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }
func sqrtf(x float32) float32    { return float32(math.Sqrt(float64(x))) }

func expGo(dst, x []float32) {
	for i, v := range x {
		dst[i] = expf(v)
	}
}

func tanhGo(dst, x []float32) {
	for i, v := range x {
		dst[i] = tanhf(v)
	}
}

func sigmoidGo(dst, x []float32) {
	for i, v := range x {
		dst[i] = sigmoidf(v)
	}
}

func addGo(dst, x []float32) {
	for i, v := range x {
		dst[i] += v
	}
}

func axpyGo(dst []float32, a float32, x []float32) {
	for i, v := range x {
		dst[i] += a * v
	}
}

func scaleGo(dst []float32, a float32) {
	for i := range dst {
		dst[i] *= a
	}
}

func mulGo(dst, x, y []float32) {
	for i := range dst {
		dst[i] = x[i] * y[i]
	}
}

func mulAddGo(dst, x, y []float32) {
	for i := range dst {
		dst[i] += x[i] * y[i]
	}
}

func dotGo(x, y []float32) float32 {
	var s float32
	for i, v := range x {
		s += v * y[i]
	}
	return s
}

func sumGo(x []float32) float32 {
	var s float32
	for _, v := range x {
		s += v
	}
	return s
}

func maximumGo(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		if v > m { // not max, which would return a NaN
			m = v
		}
	}
	return m
}

// expSumGo is Σ e^(x[i]−shift); the terms go to dst unless it is nil.
func expSumGo(dst, x []float32, shift float32) float32 {
	var s float32
	for i, v := range x {
		e := expf(v - shift)
		if dst != nil {
			dst[i] = e
		}
		s += e
	}
	return s
}

func lstmForwardGo(gates, cPrev, c, tanhC, h []float32) {
	n := len(h)
	gi, gf, gg, gout := gates[:n], gates[n:2*n], gates[2*n:3*n], gates[3*n:]
	for j := range h {
		i, f, g, o := sigmoidf(gi[j]), sigmoidf(gf[j]), tanhf(gg[j]), sigmoidf(gout[j])
		cell := f*cPrev[j] + i*g
		t := tanhf(cell)
		gi[j], gf[j], gg[j], gout[j] = i, f, g, o
		c[j], tanhC[j], h[j] = cell, t, o*t
	}
}

func lstmBackwardGo(gates, cPrev, tanhC, dh, dc []float32) {
	n := len(dh)
	gi, gf, gg, gout := gates[:n], gates[n:2*n], gates[2*n:3*n], gates[3*n:]
	for j := range dh {
		i, f, g, o, t := gi[j], gf[j], gg[j], gout[j], tanhC[j]
		d := dc[j] + dh[j]*o*(1-t*t)
		gi[j] = d * g * i * (1 - i)
		gf[j] = d * cPrev[j] * f * (1 - f)
		gg[j] = d * i * (1 - g*g)
		gout[j] = dh[j] * t * o * (1 - o)
		dc[j] = d * f
	}
}

func adamGo(w, g, m, v []float32, s *AdamStep) {
	for i := range w {
		d := s.Clip*g[i] + s.L2*w[i]
		m[i] = s.Beta1*m[i] + (1-s.Beta1)*d
		v[i] = s.Beta2*v[i] + (1-s.Beta2)*d*d
		w[i] -= s.Rate*s.Decay*w[i] + s.Rate*(m[i]/s.C1)/(sqrtf(v[i]/s.C2)+s.Eps)
	}
}

func momentumGo(w, g, v []float32, s *MomentumStep) {
	for i := range w {
		v[i] = s.Momentum*v[i] + s.Clip*g[i] + s.L2*w[i]
		w[i] -= s.Rate * v[i]
	}
}

func rmspropGo(w, g, v []float32, s *RMSPropStep) {
	for i := range w {
		d := s.Clip*g[i] + s.L2*w[i]
		v[i] = s.Alpha*v[i] + s.New*d*d
		w[i] -= s.Rate * d / (sqrtf(v[i]) + s.Eps)
	}
}

func randomMaskGo(dst []float32, drop int32, keep float32, counter uint32, k [3]uint32) {
	for i := range dst {
		if int32(mix(counter+uint32(i), k)) < drop {
			dst[i] = 0
		} else {
			dst[i] = keep
		}
	}
}
