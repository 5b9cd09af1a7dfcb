package data

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unknownWord is the token of Penn Treebank and of many after it.
const unknownWord = "<unk>"

// maxWord is the length of the longest word that is a token, in bytes: others are unknown.
const maxWord = 1 << 10

// WordOptions say what a word is and which words are tokens.
type WordOptions struct {
	// Split is "unicode" for the word boundaries of Unicode Standard Annex 29, in which punctuation marks
	// are words, or "space" for whatever stands between white space, as in texts that are tokenized
	// already (Penn Treebank). Default "unicode".
	Split    string
	Lower    bool // words are read in lower case
	MinCount int  // words that are rarer are unknown; default 1
	Size     int  // the most tokens there may be, the most frequent words first; default and at most 1,048,576
}

// split gives the function that cuts a text; it panics if there is none of this name.
func (o WordOptions) split() func(text string, each func(at int, word string)) {
	switch o.Split {
	case "unicode", "":
		return unicodeWords
	case "space":
		return spaceWords
	}
	panic(fmt.Sprintf(`data: words split by %q: choose "unicode" or "space"`, o.Split))
}

// Words makes the vocabulary of a text's words, and gives the text in it. A line end is a word, "\n",
// and always a token if the text has one; other white space is in no word. The token <unk> is always
// there: it stands for words that are no tokens, and is what the word <unk> in a text is (where words
// are split by space; for Unicode these are three). A word of more than 1 KiB or with bytes that are
// no UTF-8 is never a token. Ids run from the most frequent token to the rarest, equally frequent ones
// by their bytes.
func Words(text string, o WordOptions) (*Vocab, []int) {
	return learned(&wordLearner{o: o, words: newTally()}, text)
}

// mayBeToken says whether a word can be saved as one, and is not the name of a token that no text has.
func mayBeToken(word string) bool {
	return len(word) <= maxWord && word != beginName && word != endName && utf8.ValidString(word)
}

// chosen are the tokens of the vocabulary, <unk> among them.
func (l *wordLearner) chosen() (tokens []string) {
	all, counts := l.words.index.words, l.words.counts
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	always := func(i int) int { // a line end is a token however rare
		if all[i] == lineEnd {
			return 0
		}
		return 1
	}
	byCount := func(a, b int) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(all[a], all[b]))
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(always(a), always(b)), byCount(a, b)) })
	most := maxVocab
	if l.o.Size > 0 {
		most = min(most, l.o.Size)
	}
	kept := 0
	for kept < min(most-1, len(order)) && (always(order[kept]) == 0 || counts[order[kept]] >= int64(l.o.MinCount)) {
		kept++
	}
	count := map[string]int64{unknownWord: l.unknown}
	tokens = append(tokens, unknownWord)
	for i, word := range order {
		if i < kept {
			tokens = append(tokens, all[word])
			count[all[word]] = counts[word]
		} else {
			count[unknownWord] += counts[word]
		}
	}
	byFrequency(tokens, func(token string) int64 { return count[token] })
	return tokens
}

// newWords makes a vocabulary of the given words, each there once, one of which stands for all others.
// It takes the slice over.
func newWords(words []string, unknown string, o WordOptions) *Vocab {
	n := 0
	for _, word := range words {
		n += 1 + len(word)
	}
	var all strings.Builder
	all.Grow(n)
	ends := make([]uint32, len(words))
	for id, word := range words {
		if word != lineEnd {
			all.WriteByte(' ')
		}
		all.WriteString(word)
		ends[id] = uint32(all.Len())
	}
	c := &wordCoder{pieces: all.String(), ends: ends, split: cmp.Or(o.Split, "unicode"), lower: o.Lower}
	c.index = newIndex(words, len(words))
	for id := range words {
		words[id] = strings.TrimPrefix(c.piece(id), " ")
		if !isItem(words[id]) {
			c.index.put(id)
		}
	}
	c.unknown = c.index.find(unknown)
	return newVocab("word", words, c.unknown, c)
}

type wordCoder struct {
	pieces  string   // of all tokens, each with the space before it
	ends    []uint32 // where the piece of each token ends
	index   *index   // of the tokens
	unknown int
	split   string
	lower   bool
}

func (c *wordCoder) bytes() int64 {
	return c.index.bytes() + 4*int64(len(c.ends)) // the pieces hold the tokens, which are counted already
}

func (c *wordCoder) piece(id int) string {
	start := uint32(0)
	if id > 0 {
		start = c.ends[id-1]
	}
	return c.pieces[start:c.ends[id]]
}

func (c *wordCoder) encode(dst []int, text string, rep *Report) []int {
	var buf [32]byte
	WordOptions{Split: c.split}.split()(text, func(at int, word string) {
		id := -1
		if c.lower {
			id = c.index.find(string(appendLower(buf[:0], word)))
		} else {
			id = c.index.find(word)
		}
		if id < 0 {
			id = c.unknown
			rep.unseenWord(at, word)
		}
		dst = append(dst, id)
	})
	return dst
}

func (c *wordCoder) cut(text string, allowed func(at int) bool) int {
	if c.split == "space" {
		return cutWords(text, unicode.IsSpace, noRune, allowed)
	}
	return cutWords(text, parts, ideograph, allowed)
}

// appendLower appends a word in lower case, character by character and whatever the language: Unicode's
// full mapping without conditions, of which only the dotted capital I becomes two characters. Bytes
// that are no UTF-8 stay.
func appendLower(dst []byte, word string) []byte {
	for at, r := range word {
		switch {
		case r < utf8.RuneSelf:
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			dst = append(dst, byte(r))
		case r == utf8.RuneError:
			_, size := utf8.DecodeRuneInString(word[at:])
			dst = append(dst, word[at:at+size]...)
		case r == 'İ':
			dst = append(dst, "i\u0307"...)
		default:
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
	}
	return dst
}
