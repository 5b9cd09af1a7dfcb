package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"inkling/data"
	"inkling/decode"
	"inkling/eval"
	"inkling/lm"
)

// exposureFlags are how eval --exposure measures. A flag that is nil was not given.
type exposureFlags struct {
	Exposure     bool    `help:"Instead, let the model go on from pieces of the text, and say how what it writes drifts from the text." group:"What it writes by itself" env:"-"`
	Decoders     *string `help:"What chooses the tokens: some of greedy, sample, temp:T, top-k:K, top-p:P, min-p:P, typical:P, mirostat:BITS and beam:WIDTH." placeholder:"greedy,sample,top-p:0.9,beam:4" group:"What it writes by itself" env:"-"`
	Prompts      *int    `help:"Pieces of the text to go on from, evenly spread; 64, or as many as it has." placeholder:"N" group:"What it writes by itself" env:"-"`
	PromptTokens *int    `help:"Tokens of each that are read first; 64." placeholder:"N" group:"What it writes by itself" env:"-"`
	Length       *int    `help:"Tokens to write; 256." placeholder:"N" group:"What it writes by itself" env:"-"`
	Judge        string  `help:"Another model of the same tokens, that judges too." placeholder:"DIR" group:"What it writes by itself" env:"-"`
	Picture      string  `help:"Draw the nats over positions into this file, .png or .svg." placeholder:"FILE" group:"What it writes by itself" env:"-"`
}

// given names the first flag that was given, but for --exposure.
func (f exposureFlags) given() string {
	switch {
	case f.Decoders != nil:
		return "--decoders"
	case f.Prompts != nil:
		return "--prompts"
	case f.PromptTokens != nil:
		return "--prompt-tokens"
	case f.Length != nil:
		return "--length"
	case f.Judge != "":
		return "--judge"
	case f.Picture != "":
		return "--picture"
	}
	return ""
}

const (
	defaultExposed = "greedy,sample,top-p:0.9,beam:4"
	mostPrompts    = 10_000
	natsFloor      = 1e-3 // of the picture, whose axis is logarithmic
)

// exposed is what --json says.
type exposed struct {
	Prompts      int       `json:"prompts"`
	PromptTokens int       `json:"prompt_tokens"`
	Length       int       `json:"length"`
	Seed         uint64    `json:"seed"`
	Judge        string    `json:"judge,omitempty"`
	Blocks       []string  `json:"blocks"` // of positions, from 1
	HeldOut      drifted   `json:"held_out"`
	Written      []drifted `json:"written"`
	Picture      string    `json:"picture,omitempty"`
}

// checkExposure refuses flags that do not go together.
func (e *evalCmd) checkExposure() error {
	if !e.Exposure {
		if flag := e.exposureFlags.given(); flag != "" {
			return usage("%s without --exposure: give that too, or leave it out", flag)
		}
		return nil
	}
	if e.Seed == nil {
		e.Seed = new(uint64(1))
	}
	if flag := (boundFlags{Bound: e.Bound, Gaps: e.Gaps}).given() + e.ofAIS(); flag != "" {
		return usage("%s with --exposure: that is for VAEs: leave it out", flag)
	}
	return check(bound{"--prompts", e.Prompts, 2, mostPrompts}, bound{"--prompt-tokens", e.PromptTokens, 1, mostTime}, bound{"--length", e.Length, 16, mostTime})
}

// decoders are those of --decoders, with their names.
func (e *evalCmd) decoders() (names []string, list []decode.Decoder, err error) {
	for name := range strings.SplitSeq(valueOr(e.Decoders, defaultExposed), ",") {
		name = strings.TrimSpace(name)
		d, err := decoderNamed(name)
		if err != nil {
			return nil, nil, usage("--decoders %s: %w", name, err)
		}
		if slices.Contains(names, name) {
			return nil, nil, usage("--decoders: %s is there twice", name)
		}
		names, list = append(names, name), append(list, d)
	}
	return names, list, nil
}

// expose measures on a text that was read.
func (e *evalCmd) expose(a *app, c *corpus, model *lm.Model) error {
	names, decoders, err := e.decoders()
	if err != nil {
		return err
	}
	r := exposed{PromptTokens: valueOr(e.PromptTokens, 64), Length: valueOr(e.Length, 256), Seed: *e.Seed, Judge: e.Judge, Picture: e.Picture}
	x := &exposure{model: model, seed: r.Seed, workers: exposureWorkers(), scores: []scoring{model.Scorer(exposureWorkers()).Score}}
	asked := valueOr(e.Prompts, 64)
	if x.prompts, x.truth, err = take(c.train, asked, r.PromptTokens, r.Length); err != nil {
		return err
	}
	if r.Prompts = len(x.prompts); r.Prompts < 2 {
		return badInput("%s: %s tokens, and two pieces of %d + %d are needed: bring more text, or make --prompt-tokens or --length smaller",
			e.File, thousands(c.train.Len()), r.PromptTokens, r.Length)
	}
	if r.Prompts < asked {
		a.note("the text has %d pieces of %d + %d tokens", r.Prompts, r.PromptTokens, r.Length)
	}
	if e.Judge != "" {
		judge, err := e.other(a, c.vocab)
		if err != nil {
			return err
		}
		x.scores = append(x.scores, judge)
	}
	for _, b := range eval.Blocks(r.Length) {
		r.Blocks = append(r.Blocks, b.String())
	}
	t := newTally(a.err, "texts", len(decoders)*r.Prompts)
	defer t.close()
	if r.HeldOut, err = x.measure(a.ctx, "held-out text", x.truth); err != nil {
		return err
	}
	for i, d := range decoders {
		texts, err := x.write(a.ctx, d, func() { t.add(1) })
		if err != nil {
			return err
		}
		m, err := x.measure(a.ctx, names[i], texts)
		if err != nil {
			return err
		}
		r.Written = append(r.Written, m)
	}
	t.close()
	if e.Picture != "" {
		if err := r.draw(e.Picture); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(r)
	}
	r.print(a)
	return nil
}

// other loads the judge, whose tokens must be the same: numbers of tokens are handed to it.
func (e *evalCmd) other(a *app, vocab *data.Vocab) (scoring, error) {
	model, other, err := load(a, e.Judge, forExposure, 0)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(vocab.Tokens, other.Tokens) {
		return nil, badInput("--judge %s: its tokens are not those of %s: take a model that was trained on the same text with the same tokens", e.Judge, e.Dir)
	}
	s := model.Scorer(exposureWorkers())
	return func(ctx context.Context, dst [][]float32, items [][]int) error { return s.Score(ctx, dst, items) }, nil
}

// forExposure is writing and scoring.
func forExposure(c lm.Config) (lm.Memory, error) {
	m, err := c.PlanDecoding()
	if err != nil {
		return m, err
	}
	scoring, err := c.PlanScoring(exposureWorkers())
	m.Activations += scoring.Activations
	return m, err
}

// print is the tables.
func (r exposed) print(a *app) {
	all := append([]drifted{r.HeldOut}, r.Written...)
	blocks := func(title string, of func(drifted) []blockMean, format string) {
		fmt.Fprintf(a.out, "%s\n", title)
		rows := [][]string{append([]string{"tokens"}, r.Blocks...)}
		for _, d := range all {
			row := []string{d.Name}
			for _, m := range of(d) {
				row = append(row, fmt.Sprintf(format, m.Mean, m.Error))
			}
			rows = append(rows, row)
		}
		aligned(a.out, "l"+strings.Repeat("r", len(r.Blocks)), rows...)
		fmt.Fprintln(a.out)
	}
	fmt.Fprintf(a.out, "%d continuations of %d tokens, after %d of the text\n\n", r.Prompts, r.Length, r.PromptTokens)
	blocks("nats per token, by the model itself", func(d drifted) []blockMean { return d.Nats }, "%.3f ± %.3f")
	if r.Judge != "" {
		blocks("nats per token, by "+r.Judge, func(d drifted) []blockMean { return d.Judged }, "%.3f ± %.3f")
	}
	blocks(fmt.Sprintf("share of %d-grams that were there before in the same text", repeatedGram), func(d drifted) []blockMean { return d.Repeated }, "%.3f ± %.3f")
	rows := [][]string{{"different n-grams for each that is there", "1", "2", "3"}}
	for _, d := range all {
		rows = append(rows, []string{d.Name, fmt.Sprintf("%.4f", d.Distinct[0]), fmt.Sprintf("%.4f", d.Distinct[1]), fmt.Sprintf("%.4f", d.Distinct[2])})
	}
	aligned(a.out, "lrrr", rows...)
	if r.Picture != "" {
		fmt.Fprintf(a.out, "\nnats over positions: %s\n", r.Picture)
	}
}

// draw is the model's nats over positions, a line for each set of texts: means of 16 tokens.
func (r exposed) draw(file string) error {
	const each = 16
	var lines []line
	for _, d := range append([]drifted{r.HeldOut}, r.Written...) {
		l := line{name: d.Name}
		for from := 0; from < r.Length; from += each {
			mean, _ := eval.Block{From: from, To: min(from+each, r.Length)}.Mean(d.nats)
			l.x, l.y = append(l.x, float64(from)+each/2), append(l.y, max(mean, natsFloor))
		}
		lines = append(lines, l)
	}
	return drawLines(file, "What it writes, and the text", "tokens written", "nats per token, by the model", lines)
}
