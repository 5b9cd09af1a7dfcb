package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"inkling/data"
	"inkling/eval"
	"inkling/tensor"
	"inkling/train"
)

// outcome is what a sitting came to.
type outcome struct {
	train.Result
	valid     float64 // held-out loss of the best weights, nats per token; NaN without held-out text
	baselines []baseline
}

// baseline is what a simple model makes of the same held-out text.
type baseline struct {
	Name string  `json:"name"`
	Bits float64 `json:"bits_per_char"`
}

// judge measures the model that training left, which is the best by validation, in float32, and what it
// is to be held against. A user who stopped the run does not want to wait for that.
func (s *sitting) judge(a *app, r train.Result) (o outcome, err error) {
	o = outcome{Result: r, valid: r.Best}
	if r.Interrupted || s.text.valid.Len() == 0 {
		return o, nil
	}
	if s.cfg.Train.Precision != "float32" {
		valid, err := s.heldOut(a.ctx, tensor.Float32)
		if a.ctx.Err() != nil {
			return o, nil // stopped after training, which is done
		}
		if err != nil {
			return o, err
		}
		o.valid = valid
	}
	o.baselines, err = baselines(s.text)
	return o, err
}

// baselines are simple models of the same split: what a model must beat to be worth its training. They
// learn from the last tokens of a longer text, and gzip is shown only the beginning of a longer held-out one, since
// counting costs time and memory that the user did not ask to spend; more would not change the first two digits.
func baselines(c *corpus) ([]baseline, error) {
	train, note := c.train, ""
	if most := baselineTokens(c.vocab.Size()); train.Len() > most {
		train, note = data.Part(train, train.Len()-most, train.Len()), fmt.Sprintf(" of the last %s tokens", thousands(most))
	}
	ngram := func(name string, n int) (baseline, error) {
		g, err := eval.NewNGram(n, c.vocab.Size(), c.begin(), train)
		if err != nil {
			return baseline{}, err
		}
		nats, err := g.NatsPerToken(c.valid)
		return baseline{name + note, c.bits(nats)}, err
	}
	trigram, err := ngram("trigram", 3)
	if err != nil {
		return nil, err
	}
	unigram, err := ngram("unigram", 1)
	if err != nil {
		return nil, err
	}
	gzip := baseline{"gzip", eval.Gzip(c.trainTail, c.validHead)}
	if len(c.validHead) == headBytes {
		gzip.Name += " of the first " + sizeOf(headBytes)
	}
	return []baseline{trigram, gzip, unigram}, nil
}

// baselineTokens is how many tokens n-grams are counted of: contexts of characters repeat, those of words do not, and
// each takes memory.
func baselineTokens(vocab int) int {
	if vocab <= 1000 {
		return 10_000_000
	}
	return 2_000_000
}

// bits turns nats per token of the held-out text into bits per character.
func (c *corpus) bits(nats float64) float64 {
	return c.likelihood(nats * float64(c.validSide.Judged)).BitsPerChar
}

// likelihood gives the measures of the held-out text, which cost so many nats in all.
func (c *corpus) likelihood(nats float64) eval.Likelihood { return likelihood(nats, c.validSide) }

// likelihood gives the measures of a text that cost so many nats in all.
func likelihood(nats float64, s data.Side) eval.Likelihood {
	return eval.NewLikelihood(nats, s.Judged, s.Unknown, s.Chars, s.Words)
}

// trained is what --json says of a run; one of the speeds is there.
type trained struct {
	Out         string     `json:"out"`
	Steps       int        `json:"steps"`
	Seconds     float64    `json:"seconds"`
	CharsPerS   float64    `json:"chars_per_s,omitempty"`
	TokensPerS  float64    `json:"tokens_per_s,omitempty"`
	Valid       *float64   `json:"valid"` // nats per token on the held-out text; null without
	BestStep    int        `json:"best_step"`
	Interrupted bool       `json:"interrupted"`
	Early       bool       `json:"early"`    // ended by --patience
	Averaged    bool       `json:"averaged"` // the best weights are averaged ones
	ValidTokens int        `json:"valid_tokens"`
	Baselines   []baseline `json:"baselines,omitempty"` // on the same held-out text
}

// tell writes the result: one JSON value, or a table and what to try next.
func (s *sitting) tell(a *app, o outcome) error {
	speed := 0.0
	if o.Seconds > 0 {
		speed = o.Weight / o.Seconds
	}
	if a.json {
		t := trained{Out: s.run.Dir(), Steps: o.Steps, Seconds: o.Seconds, BestStep: o.BestStep, Interrupted: o.Interrupted, Early: o.Early, Averaged: o.Averaged, ValidTokens: s.text.validSide.Judged, Baselines: o.baselines}
		if s.cfg.Tokens == "char" {
			t.CharsPerS = speed
		} else {
			t.TokensPerS = speed
		}
		if !math.IsNaN(o.valid) {
			t.Valid = &o.valid
		}
		return a.printJSON(t)
	}
	if s.page != nil && !o.Interrupted {
		if err := s.page(); err != nil {
			return err
		}
	}
	one, rate := units(s.cfg.Tokens)
	if rows := s.scores(o); len(rows) > 0 {
		fmt.Fprintf(a.out, "on the %s held out:\n", plural(s.text.validSide.Judged, one))
		table(a.out, rows...)
		if side := s.text.validSide; s.cfg.Tokens == "word" && side.Unknown > 0 {
			fmt.Fprintln(a.out, unspelled(float64(side.Unknown)/float64(side.Judged)))
		}
		fmt.Fprintln(a.out)
	}
	how := "finished"
	if o.Interrupted {
		how = "stopped"
	}
	fmt.Fprintf(a.out, "%s at step %s after %s: %s %s read, %s %s/s%s\n",
		how, thousands(o.Steps), span(seconds(o.Seconds)), thousands(int64(o.Weight)), rate, thousands(int64(speed)), rate, s.early(o))
	if s.cfg.Train.Average > 0 && !math.IsNaN(o.Best) {
		fmt.Fprintf(a.out, "the best weights are %s step %s\n", o.weightsOf(), thousands(o.BestStep))
	}
	fmt.Fprintf(a.out, "the model is in %s\n\ntry next:\n", s.run.Dir())
	for _, c := range s.next(o) {
		fmt.Fprintf(a.out, "  %s\n", c)
	}
	return nil
}

// early says of a run that it ended before its time, and why; nothing of others.
func (s *sitting) early(o outcome) string {
	if !o.Early {
		return ""
	}
	return fmt.Sprintf("; early, since %s brought no new best", plural(s.cfg.Train.Patience, "validation"))
}

// weightsOf is what the best weights are, in front of their step.
func (o outcome) weightsOf() string {
	if o.Averaged {
		return "the averages up to"
	}
	return "those of"
}

// scores is the table of the model and what it is held against; empty without held-out text.
func (s *sitting) scores(o outcome) [][]string {
	if math.IsNaN(o.valid) {
		return nil
	}
	rows := [][]string{{"", "nats/char", "bits/char", "perplexity"}}
	for _, b := range append([]baseline{{"this model", s.text.bits(o.valid)}}, o.baselines...) {
		nats := b.Bits * math.Ln2
		rows = append(rows, []string{b.Name, fmt.Sprintf("%.4f", nats), fmt.Sprintf("%.4f", b.Bits), fmt.Sprintf("%.2f", math.Exp(nats))})
	}
	return rows
}

// next are commands that make sense now.
func (s *sitting) next(o outcome) []string {
	dir := quoted(s.run.Dir())
	if o.Interrupted {
		return []string{"inkling resume " + dir, "inkling generate " + dir, "inkling info " + dir}
	}
	prompt := ""
	_, whole, _ := strings.Cut(s.text.validHead, "\n") // the first line may be cut in the middle
	for line := range strings.Lines(whole) {
		if words := strings.Fields(line); len(words) > 1 {
			prompt = " --prompt " + quoted(strings.Join(words[:2], " "))
			break
		}
	}
	more := "inkling generate " + dir + prompt + " --temp 0.8"
	longer := fmt.Sprintf("inkling train lm %s%s --budget %s", quoted(s.cfg.Data.File), s.cfg.textFlags()+s.cfg.outputFlag(), longerThan(seconds(o.Seconds)))
	switch s.cfg.Data.File {
	case builtIn:
		longer = "inkling train lm FILE    # any text of yours"
	case "-":
		longer = "inkling train lm FILE --budget 10m"
	}
	return []string{more, "inkling info " + dir, longer}
}

// longerThan is a round time, several times as long.
func longerThan(d time.Duration) string {
	for _, round := range []string{"1m", "2m", "5m", "10m", "30m", "1h", "3h"} {
		if r, err := time.ParseDuration(round); err == nil && r >= 3*d {
			return round
		}
	}
	return "10h"
}

// quoted makes a word safe to paste into a shell.
func quoted(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '/' || r == '.' || r == '-' || r == '_' || r == '~' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// outputFlag is what makes another run use the output layer of this one, if it is not the usual one.
func (c *runConfig) outputFlag() string {
	if c.Model.Output == "full" {
		return ""
	}
	return " --output " + c.Model.Output
}
