package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"inkling/data"
)

// corpus is a text, cut into what is learnt from and what is held out, as text and as tokens.
type corpus struct {
	vocab                *data.Vocab
	train, valid         []int
	trainText, validText string
	source               dataSource
	notes                []string // what the user should know of the text
}

// readCorpus reads the text that a run learns from, src.File, and holds a part of it out as src says.
// The vocabulary is that of the training part, so that the held-out part is new to the model in every
// respect; or the one given, whose kind is tokens. limit is the memory there is, in bytes; 0 if that is
// not known.
func readCorpus(src dataSource, tokens string, vocab *data.Vocab, limit int64) (*corpus, error) {
	text, from, err := readText(src.File, tokens, limit)
	if err != nil {
		return nil, err
	}
	c := &corpus{source: src, trainText: text}
	c.source.Bytes, c.source.SHA256 = from.Size, from.SHA256
	switch {
	case src.ValidFile != "":
		c.validText, from, err = readText(src.ValidFile, tokens, limit)
		c.source.ValidBytes, c.source.ValidSHA256 = from.Size, from.SHA256
	case src.ValidShare > 0:
		c.trainText, c.validText, err = data.Split(text, src.ValidShare)
		if err != nil {
			err = badInput("%w: bring a longer text, or hold nothing out with --valid 0", err)
		}
	}
	if err != nil {
		return nil, err
	}
	switch {
	case vocab != nil:
		var report data.Report
		c.vocab = vocab
		c.train, report = vocab.EncodeReport(c.trainText)
		c.tell("training text", report)
	case tokens == "byte":
		c.vocab, c.train = data.Bytes(c.trainText)
	default:
		c.vocab, c.train = data.Chars(c.trainText)
		c.tell("training text", data.CheckUTF8(c.trainText))
	}
	var report data.Report
	c.valid, report = c.vocab.EncodeReport(c.validText)
	c.tell("held-out text", report)
	c.source.TrainTokens, c.source.ValidTokens = len(c.train), len(c.valid)
	return c, nil
}

func (c *corpus) tell(what string, r data.Report) {
	for _, line := range r.Lines() {
		c.notes = append(c.notes, what+": "+line)
	}
}

// memory is what the corpus holds, in bytes.
func (c *corpus) memory() int64 {
	return int64(len(c.trainText)+len(c.validText)) + 8*int64(len(c.train)+len(c.valid))
}

// readText reads a text that a user names: a file, "-" for standard input, or the built-in text. What
// would not fit in memory is refused before it is read.
func readText(name, tokens string, limit int64) (string, data.Source, error) {
	if name == builtIn {
		text := ownSource()
		sum := sha256.Sum256([]byte(text))
		return text, data.Source{Name: name, Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}, nil
	}
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		if err := checkText(info.Size(), limit); err != nil {
			return "", data.Source{}, err
		}
	}
	if tokens == "byte" {
		return data.ReadBytes(name, limit/bytesPerByte)
	}
	return data.ReadText(name, limit/bytesPerByte)
}

// textMemory is what a text and its tokens will take, in bytes; 0 of what is no regular file.
func textMemory(name string) int64 {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return bytesPerByte * info.Size()
}

// units are what messages call tokens: one of them, and many in front of "/s".
func units(tokens string) (one, rate string) {
	if tokens == "byte" {
		return "byte", "bytes"
	}
	return "character", "chars"
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
