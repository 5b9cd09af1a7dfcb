package vae

import (
	"fmt"
	"testing"

	"inkling/tensor"
)

// TestMemoryPlan compares the plan with what the tapes of a step hold, and those that judge.
func TestMemoryPlan(t *testing.T) {
	mnist := Config{Height: 28, Width: 28}
	with := func(f func(*Config)) Config { c := mnist; f(&c); return c }
	for _, c := range []struct {
		config        Config
		objective     string
		k             int
		batch, shards int
		sampled       bool
	}{
		{mnist, "elbo", 1, 100, 1, false},
		{mnist, "elbo", 1, 100, 3, true},
		{mnist, "elbo", 4, 64, 2, false},
		{mnist, "ae", 1, 128, 2, false},
		{mnist, "iwae", 5, 100, 2, false},
		{with(func(c *Config) { c.Hidden = [][]int{{500}}; c.Latent = []int{300} }), "elbo", 1, 100, 1, false},
		{with(func(c *Config) { c.Latent = []int{300} }), "iwae", 3, 40, 1, false},
		{with(func(c *Config) { c.Latent = []int{100, 50} }), "elbo", 2, 100, 1, false},
		{with(func(c *Config) { c.Latent = []int{260, 300}; c.Hidden = [][]int{{64}, {300}} }), "iwae", 6, 50, 2, false},
		{with(func(c *Config) { c.Latent = []int{100, 50}; c.Activation = "relu" }), "elbo", 1, 200, 2, true},
		{mnist, "elbo", 1, 1000, 1, true},
		{mnist, "dreg", 5, 100, 2, false},
		{mnist, "score", 8, 100, 2, false},
		{with(func(c *Config) { c.Latent = []int{260, 300}; c.Hidden = [][]int{{64}, {300}} }), "dreg", 6, 50, 1, false},
		{mnist, "iwae", 20, 100, 2, false},
		{with(func(c *Config) { c.Latent = []int{260, 300}; c.Hidden = [][]int{{64}, {300}} }), "elbo", 10, 100, 1, false},
		{with(func(c *Config) { c.Net = "conv" }), "elbo", 1, 100, 2, false},
		{with(func(c *Config) { c.Net = "conv"; c.Likelihood = "logistic" }), "elbo", 2, 50, 1, false},
		{with(func(c *Config) { c.Net, c.Likelihood, c.Channels = "conv", "gaussian", 3; c.Activation = "relu" }), "iwae", 5, 30, 2, false},
		{with(func(c *Config) {
			c.Net, c.Height, c.Width, c.Latent, c.Hidden = "conv", 13, 7, []int{20, 30}, [][]int{{16, 8, 64}, {300}}
		}), "dreg", 5, 100, 1, false},
		{with(func(c *Config) { c.Likelihood = "categorical" }), "elbo", 1, 50, 1, false},
		{with(func(c *Config) { c.Likelihood = "logistic" }), "iwae", 5, 50, 2, false},
	} {
		t.Run(fmt.Sprintf("%s %s %v %v %s %d", c.config.Net, c.config.Likelihood, c.config.Latent, c.config.Hidden, c.objective, c.k), func(t *testing.T) {
			o := Objective{Name: c.objective, K: c.k, Sampled: c.sampled}
			if err := o.Complete(); err != nil {
				t.Fatal(err)
			}
			m, err := New(c.config)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := m.Config.PlanTraining(o, Training{Batch: c.batch, Shards: c.shards, Slots: 2, Held: 1000, Workers: 1})
			if err != nil {
				t.Fatal(err)
			}
			if want := int64(4 * m.Params().Count()); plan.Weights != want || plan.Optimizer != 2*want || plan.Checkpoint != 3*want {
				t.Errorf("weights of %d bytes, planned %+v", want, plan)
			}
			fit := &Fit{Model: m, Objective: o}
			var acts, grads int64
			for s := range c.shards {
				tp := tensor.NewTape()
				n := (s+1)*c.batch/c.shards - s*c.batch/c.shards
				b := Batch{Rows: n, X: make([]float32, n*m.Config.Inputs())}
				for range 2 {
					tp.Reset(1, 0, s)
					tp.Backward(fit.Loss(tp, b, nil), 1)
				}
				results, gradients := tp.Floats()
				acts, grads = acts+4*int64(results+len(b.X)), grads+4*int64(gradients)
			}
			if plan.Gradients != grads {
				t.Errorf("gradients: planned %d bytes, are %d", plan.Gradients, grads)
			}
			within(t, "activations", plan.Activations, acts)

			o.Name = "elbo"
			judged := func(n, k int, analytic bool) int64 {
				tp := tensor.NewInference()
				terms := m.terms(tp, Batch{Rows: n, X: make([]float32, n*m.Config.Inputs())}, draw{samples: k, analytic: analytic, noise: func(dst []float32) { clear(dst) }})
				if !analytic {
					terms.logWeights(tp)
				}
				results, _ := tp.Floats()
				return 4 * int64(results+n*m.Config.Inputs())
			}
			within(t, "judging", m.Config.judging(m.Config.costs(), judgedAtOnce, 0, 1), judged(judgedAtOnce, 1, true))
			within(t, "importance", m.Config.judging(m.Config.costs(), 1, DrawnAtOnce, 1), judged(1, DrawnAtOnce, false))
		})
	}
}

// TestMemoryPlanOfInference compares the plan with what the tapes of densities hold once they have been asked for gradients.
func TestMemoryPlanOfInference(t *testing.T) {
	mnist := Config{Height: 28, Width: 28}
	with := func(f func(*Config)) Config { c := mnist; f(&c); return c }
	for _, c := range []Config{
		mnist,
		with(func(c *Config) { c.Latent = []int{300}; c.Hidden = [][]int{{32}} }),
		with(func(c *Config) { c.Latent = []int{100, 50} }),
		with(func(c *Config) { c.Latent = []int{260, 300}; c.Hidden = [][]int{{64}, {300}} }),
		with(func(c *Config) { c.Net = "conv" }),
		with(func(c *Config) { c.Net = "conv"; c.Likelihood = "logistic" }),
		with(func(c *Config) { c.Likelihood = "categorical" }),
		with(func(c *Config) { c.Likelihood = "gaussian" }),
	} {
		for _, rows := range [][2]int{{4, 16}, {32, 1}, {1, 200}} {
			m, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			n, k := rows[0], rows[1]
			x := make([]float32, n*m.Config.Inputs())
			z := make([]float32, n*k*m.Config.Variables())
			value, grad := make([]float64, n*k), make([]float32, len(z))
			held := func(d *Density) int64 {
				for range 2 {
					d.At(value, grad, z)
				}
				results, gradients := d.tp.Floats()
				if gradients > 0 {
					t.Errorf("%d floats of the parameters' gradients", gradients)
				}
				return 4 * int64(results)
			}
			joint, approximate, prior := held(m.Joint(Batch{Rows: n, X: x}, k)), held(m.Approximate(Batch{Rows: n, X: x}, k).Density), held(m.PriorDensity(n, k).Density)
			what := fmt.Sprintf("%s %s %v, %d × %d", m.Config.Net, m.Config.Likelihood, m.Config.Latent, n, k)
			within(t, what+": log p(x, z)", 4*m.Config.jointResults(int64(n*k)), joint)
			within(t, what+": log q(z|x)", 4*m.Config.approximateResults(int64(n), int64(n*k)), approximate)
			if plan := 4 * m.Config.approximateResults(int64(n), int64(n*k)); prior > plan+plan/10+1<<18 && len(c.Latent) < 2 {
				t.Errorf("%s: log p(z) takes %d bytes, log q(z|x) is planned to take %d", what, prior, plan)
			}
			all, err := m.Config.PlanInference(Inference{n, k, 3, true, 7})
			if want := 3 * (joint + approximate + 4*int64(len(x)+7*len(z))); err != nil || all.Activations < want*9/10-(4<<20) || all.Activations > want*11/10+(4<<20) {
				t.Errorf("%s: planned %+v, want %d", what, all, want)
			}
		}
	}
}

// within holds a plan against what is: a tenth off at most, but for slabs that are not full, or have found more use than was thought.
func within(t *testing.T, what string, plan, are int64) {
	t.Helper()
	t.Logf("%s: planned %d bytes, are %d, ratio %.3f", what, plan, are, float64(plan)/float64(are))
	if diff := are - plan; diff < -are/10-(5<<18) || diff > are/10+(1<<18) {
		t.Errorf("%s: planned %d bytes, are %d", what, plan, are)
	}
}

// TestPlanRefuses sizes that no machine has, before they are multiplied.
func TestPlanRefuses(t *testing.T) {
	c := Config{Height: 28, Width: 28}
	for _, s := range [][3]int{{0, 1, 1}, {1, 0, 1}, {1, 2, 1}, {1 << 40, 1, 1}, {1 << 20, 1, 1 << 12}} {
		if m, err := c.PlanTraining(Objective{K: s[2]}, Training{Batch: s[0], Shards: s[1], Slots: 2}); err == nil {
			t.Errorf("batches of %v planned: %+v", s, m)
		}
	}
	c = Config{Height: 1 << 10, Width: 1 << 10, Latent: []int{1 << 16, 1 << 16}, Hidden: [][]int{{1 << 16, 1 << 16}, {1 << 16}}}
	m, err := c.PlanTraining(Objective{K: 1 << 8}, Training{Batch: 1 << 16, Shards: 1 << 10, Slots: 2, Held: 1 << 30, Workers: 1 << 10, Averaged: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, bytes := range []int64{m.Weights, m.Optimizer, m.Averages, m.Checkpoint, m.Packed, m.Gradients, m.Activations, m.Validation} {
		if bytes <= 0 || bytes > 1<<60 {
			t.Errorf("the largest of all is planned at %+v", m)
		}
	}
}
