package data

import (
	"errors"
	"fmt"
	"strings"

	"inkling/internal/strictjson"
)

const (
	maxAdded     = 256 // tokens that a file may add to its model's
	maxAddedText = 256 // bytes of each
)

// readAdded reads the list of added tokens.
func readAdded(s *strictjson.Scanner) (list []addedToken, err error) {
	contents, last := map[string]bool{}, -1
	err = s.Array(func() error {
		if len(list) == maxAdded {
			return fmt.Errorf("more than %d added tokens", maxAdded)
		}
		raw, err := s.Skip(partLimits)
		if err != nil {
			return fmt.Errorf("added_tokens: %w", err)
		}
		if len(raw) > maxPart {
			return fmt.Errorf("added_tokens: one of %d bytes, more than any that is known here", len(raw))
		}
		var t struct {
			ID         *int   `json:"id"`
			Content    string `json:"content"`
			SingleWord bool   `json:"single_word"`
			Lstrip     bool   `json:"lstrip"`
			Rstrip     bool   `json:"rstrip"`
			Normalized *bool  `json:"normalized"`
			Special    bool   `json:"special"`
		}
		if err := strictjson.Unmarshal(raw, partLimits, &t); err != nil {
			return fmt.Errorf("added_tokens: %w", err)
		}
		name := fmt.Sprintf("the added token %.40q", t.Content)
		switch {
		case t.ID == nil:
			return fmt.Errorf("%s has no id", name)
		case *t.ID < 0 || *t.ID >= maxVocab:
			return fmt.Errorf("%s has id %d, at most %d is read", name, *t.ID, maxVocab-1)
		case t.Content == "" || len(t.Content) > maxAddedText:
			return fmt.Errorf("%s has %d bytes: 1 to %d are read", name, len(t.Content), maxAddedText)
		case t.SingleWord || t.Lstrip || t.Rstrip:
			return fmt.Errorf("%s has single_word, lstrip or rstrip, which are not done here", name)
		case contents[t.Content]:
			return fmt.Errorf("%s is there twice", name)
		case *t.ID <= last:
			return fmt.Errorf("%s has id %d after id %d: they are read in order", name, *t.ID, last)
		}
		contents[t.Content], last = true, *t.ID
		list = append(list, addedToken{
			id: *t.ID, content: strings.Clone(t.Content), special: t.Special, normalized: !t.Special,
		})
		if t.Normalized != nil {
			list[len(list)-1].normalized = *t.Normalized
		}
		return nil
	})
	return list, err
}

// checkAdded compares the added tokens with what the file says of its model.
func (t *Tokenizer) checkAdded() error {
	items := 0
	for _, a := range t.added {
		switch {
		case a.id >= t.tokens && a.id != t.Size():
			return fmt.Errorf("the added token %q has id %d, and id %d has no token", a.content, a.id, t.Size())
		case a.id < t.tokens && (t.form.kind == "char" || t.form.kind == "byte"):
			return fmt.Errorf("the added token %q has the id %d of another token", a.content, a.id)
		case a.normalized && t.form.normalizer != "null":
			return fmt.Errorf("the added token %q is normalized, which is not done here with a normalizer", a.content)
		case a.id >= t.tokens:
			t.outside++
		}
		if isItem(a.content) {
			items++
			if !a.special {
				return fmt.Errorf("the added token %q is not special", a.content)
			}
		}
	}
	if t.Size() > maxVocab {
		return fmt.Errorf("more than %d tokens", maxVocab)
	}
	if items == 1 {
		return errors.New("of the added tokens " + beginName + " and " + endName + " it has only one")
	}
	return nil
}

func isItem(content string) bool { return content == beginName || content == endName }

// addTo adds the added tokens to a vocabulary that has the model's.
func (t *Tokenizer) addTo(v *Vocab) error {
	var found []addedToken
	for _, a := range t.added {
		switch {
		case a.id == len(v.Tokens):
			v.Tokens = append(v.Tokens, a.content)
		case v.Tokens[a.id] != a.content:
			return fmt.Errorf("the added token %q has the id %d of another token", a.content, a.id)
		}
		switch a.content {
		case beginName:
			v.Begin = a.id
		case endName:
			v.End = a.id
		default:
			found = append(found, a)
		}
	}
	v.added, v.outside = newAdded(found), t.outside
	return nil
}

// addedAt is the content of the added token of an id, "" if there is none.
func (t *Tokenizer) addedAt(id int) string {
	for _, a := range t.added {
		if a.id == id {
			return a.content
		}
	}
	return ""
}
