package main

import (
	"context"
	"runtime"
	"unicode/utf8"

	"inkling/data"
	"inkling/lm"
)

// frame is what stands around a line when a model reads it. If the vocabulary has tokens for the begin and the end of
// an item, it is these. Else a text is a chain of lines: a line begins behind the end of another, and its own "\n" is a
// part of it, with which the last characters may merge to a token. A vocabulary without "\n" has no frame: the
// first token of a line is what the others are predicted from.
type frame struct {
	vocab *data.Vocab
	open  []int // is read first
	items bool
	ends  bool // a line's end is scored
}

func newFrame(vocab *data.Vocab) frame {
	if vocab.Begin >= 0 && vocab.End >= 0 {
		return frame{vocab: vocab, open: []int{vocab.Begin}, items: true, ends: true}
	}
	open := opening(vocab, nil)
	return frame{vocab: vocab, open: open, ends: open != nil}
}

// append adds the tokens of a line, given with the "\n" behind it.
func (f *frame) append(tokens []int, line string, rep *data.Report) []int {
	if f.items || !f.ends {
		line = line[:len(line)-1]
	}
	tokens = f.vocab.AppendReport(append(tokens, f.open...), line, rep)
	if f.items {
		tokens = append(tokens, f.vocab.End)
	}
	return tokens
}

// read is how many tokens are read before the first that is scored.
func (f *frame) read() int { return max(1, len(f.open)) }

// chars counts what is scored of a line, given with "\n": the end is a character.
func (f *frame) chars(line string) int {
	n := utf8.RuneCountInString(line)
	if !f.ends {
		return max(0, n-2)
	}
	return n
}

// scoredLine is a line and what a model says of it.
type scoredLine struct {
	text     string
	tokens   []int     // those that are scored
	logProbs []float32 // of each of them, in nats
	chars    int       // that are scored
	unknown  int       // characters or words
}

// logProb is that of the line, in nats; 0 if nothing of it is scored.
func (l *scoredLine) logProb() (nats float64) {
	for _, p := range l.logProbs {
		nats += float64(p)
	}
	return nats
}

// lineJudge scores blocks of lines.
type lineJudge struct {
	frame  frame
	scorer *lm.Scorer

	// Of the last block, to be used again.
	lines    []scoredLine
	tokens   []int     // of all lines, one after the other
	logProbs []float32 // of the tokens, each at the place of the one before it
	items    [][]int
	scores   [][]float32
}

func newLineJudge(model *lm.Model, vocab *data.Vocab) *lineJudge {
	return &lineJudge{frame: newFrame(vocab), scorer: model.Scorer(runtime.GOMAXPROCS(0))}
}

// score gives the lines of a block, which are good until the next call.
func (j *lineJudge) score(ctx context.Context, b *lineBlock) ([]scoredLine, error) {
	j.lines, j.tokens, j.items, j.scores = j.lines[:0], j.tokens[:0], j.items[:0], j.scores[:0]
	var counts []int // of tokens
	text, start := string(b.text), 0
	for _, end := range b.ends {
		var rep data.Report
		line, before := text[start:end+1], len(j.tokens)
		j.tokens = j.frame.append(j.tokens, line, &rep)
		counts = append(counts, len(j.tokens)-before)
		j.lines = append(j.lines, scoredLine{text: line[:len(line)-1], chars: j.frame.chars(line), unknown: rep.Unseen + rep.Invalid})
		start = end + 1
	}
	if len(j.logProbs) < len(j.tokens) {
		j.logProbs = make([]float32, cap(j.tokens))
	}
	tokens, logProbs := j.tokens, j.logProbs
	for _, n := range counts {
		j.items, j.scores = append(j.items, tokens[:n]), append(j.scores, logProbs[:n])
		tokens, logProbs = tokens[n:], logProbs[n:]
	}
	if err := j.scorer.Score(ctx, j.scores, j.items); err != nil {
		return nil, err
	}
	for i, first := range j.items {
		if n, read := len(first), j.frame.read(); n > read {
			j.lines[i].tokens, j.lines[i].logProbs = j.items[i][read:], j.scores[i][read-1:n-1]
		}
	}
	return j.lines, nil
}

// scoringMemory is what the lines of a block take, in bytes, if one is as long as may be: a token, a score and a few
// copies for each byte, and room for both arrays to grow.
const scoringMemory = longestLine * (8 + 4 + 4)
