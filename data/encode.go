package data

import (
	"context"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// A Side is what a section of a text is in tokens: one of the two sides of a split.
type Side struct {
	Tokens int     `json:"tokens"`
	Items  int     `json:"items,omitempty"` // of a list
	Counts []int64 `json:"counts"`          // of each token of the vocabulary
	// What the tokens that a model can be judged on spell: all but the first of running text, and all but Begin of
	// a list.
	Judged  int    `json:"judged"`  // tokens
	Chars   int    `json:"chars"`   // code points, and one for the end of each item
	Words   int    `json:"words"`   // what stands between white space
	Unknown int    `json:"unknown"` // tokens that stand for what the vocabulary does not have
	Report  Report `json:"report"`  // of the whole section
}

// Encode writes the tokens of a section to w, [IDBytes] each, little-endian, with Begin and End around each item.
// The work is shared by so many goroutines; the result does not depend on how many they are. It fails if ctx ends, if the
// text cannot be read or is not what it was when it was surveyed, or if w fails.
func (s Section) Encode(ctx context.Context, v *Vocab, w io.Writer, workers int) (Side, error) {
	side := Side{Counts: make([]int64, v.Size())}
	jobs, order := make(chan job), make(chan job, workers)
	stop := make(chan struct{})
	var wrong error // of the reader, set before order is closed
	go func() {
		defer close(order)
		defer close(jobs)
		at, found := 0, false // the first token
		for b, err := range s.parts(v.Cut) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				wrong = err
				return
			}
			j := job{block: b, at: at, out: make(chan encoded, 1)}
			if !found && b.ends == nil {
				j.first = v.first(b.text)
				found = j.first > 0
				j.skip = !found
			}
			at += len(b.text)
			select {
			case order <- j:
			case <-stop:
				return
			}
			jobs <- j // taken at once or soon: workers wait for nothing else
		}
	}()
	var wg sync.WaitGroup
	for range max(1, workers) {
		wg.Go(func() {
			e := encoder{vocab: v}
			for j := range jobs {
				j.out <- e.encode(j)
			}
		})
	}
	var err error
	inWord := false
	for j := range order {
		e := <-j.out
		if err != nil {
			continue
		}
		if _, err = w.Write(e.packed); err != nil {
			close(stop)
			continue
		}
		side.add(e, j.at)
		if inWord && e.beginsInWord {
			side.Words--
		}
		inWord = e.endsInWord
	}
	wg.Wait()
	if err == nil {
		err = wrong
	}
	return side, err
}

// job is a part of a text, on its way to its tokens.
type job struct {
	block
	at    int  // where it begins, in bytes from the beginning of the section
	first int  // bytes up to the end of the first token of running text, which is not judged; 0 if that is not in it
	skip  bool // it comes before the first token
	out   chan encoded
}

// encoded is a part of a text in tokens.
type encoded struct {
	Side
	packed                   []byte
	ids                      []int32 // different tokens
	beginsInWord, endsInWord bool
}

// encoder encodes part after part in the same memory.
type encoder struct {
	vocab  *Vocab
	ids    []int
	counts []int64
}

func (e *encoder) encode(j job) (out encoded) {
	v, b := e.vocab, j.block
	e.ids = e.ids[:0]
	if b.ends == nil {
		e.ids = v.encode(e.ids, b.text, &out.Report)
		out.Judged = len(e.ids)
		judged := b.text[j.first:]
		switch {
		case j.skip:
			judged = ""
		case j.first > 0:
			_, rep := v.EncodeReport(b.text[:j.first])
			out.Unknown -= rep.Unseen + rep.Invalid
			out.Judged--
		}
		out.Chars = utf8.RuneCountInString(judged)
		out.Words = len(strings.Fields(judged))
		out.beginsInWord, out.endsInWord = bounds(judged)
	}
	for i := range b.ends {
		item, before := b.item(i), len(e.ids)
		e.ids = append(v.encode(append(e.ids, v.Begin), item, &out.Report), v.End)
		out.Judged += len(e.ids) - before - 1
		out.Chars += utf8.RuneCountInString(item) + 1
		out.Words += len(strings.Fields(item))
	}
	out.Items, out.Tokens = len(b.ends), len(e.ids)
	out.Unknown += out.Report.Unseen + out.Report.Invalid
	out.packed = pack(make([]byte, 0, len(e.ids)*IDBytes(v.Size())), e.ids, IDBytes(v.Size()))
	e.count(&out)
	return out
}

// count adds up the tokens, in a table that is zero before and after.
func (e *encoder) count(out *encoded) {
	if e.counts == nil {
		e.counts = make([]int64, e.vocab.Size())
	}
	for _, id := range e.ids {
		if e.counts[id] == 0 {
			out.ids = append(out.ids, int32(id))
		}
		e.counts[id]++
	}
	for _, id := range out.ids {
		out.Counts = append(out.Counts, e.counts[id])
		e.counts[id] = 0
	}
}

// add adds a later part, which begins at some byte of the section.
func (s *Side) add(e encoded, at int) {
	s.Tokens += e.Tokens
	s.Items += e.Items
	s.Judged += e.Judged
	s.Chars += e.Chars
	s.Words += e.Words
	s.Unknown += e.Unknown
	s.Report.add(e.Report, at)
	for i, id := range e.ids {
		s.Counts[id] += e.Counts[i]
	}
}

// bounds says whether a text begins and whether it ends within a word.
func bounds(text string) (begins, ends bool) {
	if text == "" {
		return false, false
	}
	first, _ := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	return !unicode.IsSpace(first), !unicode.IsSpace(last)
}

// first is how many bytes of a text are its first token and what stands before it; 0 if there is none.
func (v *Vocab) first(text string) int {
	ids := v.Encode(text)
	if len(ids) == 0 {
		return 0
	}
	switch c := v.coder.(type) {
	case *charCoder:
		_, size := utf8.DecodeRuneInString(text)
		return size
	case *wordCoder:
		n := 0
		WordOptions{Split: c.split}.split()(text, func(at int, word string) {
			if n == 0 {
				n = at + len(word)
			}
		})
		return n
	case *bpeCoder:
		n := len(v.Tokens[ids[0]])
		if c.prefix && text[0] != ' ' {
			n--
		}
		return min(n, len(text))
	}
	return 1
}
