package data

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// BagOptions say what the words of documents are and which of them are kept. A zero value means what is given here.
type BagOptions struct {
	Case     bool    `json:"case,omitempty"`      // capital letters are told from small ones; false: all are made small
	Bags     bool    `json:"bags,omitempty"`      // documents are bags already, word:count with white space between
	Size     int     `json:"size,omitempty"`      // the most words, the most frequent ones; 10,000
	MinCount int     `json:"min_count,omitempty"` // rarer ones are left out; 2
	MaxShare float64 `json:"max_share,omitempty"` // words in more than this share of the documents are left out; 0.5
}

// Complete fills in the defaults.
func (o BagOptions) Complete() BagOptions {
	o.Size, o.MinCount, o.MaxShare = cmp.Or(o.Size, 10_000), cmp.Or(o.MinCount, 2), cmp.Or(o.MaxShare, 0.5)
	return o
}

// MaxBagWords is the most words that a vocabulary of bags may have.
const MaxBagWords = 1 << 20

// words calls each with the words of a document, and how many times it counts.
func (o BagOptions) words(d Document, each func(word []byte, count int64)) error {
	if o.Bags {
		return bagWords(d.Text, !o.Case, each)
	}
	documentWords(d.Text, !o.Case, func(word []byte) { each(word, 1) })
	return nil
}

// A BagVocab is the words of documents, the most frequent first and of equal ones in the order of their bytes.
type BagVocab struct {
	Words     []string
	Counts    []int64 // how often each occurs in the documents that it was made of
	Documents []int64 // in how many

	index *index
}

// Find is the number of a word; −1 if it is none of them.
func (v *BagVocab) Find(word string) int { return v.index.find(word) }

// Bytes is the memory that it takes.
func (v *BagVocab) Bytes() int64 {
	n := int64(0)
	for _, w := range v.Words {
		n += int64(len(w))
	}
	return n + int64(len(v.Words))*(16+8+8) + v.index.bytes()
}

func newBagVocab(n int) *BagVocab { return &BagVocab{index: newIndex(nil, n)} }

func (v *BagVocab) add(word string, count, documents int64) (isNew bool) {
	if n := v.index.add(word); n < len(v.Counts) {
		return false
	}
	v.Words, v.Counts, v.Documents = v.index.words, append(v.Counts, count), append(v.Documents, documents)
	return true
}

// Marshal is a line for each word: the word, its count and the number of its documents, with tabs between.
func (v *BagVocab) Marshal() []byte {
	var b bytes.Buffer
	for i, w := range v.Words {
		fmt.Fprintf(&b, "%s\t%d\t%d\n", w, v.Counts[i], v.Documents[i])
	}
	return b.Bytes()
}

// ReadBagVocab reads what Marshal writes, from anywhere: each word is there once, and has counts that it could have.
func ReadBagVocab(raw []byte) (*BagVocab, error) {
	lines := bytes.Count(raw, []byte("\n"))
	if lines == 0 || raw[len(raw)-1] != '\n' {
		return nil, errors.New("must have a line for each word, with an end")
	}
	if lines > MaxBagWords {
		return nil, fmt.Errorf("has %d words: at most %d", lines, MaxBagWords)
	}
	v := newBagVocab(lines)
	number := 0
	for line := range strings.Lines(string(raw)) {
		number++
		word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		first, second, two := strings.Cut(rest, "\t")
		count, err1 := strconv.ParseInt(first, 10, 64)
		documents, err2 := strconv.ParseInt(second, 10, 64)
		switch {
		case !two || err1 != nil || err2 != nil || documents < 1 || count < documents || count > 1<<53:
			return nil, fmt.Errorf("line %d must be a word, how often it occurs and in how many documents, with tabs between", number)
		case !isDocumentWord(word):
			return nil, fmt.Errorf("line %d begins with %.60q, which is no word", number, word)
		case !v.add(word, count, documents):
			return nil, fmt.Errorf("line %d has %.60q once more", number, word)
		}
	}
	return v, nil
}

// mostBagWords is how many different words are counted at most: when there are more, those that occur least are forgotten, as in a tally.
const mostBagWords = 1 << 20

// bagLearner counts the words of documents, and in how many each is.
type bagLearner struct {
	index                   *index
	counts, documents, held []int64 // of those to learn from: how often, and in how many documents; and in how many held out
	last                    []int   // the document in which each was seen last, from 1
	most                    int
	forgotten               bool
}

func newBagLearner() *bagLearner { return &bagLearner{index: newIndex(nil, 1<<10), most: mostBagWords} }

func (l *bagLearner) add(word []byte, count int64, document int, held bool) {
	n := l.index.find(string(word))
	if n < 0 {
		if len(l.counts) >= l.most {
			l.forget()
		}
		n = l.index.add(string(word))
		l.counts, l.documents, l.held, l.last = append(l.counts, 0), append(l.documents, 0), append(l.held, 0), append(l.last, 0)
	}
	fresh := l.last[n] != document
	l.last[n] = document
	switch {
	case held && fresh:
		l.held[n]++
	case held:
	case fresh:
		l.documents[n]++
		fallthrough
	default:
		l.counts[n] += count
	}
}

// forget leaves half of the words or fewer: those that occur most.
func (l *bagLearner) forget() {
	sorted := slices.Sorted(slices.Values(l.counts))
	least := sorted[len(sorted)/2]
	kept := &bagLearner{index: newIndex(nil, l.most), most: l.most, forgotten: true}
	for n, word := range l.index.words {
		if l.counts[n] > least {
			kept.index.add(word)
			kept.counts, kept.documents = append(kept.counts, l.counts[n]), append(kept.documents, l.documents[n])
			kept.held, kept.last = append(kept.held, l.held[n]), append(kept.last, l.last[n])
		}
	}
	*l = *kept
}

// LeftOut is what the vocabulary of documents has not, of those to learn from: different words, and how often they occur.
type LeftOut struct {
	Common, CommonCount int64 // in more than MaxShare of the documents
	Rare, RareCount     int64 // seen less than MinCount times, or when there were enough
	Count               int64 // of all words, those that were kept too

	Examples []string // some of the common ones, the most frequent first
}

// choose makes the vocabulary, and counts the pairs of a document and a word in it that there are.
func (l *bagLearner) choose(o BagOptions, documents int) (v *BagVocab, left LeftOut, pairs int64) {
	o = o.Complete()
	order := make([]int, len(l.counts))
	for i := range order {
		order[i] = i
		left.Count += l.counts[i]
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(l.counts[b], l.counts[a]), strings.Compare(l.index.words[a], l.index.words[b]))
	})
	v = newBagVocab(min(o.Size, len(order)))
	for _, n := range order {
		switch {
		case l.counts[n] == 0: // held out only
		case float64(l.documents[n]) > o.MaxShare*float64(documents):
			left.Common++
			left.CommonCount += l.counts[n]
			if len(left.Examples) < 8 {
				left.Examples = append(left.Examples, l.index.words[n])
			}
		case l.counts[n] < int64(o.MinCount) || len(v.Words) >= o.Size:
			left.Rare++
			left.RareCount += l.counts[n]
		default:
			v.add(l.index.words[n], l.counts[n], l.documents[n])
			pairs += l.documents[n] + l.held[n]
		}
	}
	return v, left, pairs
}
