package main

import (
	"fmt"
	"strings"

	"inkling/data"
)

// textFlags say how a text is read.
type textFlags struct {
	Ext   []string `help:"Of a folder, the files whose names end so; txt." placeholder:"EXT" group:"The text" of:"documents"`
	Lines bool     `help:"Each line is an item, such as a name or a line of a log, which is read by itself." group:"The text" of:"documents"`
	Field string   `help:"Each line is a JSON object, and the item is the string that it has by this name." placeholder:"NAME" group:"The text" of:"documents"`
}

// tokenFlags say what the tokens of a text are. A flag that is nil was not given: the program chooses.
type tokenFlags struct {
	Tokens   *string `help:"What a token is: ${enum}." enum:"char,byte,word,bpe" placeholder:"char" group:"The text" of:"sentences"`
	Vocab    *int    `help:"Of word and bpe: the most tokens; 8192 of bpe, any number of words." placeholder:"N" group:"The text" of:"documents,sentences"`
	MinCount *int    `help:"Words that occur less often are unknown; 2." placeholder:"N" group:"The text" of:"documents,sentences"`
	Split    *string `help:"Where words end: at the word boundaries of Unicode, or only at white space, as in texts that are tokenized already; unicode or space." enum:"unicode,space" placeholder:"unicode" group:"The text" of:"sentences"`
	Lower    bool    `help:"Words are read in lower case." group:"The text" of:"sentences"`
}

const (
	usualBPE      = 8192 // tokens
	usualMinCount = 2
)

// checkTokens refuses what a kind of tokens does not have.
func (t *trainCmd) checkTokens() error {
	if flags := t.tokenFlags.given(); t.From != "" && len(flags) > 0 {
		return usage("%s with --from %s, which has a vocabulary: leave it out", flags[0], t.From)
	}
	return t.tokenFlags.check(valueOr(t.Tokens, "char"))
}

// given names the flags that were given, but for --tokens.
func (t *tokenFlags) given() (flags []string) {
	for _, f := range []struct {
		flag  string
		given bool
	}{{"--vocab", t.Vocab != nil}, {"--min-count", t.MinCount != nil}, {"--split", t.Split != nil}, {"--lower", t.Lower}} {
		if f.given {
			flags = append(flags, f.flag)
		}
	}
	return flags
}

// check refuses what a kind of tokens does not have.
func (t *tokenFlags) check(kind string) error {
	if err := check(bound{"--min-count", t.MinCount, 1, unbounded}); err != nil {
		return err
	}
	for _, f := range []struct {
		flag  string
		given bool
		fits  bool
		kinds string
	}{
		{"--vocab", t.Vocab != nil, kind == "word" || kind == "bpe", "word or bpe"},
		{"--min-count", t.MinCount != nil, kind == "word", "word"},
		{"--split", t.Split != nil, kind == "word", "word"},
		{"--lower", t.Lower, kind == "word", "word"},
	} {
		if f.given && !f.fits {
			return usage("%s is for --tokens %s: leave one of them out", f.flag, f.kinds)
		}
	}
	switch {
	case t.Vocab == nil:
		return nil
	case kind == "bpe":
		if err := data.CheckBPESize(*t.Vocab); err != nil {
			return usage("--vocab %d: %w", *t.Vocab, err)
		}
	case *t.Vocab < 2 || *t.Vocab > mostVocab:
		return usage("--vocab %d: must be at least 2 and at most %d", *t.Vocab, mostVocab)
	}
	return nil
}

// vocabulary are the settings of the tokens, with no default left open; none if the vocabulary is another run's.
func (t *trainCmd) vocabulary(from *inheritance) (s tokenSettings) {
	if from != nil {
		return s
	}
	return t.tokenFlags.vocabulary(valueOr(t.Tokens, "char"))
}

// vocabulary are the settings of a kind of tokens, with no default left open.
func (t *tokenFlags) vocabulary(kind string) (s tokenSettings) {
	switch kind {
	case "bpe":
		s.Size = valueOr(t.Vocab, usualBPE)
	case "word":
		s = tokenSettings{Size: valueOr(t.Vocab, 0), MinCount: valueOr(t.MinCount, usualMinCount), Split: valueOr(t.Split, "unicode"), Lower: t.Lower}
	}
	return s
}

// sameItems makes the text be read as the vocabulary is: as a list, if it is for items.
func (t *trainCmd) sameItems(d *dataSource, vocab *data.Vocab) error {
	if beginOf(vocab) >= 0 {
		d.Lines = d.Lines || d.Field == ""
		return nil
	}
	if d.Lines || d.Field != "" {
		return usage("--lines and --field with --from %s, which knows running text: leave them out", t.From)
	}
	return nil
}

// textFlags are the flags that make another run read the text as this one does, where they are not the usual ones.
func (c *runConfig) textFlags() (flags string) {
	d, v := c.Data, c.Vocabulary
	add := func(wanted bool, flag, value string) {
		if wanted {
			flags += " " + flag
		}
		if wanted && value != "" {
			flags += " " + quoted(value)
		}
	}
	add(len(d.Ext) > 0, "--ext", strings.Join(d.Ext, ","))
	add(d.Field != "", "--field", d.Field)
	add(d.Lines && d.Field == "", "--lines", "")
	if c.From != nil {
		return flags
	}
	add(c.Tokens != "char", "--tokens", c.Tokens)
	add(v.Size > 0 && v.Size != usualBPE, "--vocab", fmt.Sprint(v.Size))
	add(v.MinCount > 0 && v.MinCount != usualMinCount, "--min-count", fmt.Sprint(v.MinCount))
	add(v.Split == "space", "--split", v.Split)
	add(v.Lower, "--lower", "")
	return flags
}

// summary is what there is to learn from, in words.
func (c *corpus) summary(one string) string {
	s := plural(c.train.Len(), one)
	if n := c.trainSide.Items; n > 0 {
		s += " in " + plural(n, "item")
	}
	s += " to learn from, " + thousands(c.valid.Len()) + " held out; " + thousands(c.vocab.Size()) + " different ones"
	if u := c.trainSide.Unknown; u > 0 && c.vocab.Kind == "word" {
		s += fmt.Sprintf(", which leave %.2g %% unknown", 100*float64(u)/float64(max(1, c.trainSide.Judged)))
	}
	return s
}
