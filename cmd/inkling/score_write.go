package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"inkling/data"
)

// scoreWriter writes the scored lines that are wanted.
type scoreWriter struct {
	*bufio.Writer
	vocab  *data.Vocab
	json   *json.Encoder // nil: for people, in columns that scripts can read
	above  float64
	flags  *scoreCmd
	number []byte
}

func newScoreWriter(a *app, flags *scoreCmd, vocab *data.Vocab) *scoreWriter {
	w := &scoreWriter{Writer: bufio.NewWriterSize(onTerminal(a), readBytes), vocab: vocab, above: -1, flags: flags}
	set(&w.above, flags.Above)
	if a.json {
		w.json = json.NewEncoder(w)
		w.json.SetEscapeHTML(false)
	}
	return w
}

// lineScore is a line as --json gives it.
type lineScore struct {
	Text        string       `json:"text"`
	Bits        float64      `json:"bits"`
	LogProb     float64      `json:"logprob"` // nats
	Tokens      int          `json:"tokens"`  // that are scored, as are chars
	Chars       int          `json:"chars"`
	BitsPerChar float64      `json:"bits_per_char"`
	Unknown     int          `json:"unknown"`
	Pieces      []pieceScore `json:"pieces,omitempty"`
}

// pieceScore is a token: the text that it stands for, which is none for the end of an item.
type pieceScore struct {
	Text string  `json:"text"`
	Bits float64 `json:"bits"`
}

// bitsOf turns nats of log-probability into bits.
func bitsOf(nats float64) float64 { return 0 - nats/math.Ln2 } // and not −nats, which may be −0

// write writes a line, if it is wanted. It is false for a line that has no probability.
func (w *scoreWriter) write(l *scoredLine) bool {
	nats := l.logProb()
	total, chars := bitsOf(nats), max(1, l.chars)
	perChar := total / float64(chars)
	switch {
	case math.IsNaN(total) || math.IsInf(total, 0):
		return false
	case w.flags.PerChar && perChar <= w.above, !w.flags.PerChar && total <= w.above:
		return true
	case w.json != nil:
		s := lineScore{l.text, total, nats, len(l.tokens), l.chars, perChar, l.unknown, nil}
		if w.flags.Tokens {
			s.Pieces = w.pieces(l)
		}
		w.json.Encode(s)
		return true
	}
	w.number = append(strconv.AppendFloat(w.number[:0], total, 'f', 2, 64), '\t')
	w.number = append(strconv.AppendFloat(w.number, perChar, 'f', 4, 64), '\t')
	w.Write(w.number)
	w.WriteString(l.text)
	w.WriteByte('\n')
	if w.flags.Tokens {
		w.table(w.pieces(l))
	}
	return true
}

func (w *scoreWriter) pieces(l *scoredLine) []pieceScore {
	pieces := make([]pieceScore, len(l.tokens))
	for i, token := range l.tokens {
		pieces[i] = pieceScore{w.vocab.Piece(token), bitsOf(float64(l.logProbs[i]))}
	}
	return pieces
}

// table writes tokens below their line, with a bar of a mark a bit: where it is long, the line was not expected.
func (w *scoreWriter) table(pieces []pieceScore) {
	const widest, longest = 16, 40
	names, width := make([]string, len(pieces)), 0
	for i, p := range pieces {
		names[i] = strconv.Quote(p.Text)
		if p.Text == "" {
			names[i] = "end"
		}
		width = max(width, min(widest, utf8.RuneCountInString(names[i])))
	}
	for i, p := range pieces {
		bar := strings.Repeat("█", min(longest, int(math.Round(p.Bits))))
		line := fmt.Sprintf("\t%7.2f  %-*s  %s", p.Bits, width, names[i], bar)
		w.WriteString(strings.TrimRight(line, " "))
		w.WriteByte('\n')
	}
}
