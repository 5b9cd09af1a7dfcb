package data

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"inkling/internal/strictjson"
)

// Which form a file has is told by the type of its model and by its pre-tokenizer. What else it says is
// then compared with the form, but for what makes no difference to the tokens of a text, and a part of
// a type that we do not do is refused by the name of the type.

// errNoObject says what is wrong with a model whose vocabulary is a list.
func errNoObject(s *strictjson.Scanner, model map[string]any) error {
	if name, ok := model["type"].(string); ok && name != "BPE" && name != "WordLevel" {
		return errType(name)
	}
	return s.Errorf("the vocabulary of its model is no object from tokens to ids")
}

const kindsRead = "only BPE (of bytes, or of characters without merges) and WordLevel are read"

func errType(name string) error {
	return fmt.Errorf("its model is of type %.40q: %s", name, kindsRead)
}

// formOfFile finds the form of a file by what only one of them has, and passes over what makes no
// difference to the tokens of a text.
func formOfFile(model, parts map[string]any) (*form, error) {
	name, ok := model["type"].(string)
	if !ok {
		return nil, errors.New("its model does not say its type")
	}
	pre := parts["pre_tokenizer"]
	switch name {
	case "BPE":
		for _, f := range []*form{&charForm, &byteForm} {
			if reflect.DeepEqual(pre, parse(f.preTokenizer)) {
				return f, nil
			}
		}
		prefix, ok := byteLevelPart(pre)
		if !ok {
			return nil, fmt.Errorf("its pre_tokenizer is %s: only ByteLevel, and Split into single characters, are read with a BPE model", describe(pre))
		}
		f := bpeForm(prefix)
		if _, ok := byteLevelPart(parts["decoder"]); ok { // its flags are for other libraries
			parts["decoder"] = parse(f.decoder)
		}
		if _, ok := byteLevelPart(parts["post_processor"]); ok { // it changes offsets only
			parts["post_processor"] = nil
		}
		return f, nil
	case "WordLevel":
		unknown, ok := model["unk_token"].(string)
		if !ok {
			return nil, errors.New("its model.unk_token is no text")
		}
		lower := reflect.DeepEqual(parts["normalizer"], parse(lowercase))
		for _, split := range []string{"unicode", "space"} {
			f := wordForm(WordOptions{Split: split, Lower: lower}, unknown)
			if reflect.DeepEqual(pre, parse(f.preTokenizer)) {
				return f, nil
			}
		}
		return nil, fmt.Errorf("its pre_tokenizer is %s: only the two patterns that Inkling writes are read with a WordLevel model", describe(pre))
	}
	return nil, errType(name)
}

// byteLevelPart says whether a part of a file is ByteLevel with GPT-2's pattern, and whether it puts a
// space before a text.
func byteLevelPart(part any) (prefix, ok bool) {
	object, _ := part.(map[string]any)
	for key, value := range object {
		flag, isBool := value.(bool)
		switch {
		case key == "type" && value == "ByteLevel", key == "trim_offsets" && isBool:
		case key == "use_regex" && flag:
		case key == "add_prefix_space" && isBool:
			prefix = flag
		default:
			return false, false
		}
	}
	return prefix, object["type"] == "ByteLevel"
}

// checkModel compares what a file's model says beside its vocabulary with the form.
func (f *form) checkModel(model map[string]any) error {
	known := map[string]bool{}
	for _, field := range f.fields {
		known[field.key] = true
		got, told := model[field.key]
		ok := told && reflect.DeepEqual(got, parse(field.value))
		for _, same := range field.same {
			ok = ok || same == absent && !told || same != absent && told && reflect.DeepEqual(got, parse(same))
		}
		if !ok {
			return fmt.Errorf("its model.%s is %s: only %s is read with %s tokens", field.key, describe(got), field.value, f.kind)
		}
	}
	for key := range model {
		if !known[key] {
			return fmt.Errorf("its model has %.40q, which is not known here", key)
		}
	}
	return nil
}

// describe says in a few words what a part of a file is.
func describe(part any) string {
	switch part := part.(type) {
	case map[string]any:
		if name, ok := part["type"].(string); ok {
			keys := []string{}
			for key := range part {
				if key != "type" {
					keys = append(keys, key)
				}
			}
			slices.Sort(keys)
			if len(keys) == 0 {
				return fmt.Sprintf("%.40q", name)
			}
			return fmt.Sprintf("%.40q with its %.60q", name, strings.Join(keys, ", "))
		}
		return "an object without a type"
	case []any:
		return "a list"
	case nil:
		return "null"
	}
	return strictjson.Quote(fmt.Sprint(part))
}
