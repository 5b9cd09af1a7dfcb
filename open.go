package inkling

import (
	"inkling/checkpoint"
	"inkling/data"
	"inkling/lm"
)

// Saved is a model read from a folder.
type Saved struct {
	LM    *lm.Model   // a language model
	Vocab *data.Vocab // its tokens
}

// Open reads the model in a folder that `inkling train` wrote: config.json, model.safetensors and
// tokenizer.json. It only reads, and only inside the folder; errors are of one line and name the file.
func Open(dir string) (*Saved, error) {
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	m, vocab, err := lm.Load(run)
	if err != nil {
		return nil, err
	}
	return &Saved{LM: m, Vocab: vocab}, nil
}
