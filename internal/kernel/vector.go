package kernel

import "math"

// The errors below are the largest over all 2³² arguments, in units in the last place of the exact result, of the
// assembly (which has the same bits for AVX2 and AVX-512); plain Go is rounded correctly. NaN gives NaN.

// Exp sets dst[i] to e^x[i]. dst may be x. At most 1.54 ulp; e^0 is 1. Results past the range of float32 are +Inf,
// and those below its smallest normal number, 1.2e−38, may be 0.
func Exp(dst, x []float32) { same(dst, x); active.exp(dst, x) }

// Tanh sets dst[i] to tanh x[i]. dst may be x. At most 2.81 ulp, also near 0.
func Tanh(dst, x []float32) { same(dst, x); active.tanh(dst, x) }

// Sigmoid sets dst[i] to 1/(1+e^−x[i]). dst may be x. At most 2.77 ulp; results below 1.2e−38 may be 0.
func Sigmoid(dst, x []float32) { same(dst, x); active.sigmoid(dst, x) }

// Add adds x to dst.
func Add(dst, x []float32) { same(dst, x); active.add(dst, x) }

// Axpy adds a·x to dst.
func Axpy(dst []float32, a float32, x []float32) { same(dst, x); active.axpy(dst, a, x) }

// Scale multiplies dst by a.
func Scale(dst []float32, a float32) { active.scale(dst, a) }

// Mul sets dst[i] to x[i]·y[i]. dst may be x or y.
func Mul(dst, x, y []float32) { same(dst, x); same(dst, y); active.mul(dst, x, y) }

// MulAdd adds x[i]·y[i] to dst[i].
func MulAdd(dst, x, y []float32) { same(dst, x); same(dst, y); active.mulAdd(dst, x, y) }

// Dot is Σ x[i]·y[i]. The order of this sum, as of all sums here, depends on the length alone: the same numbers give
// the same bits wherever they lie. Instruction sets have orders of their own.
func Dot(x, y []float32) float32 { same(x, y); return active.dot(x, y) }

// Sum is Σ x[i].
func Sum(x []float32) float32 { return active.sum(x) }

// Max is the largest x[i]; −Inf for none. NaNs are passed over.
func Max(x []float32) float32 { return active.maximum(x) }

// LogSumExp is log Σ e^x[i], without overflow; −Inf for none. A NaN in x gives NaN.
func LogSumExp(x []float32) float32 {
	m := active.maximum(x)
	if math.IsInf(float64(m), 0) { // x − m would be NaN everywhere
		for _, v := range x {
			if v != v {
				return v
			}
		}
		return m
	}
	return m + float32(math.Log(float64(active.expSum(nil, x, m))))
}

// Softmax sets dst[i] to e^x[i] / Σ e^x[j] and returns log Σ e^x[j]. dst may be x. A NaN in x, a +Inf, or nothing
// but −Inf gives NaN everywhere: no loss of infinite logits looks like a good one.
func Softmax(dst, x []float32) (logSumExp float32) {
	same(dst, x)
	if len(x) == 0 {
		return float32(math.Inf(-1))
	}
	m := active.maximum(x)
	s := active.expSum(dst, x, m)
	active.scale(dst, 1/s)
	return m + float32(math.Log(float64(s)))
}

// LSTMForward is one time step of one sequence, PyTorch's gate order. gates holds the
// pre-activations of i, f, g, o, each len(h) long, and is replaced by their activations:
//
//	i, f, o = σ(·); g = tanh(·); c = f·cPrev + i·g; tanhC = tanh c; h = o·tanhC
//
// c may be cPrev.
func LSTMForward(gates, cPrev, c, tanhC, h []float32) {
	check(len(gates) == 4*len(h), "LSTM gates are not 4 × hidden")
	same(cPrev, h)
	same(c, h)
	same(tanhC, h)
	active.lstmForward(gates, cPrev, c, tanhC, h)
}

// LSTMBackward undoes LSTMForward. gates holds the activations and is replaced by the gradient
// of the pre-activations; dc holds ∂L/∂c from the later step and is replaced by ∂L/∂cPrev:
//
//	do = dh·tanhC; dc += dh·o·(1−tanhC²); di = dc·g; df = dc·cPrev; dg = dc·i; dc = dc·f
func LSTMBackward(gates, cPrev, tanhC, dh, dc []float32) {
	check(len(gates) == 4*len(dh), "LSTM gates are not 4 × hidden")
	same(cPrev, dh)
	same(tanhC, dh)
	same(dc, dh)
	active.lstmBackward(gates, cPrev, tanhC, dh, dc)
}

func same(x, y []float32) {
	if len(x) != len(y) {
		panic("kernel: slices of unequal length")
	}
}
