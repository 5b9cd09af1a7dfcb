package main

import (
	"inkling/checkpoint"
	"inkling/data"
	"inkling/lm"
)

// load reads a saved model. A folder may come from anywhere: what its config asks for must fit in
// memory before anything is made.
func load(dir string) (*lm.Model, *data.Vocab, error) {
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		return nil, nil, err
	}
	defer run.Close()
	if !run.HasModel() {
		return nil, nil, badInput("%s: %s", dir, notTrained(run))
	}
	config, _, err := lm.ReadConfig(run)
	if err != nil {
		return nil, nil, err
	}
	need, err := config.PlanMemory(1, 1, 1, 0)
	if err != nil {
		return nil, nil, badInput("%s: config.json: %w", dir, err)
	}
	if limit := availableMemory(); limit > 0 && need.Total() > limit {
		return nil, nil, badInput("%s: a model of this size takes %s of memory, and there are %s", dir, sizeOf(need.Total()), sizeOf(limit))
	}
	return lm.Load(run)
}

// notTrained is what to say of a run that was stopped before it had weights.
func notTrained(run *checkpoint.Run) string {
	return "not trained yet: inkling resume " + quoted(run.Dir())
}
