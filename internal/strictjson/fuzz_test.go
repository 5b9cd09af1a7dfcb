package strictjson

import (
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzSkip holds the scanner against encoding/json: it takes nothing that is not JSON, and all that is
// and has no key twice, no broken text and stays within the limits.
func FuzzSkip(f *testing.F) {
	for _, text := range []string{
		`{"a":[1,-2.5e+3,true,null,"x\u00e9\ud83d\ude00"],"b":{"a":{}}}`, `[[[[`, `{"a":1,"a":2}`, `"\ud800"`, `01`, `1e`, "\"\xff\"", ` [ ] `, `{"a":1,}`, `-0.0`,
		`{"format":1,"kind":"lm","model":{"arch":"lstm","hidden":16,"layers":1,"output":"full"}}`,
	} {
		f.Add([]byte(text))
	}
	l := Limits{Depth: 6, Values: 100}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := skip(string(text), l)
		if err != nil && (strings.Contains(err.Error(), "\n") || len(err.Error()) > 400 || !strings.HasPrefix(err.Error(), "byte ")) {
			t.Errorf("not an error for people: %q", err)
		}
		valid := json.Valid(text)
		if err == nil && !valid {
			t.Errorf("%q is not JSON", text)
		}
		if err != nil && valid && utf8.Valid(text) && plain(text) {
			t.Errorf("%q refused: %v", text, err)
		}
		var strict, loose any
		uerr := Unmarshal(text, l, &strict)
		if uerr == nil && (json.Unmarshal(text, &loose) != nil || !reflect.DeepEqual(strict, loose)) {
			t.Errorf("%q read as %v, not %v", text, strict, loose)
		}
		if uerr == nil && err != nil {
			t.Errorf("%q: taken whole, and not skipped: %v", text, err)
		}
	})
}

// plain says whether JSON has nothing that only we refuse: a key twice, half of a surrogate pair (which
// encoding/json reads as U+FFFD), many values, deep nesting.
func plain(text []byte) bool {
	d := json.NewDecoder(strings.NewReader(string(text)))
	type object struct {
		seen map[string]bool // nil: an array
		key  bool            // a key comes next
	}
	var open []object
	for n := 0; ; n++ {
		token, err := d.Token()
		if err == io.EOF {
			return true
		}
		if err != nil || n > 50 || len(open) > 4 {
			return false
		}
		if text, ok := token.(string); ok && strings.Contains(text, "\ufffd") {
			return false
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			open = open[:len(open)-1]
			continue
		}
		if len(open) > 0 {
			if o := &open[len(open)-1]; o.seen != nil {
				if key, ok := token.(string); ok && o.key {
					if o.seen[key] {
						return false
					}
					o.seen[key], o.key = true, false
					continue
				}
				o.key = true
			}
		}
		switch token {
		case json.Delim('{'):
			open = append(open, object{map[string]bool{}, true})
		case json.Delim('['):
			open = append(open, object{})
		}
	}
}
