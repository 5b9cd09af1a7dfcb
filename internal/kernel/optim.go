package kernel

// optimizerBlock is how many weights are updated in one call of a kernel, which cannot be interrupted: about
// 0.2 ms from memory. No element depends on another, so blocks change nothing.
const optimizerBlock = 1 << 16

// AdamStep is what one step of Adam (Kingma & Ba 2015) or AdamW (Loshchilov & Hutter 2019) needs
// beside the slices:
//
//	g' = Clip·g + L2·w
//	m = β1·m + (1−β1)·g';  v = β2·v + (1−β2)·g'²
//	w = w − Rate·Decay·w − Rate·(m/C1) / (√(v/C2) + Eps)
//
// with C1 = 1−β1^t and C2 = 1−β2^t.
type AdamStep struct {
	Rate, Beta1, Beta2, Eps, C1, C2, L2, Decay, Clip float32
}

// Adam updates w, m and v in place.
func Adam(w, g, m, v []float32, s *AdamStep) {
	same(w, g)
	same(w, m)
	same(w, v)
	for i := 0; i < len(w); i += optimizerBlock {
		j := min(i+optimizerBlock, len(w))
		active.adam(w[i:j], g[i:j], m[i:j], v[i:j], s)
	}
}

// MomentumStep is one step of SGD with momentum (PyTorch's form; plain SGD with Momentum 0):
//
//	g' = Clip·g + L2·w;  v = Momentum·v + g';  w = w − Rate·v
type MomentumStep struct{ Rate, Momentum, L2, Clip float32 }

// Momentum updates w and v in place.
func Momentum(w, g, v []float32, s *MomentumStep) {
	same(w, g)
	same(w, v)
	for i := 0; i < len(w); i += optimizerBlock {
		j := min(i+optimizerBlock, len(w))
		active.momentum(w[i:j], g[i:j], v[i:j], s)
	}
}

// RMSPropStep is one step of RMSProp (PyTorch's form):
//
//	g' = Clip·g + L2·w;  v = Alpha·v + New·g'²;  w = w − Rate·g' / (√v + Eps)
//
// New is 1−Alpha; with both 1 it is AdaGrad.
type RMSPropStep struct{ Rate, Alpha, New, Eps, L2, Clip float32 }

// RMSProp updates w and v in place.
func RMSProp(w, g, v []float32, s *RMSPropStep) {
	same(w, g)
	same(w, v)
	for i := 0; i < len(w); i += optimizerBlock {
		j := min(i+optimizerBlock, len(w))
		active.rmsprop(w[i:j], g[i:j], v[i:j], s)
	}
}
