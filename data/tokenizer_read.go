package data

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"inkling/internal/strictjson"
)

// A file is read twice. The first time everything is checked but the tokens, which are only counted,
// so that whoever knows how many a model has can refuse another number before memory is taken for
// them. The second time the tokens are read to their places.

// ReadTokenizer reads a tokenizer.json of a kind that WriteTokenizer writes, by us or by Hugging
// Face's library. It takes at most 64 MiB and about a million tokens, and allocates at most 3 bytes
// for each byte of the file, plus 6 MiB, of which most is a table of all code points. The error says
// in one line what is wrong with the file.
func ReadTokenizer(file []byte) (*Vocab, error) {
	t, err := CheckTokenizer(file)
	if err != nil {
		return nil, err
	}
	return t.Vocab()
}

// A Tokenizer is a tokenizer.json that is of a kind we read, with its tokens not yet read.
type Tokenizer struct {
	form            *form
	text            *strictjson.Scanner
	vocab, counts   int // where these begin in the file; −1: nowhere
	tokens, counted int // how many there are of each
}

// Size is the number of tokens.
func (t *Tokenizer) Size() int { return t.tokens }

// CheckTokenizer checks all of a tokenizer.json but its tokens, and allocates less than 1 MiB. The file
// must stay as it is until its tokens are read.
func CheckTokenizer(file []byte) (*Tokenizer, error) {
	t := &Tokenizer{vocab: -1, counts: -1}
	if err := t.check(file); err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	return t, nil
}

// Vocab reads the tokens.
func (t *Tokenizer) Vocab() (*Vocab, error) {
	chars, err := t.readTokens()
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	v, err := t.form.read(chars)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	v.Counts = make([]int64, t.tokens)
	if t.counts >= 0 {
		if err := scanCounts(t.text.From(t.counts), func(id int, n int64) { v.Counts[id] = n }); err != nil {
			return nil, fmt.Errorf("tokenizer: %w", err)
		}
	}
	return v, nil
}

// What a tokenizer says of itself, vocabulary apart, is a few dozen short values.
var partLimits = strictjson.Limits{Depth: 8, Values: 1000}

const (
	maxParts = 64      // of the file or of its model
	maxPart  = 4 << 10 // bytes
)

func (t *Tokenizer) check(file []byte) error {
	if len(file) > maxTokenizer {
		return fmt.Errorf("%d bytes, at most %d are read", len(file), maxTokenizer)
	}
	s, err := strictjson.New("", file)
	if err != nil {
		return err
	}
	t.text = s
	parts, model := map[string]any{}, map[string]any(nil)
	err = s.Object(func(key []byte) (err error) {
		name := string(key)
		switch name {
		case "model":
			model, err = t.checkModel(s)
		case "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder":
			parts[name], err = readPart(s, name)
		default:
			err = fmt.Errorf("%.40q is no part of a tokenizer that is known here", key)
		}
		return err
	})
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return err
	}
	if model == nil {
		return errors.New("it has no model")
	}
	if t.form, err = formOfFile(model["type"], parts["pre_tokenizer"]); err != nil {
		return err
	}
	for _, part := range [][2]string{
		{"version", `"1.0"`},
		{"truncation", "null"},
		{"padding", "null"},
		{"added_tokens", "[]"},
		{"normalizer", "null"},
		{"post_processor", "null"},
		{"decoder", t.form.decoder},
	} {
		if key, want := part[0], parse(part[1]); !reflect.DeepEqual(parts[key], want) {
			return fmt.Errorf("its %s is not %s, the only value read with %s tokens", key, part[1], t.form.kind)
		}
	}
	if err := t.form.checkModel(model); err != nil {
		return err
	}
	switch {
	case t.tokens == 0:
		return errors.New("its vocabulary is empty")
	case t.form.size > 0 && t.tokens != t.form.size:
		return fmt.Errorf("a vocabulary of %ss has %d tokens, not %d", t.form.kind, t.form.size, t.tokens)
	case t.counts >= 0 && t.counted != t.tokens:
		return fmt.Errorf("%d counts for %d tokens", t.counted, t.tokens)
	}
	return nil
}

// checkModel reads what the file's model says but for vocabulary and counts, and counts these.
func (t *Tokenizer) checkModel(s *strictjson.Scanner) (map[string]any, error) {
	rest := map[string]any{}
	err := s.Object(func(key []byte) (err error) {
		name := string(key)
		s.Next()
		switch name {
		case "vocab":
			t.vocab = s.At()
			err = scanVocab(s, func([]byte, int) error {
				t.tokens++
				return nil
			})
		case "counts":
			t.counts = s.At()
			err = scanCounts(s, func(int, int64) { t.counted++ })
		case "merges":
			rest[name] = []any{}
			err = s.Array(func() error {
				return errors.New("its model has merges: only characters and bytes are read, as BPE without merges")
			})
		default:
			if len(rest) == maxParts {
				return fmt.Errorf("its model has more than %d parts", maxParts)
			}
			rest[name], err = readPart(s, fmt.Sprintf("%.40q of its model", key))
		}
		return err
	})
	return rest, err
}

// scanVocab reads the object from tokens to ids.
func scanVocab(s *strictjson.Scanner, each func(token []byte, id int) error) error {
	n := 0
	return s.Members(func(token []byte) error {
		if n++; n > maxVocab {
			return fmt.Errorf("more than %d tokens", maxVocab)
		}
		id, err := s.Integer(maxVocab - 1)
		if err != nil {
			return fmt.Errorf("the id of %.40q: %w", token, err)
		}
		return each(token, int(id))
	})
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

// readTokens gives the tokens by id, which must be 0 to n−1, each once. In both forms a token is
// spelled as one character.
func (t *Tokenizer) readTokens() ([]rune, error) {
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
			return fmt.Errorf("%q has id %d, which leaves ids below it without a token: there are %d tokens", token, id, len(chars))
		case chars[id] != none:
			return fmt.Errorf("%q and %q have the same id %d", string(chars[id]), token, id)
		}
		chars[id] = r
		seen[r/64] |= 1 << (r % 64)
		return nil
	})
	return chars, err
}

// formOfFile finds the form of a file by what only one of them has.
func formOfFile(modelType, preTokenizer any) (*form, error) {
	const read = "only characters and bytes are read"
	name, ok := modelType.(string)
	if !ok {
		return nil, errors.New("its model does not say its type")
	}
	if name != "BPE" {
		return nil, fmt.Errorf("its model is of type %.40q: %s, as BPE without merges", name, read)
	}
	for _, f := range forms {
		if reflect.DeepEqual(preTokenizer, parse(f.preTokenizer)) {
			return f, nil
		}
	}
	return nil, errors.New("its pre_tokenizer makes neither single characters nor bytes of a text: " + read)
}

// checkModel compares what a file's model says beside its vocabulary with the form.
func (f *form) checkModel(model map[string]any) error {
	known := map[string]bool{}
	for _, field := range f.model() {
		key, want := field[0], parse(field[1])
		known[key] = true
		got, told := model[key]
		if older := key == "ignore_merges" && !told; !older && !reflect.DeepEqual(got, want) {
			return fmt.Errorf("its model.%s is not %s, the only value read with %s tokens", key, field[1], f.kind)
		}
	}
	for key := range model {
		if !known[key] {
			return fmt.Errorf("its model has %.40q, which is not known here", key)
		}
	}
	return nil
}

// readPart reads a value of any kind, if it is as short as those of tokenizers that we read. The name,
// for errors, must be one that is known or quoted.
func readPart(s *strictjson.Scanner, name string) (any, error) {
	raw, err := s.Skip(partLimits)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(raw) > maxPart {
		return nil, fmt.Errorf("%s: %d bytes, more than any that is known here", name, len(raw))
	}
	return parse(string(raw)), nil
}

// parse gives the value of JSON that is known to be valid, numbers as they are spelled.
func parse(text string) (v any) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		panic("data: " + err.Error())
	}
	return v
}
