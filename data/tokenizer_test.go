package data

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func written(t interface{ Fatal(...any) }, v *Vocab) string {
	var b bytes.Buffer
	if err := v.WriteTokenizer(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTokenizerRoundTrip(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				v, _ := kind.make(anyText().Draw(t, "text"))
				file := written(t, v)
				again, err := ReadTokenizer([]byte(file))
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(v, again) {
					t.Fatalf("written %+v, read %+v", v, again)
				}
				if written(t, again) != file {
					t.Fatal("written again, other bytes")
				}
			})
		})
	}
}

// Files that Hugging Face's tokenizers library wrote from ours, which keep no counts, are read; what
// it encoded with them (ids.txt beside them) is what we encode. testdata/huggingface.py made them.
func TestTokenizerOfHuggingFace(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "huggingface", "text.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		file, err := os.ReadFile(filepath.Join("testdata", "huggingface", kind.name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		v, err := ReadTokenizer(file)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Max(v.Counts) != 0 {
			t.Errorf("%s: counts from nowhere", kind.name)
		}
		ids, err := os.ReadFile(filepath.Join("testdata", "huggingface", kind.name+".ids"))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.TrimSpace(spell(v.Encode(string(text)))), strings.TrimSpace(string(ids)); got != want {
			t.Errorf("%s: ids\n%s\nof Hugging Face\n%s", kind.name, got, want)
		}
	}
}

func TestReadTokenizerRefuses(t *testing.T) {
	v, _ := Chars("aab")
	chars := written(t, v) // a 0, b 1, U+FFFD 2
	v, _ = Bytes("x")
	byteFile := written(t, v)
	for _, c := range []struct{ name, file, old, new, want string }{
		{"empty", "", "", "", "ends too early"},
		{"cut short", chars[:len(chars)/2], "", "", "ends too early"},
		{"no JSON", "hello", "", "", "not JSON"},
		{"a list", "[]", "", "", "not an object"},
		{"broken UTF-8", chars, `"a"`, "\"\xFF\"", "not UTF-8"},
		{"more after it", chars + "{}", "", "", "something follows"},
		{"duplicate id", chars, `"b": 1`, `"b": 0`, `"a" and "b" have the same id 0`},
		{"missing id", chars, `"b": 1`, `"b": 3`, `"b" has id 3, which leaves ids`},
		{"negative id", chars, `"b": 1`, `"b": -1`, `the id of "b" is not a whole number`},
		{"fraction", chars, `"b": 1`, `"b": 1.0`, `the id of "b" is not a whole number`},
		{"string id", chars, `"b": 1`, `"b": "1"`, `the id of "b" is not a whole number`},
		{"huge id", chars, `"b": 1`, `"b": 99999999999999999999`, `the id of "b" is not a whole number`},
		{"duplicate token", chars, `"b": 1`, `"a": 1`, `the vocabulary has "a" twice`},
		{"duplicate key", chars, `"padding"`, `"version"`, `the file has "version" twice`},
		{"duplicate key inside", chars, `"behavior"`, `"type"`, `pre_tokenizer has "type" twice`},
		{"duplicate model", chars, `"unk_token"`, `"type"`, `the model has "type" twice`},
		{"other case", chars, `"model"`, `"Model"`, `"Model" is no part`},
		{"two characters", chars, `"b": 1`, `"bc": 1`, `"bc" is not one character`},
		{"no character", chars, `"b": 1`, `"": 1`, `"" is not one character`},
		{"no unknown", chars, "\"\uFFFD\": 2", `"c": 2`, "unknown symbol"},
		{"other unknown", chars, `"unk_token": "` + "\uFFFD", `"unk_token": "a`, "model.unk_token is not"},
		{"empty vocabulary", chars, "\"a\": 0,\n      \"b\": 1,\n      \"\uFFFD\": 2", "", "vocabulary is empty"},
		{"no model", `{"version":"1.0"}`, "", "", "no model"},
		{"no type", chars, `"type": "BPE",`, ``, "does not say its type"},
		{"other type", chars, `"BPE"`, `"WordPiece"`, `type "WordPiece": only`},
		{"merges", byteFile, `"merges": []`, `"merges": [["a","b"]]`, "model has merges"},
		{"dropout", byteFile, `"dropout": null`, `"dropout": 0.1`, "model.dropout is not null"},
		{"unknown in model", byteFile, `"merges"`, `"x":1,"merges"`, `model has "x"`},
		{"normalizer", chars, `"normalizer": null`, `"normalizer": {"type":"Lowercase"}`, "its normalizer is not"},
		{"added tokens", chars, `"added_tokens": []`, `"added_tokens": [{"id":0}]`, "its added_tokens is not"},
		{"pre-tokenizer", chars, `Isolated`, `Removed`, "its pre_tokenizer makes neither"},
		{"version", chars, `"1.0"`, `"2.0"`, "its version is not"},
		{"deep", chars, `"normalizer": null`, `"normalizer": ` + strings.Repeat("[", 100000), "nested too deeply"},
		{"long", chars, `"normalizer": null`, `"normalizer": [` + strings.Repeat("1,", 100000) + "1]", "or too long"},
		{"few counts", chars, `[2, 1, 0]`, `[2, 1]`, "2 counts for 3 tokens"},
		{"negative count", chars, `[2, 1, 0]`, `[2, 1, -1]`, "a count is not"},
		{"count overflow", chars, `[2, 1, 0]`, `[9007199254740992, 1, 0]`, "a count is not"},
		{"few bytes", byteFile, ",\n      \"ÿ\": 255", "", "has 256 tokens, not 255"},
		{"bytes swapped", byteFile, `"A": 65`, `"☺": 65`, `id 65 is "☺"`},
		{"bytes with characters' splitting", byteFile, byteLevel, charForm.preTokenizer, "its decoder is not"},
	} {
		file := c.file
		if c.old != "" {
			if file = strings.Replace(c.file, c.old, c.new, 1); file == c.file {
				t.Fatalf("%s: %q is not in the file", c.name, c.old)
			}
		}
		v, err := ReadTokenizer([]byte(file))
		if err == nil {
			t.Errorf("%s: accepted: %+v", c.name, v)
			continue
		}
		if s := err.Error(); !strings.HasPrefix(s, "tokenizer: ") || !strings.Contains(s, c.want) || strings.Contains(s, "\n") || len(s) > 300 {
			t.Errorf("%s: error %q, want %q", c.name, s, c.want)
		}
	}
	if _, err := ReadTokenizer(make([]byte, maxTokenizer+1)); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a huge file: %v", err)
	}
}

// Whatever is read must be whole: it encodes, decodes and is written and read back.
func FuzzReadTokenizer(f *testing.F) {
	for _, kind := range kinds {
		v, _ := kind.make("Hello, naïve 世界\n\x00\xFF\U0001F600")
		file := written(f, v)
		f.Add([]byte(file))
		f.Add([]byte(strings.Replace(file, `"counts"`, `"count"`, 1)))
		f.Add([]byte(strings.Replace(file, `: 3`, `: 2`, 1)))
		f.Add([]byte(file[:len(file)-5]))
	}
	f.Add([]byte(`{"version":"1.0","added_tokens":[],"pre_tokenizer":` + charForm.preTokenizer + `,"decoder":{"type":"Fuse"},"model":{"type":"BPE","dropout":null,"unk_token":"\ufffd","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"merges":[],"vocab":{"\ufffd":0}}}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		v, err := ReadTokenizer(file)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
			return
		}
		ids := v.Encode("any text\xFF, 世界" + v.Decode([]int{0, v.Size() - 1}))
		if v.Kind == "byte" != (v.Unknown == -1) || len(v.Counts) != v.Size() || v.Decode(ids) == "" {
			t.Errorf("read %+v", v)
		}
		again, err := ReadTokenizer([]byte(written(t, v)))
		if err != nil || !reflect.DeepEqual(v, again) {
			t.Errorf("read %+v, written and read again %+v: %v", v, again, err)
		}
	})
}

func spell(ids []int) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = strconv.Itoa(id)
	}
	return strings.Join(words, " ")
}
