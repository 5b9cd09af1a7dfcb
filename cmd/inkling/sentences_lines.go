package main

import (
	"inkling/data"
	"inkling/vae/sentences"
)

// mostHeldLines is how much of lines is read that are held in memory, in bytes.
const mostHeldLines = 64 << 20

// sentenceLines are lines that a user brings, read for a VAE of sentences.
type sentenceLines struct {
	lines   []string
	tokens  sentences.Examples
	unknown []int // characters or words of each line
	all     int   // of all
}

// read reads the lines of a file, or of standard input, at most so many; 0: all.
func (l *sentenceLines) read(a *app, path string, most int) error {
	file, name, err := openLines(path)
	if err != nil {
		return err
	}
	defer file.Close()
	bytes := 0
	for block := range readLines(a.ctx, file, name) {
		start := 0
		for _, end := range block.ends {
			if most > 0 && len(l.lines) == most {
				return nil
			}
			l.lines = append(l.lines, string(block.text[start:end]))
			start = end + 1
		}
		if block.err != nil {
			return block.err
		}
		if bytes += len(block.text); bytes > mostHeldLines {
			return badInput("%s has more than %s: bring a part of it", name, sizeOf(mostHeldLines))
		}
	}
	if err := a.ctx.Err(); err != nil {
		return err
	}
	if len(l.lines) == 0 {
		return badInput("%s has no lines: there is nothing to read", name)
	}
	return nil
}

// encode makes tokens of the lines. An empty line is a sentence of no words, and has its end. It gives the tokens of the longest, and the bytes
// that all take.
func (l *sentenceLines) encode(v *data.Vocab) (longest int, bytes int64, err error) {
	l.tokens = l.tokens[:0]
	for _, line := range l.lines {
		var rep data.Report
		l.tokens = append(l.tokens, append(v.AppendReport(nil, line, &rep), v.End))
		n := rep.Unseen + rep.Invalid
		l.unknown, l.all = append(l.unknown, n), l.all+n
		bytes += int64(len(line)) + 16
	}
	return l.tokens.Longest(), bytes + l.tokens.Bytes(), nil
}

// tell says how much of the lines the model does not know.
func (l *sentenceLines) tell(a *app, v *data.Vocab) {
	if l.all == 0 {
		return
	}
	one := "character"
	if v.Kind == "word" {
		one = "word"
	}
	a.note("%s not known to the model, and read as unknown", plural(l.all, one))
}
