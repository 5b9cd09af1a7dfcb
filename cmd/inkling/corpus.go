package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"inkling/data"
)

// corpus is a text, cut into what is learnt from and what is held out, in tokens.
type corpus struct {
	vocab        *data.Vocab
	train, valid data.Tokens
	// What else is known of the two sides.
	trainSide, validSide data.Side
	trainPart            data.Section
	trainTail, validHead string // as much of the text as its baselines and the user are shown
	source               dataSource
	notes                []string // what the user should know of the text
	texts                []*data.Text
	files                []*data.IDFile
}

const (
	tailBytes = 64 << 10 // of the training text: gzip looks back half of it
	headBytes = 1 << 20  // of the held-out text
)

// tokenSettings say which tokens a text is cut into; zero values mean that it does not matter.
type tokenSettings struct {
	Size     int    `json:"size,omitempty"` // the most tokens
	MinCount int    `json:"min_count,omitempty"`
	Split    string `json:"split,omitempty"`
	Lower    bool   `json:"lower,omitempty"`
}

// options are the settings of a kind of tokens as the package data has them.
func (s tokenSettings) options(kind string) data.VocabOptions {
	return data.VocabOptions{
		Kind: kind, Size: s.Size,
		Words: data.WordOptions{Split: s.Split, Lower: s.Lower, MinCount: s.MinCount, Size: s.Size},
	}
}

// reading is how a corpus is read.
type reading struct {
	kind   string // of tokens
	what   string // the text is; "" for training text
	tokens tokenSettings
	vocab  *data.Vocab // to read with; nil: that of the training part, so that the held-out part is new to the model in every respect
	cache  cache
	same   func(dataSource) error // refuses a text by its hashes, before the long work on it; nil: any will do
}

// readCorpus reads the text that a run learns from, src.File, and holds a part of it out as src says.
func readCorpus(a *app, src dataSource, r reading) (*corpus, error) {
	c := &corpus{source: src, vocab: r.vocab, train: data.List{}, valid: data.List{}}
	if err := c.read(a, src, r); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *corpus) read(a *app, src dataSource, r reading) error {
	survey, err := c.survey(src.File, src, r)
	if err != nil {
		return err
	}
	c.source.Bytes, c.source.SHA256 = survey.Source.Size, survey.Source.SHA256
	train, valid := survey.Whole(), (*data.Section)(nil)
	held := survey.Source.SHA256
	if src.ValidFile != "" {
		other, err := c.survey(src.ValidFile, src, r)
		if err != nil {
			return err
		}
		whole := other.Whole()
		valid, held = &whole, other.Source.SHA256
		c.source.ValidBytes, c.source.ValidSHA256 = other.Source.Size, held
	}
	if r.same != nil {
		if err := r.same(c.source); err != nil {
			return err
		}
	}
	if src.ValidFile == "" && src.ValidShare > 0 {
		first, last, err := survey.Split(src.ValidShare)
		if err != nil {
			return badInput("%w: bring a longer text, or hold nothing out with --valid 0", err)
		}
		train, valid = first, &last
	}
	learned := c.vocab == nil
	if learned {
		if c.vocab, err = train.Learn(r.tokens.options(r.kind)); err != nil {
			return err
		}
	}
	if c.train, c.trainSide, err = c.encode(a, train, r, survey.Source.SHA256); err != nil {
		return err
	}
	c.tell(cmp.Or(r.what, "training text"), c.trainSide.Report)
	if c.trainSide.Judged < 1 {
		return badInput("%s has only one token: nothing follows it that could be learned or judged", src.File)
	}
	if learned {
		copy(c.vocab.Counts, c.trainSide.Counts)
	}
	c.trainPart = train
	if c.trainTail, err = train.Tail(tailBytes); err != nil {
		return err
	}
	if valid != nil {
		if c.valid, c.validSide, err = c.encode(a, *valid, r, held); err != nil {
			return err
		}
		c.tell("held-out text", c.validSide.Report)
		if c.validSide.Judged < 1 {
			return badInput("the held-out text has only one token: nothing follows it that could be judged: hold more out, or nothing with --valid 0")
		}
		if c.validHead, err = valid.Head(headBytes); err != nil {
			return err
		}
	}
	c.source.TrainTokens, c.source.ValidTokens = c.train.Len(), c.valid.Len()
	c.source.Items = c.trainSide.Items + c.validSide.Items
	return nil
}

// survey finds a text and reads it once.
func (c *corpus) survey(name string, src dataSource, r reading) (*data.Survey, error) {
	text, err := openText(name, src)
	if err != nil {
		return nil, err
	}
	c.texts = append(c.texts, text)
	survey, err := text.Survey(r.kind == "byte")
	if err != nil {
		return nil, err
	}
	if n := text.Files(); n > 1 {
		c.notes = append(c.notes, fmt.Sprintf("%s: %s", name, plural(n, "file")))
	}
	if survey.Empty > 0 {
		c.notes = append(c.notes, fmt.Sprintf("%s: %s left out", name, plural(survey.Empty, "empty line")))
	}
	// JSON is UTF-8 for any kind of tokens.
	if n := survey.Invalid; n > 0 && (r.kind == "char" || r.kind == "word" || src.Field != "") {
		is := "bytes are"
		if n == 1 {
			is = "byte is"
		}
		c.notes = append(c.notes, fmt.Sprintf("%s: %s %s not UTF-8, read as U+FFFD; the first is %s", name, thousands(n), is, survey.Where))
	}
	return survey, nil
}

// encode makes tokens of a section of a text of this hash: in memory if a quarter of it is enough, or else in a file.
func (c *corpus) encode(a *app, s data.Section, r reading, sha string) (data.Tokens, data.Side, error) {
	limit := a.memory()
	if r.cache.dir == "" && (limit == 0 || s.MostTokens()*int64(data.IDBytes(c.vocab.Size())) <= limit/4) {
		ids := data.NewIds(c.vocab.Size())
		side, err := s.Encode(a.ctx, c.vocab, ids, runtime.GOMAXPROCS(0))
		return ids, side, err
	}
	ids, side, note, err := r.cache.tokens(a, s, c.vocab, sha)
	if err != nil {
		return data.List{}, side, err
	}
	c.files = append(c.files, ids)
	c.notes = append(c.notes, note)
	return ids, side, a.ctx.Err() // a signal may have come when all was written
}

func (c *corpus) tell(what string, r data.Report) {
	r.Invalid = 0 // which survey has told
	for _, line := range r.Lines() {
		c.notes = append(c.notes, what+": "+line)
	}
}

// memory is what the corpus holds, in bytes.
func (c *corpus) memory() int64 {
	d := c.source
	if len(c.files) > 0 {
		d.TrainTokens, d.ValidTokens = 0, 0
	}
	held := d.memory(c.vocab)
	for _, t := range c.texts {
		held += t.Held()
	}
	return held
}

// close gives back the files that the corpus is in.
func (c *corpus) close() {
	for _, t := range c.texts {
		t.Close()
	}
	for _, f := range c.files {
		f.Close()
	}
}

// begin is the token that begins an item; −1 if the text is none of a list.
func (c *corpus) begin() int { return beginOf(c.vocab) }

// beginOf is the token that begins an item, where a vocabulary is for items; −1 of others.
func beginOf(v *data.Vocab) int {
	if v.Begin >= 0 && v.End != v.Begin {
		return v.Begin
	}
	return -1
}

// openText finds a text that a user names: a file, a folder, "-" for standard input, or the built-in text.
func openText(name string, src dataSource) (*data.Text, error) {
	if name == builtIn {
		return data.InMemory(name, ownSource()), nil
	}
	in := data.Input{Path: name, Ext: src.Ext, Lines: src.Lines, Field: src.Field}
	if info, err := os.Stat(name); name == src.ValidFile && err == nil && !info.IsDir() {
		in.Ext = nil // which is the other's
	}
	return data.Open(in)
}

// units are what messages call tokens: one of them, and many in front of "/s". Those of words are tokens: marks and line ends
// are among them, and words are what stands between white space.
func units(tokens string) (one, rate string) {
	switch tokens {
	case "char":
		return "character", "chars"
	case "byte":
		return "byte", "bytes"
	}
	return "token", "tokens"
}

// absolute makes the names of files fit for config.json: a run can go on from another folder.
func (d *dataSource) absolute() error {
	for _, file := range []*string{&d.File, &d.ValidFile} {
		if *file == "-" || *file == "" || *file == builtIn {
			continue
		}
		path, err := filepath.Abs(*file)
		if err != nil {
			return fmt.Errorf("%s: %w", *file, err)
		}
		*file = path
	}
	return nil
}
