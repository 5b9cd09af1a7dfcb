package kernel

// Normalize sets dst[i] to (x[i] − shift)·scale. dst may be x.
func Normalize(dst, x []float32, shift, scale float32) {
	same(dst, x)
	active.normalize(dst, x, shift, scale)
}

func normalizeGo(dst, x []float32, shift, scale float32) {
	for i, v := range x {
		dst[i] = (v - shift) * scale
	}
}
