package main

import (
	"fmt"
	"runtime"

	"inkling/tensor"
)

type evalCmd struct {
	Dir  string `arg:"" help:"Folder of the model."`
	File string `arg:"" help:"The text to predict: a file, a folder, or - for standard input; gzip and zstd are unpacked."`
	textFlags
	Cache string `help:"Keep the tokens of the text in files of this folder." placeholder:"DIR"`
}

// Run measures in float32, whatever the model was trained in, with state carried through the text. The
// first token is only read; of a list each item is judged from a fresh state, with its end.
func (e *evalCmd) Run(a *app) error {
	model, vocab, err := load(a, e.Dir, forEvaluation, textMemory(e.File, a.memory()))
	if err != nil {
		return err
	}
	src := dataSource{File: e.File, Ext: e.Ext, Lines: e.Lines, Field: e.Field}
	if beginOf(vocab) >= 0 {
		src.Lines = src.Lines || src.Field == ""
	} else if src.Lines || src.Field != "" {
		return usage("--lines and --field: %s was trained on running text: leave them out", e.Dir)
	}
	c, err := readCorpus(src, reading{kind: vocab.Kind, vocab: vocab, cache: cache{e.Cache}, limit: a.memory()})
	if err != nil {
		return err
	}
	defer c.close()
	for _, note := range c.notes {
		a.note("%s", note)
	}
	nats, _, err := evaluate(a.ctx, model, vocab, c.train, tensor.Float32, runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	l := likelihood(nats, c.trainSide)
	if a.json {
		return a.printJSON(l)
	}
	one, _ := units(vocab.Kind)
	list(a.out,
		[]string{"nats per " + one, fmt.Sprintf("%.4f", l.NatsPerToken)},
		[]string{"bits per character", fmt.Sprintf("%.4f", l.BitsPerChar)},
		[]string{"perplexity per " + one, fmt.Sprintf("%.4g", l.Perplexity)},
		[]string{"perplexity per word", fmt.Sprintf("%.4g", l.PerplexityPerWord)},
		[]string{"of", fmt.Sprintf("%s, %s, %d unknown", plural(l.Tokens, "token"), plural(l.Chars, "character"), l.Unknown)},
	)
	return nil
}
