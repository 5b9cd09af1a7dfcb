package data

import (
	"errors"
	"fmt"
	"reflect"
)

// ReadTokenizer reads a tokenizer.json of a kind that WriteTokenizer writes, by us or by Hugging
// Face's library. It takes at most 64 MiB and about a million tokens. The error says in one line what
// is wrong with the file.
func ReadTokenizer(data []byte) (*Vocab, error) {
	v, err := readTokenizer(data)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	return v, nil
}

func readTokenizer(data []byte) (*Vocab, error) {
	if len(data) > maxTokenizer {
		return nil, fmt.Errorf("%d bytes, at most %d are read", len(data), maxTokenizer)
	}
	r, err := newJSONReader(data)
	if err != nil {
		return nil, err
	}
	var model *modelPart
	parts := map[string]any{}
	err = r.object("the file", func(key string) (err error) {
		switch key {
		case "model":
			model, err = readModel(r)
		case "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder":
			parts[key], err = r.value(key, maxDepth)
		default:
			err = fmt.Errorf("%.40q is no part of a tokenizer that is known here", key)
		}
		return err
	})
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, err
	}
	if model == nil {
		return nil, errors.New("it has no model")
	}
	f, err := formOfFile(model.rest["type"], parts["pre_tokenizer"])
	if err != nil {
		return nil, err
	}
	for _, part := range [][2]string{
		{"version", `"1.0"`},
		{"truncation", "null"},
		{"padding", "null"},
		{"added_tokens", "[]"},
		{"normalizer", "null"},
		{"post_processor", "null"},
		{"decoder", f.decoder},
	} {
		if key, want := part[0], parse(part[1]); !reflect.DeepEqual(parts[key], want) {
			return nil, fmt.Errorf("its %s is not %s, the only value read with %s tokens", key, part[1], f.kind)
		}
	}
	if err := model.check(f); err != nil {
		return nil, err
	}
	v, err := f.read(model.spelled)
	if err != nil {
		return nil, err
	}
	switch {
	case model.counts == nil:
		v.Counts = make([]int64, v.Size())
	case len(model.counts) != v.Size():
		return nil, fmt.Errorf("%d counts for %d tokens", len(model.counts), v.Size())
	default:
		v.Counts = model.counts
	}
	return v, nil
}

// A modelPart is what the file's model says.
type modelPart struct {
	spelled []string // by id
	counts  []int64  // nil: not told
	rest    map[string]any
}

func readModel(r *jsonReader) (*modelPart, error) {
	m := &modelPart{rest: map[string]any{}}
	err := r.object("the model", func(key string) (err error) {
		switch key {
		case "vocab":
			m.spelled, err = readIDs(r)
		case "counts":
			m.counts, err = readCounts(r)
		case "merges":
			m.rest[key] = []any{}
			err = r.list("the list of merges", func() error {
				return errors.New("its model has merges: only characters and bytes are read, as BPE without merges")
			})
		default:
			m.rest[key], err = r.value("model."+key, maxDepth)
		}
		return err
	})
	return m, err
}

// readIDs reads the object from tokens to ids, which must be 0 to n−1, each once.
func readIDs(r *jsonReader) ([]string, error) {
	var tokens []string
	var ids []int
	err := r.object("the vocabulary", func(token string) error {
		if len(tokens) == maxVocab {
			return fmt.Errorf("more than %d tokens", maxVocab)
		}
		id, err := r.integer(maxVocab-1, func() string { return fmt.Sprintf("the id of %.40q", token) })
		tokens, ids = append(tokens, token), append(ids, int(id))
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(tokens) == 0 {
		return nil, errors.New("its vocabulary is empty")
	}
	spelled, given := make([]string, len(tokens)), make([]bool, len(tokens))
	for i, id := range ids {
		if id >= len(tokens) {
			return nil, fmt.Errorf("%.40q has id %d, which leaves ids below it without a token: there are %d tokens", tokens[i], id, len(tokens))
		}
		if given[id] {
			return nil, fmt.Errorf("%.40q and %.40q have the same id %d", spelled[id], tokens[i], id)
		}
		spelled[id], given[id] = tokens[i], true
	}
	return spelled, nil
}

func readCounts(r *jsonReader) ([]int64, error) {
	counts, left := []int64{}, int64(maxCount)
	err := r.list("the list of counts", func() error {
		if len(counts) == maxVocab {
			return fmt.Errorf("more than %d counts", maxVocab)
		}
		n, err := r.integer(left, func() string { return "a count" })
		counts, left = append(counts, n), left-n
		return err
	})
	return counts, err
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

// check compares the rest of the model with the form.
func (m *modelPart) check(f *form) error {
	for _, field := range f.model() {
		key, want := field[0], parse(field[1])
		got, told := m.rest[key]
		if older := key == "ignore_merges" && !told; !older && !reflect.DeepEqual(got, want) {
			return fmt.Errorf("its model.%s is not %s, the only value read with %s tokens", key, field[1], f.kind)
		}
		delete(m.rest, key)
	}
	for key := range m.rest {
		return fmt.Errorf("its model has %.40q, which is not known here", key)
	}
	return nil
}

// parse gives the value of JSON written in this package.
func parse(text string) any {
	r, err := newJSONReader([]byte(text))
	if err != nil {
		panic("data: " + err.Error())
	}
	v, err := r.value("", maxDepth)
	if err != nil {
		panic("data: " + err.Error())
	}
	return v
}
