package lm

import (
	"fmt"
	"testing"

	"inkling/data"
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

func TestFitBudgetPicksMoreForMore(t *testing.T) {
	counts := make([]int64, 65)
	last, first := 0.0, 0.0
	for _, flops := range []float64{1e9, 1e10, 1e11, 1e12} {
		f := FitBudget(600e9, 1_000_000, counts, flops)
		if n := weightsOf(f.Config); n < last {
			t.Errorf("at %g operations a second a smaller model than at less", flops)
		} else {
			last = n
		}
		if first == 0 {
			first = last
		}
		if f.Epochs < enoughEpochs && weightsOf(f.Config) > weightsOf(Config{Hidden: 128, Layers: 1, Counts: counts}) {
			t.Errorf("at %g operations a second %g passes are not enough for the size", flops, f.Epochs)
		}
		if f.Config.Hidden == 0 || f.Lanes == 0 || f.Why == "" {
			t.Errorf("no choice at %g: %+v", flops, f)
		}
	}
	if last < 20*first {
		t.Errorf("a thousand times the speed makes only %g weights of %g", last, first)
	}
	often, seldom := FitBudget(600e9, 300_000, counts, 1e11), FitBudget(600e9, 30_000_000, counts, 1e11)
	if often.Config.Dropout <= seldom.Config.Dropout {
		t.Errorf("dropout %g for a text read often, %g for one read seldom", often.Config.Dropout, seldom.Config.Dropout)
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
