package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// A jsonReader reads JSON value by value, and takes neither a key twice, nor broken UTF-8, nor
// anything after the end, which encoding/json by itself would.
type jsonReader struct {
	dec    *json.Decoder
	values int // how many value may still read
}

const (
	maxValues = 1000 // what a tokenizer says of itself, vocabulary apart, is a few dozen
	maxDepth  = 8
)

func newJSONReader(data []byte) (*jsonReader, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8")
	}
	r := &jsonReader{dec: json.NewDecoder(bytes.NewReader(data)), values: maxValues}
	r.dec.UseNumber()
	return r, nil
}

func (r *jsonReader) token() (json.Token, error) {
	token, err := r.dec.Token()
	if err == io.EOF {
		return nil, errors.New("it ends too early")
	}
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	return token, nil
}

// open passes over a bracket. what names the value in errors.
func (r *jsonReader) open(bracket json.Delim, what string) error {
	token, err := r.token()
	if err == nil && token != bracket {
		kind := "an object"
		if bracket == '[' {
			kind = "a list"
		}
		err = fmt.Errorf("%s is not %s", what, kind)
	}
	return err
}

// object reads an object; field reads the value of each key.
func (r *jsonReader) object(what string, field func(key string) error) error {
	if err := r.open('{', what); err != nil {
		return err
	}
	return r.fields(what, field)
}

// fields reads what is left of an object after its bracket.
func (r *jsonReader) fields(what string, field func(key string) error) error {
	seen := map[string]struct{}{}
	for r.dec.More() {
		token, err := r.token()
		if err != nil {
			return err
		}
		key := token.(string) // the decoder takes nothing else for a key
		if _, twice := seen[key]; twice {
			return fmt.Errorf("%s has %.40q twice", what, key)
		}
		seen[key] = struct{}{}
		if err := field(key); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

// list reads a list; item reads each value.
func (r *jsonReader) list(what string, item func() error) error {
	if err := r.open('[', what); err != nil {
		return err
	}
	return r.items(item)
}

// items reads what is left of a list after its bracket.
func (r *jsonReader) items(item func() error) error {
	for r.dec.More() {
		if err := item(); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

// integer reads a whole number from 0 to limit. what names it in errors, and is only then called:
// there may be a million of them.
func (r *jsonReader) integer(limit int64, what func() string) (int64, error) {
	token, err := r.token()
	if err != nil {
		return 0, err
	}
	number, _ := token.(json.Number)
	n, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil || n < 0 || n > limit {
		return 0, fmt.Errorf("%s is not a whole number from 0 to %d", what(), limit)
	}
	return n, nil
}

// value reads anything, as encoding/json would into an any, but numbers as they are spelled.
func (r *jsonReader) value(what string, depth int) (any, error) {
	token, err := r.token()
	if err != nil {
		return nil, err
	}
	if r.values--; depth == 0 || r.values < 0 {
		return nil, fmt.Errorf("%.80s is nested too deeply or too long", what)
	}
	switch token {
	case json.Delim('{'):
		m := map[string]any{}
		err = r.fields(what, func(key string) (err error) {
			m[key], err = r.value(what+"."+key, depth-1)
			return err
		})
		return m, err
	case json.Delim('['):
		l := []any{}
		err = r.items(func() error {
			v, err := r.value(what, depth-1)
			l = append(l, v)
			return err
		})
		return l, err
	}
	return token, nil
}

// end says whether anything follows.
func (r *jsonReader) end() error {
	if _, err := r.dec.Token(); err != io.EOF {
		return errors.New("something follows its end")
	}
	return nil
}
