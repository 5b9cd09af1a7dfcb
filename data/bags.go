package data

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bags are documents as the words in them and how often each occurs, in whatever order they came: eight bytes for each different word of a document.
type Bags struct {
	Starts  []int    // where each document begins in the following, and where the last one ends
	Words   []uint32 // by number in the vocabulary, ascending within a document
	Counts  []uint32
	Numbers []int    // of each document in the data it was read from, from 0
	News    []int64  // words of each that are none of the vocabulary, if titles were asked for
	Titles  []string // what each is called, if that was asked for: its file, or of a list how it begins

	// Of what was read:
	Empty   int   // documents with none of the vocabulary's words, which are left out
	Total   int64 // words that are in the bags
	Unknown int64 // words that are none of the vocabulary
}

// Len is the number of documents.
func (b *Bags) Len() int { return len(b.Numbers) }

// Bag is the words and the counts of a document.
func (b *Bags) Bag(i int) (words, counts []uint32) {
	return b.Words[b.Starts[i]:b.Starts[i+1]], b.Counts[b.Starts[i]:b.Starts[i+1]]
}

// Length is how many words a document has, repeated ones as often as they occur.
func (b *Bags) Length(i int) (n int64) {
	_, counts := b.Bag(i)
	for _, c := range counts {
		n += int64(c)
	}
	return n
}

// Bytes is the memory that they take, without titles.
func (b *Bags) Bytes() int64 { return bagBytes(int64(len(b.Words)), int64(b.Len())) }

func bagBytes(pairs, documents int64) int64 { return 8*pairs + 16*documents }

// Slice is some documents, from … to−1, in the memory of b.
func (b *Bags) Slice(from, to int) *Bags {
	s := &Bags{Starts: b.Starts[from : to+1], Words: b.Words, Counts: b.Counts, Numbers: b.Numbers[from:to]}
	if b.Titles != nil {
		s.Titles, s.News = b.Titles[from:to], b.News[from:to]
	}
	for i := range s.Len() {
		s.Total += s.Length(i)
	}
	return s
}

// Only is the documents of these places, in the order given, in memory of their own.
func (b *Bags) Only(places []int) *Bags {
	s := &Bags{Starts: []int{0}}
	for _, i := range places {
		words, counts := b.Bag(i)
		s.Words, s.Counts = append(s.Words, words...), append(s.Counts, counts...)
		s.Starts, s.Numbers = append(s.Starts, len(s.Words)), append(s.Numbers, b.Numbers[i])
		if b.Titles != nil {
			s.Titles, s.News = append(s.Titles, b.Titles[i]), append(s.News, b.News[i])
		}
		s.Total += b.Length(i)
	}
	return s
}

// NewBags are documents that are in memory already, as words by number with their counts. Words of a document may come in any order, each once.
func NewBags(documents []map[int]int) *Bags {
	b := &Bags{Starts: []int{0}}
	for i, d := range documents {
		var filled bagFiller
		for word, count := range d {
			filled.add(word, int64(count))
		}
		filled.to(b, Document{}, i, false)
	}
	return b
}

// bagFiller gathers the words of a document.
type bagFiller struct {
	seen map[int]int64
}

func (f *bagFiller) add(word int, count int64) {
	if f.seen == nil {
		f.seen = map[int]int64{}
	}
	f.seen[word] += count
}

// to puts the document behind the others, if it has words, and gives their number.
func (f *bagFiller) to(b *Bags, d Document, number int, titled bool) int {
	if len(f.seen) == 0 {
		b.Empty++
		return b.Len()
	}
	from := len(b.Words)
	for word := range f.seen {
		b.Words = append(b.Words, uint32(word))
	}
	slices.Sort(b.Words[from:])
	for _, word := range b.Words[from:] {
		count := min(f.seen[int(word)], MaxCount)
		b.Counts = append(b.Counts, uint32(count))
		b.Total += count
	}
	b.Starts, b.Numbers = append(b.Starts, len(b.Words)), append(b.Numbers, number)
	if titled {
		b.Titles = append(b.Titles, title(d))
	}
	clear(f.seen)
	return b.Len()
}

const titleRunes = 60

// title is what a document is called: by its file if it has one, or else by how it begins.
func title(d Document) string {
	if d.Name != "" {
		return d.Name
	}
	head := d.Text[:min(len(d.Text), 4*titleRunes*utf8.UTFMax)]
	begins := strings.ToValidUTF8(strings.Join(strings.FieldsFunc(head, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " "), "")
	if runes := []rune(begins); len(runes) > titleRunes {
		return string(runes[:titleRunes]) + "…"
	}
	return begins
}

// BagSplit is documents, those to learn from and those held out.
type BagSplit struct {
	Vocab       *BagVocab
	Train, Held *Bags // Held has no documents if nothing is held out
	Left        LeftOut
	Documents   int // that were read, all
	Source      Source
}

// BagInput says how documents are read.
type BagInput struct {
	BagOptions
	Held     float64 // share of the documents that is held out, evenly spread
	MaxBytes int64   // that bags may take; 0: any

	// Same refuses what was read for another than was asked for, before the long work on it; nil: any.
	Same func(Source) error
}

// LearnBags reads documents twice: to find the words, of those to learn from, and to make bags of all. What bags will take is known before
// they are made. The error says in one line what is wrong with documents of which nothing is left.
func (t *Text) LearnBags(o BagInput) (*BagSplit, error) {
	o.BagOptions = o.Complete()
	held := Section{share: o.Held, held: true}
	isHeld := func(i int) bool { return o.Held > 0 && held.has(i) }
	l, s, learned := newBagLearner(), &BagSplit{}, 0
	source, _, err := t.Documents(func(d Document) error {
		number := s.Documents
		s.Documents++
		if !isHeld(number) {
			learned++
		}
		err := o.words(d, func(word []byte, count int64) { l.add(word, count, number+1, isHeld(number)) })
		return t.atDocument(d, number, err)
	})
	if err != nil {
		return nil, err
	}
	s.Source = source
	if o.Same != nil {
		if err := o.Same(source); err != nil {
			return nil, err
		}
	}
	var pairs int64
	s.Vocab, s.Left, pairs = l.choose(o.BagOptions, learned)
	if err := s.check(t.name, o.BagOptions, learned); err != nil {
		return nil, err
	}
	if bytes := bagBytes(pairs, int64(s.Documents)); o.MaxBytes > 0 && bytes > o.MaxBytes {
		return nil, fmt.Errorf("%s: its %d documents take %d MB as bags of words, and there are %d MB: make --vocab smaller or --max-share lower, or read fewer", t.name, s.Documents, bytes>>20, o.MaxBytes>>20)
	}
	s.Train, s.Held = newBags(), newBags()
	again, empty, err := t.readBags(s.Vocab, BagInput{BagOptions: o.BagOptions}, false, func(i int) *Bags {
		if isHeld(i) {
			return s.Held
		}
		return s.Train
	})
	switch {
	case err != nil:
		return nil, err
	case again.SHA256 != source.SHA256:
		return nil, fmt.Errorf("%s was changed while it was read: leave it as it is, and begin again", t.name)
	case s.Train.Len() == 0:
		return nil, fmt.Errorf("%s has no document to learn from with a word that is kept: bring more", t.name)
	}
	s.Train.Empty += empty
	s.Documents += empty
	return s, nil
}

func newBags() *Bags { return &Bags{Starts: []int{0}} }

// check refuses a vocabulary of which nothing could be learned.
func (s *BagSplit) check(name string, o BagOptions, learned int) error {
	left := s.Left
	switch {
	case left.Count == 0:
		return fmt.Errorf("%s has %s to learn from, and no words in them: bring documents with words", name, amount(learned, "document", "documents"))
	case len(s.Vocab.Words) == 0 && left.Common > 0:
		return fmt.Errorf("%s: no words are left: %d are in more than %g of the documents (--max-share) and %d occur less than %s (--min-count): raise the one, lower the other, or bring more documents",
			name, left.Common, o.MaxShare, left.Rare, amount(o.MinCount, "time", "times"))
	case len(s.Vocab.Words) == 0:
		return fmt.Errorf("%s: no words are left: all occur less than %s: lower --min-count, or bring more documents", name, amount(o.MinCount, "time", "times"))
	case len(s.Vocab.Words) == 1:
		return fmt.Errorf("%s: only one word is left, %.60q, and there is nothing to choose from: raise --vocab or --max-share, lower --min-count, or bring more documents", name, s.Vocab.Words[0])
	}
	return nil
}

// Bags reads documents as bags of known words, those without any left out. Titles, and how many words of each are unknown, are kept if asked for. Of more than
// MaxBytes the error says in one line what to do.
func (t *Text) Bags(v *BagVocab, o BagInput, titles bool) (*Bags, Source, error) {
	b := newBags()
	source, empty, err := t.readBags(v, o, titles, func(int) *Bags { return b })
	b.Empty += empty
	return b, source, err
}

func (t *Text) readBags(v *BagVocab, o BagInput, titles bool, into func(number int) *Bags) (source Source, empty int, err error) {
	var f bagFiller
	number := 0
	return t.Documents(func(d Document) error {
		b, unknown := into(number), int64(0)
		err := o.words(d, func(word []byte, count int64) {
			if w := v.Find(string(word)); w >= 0 {
				f.add(w, count)
			} else {
				unknown += count
			}
		})
		b.Unknown += unknown
		if before := b.Len(); f.to(b, d, number, titles) > before && titles {
			b.News = append(b.News, unknown)
		}
		number++
		if o.MaxBytes > 0 && b.Bytes() > o.MaxBytes {
			return fmt.Errorf("%s: its first %d documents take %d MB as bags of words already, which is all there are: give fewer at a time", t.name, number, b.Bytes()>>20)
		}
		return t.atDocument(d, number-1, err)
	})
}

// atDocument says of which document an error is.
func (t *Text) atDocument(d Document, number int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: document %d %w", cmp.Or(d.Name, t.name), number+1, err)
}
