package lm

import (
	"fmt"
	"strings"
	"testing"

	"inkling/data"
	"inkling/internal/kernel"
	"inkling/softmax"
	"inkling/tensor"
)

// TestMemoryPlan compares the plan with what a tape holds after a step.
func TestMemoryPlan(t *testing.T) {
	for _, c := range []struct {
		config                Config
		vocab, lanes, time, n int
	}{
		{Config{Hidden: 128}, 65, 16, 64, 1},
		{Config{Hidden: 128, Layers: 2, Dropout: 0.2, DropoutOut: 0.2}, 65, 16, 64, 2},
		{Config{Hidden: 256, Layers: 2}, 65, 32, 50, 2},
		{Config{Hidden: 256, Layers: 1, Embed: 64}, 2000, 16, 32, 1},
		{Config{Hidden: 192, Layers: 3, Tied: true, Dropout: 0.5}, 500, 20, 35, 2},
		{Config{Hidden: 256, Norm: true, Embed: 100, DropoutIn: 0.2, DropoutOut: 0.3, Variational: true}, 600, 20, 35, 1},
		{Config{Arch: "gru", Hidden: 128}, 65, 16, 64, 1},
		{Config{Arch: "gru", Hidden: 256, Layers: 2, Dropout: 0.2, DropoutOut: 0.2}, 65, 32, 50, 2},
		{Config{Arch: "gru", Hidden: 256, Embed: 64, Norm: true, DropoutIn: 0.3}, 2000, 16, 32, 1},
		{Config{Arch: "window", Hidden: 256}, 65, 16, 64, 1},
		{Config{Arch: "window", Hidden: 256, Context: 8, Embed: 64, Direct: true, Norm: true, DropoutIn: 0.2, DropoutOut: 0.3}, 300, 32, 50, 2},
		{Config{Arch: "window", Hidden: 192, Layers: 3, Context: 4, Tied: true, Dropout: 0.3, DropoutIn: 0.3, Variational: true}, 500, 20, 35, 2},
		{Config{Arch: "window", Hidden: 512, Direct: true}, 3000, 16, 20, 2},
	} {
		t.Run(fmt.Sprintf("%+v", c.config), func(t *testing.T) {
			c.config.Counts = make([]int64, c.vocab)
			m, err := New(c.config)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := c.config.PlanTraining(Training{Lanes: c.lanes, Time: c.time, Shards: c.n, Slots: 2})
			if err != nil {
				t.Fatal(err)
			}
			if want := int64(4 * m.Params().Count()); plan.Weights != want {
				t.Errorf("weights: planned %d bytes, are %d", plan.Weights, want)
			}
			var acts, grads int64
			for s := range c.n {
				tp := tensor.NewTape()
				lanes := (s+1)*c.lanes/c.n - s*c.lanes/c.n
				w := data.Window{Lanes: lanes, Time: c.time, Inputs: make([]int, lanes*c.time), Targets: make([]int, lanes*c.time)}
				for range 2 {
					tp.Reset(1, 0, s)
					tp.Backward(m.Loss(tp, w, make([]float32, m.CarryFloats(w))), 1)
				}
				results, gradients := tp.Floats()
				acts, grads = acts+4*int64(results), grads+4*int64(gradients)
			}
			if plan.Gradients != grads {
				t.Errorf("gradients: planned %d bytes, are %d", plan.Gradients, grads)
			}
			t.Logf("acts %d plan %d  ratio %.3f", acts, plan.Activations, float64(plan.Activations)/float64(acts))
			if diff := acts - plan.Activations; diff < -acts/10 || diff > acts/10 {
				t.Errorf("activations: planned %d bytes, are %d", plan.Activations, acts)
			}
		})
	}
}

// TestMemoryPlanOfAverages: each kept beside the weights, and the sum of gradients, is as large as they are.
func TestMemoryPlanOfAverages(t *testing.T) {
	c := Config{Hidden: 128, Counts: make([]int64, 65)}
	plan := func(averaged, accumulated bool) Memory {
		m, err := c.PlanTraining(Training{Lanes: 16, Time: 64, Shards: 2, Slots: 1, Saved: true, Averaged: averaged, Accumulated: accumulated})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	w := plan(false, false).Weights
	for _, x := range []struct {
		averaged, accumulated bool
		more                  int64
	}{{true, false, 2}, {false, true, 1}, {true, true, 3}} {
		if more := plan(x.averaged, x.accumulated).Total() - plan(false, false).Total(); more != x.more*w {
			t.Errorf("averaged %v, accumulated %v: %d bytes more, want %d of %d", x.averaged, x.accumulated, more, x.more, w)
		}
	}
}

// TestMemoryPlanOfUse compares the plan of what a model is used for with what tapes and packed weights hold.
func TestMemoryPlanOfUse(t *testing.T) {
	every(t, 200, func(t *testing.T, m *Model) {
		plan, err := m.Config.PlanEvaluation(1<<30, 1)
		if err != nil {
			t.Fatal(err)
		}
		const lanes = 64
		tp, n := tensor.NewInference(), lanes*evalTime
		w := data.Window{Lanes: lanes, Time: evalTime, Inputs: make([]int, n), Targets: randomTokens(n, 200, 1)}
		m.Loss(tp, w, make([]float32, m.CarryFloats(w)))
		results, _ := tp.Floats()
		if held := 4 * int64(results); plan.Validation > held || plan.Validation < held-held/4-1<<18 { // memory is taken by the slab
			t.Errorf("evaluation: planned %d bytes, are %d", plan.Validation, held)
		}
		if plan.Weights != int64(4*m.Params().Count()) {
			t.Errorf("weights: planned %d bytes, are %d", plan.Weights, 4*m.Params().Count())
		}
	})
}

func TestFitBudgetPicksMoreForMore(t *testing.T) {
	for _, arch := range Architectures() {
		t.Run(arch.Name, func(t *testing.T) { picksMoreForMore(t, Config{Arch: arch.Name, Counts: make([]int64, 65)}) })
	}
}

func picksMoreForMore(t *testing.T, c Config) {
	last, first := 0.0, 0.0
	smallest := c
	smallest.Hidden, smallest.Layers = 128, 1
	for _, flops := range []float64{1e9, 1e10, 1e11, 1e12} {
		f := FitBudget(c, 600e9, 1_000_000, flops)
		if n := weightsOf(f.Config); n < last {
			t.Errorf("at %g operations a second a smaller model than at less", flops)
		} else {
			last = n
		}
		if first == 0 {
			first = last
		}
		if f.Epochs < enoughEpochs && weightsOf(f.Config) > weightsOf(smallest) {
			t.Errorf("at %g operations a second %g passes are not enough for the size", flops, f.Epochs)
		}
		if f.Config.Arch != c.Arch || f.Config.Hidden == 0 || f.Lanes == 0 || !strings.Contains(f.Why, f.Config.Sizes()) {
			t.Errorf("no choice at %g: %+v", flops, f)
		}
		if _, err := New(f.Config); err != nil {
			t.Error(err)
		}
	}
	if last < 10*first {
		t.Errorf("a thousand times the speed makes only %g weights of %g", last, first)
	}
	often, seldom := FitBudget(c, 600e9, 300_000, 1e11), FitBudget(c, 600e9, 30_000_000, 1e11)
	if often.Config.DropoutOut <= seldom.Config.DropoutOut {
		t.Errorf("dropout %g for a text read often, %g for one read seldom", often.Config.DropoutOut, seldom.Config.DropoutOut)
	}
}

// TestFlopsPerToken by hand: six operations a weight that is multiplied.
func TestFlopsPerToken(t *testing.T) {
	for _, x := range []struct {
		config Config
		vocab  int
		want   float64
	}{
		{Config{Hidden: 10, Layers: 2}, 7, 4*10*10*3 + 7*10},
		{Config{Hidden: 10, Embed: 3}, 7, 4*10*10 + 7*10},                             // a table
		{Config{Hidden: 10, Embed: 3}, 5000, 4*10*10 + 4*10*3 + 5000*10},              // too large for one
		{Config{Hidden: 10, Embed: 3, DropoutIn: 0.1}, 7, 4*10*10 + 4*10*3 + 7*10},    // which dropout cannot go through
		{Config{Arch: "gru", Hidden: 10, Layers: 3}, 7, 3*10*10*5 + 7*10},             //
		{Config{Arch: "window", Hidden: 10, Context: 4, Embed: 3}, 7, 10*12 + 7*10},   //
		{Config{Arch: "window", Hidden: 10, Layers: 2}, 7, 10*500 + 10*10 + 7*10},     // 5 tokens of 100
		{Config{Arch: "window", Hidden: 10, Direct: true}, 7, 10*500 + 7*(10+500)},    //
		{Config{Arch: "window", Hidden: 10, Context: 2, Tied: true}, 7, 10*20 + 7*10}, //
		{Config{Hidden: 10, Embed: 3, Output: "nce"}, 5000, 4*10*10 + 4*10*3 + 512*10},
	} {
		x.config.Counts = make([]int64, x.vocab)
		if got := x.config.FlopsPerToken(); got != 6*x.want {
			t.Errorf("%s of %s over %d tokens: %g, want %g", x.config.Arch, x.config.Sizes(), x.vocab, got, 6*x.want)
		}
	}
}

func TestPlanMemoryRefuses(t *testing.T) {
	c := Config{Counts: make([]int64, 65)}
	for _, s := range [][3]int{{0, 1, 1}, {1, -1, 1}, {1, 1, 0}, {1 << 32, 1 << 32, 1}, {1 << 40, 1, 1}, {1, 1, 1 << 40}} {
		if m, err := c.PlanTraining(Training{Lanes: s[0], Time: s[1], Shards: s[2], Slots: 2}); err == nil {
			t.Errorf("windows of %v planned at %d bytes", s, m.Total())
		}
	}
}

// TestMemoryPlanOfCopies: an adaptive softmax of a shared embedding keeps it a second time, by sections, and each section
// packed.
func TestMemoryPlanOfCopies(t *testing.T) {
	packed := func(c Config) int64 {
		c.Hidden, c.Tied, c.Counts = 64, true, make([]int64, 500)
		m, err := c.PlanEvaluation(1000, 1)
		if err != nil {
			t.Fatal(err)
		}
		return m.Packed
	}
	of := func(words int) int64 { return kernel.PackedBytes(64, words, kernel.Float32) }
	const copies = 4 * 501 * 65 // of the words and of the tail, with biases
	adaptive := packed(Config{Output: "adaptive", OutputOptions: softmax.Options{Cutoffs: []int{100}}})
	if got, want := adaptive-packed(Config{}), of(101)+of(400)-of(500)+copies; got != want {
		t.Errorf("%d bytes more than full, want %d", got, want)
	}
}
