package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"path/filepath"
	"strings"
)

// A Document is one of many texts.
type Document struct {
	Name string // of its file, within the folder; "" of an item of a list
	Text string
}

// Documents reads a text document by document, and tells what was read: the items of a list, of which empty lines are left out and counted, or
// else the files. One is in memory at a time. The error says in one line what is wrong with what is no text; one of each ends it.
func (t *Text) Documents(each func(d Document) error) (source Source, empty int, err error) {
	r := &documentReader{text: t, hash: sha256.New(), each: each}
	read := r.files
	if t.items {
		read = r.list
	}
	if err := read(); err != nil {
		return source, 0, err
	}
	if r.judge.bytes == 0 && r.empty > 0 {
		return source, 0, fmt.Errorf("%s has only empty lines: there is nothing to read", t.name)
	}
	if r.judge.bytes == 0 {
		return source, 0, fmt.Errorf("%s is empty: there is nothing to read", t.name)
	}
	return Source{Name: t.name, Size: int64(r.size), SHA256: hex.EncodeToString(r.hash.Sum(nil))}, r.empty, r.verdict(t.name, 0)
}

type documentReader struct {
	text  *Text
	hash  hash.Hash
	size  int
	empty int
	judge judge
	each  func(d Document) error
}

func (r *documentReader) list() error {
	in := r.text.stream()
	in.hash = r.hash
	for b, err := range r.text.blocks(in) {
		if err != nil {
			return err
		}
		if err := r.judged(b, r.text.name); err != nil {
			return err
		}
		for i := range b.ends {
			if err := r.each(Document{Text: b.item(i)}); err != nil {
				return err
			}
		}
		r.empty += b.bare
	}
	r.size = in.at
	return nil
}

// judged looks at a block, and refuses a text that is none early.
func (r *documentReader) judged(b block, name string) error {
	r.judge.add(b)
	return r.verdict(name, early)
}

// verdict refuses what is no text, once so many bytes of it were read.
func (r *documentReader) verdict(name string, after int) error {
	what := r.judge.problem()
	switch {
	case what == "" || r.judge.bytes < after:
		return nil
	case strings.HasPrefix(what, "looks"):
		return fmt.Errorf("%s %s: documents must be text", name, what)
	}
	return fmt.Errorf("%s %s: convert it (iconv -f ENCODING -t UTF-8)", name, what)
}

// files reads each file as a document. Each is hashed with its end, so that two files are no one file.
func (r *documentReader) files() error {
	for i, f := range r.text.files {
		s := &textStream{text: r.text, last: '\n'}
		if err := s.begin(f); err != nil {
			return InWords(f.name, err)
		}
		raw, err := io.ReadAll(io.LimitReader(s.in, int64(maxDocument)+1))
		if closed := s.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return InWords(f.name, err)
		}
		if len(raw) > maxDocument {
			return fmt.Errorf("%s is longer than %d MiB, too long for a document: if it has one on each line, name it and not its folder", f.name, maxDocument>>20)
		}
		_, _ = r.hash.Write(append(raw, 0)) // which may write behind the document, but not into it
		r.size += len(raw)
		if err := r.judged(block{text: string(raw)}, f.name); err != nil {
			return err
		}
		if err := r.each(Document{Name: r.text.within(i), Text: string(raw)}); err != nil {
			return err
		}
	}
	return nil
}

var maxDocument = maxItem // which tests make smaller

// within is the name of a file in the text's folder.
func (t *Text) within(i int) string {
	name := t.files[i].name
	for _, dir := range []string{t.name, t.root} {
		if short, err := filepath.Rel(dir, name); dir != "" && err == nil && short != "." && !strings.HasPrefix(short, "..") {
			return filepath.ToSlash(short)
		}
	}
	return filepath.Base(name)
}
