package data

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"inkling/internal/strictjson"
)

// A file is read twice. The first time everything is checked but the tokens and merges, which are only
// counted, so that whoever knows how many a model has can refuse another number before memory is taken
// for them. The second time these are read to their places.

// ReadTokenizer reads a tokenizer.json of a kind that WriteTokenizer writes, by us or by Hugging
// Face's library. It takes at most 64 MiB and about a million tokens, and allocates at most 3 bytes
// for each byte of a file of characters or bytes, 6 for one of words or BPE, plus 6 MiB, of which most
// is a table of all code points. The error says in one line what is wrong with the file.
func ReadTokenizer(file []byte) (*Vocab, error) {
	t, err := CheckTokenizer(file)
	if err != nil {
		return nil, err
	}
	return t.Vocab()
}

// A Tokenizer is a tokenizer.json that is of a kind we read, with its tokens not yet read.
type Tokenizer struct {
	form                  *form
	text                  *strictjson.Scanner
	vocab, merges, counts int // where these begin in the file; −1: nowhere
	tokens                int // how many the model has, and so on
	merged, counted       int
	length                int // of all tokens together, as they are spelled
	added                 []addedToken
	outside               int // how many of those are no tokens of the model
}

// Size is the number of tokens.
func (t *Tokenizer) Size() int { return t.tokens + t.outside }

// CheckTokenizer checks all of a tokenizer.json but its tokens, and allocates less than 1 MiB. The file
// must stay as it is until its tokens are read.
func CheckTokenizer(file []byte) (*Tokenizer, error) {
	t := &Tokenizer{vocab: -1, merges: -1, counts: -1}
	if err := t.check(file); err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	return t, nil
}

// Vocab reads the tokens.
func (t *Tokenizer) Vocab() (*Vocab, error) {
	v, err := t.form.read(t)
	if err == nil {
		err = t.complete(v)
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	return v, nil
}

// complete adds the added tokens and the counts.
func (t *Tokenizer) complete(v *Vocab) error {
	if err := t.addTo(v); err != nil {
		return err
	}
	v.Counts = make([]int64, v.Size())
	if t.counts < 0 {
		return nil
	}
	return scanCounts(t.text.From(t.counts), func(id int, n int64) { v.Counts[id] = n })
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
		case "added_tokens":
			t.added, err = readAdded(s)
		case "version", "truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder":
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
	if t.form, err = formOfFile(model, parts); err != nil {
		return err
	}
	for _, part := range [][2]string{
		{"version", `"1.0"`},
		{"truncation", "null"},
		{"padding", "null"},
		{"normalizer", t.form.normalizer},
		{"post_processor", "null"},
		{"decoder", t.form.decoder},
	} {
		if key, want := part[0], parse(part[1]); !reflect.DeepEqual(parts[key], want) {
			return fmt.Errorf("its %s is %s: only %s is read with %s tokens", key, describe(parts[key]), part[1], t.form.kind)
		}
	}
	if err := t.form.checkModel(model); err != nil {
		return err
	}
	if err := t.checkAdded(); err != nil {
		return err
	}
	switch {
	case t.tokens == 0:
		return errors.New("its vocabulary is empty")
	case t.form.merges && t.merges < 0:
		return errors.New("its model has no merges")
	case !t.form.merges && t.merged > 0:
		return fmt.Errorf("its model has merges, and its pre_tokenizer is that of %ss, which have none", t.form.kind)
	case t.counts >= 0 && t.counted != t.Size():
		return fmt.Errorf("%d counts for %d tokens", t.counted, t.Size())
	}
	return nil
}

// checkModel reads what the file's model says but for vocabulary, merges and counts, and counts these.
func (t *Tokenizer) checkModel(s *strictjson.Scanner) (map[string]any, error) {
	rest := map[string]any{}
	err := s.Object(func(key []byte) (err error) {
		name := string(key)
		next := s.Next()
		switch {
		case name == "vocab" && next != '{':
			// A list, as of Unigram: what type that is comes first, if the file says it.
			err = errNoObject(s, rest)
		case name == "vocab":
			t.vocab = s.At()
			err = scanVocab(s, func(token []byte, _ int) error {
				t.tokens++
				t.length += len(token)
				return nil
			})
		case name == "counts":
			t.counts = s.At()
			err = scanCounts(s, func(int, int64) { t.counted++ })
		case name == "merges":
			t.merges = s.At()
			err = scanMerges(s, func(_, _ []byte) error {
				t.merged++
				return nil
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
