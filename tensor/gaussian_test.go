package tensor_test

import (
	"math"
	"testing"

	"inkling/tensor"
)

// ramp is n numbers around zero, none of them zero.
func ramp(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i%7-3)/2 + 0.1
	}
	return x
}

func ones(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

func logNormal(x, mean, logSigma float64) float64 {
	e := (x - mean) / math.Exp(logSigma)
	return -0.5*e*e - logSigma - 0.5*math.Log(2*math.Pi)
}

func almost(t *testing.T, what string, got float32, want float64) {
	t.Helper()
	if math.Abs(float64(got)-want) > 1e-5*(1+math.Abs(want)) {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

// TestGaussians holds values against the formulas, and the divergence against the integral that it stands for.
func TestGaussians(t *testing.T) {
	const n, k, d = 2, 3, 4
	tp := tensor.NewTape()
	q := tp.Leaf(n, 2*d, ramp(2*n*d))
	noise := ramp(n * k * d)
	z := tensor.Reparametrize(tp, q, noise, k)
	log, normal, kl := tensor.GaussianLogProb(tp, z, q), tensor.NormalLogProb(tp, z), tensor.GaussianKL(tp, q)
	for r := range n * k {
		for j := range d {
			mean, s := float64(q.Row(r / k)[j]), float64(q.Row(r / k)[d+j])
			want := mean + math.Exp(s)*float64(noise[r*d+j])
			almost(t, "z", z.Row(r)[j], want)
			almost(t, "log q(z)", log.Row(r)[j], logNormal(want, mean, s))
			almost(t, "log p(z)", normal.Row(r)[j], logNormal(want, 0, 0))
		}
	}
	for i := range n {
		for j := range d {
			mean, s := float64(q.Row(i)[j]), float64(q.Row(i)[d+j])
			sum, step := 0.0, 1e-3
			for e := -12.0; e < 12; e += step {
				x := mean + math.Exp(s)*e
				sum += step * math.Exp(logNormal(e, 0, 0)) * (logNormal(x, mean, s) - logNormal(x, 0, 0))
			}
			almost(t, "KL", kl.Row(i)[j], sum)
		}
	}
}

// TestFreeBits: what tells less than the floor counts as the floor and gets no gradient.
func TestFreeBits(t *testing.T) {
	tp := tensor.NewTape()
	kl := tp.Leaf(2, 3, []float32{0.1, 1, 0.4, 0.1, 3, 0.8})
	loss := tensor.FreeBits(tp, kl, 0.5)
	almost(t, "the loss", loss.Item(), 1+4+1.2)
	tp.Backward(loss, 2)
	for i, want := range []float64{0, 2, 2, 0, 2, 2} {
		almost(t, "gradient", kl.Grad()[i], want)
	}
}

// TestGradientsOnTheWay holds the ops that change nothing but gradients.
func TestGradientsOnTheWay(t *testing.T) {
	tp := tensor.NewTape()
	x := tp.Leaf(2, 2, []float32{1, 2, 3, 4})
	weight := []float32{0, 0}
	loss := tensor.Sum(tp, tensor.Mul(tp, tensor.ScaleGrad(tp, x, weight), tensor.Detach(tp, x)))
	weight[0], weight[1] = 2, -1
	tp.Backward(loss, 1)
	almost(t, "the loss", loss.Item(), 30)
	for i, want := range []float64{2, 4, -3, -4} {
		almost(t, "gradient", x.Grad()[i], want)
	}
}

// TestFrozen: parameters within get no gradient, operands do, and outside nothing changes.
func TestFrozen(t *testing.T) {
	w := tensor.NewParam("w", 1, 1)
	w.Value[0] = 3
	tp := tensor.NewTape()
	x := tp.Leaf(1, 1, []float32{2})
	var y *tensor.Tensor
	tp.Frozen(func() { y = tensor.Linear(tp, x, w) })
	tp.Backward(tensor.Sum(tp, tensor.Mul(tp, y, tensor.Linear(tp, x, w))), 1) // (3x)·(wx)
	almost(t, "the operand's gradient", x.Grad()[0], 36)
	almost(t, "the parameter's", tp.ParamGrad(w)[0], 12) // of one factor only
}

// TestLogMeanExp holds it where e^x overflows, and its shares to sum to one.
func TestLogMeanExp(t *testing.T) {
	tp := tensor.NewTape()
	x := tp.Leaf(4, 1, []float32{500, 502, -700, -700})
	shares := make([]float32, 4)
	y := tensor.LogMeanExp(tp, x, 2, shares)
	almost(t, "the first", y.Row(0)[0], 502+math.Log((1+math.Exp(-2))/2))
	almost(t, "the second", y.Row(1)[0], -700)
	almost(t, "a share", shares[1], 1/(1+math.Exp(-2)))
	almost(t, "shares", shares[2]+shares[3], 1)
}
