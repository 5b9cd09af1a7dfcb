package main

import (
	"math"
	"runtime"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/lm"
)

// load reads a saved model, for a use that takes so much memory. A folder may come from anywhere: what
// its config asks for must fit before anything is made.
func load(a *app, dir string, use func(lm.Config) (lm.Memory, error), text int64) (*lm.Model, *data.Vocab, error) {
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		return nil, nil, err
	}
	defer run.Close()
	if err := refuseVAE(run); err != nil {
		return nil, nil, err
	}
	if !run.HasModel() {
		return nil, nil, badInput("%s: %s", dir, notTrained(run))
	}
	config, vocab, err := lm.ReadConfig(run)
	if err != nil {
		return nil, nil, err
	}
	need, err := use(config)
	if err != nil {
		return nil, nil, badInput("%s: config.json: %w", dir, err)
	}
	plan := newPlan(need, vocab, text)
	if err := plan.check(a.memory(), dir, "use it on a machine with more, or raise --memory"); err != nil {
		return nil, nil, err
	}
	plan.hold()
	return lm.Load(run)
}

// refuseVAE refuses a VAE where a language model is asked for.
func refuseVAE(run *checkpoint.Run) error {
	if vaeKindIn(run) == nil {
		return nil
	}
	return badInput("%s: config.json is of a variational auto-encoder, which goes on with no text: inkling sample, reconstruct or encode is for that", run.Dir())
}

// forDecoding and forEvaluation are what a loaded model is used for.
func forDecoding(c lm.Config) (lm.Memory, error) { return c.PlanDecoding() }

func forEvaluation(c lm.Config) (lm.Memory, error) {
	return c.PlanEvaluation(math.MaxInt32, runtime.GOMAXPROCS(0))
}

// notTrained is what to say of a run that was stopped before it had weights.
func notTrained(run *checkpoint.Run) string {
	return "not trained yet: inkling resume " + quoted(run.Dir())
}
