package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"iter"
	"strings"
	"unicode/utf8"
)

// A Survey is what is known of a text after it was read once.
type Survey struct {
	Source Source
	Chars  int // code points, and one for the end of each item
	Items  int // of a list
	Empty  int // lines of a list that were left out, since nothing is on them
	// Bytes that are no UTF-8, and where the first of them is, in words: at which byte of which file, or of a list in which
	// line. What a mark of the byte order or a packed file has before them does not count.
	Invalid int
	Where   string

	text  *Text
	marks []mark // what stands before each block
}

type mark struct {
	bytes, chars, items int
	sum                 uint64 // of the block that follows
}

// Survey reads the text once, to know what it is. The error says in one line what is wrong with one that has nothing
// to learn from or is no text; with binary, it need not be text.
func (t *Text) Survey(binary bool) (*Survey, error) {
	s := &Survey{text: t}
	in := t.stream()
	in.hash = sha256.New()
	var j judge
	for b, err := range t.blocks(in) {
		if err != nil {
			return nil, err
		}
		s.marks = append(s.marks, mark{j.bytes, s.Chars, s.Items, b.sum()})
		s.Chars += utf8.RuneCountInString(b.text) + len(b.ends)
		s.Items += len(b.ends)
		s.Empty += b.bare
		j.add(b)
		if s.Where == "" {
			s.Where = b.where
		}
		if !binary && j.bytes >= early {
			if err := j.verdict(t.name); err != nil {
				return nil, err
			}
		}
	}
	if s.Invalid = j.rep.Invalid; s.Invalid > 0 && !t.items {
		file := in.file(j.rep.InvalidAt)
		s.Where = fmt.Sprintf("byte %d of %s", j.rep.InvalidAt-in.starts[file]+1, t.files[file].name)
	}
	s.Source = Source{Name: t.name, Size: int64(in.at), SHA256: hex.EncodeToString(in.hash.Sum(nil))}
	switch {
	case in.at == 0:
		return nil, fmt.Errorf("%s is empty: there is nothing to read", t.name)
	case t.items && s.Items == 0:
		return nil, fmt.Errorf("%s has only empty lines: there is nothing to read", t.name)
	case !t.items && s.Chars == 1:
		return nil, fmt.Errorf("%s has only one character: nothing follows it that could be learned or judged", t.name)
	}
	if !binary {
		if err := j.verdict(t.name); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// A Section is a part of a text: of running text by bytes, of a list by items.
type Section struct {
	survey   *Survey
	from, to int
	share    float64 // of the items from one to the other that are held out, evenly spread; 0: they are not told apart
	held     bool    // the section is those that are, and not the others
}

// has says whether an item between from and to is in the section.
func (s Section) has(item int) bool {
	return s.share == 0 || (int(float64(item+1)*s.share) > int(float64(item)*s.share)) == s.held
}

// Whole is all of the text.
func (s *Survey) Whole() Section {
	return Section{survey: s, to: s.size()}
}

// Part names the section, for who keeps what was made of it: equal names of equal texts are equal sections.
func (s Section) Part() string {
	unit := "bytes"
	if t := s.survey.text; t.items {
		unit = fmt.Sprintf("items of %q, %g %t,", t.field, s.share, s.held)
	}
	return fmt.Sprintf("%s %d to %d", unit, s.from, min(s.to, s.survey.size()))
}

// MostTokens is how many tokens the section may have, whatever the vocabulary.
func (s Section) MostTokens() int64 {
	if s.survey.text.items {
		return s.survey.Source.Size + int64(2*(s.to-s.from))
	}
	return int64(min(s.to, s.survey.size()) - s.from)
}

// size is how long the text is: of running text in bytes, of a list in items.
func (s *Survey) size() int {
	if s.text.items {
		return s.Items
	}
	return int(s.Source.Size)
}

// Split cuts the text in two: the last share of its characters to judge a model by, and all before, to train it on.
// Of a list, whose items are apart and often sorted, the share is items that are spread evenly over it. The share is
// between 0 and 1. Each part must have two characters, so that one of them can be predicted, or one item.
func (s *Survey) Split(share float64) (train, valid Section, err error) {
	if !(share > 0 && share < 1) {
		return train, valid, fmt.Errorf("a share of %g to validate on: it must be between 0 and 1", share)
	}
	train, valid = s.Whole(), s.Whole()
	if s.text.items {
		train.share, valid.share, valid.held = share, share, true
		if n := int(float64(s.Items) * share); n < 1 || n == s.Items {
			return train, valid, fmt.Errorf("a list of %s is too short to validate on %g of it", amount(s.Items, "item", "items"), share)
		}
		return train, valid, nil
	}
	cut := int(float64(s.Chars) * (1 - share))
	if cut < 2 || s.Chars-cut < 2 {
		return train, valid, fmt.Errorf("a text of %s is too short to validate on %g of it", amount(s.Chars, "character", "characters"), share)
	}
	at, err := s.byteOf(cut)
	train.to, valid.from = at, at
	return train, valid, err
}

// byteOf is where a character of running text begins.
func (s *Survey) byteOf(char int) (int, error) {
	number := 0
	for b, err := range s.blocks() {
		if err != nil {
			return 0, err
		}
		if number+1 == len(s.marks) || s.marks[number+1].chars > char {
			left := char - s.marks[number].chars
			for at := range b.text {
				if left == 0 {
					return s.marks[number].bytes + at, nil
				}
				left--
			}
			break
		}
		number++
	}
	return 0, s.changed()
}

// changed is the error of a text that is not what it was when it was surveyed.
func (s *Survey) changed() error {
	return fmt.Errorf("%s was changed while it was read: leave it as it is, and begin again", s.text.name)
}

// blocks reads the text again, and makes sure that it is what it was: each block is compared by its sum, so that what is
// made of the text is made of the bytes whose hash is known, and that is known soon.
func (s *Survey) blocks() iter.Seq2[block, error] {
	return func(yield func(block, error) bool) {
		number := 0
		for b, err := range s.text.blocks(s.text.stream()) {
			if err == nil && (number == len(s.marks) || s.marks[number].sum != b.sum()) {
				err = s.changed()
			}
			if !yield(b, err) || err != nil {
				return
			}
			number++
		}
		if number < len(s.marks) {
			yield(block{}, s.changed())
		}
	}
}

// sum is a hash of a block, good for one process.
func (b block) sum() uint64 {
	var h maphash.Hash
	h.SetSeed(hashSeed)
	_, _ = h.WriteString(b.text)
	for _, end := range b.ends {
		maphash.WriteComparable(&h, end)
	}
	return h.Sum64()
}

// blocks reads the section.
func (s Section) blocks() iter.Seq2[block, error] {
	return func(yield func(block, error) bool) {
		number := 0
		for b, err := range s.survey.blocks() {
			if err != nil {
				yield(b, err)
				return
			}
			first := s.survey.marks[number]
			number++
			at, all := first.bytes, len(b.text)
			if s.survey.text.items {
				at, all = first.items, len(b.ends)
			}
			if at+all <= s.from {
				continue
			}
			if at >= s.to {
				return
			}
			part := b.slice(max(s.from-at, 0), min(s.to-at, all))
			if s.share > 0 {
				part = part.only(func(i int) bool { return s.has(max(s.from, at) + i) })
			}
			if (part.text != "" || len(part.ends) > 0) && !yield(part, nil) {
				return
			}
		}
	}
}

// slice is a part of a block: of running text by bytes, of a list by items.
func (b block) slice(from, to int) block {
	if b.ends == nil {
		return block{text: b.text[from:to]}
	}
	start := 0
	if from > 0 {
		start = b.ends[from-1]
	}
	part := block{text: b.text[start:b.ends[to-1]]}
	for _, end := range b.ends[from:to] {
		part.ends = append(part.ends, end-start)
	}
	return part
}

// only is some items of a block.
func (b block) only(has func(i int) bool) (some block) {
	var text strings.Builder
	for i := range b.ends {
		if has(i) {
			text.WriteString(b.item(i))
			some.ends = append(some.ends, text.Len())
		}
	}
	some.text = text.String()
	return some
}

// item is one of the items of a block.
func (b block) item(i int) string {
	start := 0
	if i > 0 {
		start = b.ends[i-1]
	}
	return b.text[start:b.ends[i]]
}

// parts reads the section in parts that a vocabulary may take one by one, as cut says; of a list as it is. Where no
// place to cut is found for a long time, such as in megabytes without a space, the text is cut anyhow.
func (s Section) parts(cut func(text string) int) iter.Seq2[block, error] {
	const longest = 2 << 20
	return func(yield func(block, error) bool) {
		rest := ""
		for b, err := range s.blocks() {
			if err != nil || b.ends != nil {
				if !yield(b, err) || err != nil {
					return
				}
				continue
			}
			text := rest + b.text
			n := cut(text)
			if n == 0 && len(text) >= longest {
				n = len(text)
			}
			rest = text[n:]
			if n > 0 && !yield(block{text: text[:n]}, nil) {
				return
			}
		}
		if rest != "" {
			yield(block{text: rest}, nil)
		}
	}
}

// Head is the beginning of a section, at most so many bytes; items are lines of it.
func (s Section) Head(n int) (string, error) {
	head := ""
	for b, err := range s.blocks() {
		if err != nil {
			return "", err
		}
		head += b.lines()
		if len(head) >= n {
			break
		}
	}
	return head[:min(n, len(head))], nil
}

// Tail is the end of a section, at most so many bytes; items are lines of it.
func (s Section) Tail(n int) (string, error) {
	tail := ""
	for b, err := range s.blocks() {
		if err != nil {
			return "", err
		}
		text := b.lines()
		if len(text) < n {
			text = tail + text
		}
		tail = text[max(0, len(text)-n):]
	}
	return tail, nil
}

// lines is the text of a block, with a line end after each item.
func (b block) lines() string {
	if b.ends == nil {
		return b.text
	}
	lines := make([]byte, 0, len(b.text)+len(b.ends))
	for i := range b.ends {
		lines = append(append(lines, b.item(i)...), '\n')
	}
	return string(lines)
}
