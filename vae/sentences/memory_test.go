package sentences

import (
	"fmt"
	"testing"

	"inkling/softmax"
	"inkling/tensor"
	"inkling/vae"
)

// alike are sentences of so many tokens.
func alike(n, length, vocab int) (e Examples) {
	for i := range n {
		tokens := make([]int, length)
		for t := range tokens {
			tokens[t] = (i*311 + t*977) % vocab
		}
		e = append(e, tokens)
	}
	return e
}

// TestMemoryPlan compares the plan with what the tapes of a step hold, and those that judge, where all sentences are as long as may be but one.
func TestMemoryPlan(t *testing.T) {
	for _, c := range []struct {
		vocab, length, batch, shards int
		objective                    vae.Objective
		edit                         func(*Config)
	}{
		{2000, 30, 32, 1, vae.Objective{}, nil},
		{2000, 30, 32, 1, vae.Objective{FreeBits: 0.1}, func(c *Config) { c.WordDropout, c.DropoutIn, c.DropoutOut = 0.3, 0.5, 0.5 }},
		{60, 80, 16, 1, vae.Objective{FreeRate: 5}, func(c *Config) { c.Hidden, c.Embed = 300, 300 }},
		{2000, 20, 8, 1, vae.Objective{Name: "iwae", K: 5}, func(c *Config) { c.Hidden, c.Embed, c.Latent = 128, 64, 300 }},
		{3000, 25, 16, 2, vae.Objective{Name: "ae"}, func(c *Config) { c.Cell = "gru"; c.Output = "adaptive" }},
		{20000, 25, 16, 1, vae.Objective{}, func(c *Config) {
			c.Hidden, c.Output, c.OutputOptions = 64, "sampled", softmax.Options{Samples: 100}
		}},
	} {
		name := fmt.Sprintf("%d words, %d tokens, %d in %d, %s %d", c.vocab, c.length, c.batch, c.shards, c.objective.Name, c.objective.K)
		t.Run(name, func(t *testing.T) {
			config := Config{Longest: c.length, Hidden: 100, Begin: 0, End: 1, Counts: make([]int64, c.vocab)}
			if c.edit != nil {
				c.edit(&config)
			}
			m, err := New(config)
			if err != nil {
				t.Fatal(err)
			}
			config, o := m.Sentences, c.objective
			if err := o.Complete(); err != nil {
				t.Fatal(err)
			}
			plan, err := config.PlanTraining(o, vae.Training{Batch: c.batch, Shards: c.shards, Slots: 2, Held: 1000, Workers: 1}, c.length)
			if err != nil {
				t.Fatal(err)
			}
			if want := int64(4 * m.Params().Count()); plan.Weights != want || 4*config.Weights() != want {
				t.Errorf("weights of %d bytes, planned %d", want, plan.Weights)
			}
			fit := &vae.Fit{Model: m.Model, Objective: o}
			var acts, grads int64
			for s := range c.shards {
				n := (s+1)*c.batch/c.shards - s*c.batch/c.shards
				e := alike(n, c.length, c.vocab)
				e[0] = e[0][:c.length/2]
				b := e.Batch(0, n)
				b.Data = Batch{Sentences: e, Train: true}
				tp := tensor.NewTape()
				for range 2 {
					tp.Reset(1, 0, s)
					tp.Backward(fit.Loss(tp, b, nil), 1)
				}
				results, gradients := tp.Floats()
				acts, grads = acts+4*int64(results), grads+4*int64(gradients)
			}
			if config.sparse() && plan.Gradients < grads || !config.sparse() && plan.Gradients != grads {
				t.Errorf("gradients: planned %d bytes, are %d", plan.Gradients, grads)
			}
			within(t, "activations", plan.Activations, acts)

			tp := tensor.NewInference()
			const judged = 64
			e := alike(judged, c.length, c.vocab)
			e[0] = e[0][:c.length/2]
			m.encoder.Encode(tp, e.Batch(0, judged))
			m.decoder.LogLikelihood(tp, e.Batch(0, judged), tp.Const(judged, config.Latent, make([]float32, judged*config.Latent)))
			results, _ := tp.Floats()
			use, err := config.PlanUse(c.length, 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			within(t, "judging", use.Activations, 4*int64(results))
		})
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
