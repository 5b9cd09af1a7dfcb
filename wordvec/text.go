package wordvec

import (
	"fmt"
	"math"

	"inkling/data"
)

// A Text is what vectors are learnt from: tokens, and what each is. It may be of any size, since it is read again and
// again from where its tokens are.
type Text struct {
	tokens data.Tokens
	row    []int32 // of each token: its word, or one of those below
	join   phrases
	words  int64 // of the text, with those that have no vector
}

// What a token may be if it is no word with a vector.
const (
	rare    = -1 // a word without a vector: as if it were not there
	edge    = -2 // the end of an item: no window reaches across
	nothing = -3 // no word
)

// Words is the number of words of the text, with those that have no vector and before any are joined to phrases.
func (t *Text) Words() int64 { return t.words }

// Len is the number of tokens.
func (t *Text) Len() int { return t.tokens.Len() }

// A Learned is a text with its vocabulary.
type Learned struct {
	Text   *Text
	Words  []string // from the most frequent to the rarest
	Counts []int64
}

// Learn finds the words of a text that have a vector, and the phrases if there are to be any. The vocabulary is one of
// words; its token for unknown words and its line ends are none of them, nor are those around items, which windows do
// not reach across.
func Learn(c Config, vocab *data.Vocab, tokens data.Tokens) (*Learned, error) {
	if err := c.Complete(); err != nil {
		return nil, err
	}
	if vocab.Kind != "word" {
		panic("wordvec: a vocabulary of " + vocab.Kind + "s")
	}
	t := &Text{tokens: tokens, row: make([]int32, vocab.Size())}
	names := make([]string, 0, vocab.Size())
	for id, token := range vocab.Tokens {
		switch {
		case id == vocab.Unknown:
			t.row[id] = rare
		case vocab.Begin != vocab.End && id == vocab.Begin || token == "\n":
			t.row[id] = nothing
		case vocab.Begin != vocab.End && id == vocab.End:
			t.row[id] = edge
		default:
			t.row[id] = int32(len(names))
			names = append(names, token)
		}
	}
	counts, words, err := t.count(len(names))
	if err != nil {
		return nil, err
	}
	t.words = words
	for _, threshold := range c.Phrases {
		if names, counts, err = t.joinMore(names, counts, threshold, &c); err != nil {
			return nil, err
		}
	}
	return t.settle(names, counts, int64(c.MinCount))
}

// readTokens is how many tokens are read at once when all are read.
const readTokens = 1 << 16

// each calls f with the words of the text, part after part; joined, as far as phrases are known.
func (t *Text) each(f func(rows []int32)) error {
	var r reader
	for at := 0; at < t.Len(); at += readTokens {
		rows, err := r.read(t, at, min(at+readTokens, t.Len()))
		if err != nil {
			return err
		}
		f(rows)
	}
	return nil
}

// count counts the words of the text, and how many there are at all.
func (t *Text) count(words int) (counts []int64, all int64, err error) {
	counts = make([]int64, words)
	err = t.each(func(rows []int32) {
		for _, w := range rows {
			if w >= 0 {
				counts[w]++
			}
			if w >= rare {
				all++
			}
		}
	})
	return counts, all, err
}

// reader reads parts of a text into the same memory.
type reader struct {
	ids  []int
	rows []int32
}

// read gives the words of the tokens between two positions, joined to phrases.
func (r *reader) read(t *Text, from, to int) ([]int32, error) {
	if n := to - from; cap(r.ids) < n {
		r.ids, r.rows = make([]int, n), make([]int32, n)
	}
	ids, rows := r.ids[:to-from], r.rows[:0]
	if err := t.tokens.Read(ids, from); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if w := t.row[id]; w != nothing {
			rows = append(rows, w)
		}
	}
	return t.join.apply(rows), nil
}

// settle keeps the words that are frequent enough, and numbers them from the most frequent on.
func (t *Text) settle(names []string, counts []int64, least int64) (*Learned, error) {
	order, number := byCount(names, counts, least)
	l := &Learned{Text: t}
	for _, w := range order {
		l.Words, l.Counts = append(l.Words, names[w]), append(l.Counts, counts[w])
	}
	if len(t.join.passes) == 0 {
		for id, w := range t.row {
			if w >= 0 {
				t.row[id] = number[w]
			}
		}
	} else {
		t.join.number = number
	}
	if len(order) > math.MaxInt32-1 {
		return nil, fmt.Errorf("%d words: at most %d", len(order), math.MaxInt32-1)
	}
	return l, nil
}
