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
	cfg, err := readConfig(run)
	if err != nil {
		return nil, nil, err
	}
	model := cfg.Model
	model.Counts = []int64{1} // the vocabulary comes on top, and has a file of its own to answer for it
	need, err := model.PlanMemory(1, 1, 1, 0)
	if err != nil {
		return nil, nil, badInput("%s: config.json: %w", dir, err)
	}
	if limit := availableMemory(); limit > 0 && need.Total() > limit {
		return nil, nil, badInput("%s: a model of this size takes %s of memory, and there are %s", dir, sizeOf(need.Total()), sizeOf(limit))
	}
	m, vocab, err := lm.Load(run)
	if err != nil {
		return nil, nil, err
	}
	return m, vocab, nil
}
