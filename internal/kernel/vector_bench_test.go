package kernel

import (
	"fmt"
	"testing"
)

// BenchmarkVector gives ns and bytes (read and written) for every vector function, from the first-level cache
// (n = 2048) and from memory (n = 4 million).
//
//	go test ./internal/kernel -bench Vector -run -
func BenchmarkVector(b *testing.B) {
	const most = 1 << 22
	var s [5][]float32
	for i := range s {
		s[i] = make([]float32, most)
		fill := random(uint64(i), 1)
		for j := range s[i] {
			s[i][j] = fill(j)
		}
	}
	x, y, z, u, w := s[0], s[1], s[2], s[3], s[4]
	gates := make([]float32, most)
	for _, f := range []struct {
		name    string
		floats  int // of memory read and written, for an element
		largest int
		run     func(n int)
	}{
		{"exp", 2, most, func(n int) { Exp(y[:n], x[:n]) }},
		{"tanh", 2, most, func(n int) { Tanh(y[:n], x[:n]) }},
		{"sigmoid", 2, most, func(n int) { Sigmoid(y[:n], x[:n]) }},
		{"add", 3, most, func(n int) { Add(y[:n], x[:n]) }},
		{"axpy", 3, most, func(n int) { Axpy(y[:n], 1e-6, x[:n]) }},
		{"scale", 2, most, func(n int) { Scale(y[:n], 1) }},
		{"mul", 3, most, func(n int) { Mul(z[:n], x[:n], y[:n]) }},
		{"mulAdd", 4, most, func(n int) { MulAdd(z[:n], x[:n], y[:n]) }},
		{"dot", 2, most, func(n int) { Dot(x[:n], y[:n]) }},
		{"sum", 1, most, func(n int) { Sum(x[:n]) }},
		{"max", 1, most, func(n int) { Max(x[:n]) }},
		{"logSumExp", 1, most, func(n int) { LogSumExp(x[:n]) }},
		{"softmax", 2, most, func(n int) { Softmax(y[:n], x[:n]) }},
		{"lstmForward", 12, most / 4, func(n int) {
			copy(gates[:4*n], x) // their activations would do as the next input, but not for ever
			LSTMForward(gates[:4*n], x[:n], y[:n], z[:n], u[:n])
		}},
		{"lstmBackward", 13, most / 4, func(n int) {
			copy(gates[:4*n], x)
			LSTMBackward(gates[:4*n], x[:n], z[:n], u[:n], w[:n])
		}},
		{"copyGates", 8, most / 4, func(n int) { copy(gates[:4*n], x) }}, // to be taken off the two above
		{"gruForward", 12, most / 4, func(n int) {
			copy(gates[:3*n], x)
			GRUForward(gates[:3*n], y[:3*n], z[:n], w[:n], u[:n])
		}},
		{"gruBackward", 17, most / 4, func(n int) {
			copy(gates[:3*n], x)
			GRUBackward(gates[:3*n], y[:3*n], z[:n], x[:n], u[:n], w[:n])
		}},
		{"normalize", 2, most, func(n int) { Normalize(y[:n], x[:n], 0.5, 2) }},
		{"relu", 2, most, func(n int) { ReLU(y[:n], x[:n]) }},
		{"reluBackward", 4, most, func(n int) { ReLUBackward(u[:n], x[:n], y[:n]) }},
		{"tanhBackward", 4, most, func(n int) { TanhBackward(u[:n], x[:n], y[:n]) }},
		{"sigmoidBackward", 4, most, func(n int) { SigmoidBackward(u[:n], x[:n], y[:n]) }},
		{"bernoulli", 3, most, func(n int) { Bernoulli(u[:n], x[:n], z[:n]) }},
		{"normal", 5, most, func(n int) { Normal(u[:n], w[:n], x[:n], y[:n], z[:n], -6) }},
		{"logistic", 5, most, func(n int) { Logistic(u[:n], w[:n], x[:n], y[:n], z[:n], 1./510, -7) }},
		{"adam", 7, most, func(n int) { Adam(x[:n], u[:n], w[:n], z[:n], &adamBench) }},
		{"momentum", 5, most, func(n int) { Momentum(x[:n], u[:n], w[:n], &MomentumStep{Rate: 1e-6, Momentum: 0.5, Clip: 1}) }},
		{"rmsprop", 5, most, func(n int) {
			RMSProp(x[:n], u[:n], z[:n], &RMSPropStep{Rate: 1e-6, Alpha: 0.9, New: 0.1, Eps: 1e-3, Clip: 1})
		}},
		{"randomMask", 1, most, func(n int) { RandomMask(y[:n], 0.3, 1, 2) }},
	} {
		for _, n := range []int{512, 2048, f.largest} {
			b.Run(fmt.Sprintf("%s/n=%d/%s", f.name, n, ISA()), func(b *testing.B) {
				for i := range z {
					z[i] = 0.5 // never negative: it is also a second moment
				}
				b.SetBytes(int64(n * f.floats * 4))
				for b.Loop() {
					f.run(n)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/element")
			})
		}
	}
}

var adamBench = AdamStep{Rate: 1e-6, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, C1: 0.5, C2: 0.5, Decay: 0.01, Clip: 1}
