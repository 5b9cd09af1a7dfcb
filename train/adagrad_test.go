package train_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"inkling/nn"
	"inkling/tensor"
	"inkling/train"
)

// TestAdaGrad compares weights after each of many steps with the formula of PyTorch's torch.optim.Adagrad, in
// float64.
func TestAdaGrad(t *testing.T) {
	const steps, size = 200, 40
	for _, o := range []train.Options{{Rate: 0.1}, {Rate: 0.5, Epsilon: 0.3}, {Rate: 0.05, Decay: 0.1}} {
		r := rand.New(rand.NewPCG(1, 2))
		p := tensor.NewParam("w", 4, size/4)
		w, sum := make([]float64, size), make([]float64, size)
		for i := range w {
			p.Value[i] = r.Float32() - 0.5
			w[i] = float64(p.Value[i])
		}
		g := &given{params: nn.Params{p}}
		for range steps {
			grad := make([]float32, size)
			for i := range grad {
				if i%3 > 0 || r.IntN(10) == 0 { // a third of the gradients is mostly zero
					grad[i] = float32(r.NormFloat64())
				}
			}
			g.grads = append(g.grads, map[string]array{"w": {Data: grad}})
		}
		eps := o.Epsilon
		if eps == 0 {
			eps = 1e-10
		}
		_, err := train.Run(context.Background(), g, g, train.Config{
			Steps: steps, Optimizer: "adagrad", Options: o, Schedule: "constant", Clip: -1, Shards: 1,
			Progress: func(at train.Progress) {
				for i, grad := range g.grads[at.Step-1]["w"].Data {
					d := float64(grad) + o.Decay*w[i]
					sum[i] += d * d
					if d != 0 {
						w[i] -= o.Rate * d / (math.Sqrt(sum[i]) + eps)
					}
					if math.Abs(w[i]-float64(p.Value[i])) > 1e-5 {
						t.Fatalf("%+v: weight %d is %g after step %d, the formula gives %g", o, i, p.Value[i], at.Step, w[i])
					}
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestAdaGradOfConstantGradient has a closed form: the k-th step of a constant gradient is Rate/√k, however
// large the gradient.
func TestAdaGradOfConstantGradient(t *testing.T) {
	g := &given{params: nn.Params{tensor.NewParam("w", 1, 2)}}
	const steps = 1000
	for range steps {
		g.grads = append(g.grads, map[string]array{"w": {Data: []float32{1e-3, -50}}})
	}
	if _, err := train.Run(context.Background(), g, g, train.Config{Steps: steps, Optimizer: "adagrad", Schedule: "constant", Clip: -1, Shards: 1}); err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for k := 1; k <= steps; k++ {
		want += 0.01 / math.Sqrt(float64(k))
	}
	for i, sign := range []float64{-1, 1} {
		if got := float64(g.params[0].Value[i]); math.Abs(got-sign*want) > 1e-5*want {
			t.Errorf("weight %d is %g, want %g", i, got, sign*want)
		}
	}
}
