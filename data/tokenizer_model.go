package data

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"inkling/internal/strictjson"
)

// scanVocab reads the object from tokens to ids.
func scanVocab(s *strictjson.Scanner, each func(token []byte, id int) error) error {
	n := 0
	return s.Members(func(token []byte) error {
		if n++; n > maxVocab {
			return fmt.Errorf("more than %d tokens", maxVocab)
		}
		// A token with escapes is valid until the next string only, and a number is none.
		id, err := s.Integer(maxVocab - 1)
		if err != nil {
			return fmt.Errorf("the id of %.40q: %w", token, err)
		}
		return each(token, int(id))
	})
}

// scanMerges reads the list of merges, each "a b" or ["a", "b"].
func scanMerges(s *strictjson.Scanner, each func(left, right []byte) error) error {
	n := 0
	var buf []byte
	return s.Array(func() error {
		if n == maxVocab {
			return fmt.Errorf("more than %d merges", maxVocab)
		}
		err := scanMerge(s, &buf, each)
		if err != nil {
			err = fmt.Errorf("merge %d: %w", n, err)
		}
		n++
		return err
	})
}

func scanMerge(s *strictjson.Scanner, buf *[]byte, each func(left, right []byte) error) error {
	if s.Next() != '[' {
		both, err := s.Text()
		if err != nil {
			return err
		}
		left, right, ok := bytes.Cut(both, []byte(" "))
		if !ok || bytes.IndexByte(right, ' ') >= 0 {
			return fmt.Errorf("%s is not two tokens with a space between", strictjson.Quote(both))
		}
		return each(left, right)
	}
	part := 0
	err := s.Array(func() error {
		text, err := s.Text()
		if err != nil {
			return err
		}
		switch part++; {
		case part > 2:
			return s.Errorf("a third token")
		case part == 2:
			return each(*buf, text)
		case len(text) > maxPart:
			return s.Errorf("a token that is too long: %s", strictjson.Quote(text))
		}
		*buf = append((*buf)[:0], text...) // the next text may take its place
		return nil
	})
	if err == nil && part < 2 {
		err = errors.New("not two tokens")
	}
	return err
}

// scanCounts reads the list of counts.
func scanCounts(s *strictjson.Scanner, each func(id int, n int64)) error {
	id, left := 0, int64(maxCount)
	return s.Array(func() error {
		if id == maxVocab {
			return fmt.Errorf("more than %d counts", maxVocab)
		}
		n, err := s.Integer(left)
		if err != nil {
			return fmt.Errorf("the count of token %d: %w", id, err)
		}
		each(id, n)
		id, left = id+1, left-n
		return nil
	})
}

// readChars gives the tokens of a model by id, which must be 0 to n−1, each once, where each is
// spelled as one character.
func (t *Tokenizer) readChars() ([]rune, error) {
	const none = -1
	chars := make([]rune, t.tokens)
	for id := range chars {
		chars[id] = none
	}
	seen := make([]uint64, unicode.MaxRune/64+1) // a bit for each code point
	err := scanVocab(t.text.From(t.vocab), func(token []byte, id int) error {
		r, size := utf8.DecodeRune(token)
		switch {
		case size != len(token) || size == 0:
			return fmt.Errorf("%.40q is not one character", token)
		case seen[r/64]>>(r%64)&1 == 1:
			return fmt.Errorf("the vocabulary has %q twice", token)
		case id >= len(chars):
			return errGap(token, id, len(chars))
		case chars[id] != none:
			return fmt.Errorf("%q and %q have the same id %d", string(chars[id]), token, id)
		}
		chars[id] = r
		seen[r/64] |= 1 << (r % 64)
		return nil
	})
	return chars, err
}

func errGap(token []byte, id, tokens int) error {
	return fmt.Errorf("%.40q has id %d, which leaves ids below it without a token: there are %d tokens", token, id, tokens)
}

// readTokens gives the tokens of a model by id, which must be 0 to n−1, each once and none empty, as
// convert appends them to its buffer.
func (t *Tokenizer) readTokens(convert func(dst, token []byte, id int) ([]byte, error)) ([]string, error) {
	tokens := make([]string, t.tokens)
	var all strings.Builder // one piece of memory for all of them
	all.Grow(t.length)
	var buf []byte
	err := scanVocab(t.text.From(t.vocab), func(token []byte, id int) (err error) {
		switch {
		case len(token) == 0:
			return errors.New("a token is empty")
		case id >= len(tokens):
			return errGap(token, id, len(tokens))
		case tokens[id] != "":
			return fmt.Errorf("%.40q and %.40q have the same id %d", tokens[id], token, id)
		}
		if text := string(token); isItem(text) && t.addedAt(id) != text {
			return fmt.Errorf("the token %q is no added token", text)
		}
		if buf, err = convert(buf[:0], token, id); err != nil {
			return err
		}
		start := all.Len()
		all.Write(buf)
		tokens[id] = all.String()[start:]
		return nil
	})
	return tokens, err
}

// readWords reads the tokens of a WordLevel model.
func (t *Tokenizer) readWords(unknown string, o WordOptions) (*Vocab, error) {
	words, err := t.readTokens(func(dst, token []byte, _ int) ([]byte, error) { return append(dst, token...), nil })
	if err != nil {
		return nil, err
	}
	v := newWords(words, unknown, o)
	if v.Unknown < 0 {
		return nil, fmt.Errorf("the unknown word %.40q has no id", unknown)
	}
	index := v.coder.(*wordCoder).index
	for id, word := range v.Tokens {
		if index.find(word) != id && !isItem(word) {
			return nil, fmt.Errorf("the vocabulary has %.40q twice", word)
		}
	}
	return v, nil
}

// readBPE reads the tokens and merges of a byte-level BPE model.
func (t *Tokenizer) readBPE(prefix bool) (*Vocab, error) {
	foreign := map[int]bool{} // added tokens that spell no bytes
	tokens, err := t.readTokens(func(dst, token []byte, id int) ([]byte, error) {
		dst, ok := appendUnspelled(dst, token)
		switch {
		case ok:
		case t.addedAt(id) == string(token):
			foreign[id] = true
			return append(dst[:0], token...), nil
		default:
			return nil, fmt.Errorf("%.40q spells no bytes", token)
		}
		return dst, nil
	})
	if err != nil {
		return nil, err
	}
	index := newIndex(tokens, len(tokens))
	for id := range tokens {
		if !foreign[id] && !index.put(id) {
			return nil, fmt.Errorf("the vocabulary has %.40q twice", spellBytes(tokens[id]))
		}
	}
	for b := range 256 {
		if index.find(string([]byte{byte(b)})) < 0 {
			return nil, fmt.Errorf("the byte 0x%02X, spelled %q, has no token: without all bytes a text cannot be given back", b, byteSpelling[b])
		}
	}
	rules, merges := make([]uint64, 0, t.merged), newMergeTable(t.merged)
	var buf []byte
	err = scanMerges(t.text.From(t.merges), func(left, right []byte) error {
		find := func(what string, parts ...[]byte) (id int, err error) {
			buf = buf[:0]
			for _, part := range parts {
				var ok bool
				if buf, ok = appendUnspelled(buf, part); !ok {
					return 0, fmt.Errorf("%s spells no bytes", strictjson.Quote(part))
				}
			}
			if id = index.find(string(buf)); id < 0 {
				return 0, fmt.Errorf("%s %s is no token", what, strictjson.Quote(bytes.Join(parts, nil)))
			}
			return id, nil
		}
		l, err := find("its left", left)
		if err != nil {
			return err
		}
		r, err := find("its right", right)
		if err != nil {
			return err
		}
		both, err := find("what it makes,", left, right)
		if err != nil {
			return err
		}
		if !merges.add(uint32(l), uint32(r), uint32(len(rules)), uint32(both)) {
			return fmt.Errorf("the same two tokens, %.40q and %.40q, as in a merge before", left, right)
		}
		rules = append(rules, pairOf(uint32(l), uint32(r)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return newBPE(tokens, rules, merges, prefix), nil
}
