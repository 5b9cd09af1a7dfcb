package main

import (
	"fmt"
	"runtime"
	"unicode/utf8"

	"inkling/eval"
	"inkling/tensor"
)

type evalCmd struct {
	Dir  string `arg:"" help:"Folder of the model."`
	File string `arg:"" help:"The text to predict; - is standard input."`
}

// Run measures in float32, whatever the model was trained in, with state carried through the text. The
// first token is only read.
func (e *evalCmd) Run(a *app) error {
	model, vocab, err := load(a, e.Dir, forEvaluation, textMemory(e.File))
	if err != nil {
		return err
	}
	text, source, err := readText(e.File, vocab.Kind, a.memory())
	if err != nil {
		return err
	}
	tokens, report := vocab.EncodeReport(text)
	for _, line := range report.Lines() {
		a.note("%s: %s", source.Name, line)
	}
	nats, n, err := model.Evaluate(a.ctx, tokens, tensor.Float32, runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	judged := afterFirst(text, vocab.Kind)
	_, report = vocab.EncodeReport(judged)
	l := eval.NewLikelihood(nats, n, report.Unseen+report.Invalid, judged)
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

// afterFirst is a text without its first token, which a model only reads.
func afterFirst(text, tokens string) string {
	size := min(1, len(text))
	if tokens != "byte" {
		_, size = utf8.DecodeRuneInString(text)
	}
	return text[size:]
}
