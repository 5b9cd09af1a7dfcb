package train_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"

	"inkling/nn"
	"inkling/tensor"
	"inkling/train"
)

type array struct {
	Shape []int
	Data  []float32
}

// given is a model whose gradients are the given ones: its loss is Σ weights·gradients.
type given struct {
	params nn.Params
	grads  []map[string]array // by step
}

type atStep int

func (atStep) Weight() float64 { return 1 }

func (g *given) Params() nn.Params      { return g.params }
func (g *given) CarryFloats(atStep) int { return 0 }

func (g *given) Batch(step, _, _ int) (atStep, error) { return atStep(step), nil }
func (g *given) StepsPerEpoch() int                   { return len(g.grads) }

func (g *given) Loss(tp *tensor.Tape, step atStep, _ []float32) *tensor.Tensor {
	loss := tp.Const(1, 1, []float32{0})
	for _, p := range g.params {
		loss = tensor.Add(tp, loss, tensor.Sum(tp, tensor.Mul(tp, tp.Use(p), tp.Const(p.Rows, p.Cols, g.grads[step][p.Name].Data))))
	}
	return loss
}

// TestOptimizersArePyTorchs compares weights after each of five steps, through the whole loop: clipping included.
func TestOptimizersArePyTorchs(t *testing.T) {
	raw, err := os.ReadFile("../lm/testdata/optim.json")
	if err != nil {
		t.Fatal(err)
	}
	var known struct {
		Start map[string]array
		Grads []map[string]array
		Cases []struct {
			Name    string
			Options struct {
				MaxNorm         float64 `json:"max_norm"`
				Lr, Eps         float64
				Betas           []float64
				Alpha, Momentum float64
				WeightDecay     float64 `json:"weight_decay"`
			}
			Weights []map[string]array
			Norms   []float64
		}
	}
	if err := json.Unmarshal(raw, &known); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{"adam": "adam", "adam_l2": "adam", "adamw": "adamw", "sgd": "sgd", "momentum": "sgd", "momentum_l2": "sgd", "rmsprop": "rmsprop", "rmsprop_l2": "rmsprop"}
	for _, c := range known.Cases {
		g := &given{grads: known.Grads}
		for _, name := range []string{"a", "b", "c"} {
			start := known.Start[name]
			shape := start.Shape
			if len(shape) == 1 {
				shape = []int{shape[0], 1} // decayed as PyTorch does it, who knows no difference
			}
			p := tensor.NewParam(name, shape...)
			copy(p.Value, start.Data)
			g.params = append(g.params, p)
		}
		o := train.Options{Rate: c.Options.Lr, Momentum: c.Options.Momentum, Epsilon: c.Options.Eps, Decay: c.Options.WeightDecay, Beta2: c.Options.Alpha}
		if c.Options.Betas != nil {
			o.Momentum, o.Beta2 = c.Options.Betas[0], c.Options.Betas[1]
		}
		clip := c.Options.MaxNorm
		if clip == 0 {
			clip = -1
		}
		steps := 0
		_, err := train.Run(context.Background(), g, g, train.Config{
			Steps: len(known.Grads), Optimizer: names[c.Name], Options: o, Schedule: "constant", Clip: clip, Shards: 1,
			Progress: func(p train.Progress) {
				if c.Norms != nil && math.Abs(p.Norm-c.Norms[steps]) > 1e-5*c.Norms[steps] {
					t.Errorf("%s: gradient norm %g, PyTorch has %g", c.Name, p.Norm, c.Norms[steps])
				}
				for _, q := range g.params {
					for i, want := range c.Weights[steps][q.Name].Data {
						if math.Abs(float64(q.Value[i]-want)) > 2e-6*max(1, math.Abs(float64(want))) {
							t.Fatalf("%s clipped at %g: %s[%d] is %g after step %d, PyTorch has %g", c.Name, c.Options.MaxNorm, q.Name, i, q.Value[i], steps+1, want)
						}
					}
				}
				steps++
			},
		})
		if err != nil || steps != len(known.Grads) {
			t.Fatalf("%s: %d steps, %v", c.Name, steps, err)
		}
	}
}

func TestDecaySparesBiases(t *testing.T) {
	g := &given{grads: []map[string]array{{"w": {Data: make([]float32, 4)}, "b": {Data: make([]float32, 2)}}}}
	w, b := tensor.NewParam("w", 2, 2), tensor.NewParam("b", 2)
	w.Value[0], b.Value[0] = 1, 1
	g.params = nn.Params{w, b}
	for _, o := range train.Optimizers {
		w.Value[0], b.Value[0] = 1, 1
		if _, err := train.Run(context.Background(), g, g, train.Config{Steps: 1, Optimizer: o.Name, Options: train.Options{Decay: 0.5}, Schedule: "constant"}); err != nil {
			t.Fatal(err)
		}
		if w.Value[0] >= 1 || b.Value[0] != 1 {
			t.Errorf("%s: after a step of nothing but decay, the weight is %g and the bias %g", o.Name, w.Value[0], b.Value[0])
		}
	}
}
