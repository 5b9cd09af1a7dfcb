package data

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A learner makes a vocabulary of a text that it is given part by part: one per kind.
type learner interface {
	add(text string)
	cut(text string) int // where a text that goes on may be cut
	vocab() *Vocab
}

// VocabOptions say which vocabulary to make of a text.
type VocabOptions struct {
	Kind  string // "char", "byte", "word" or "bpe"
	Words WordOptions
	Size  int // of "bpe"; one that [CheckBPESize] takes
}

func (o VocabOptions) learner() learner {
	switch o.Kind {
	case "char":
		return newCharLearner()
	case "byte":
		return byteLearner{}
	case "word":
		return &wordLearner{o: o.Words, words: newTally()}
	case "bpe":
		return newBPELearner(o.Size)
	}
	panic(fmt.Sprintf("data: a vocabulary of kind %q", o.Kind))
}

// Learn makes the vocabulary of a section; of a list, with Begin and End. Its counts are all zero until they are set
// to those of the [Side] that [Section.Encode] gives.
func (s Section) Learn(o VocabOptions) (*Vocab, error) {
	l := o.learner()
	for b, err := range s.parts(l.cut) {
		if err != nil {
			return nil, err
		}
		if b.ends == nil {
			l.add(b.text)
		}
		for i := range b.ends {
			l.add(b.item(i))
		}
	}
	v := l.vocab()
	v.Counts = make([]int64, v.Size())
	if s.survey.text.items {
		v = v.WithItems()
	}
	return v, nil
}

// learned is the vocabulary of a text that is in memory, and the text in it.
func learned(l learner, text string) (*Vocab, []int) {
	l.add(text)
	v := l.vocab()
	ids := v.Encode(text)
	v.count(ids)
	return v, ids
}

// charLearner counts in a table over all code points up to the highest, which is at most 9 MB, and faster than a map.
type charLearner struct{ counts []int64 }

func newCharLearner() *charLearner { return &charLearner{make([]int64, utf8.RuneError+1)} }

func (l *charLearner) add(text string) {
	for _, r := range text {
		if int(r) >= len(l.counts) {
			l.counts = append(l.counts, make([]int64, int(r)+1-len(l.counts))...)
		}
		l.counts[r]++
	}
}

func (l *charLearner) cut(text string) int {
	return len(text) - cutOff([]byte(text[max(0, len(text)-utf8.UTFMax):]))
}

func (l *charLearner) vocab() *Vocab {
	tokens := []string{}
	for r, n := range l.counts {
		if n > 0 || r == utf8.RuneError {
			tokens = append(tokens, string(rune(r)))
		}
	}
	byFrequency(tokens, func(token string) int64 {
		r, _ := utf8.DecodeRuneInString(token)
		return l.counts[r]
	})
	return newChars(strings.Join(tokens, ""))
}

// byteLearner has nothing to learn.
type byteLearner struct{}

func (byteLearner) add(string)          {}
func (byteLearner) cut(text string) int { return len(text) }
func (byteLearner) vocab() *Vocab       { return newBytes() }

// wordLearner counts words.
type wordLearner struct {
	o       WordOptions
	words   *tally
	unknown int64 // words that can be no token, and the word <unk> itself
}

func (l *wordLearner) add(text string) {
	var buf [32]byte
	l.o.split()(text, func(_ int, word string) {
		if l.o.Lower {
			if lower := appendLower(buf[:0], word); string(lower) != word {
				word = string(lower)
			}
		}
		if word == unknownWord || !mayBeToken(word) {
			l.unknown++
			return
		}
		l.words.add(word)
	})
}

func (l *wordLearner) cut(text string) int {
	if l.o.Split == "space" {
		return cutWords(text, unicode.IsSpace, noRune, anywhere)
	}
	return cutWords(text, parts, ideograph, anywhere)
}

func (l *wordLearner) vocab() *Vocab { return newWords(l.chosen(), unknownWord, l.o) }

// bpeLearner counts the pieces within which bytes are merged.
type bpeLearner struct {
	size   int
	pieces *tally
}

func newBPELearner(size int) *bpeLearner {
	if err := CheckBPESize(size); err != nil {
		panic("data: " + err.Error())
	}
	return &bpeLearner{size, newTally()}
}

func (l *bpeLearner) add(text string) {
	for rest := text; rest != ""; {
		n := nextPiece(rest)
		for at := 0; at < n; at += trainedPiece {
			l.pieces.add(rest[at:min(n, at+trainedPiece)])
		}
		rest = rest[n:]
	}
}

func (l *bpeLearner) cut(text string) int { return cutPieces(text, anywhere) }

func (l *bpeLearner) vocab() *Vocab { return newTrainer(l.pieces, l.size).train() }

func anywhere(int) bool { return true }
