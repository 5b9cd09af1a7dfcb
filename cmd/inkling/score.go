package main

import (
	"math"
	"runtime"

	"inkling/lm"
)

type scoreCmd struct {
	Dir  string `arg:"" help:"Folder of the model."`
	File string `arg:"" optional:"" help:"The lines to score; gzip and zstd are unpacked; - is standard input, as is none. Of a variational auto-encoder, what it is of: pictures, documents, sentences or a table." default:"-"`

	Above   *float64 `help:"Pass on only lines of more than so many bits." placeholder:"BITS"`
	PerChar bool     `help:"--above goes by bits per character."`
	Tokens  bool     `help:"Show the bits of each token." env:"-"` // INKLING_TOKENS says what a token is in training
	Samples *int     `help:"Of a variational auto-encoder: samples of z for each picture, document or sentence, 100, or row, 1." env:"-" placeholder:"K"`
	partFlag
	tableScoreFlags
}

// Help is what score --help says beside the flags.
func (*scoreCmd) Help() string {
	return `Each line comes out in the order of the input, as

  BITS <tab> BITS PER CHARACTER <tab> LINE

BITS is −log₂ of the line's probability: the more, the less the model expected it. A line of 10 bits more is about a
thousand times less likely. Each line is read by itself and is scored with its end, which counts as a character, so that
the probabilities of all lines that there could be add up to at most 1.

A line comes out as soon as it is scored, also while the input goes on:

  tail -f access.log | inkling score runs/log --above 80

With --json a line is an object: text, bits, logprob (nats), tokens, chars, bits_per_char, unknown (characters or words that
the model does not know), and with --tokens pieces, the text and bits of each token; the last is the line's end.

For each picture that a variational auto-encoder is given comes a line, in order, as soon as it is known, all in nats,

  BOUND <tab> LOG P(X|Z) <tab> KL <tab> FILE, or number from 0

BOUND is the importance-weighted bound on log p(x) of so many samples: the less, the less the model expected the picture. What it is
made of is said by how well the picture is written from its z, and by how far q(z|x) is from the prior, whose difference is the bound
of one sample. With --json a line is an object: index, file, bound, log_likelihood, kl.

For each row of a table comes a line, in order,

  BOUND <tab> anomaly, or nothing <tab> NUMBER, from 1 <tab> the columns that cost most beyond what is usual

A row is an anomaly if it costs more than 99 % of the rows that were held out from training did. (new) marks a cell that training never
saw, or saw once. Columns are found by their names. With --json a line is an object: row, bound, anomaly (null if nothing was held out), unseen
(columns with a cell never seen), latent and columns (nats; minus their sum is the bound), top (column, cell, excess).`
}

func (s *scoreCmd) Run(a *app) error {
	if err := s.check(); err != nil {
		return err
	}
	k, err := a.vaeIn(s.Dir)
	if err != nil {
		return err
	}
	if flag := s.tableScoreFlags.given(); flag != "" && k == nil {
		return usage("%s is for models of tables, and %s is none: leave it out", flag, s.Dir)
	}
	if k != nil {
		return k.score(a, s)
	}
	if s.Samples != nil || s.Part != "" {
		return usage("--samples and --part are for variational auto-encoders, and %s is none: leave them out", s.Dir)
	}
	model, vocab, err := load(a, s.Dir, forScoring, scoringMemory)
	if err != nil {
		return err
	}
	file, name, err := openLines(s.File)
	if err != nil {
		return err
	}
	defer file.Close()
	judge := newLineJudge(model, vocab)
	if !judge.frame.ends {
		a.note("the model does not know line ends: the first token of a line is only read, and the end is not scored")
	}
	a.orderly()
	out, unknown := newScoreWriter(a, s, vocab), 0
	for block := range readLines(a.ctx, file, name) {
		lines, err := judge.score(a.ctx, &block)
		if err != nil {
			return err
		}
		for i := range lines {
			unknown += lines[i].unknown
			if !out.write(&lines[i]) {
				return badInput("%s: line %d has no probability: the model's weights are damaged", s.Dir, block.first+i)
			}
		}
		if out.Flush(); a.out.err != nil {
			return nil // the program tells of it
		}
		if block.err != nil {
			return block.err
		}
	}
	if unknown > 0 {
		one := "character"
		if vocab.Kind == "word" {
			one = "word"
		}
		a.note("%s not known to the model, and read as unknown: --json says in which lines", plural(unknown, one))
	}
	return a.ctx.Err()
}

// check refuses flags that say nothing.
func (s *scoreCmd) check() error {
	switch {
	case s.Above != nil && !(*s.Above >= 0 && *s.Above <= math.MaxFloat64):
		return usage("--above %g: must be a number of bits, at least 0", *s.Above)
	case s.PerChar && s.Above == nil:
		return usage("--per-char says what --above goes by: give --above BITS, or leave it out")
	}
	return nil
}

// forScoring is what a loaded model is used for.
func forScoring(c lm.Config) (lm.Memory, error) { return c.PlanScoring(runtime.GOMAXPROCS(0)) }
