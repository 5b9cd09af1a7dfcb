package data

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

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
	for _, kind := range []string{"char", "byte", "bpe", "word"} {
		name := "text.txt"
		if kind == "bpe" {
			name = "bpe.txt"
		}
		text, err := os.ReadFile(filepath.Join("testdata", "huggingface", name))
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(filepath.Join("testdata", "huggingface", kind+".json"))
		if err != nil {
			t.Fatal(err)
		}
		v, err := ReadTokenizer(file)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Max(v.Counts) != 0 {
			t.Errorf("%s: counts from nowhere", kind)
		}
		ids, err := os.ReadFile(filepath.Join("testdata", "huggingface", kind+".ids"))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.TrimSpace(spell(v.Encode(string(text)))), strings.TrimSpace(string(ids)); got != want {
			t.Errorf("%s: ids\n%s\nof Hugging Face\n%s", kind, got, want)
		}
	}
}

func TestReadTokenizerRefuses(t *testing.T) {
	v, _ := Chars("aab")
	chars := written(t, v) // a 0, b 1, U+FFFD 2
	v, _ = Bytes("x")
	byteFile := written(t, v)
	for _, c := range []struct{ name, file, old, new, want string }{
		{"empty", "", "", "", "byte 0: it ends where"},
		{"cut short", chars[:len(chars)/2], "", "", "it ends where"},
		{"no JSON", "hello", "", "", `'h' where '{' is expected`},
		{"a list", "[]", "", "", `'[' where '{' is expected`},
		{"broken UTF-8", chars, `"a"`, "\"\xFF\"", "not valid UTF-8"},
		{"more after it", chars + "{}", "", "", "something follows"},
		{"duplicate id", chars, `"b": 1`, `"b": 0`, `"a" and "b" have the same id 0`},
		{"missing id", chars, `"b": 1`, `"b": 3`, `"b" has id 3, which leaves ids`},
		{"negative id", chars, `"b": 1`, `"b": -1`, `the id of "b": byte 562: not a whole number`},
		{"fraction", chars, `"b": 1`, `"b": 1.0`, `the id of "b": byte 563: not a whole number`},
		{"string id", chars, `"b": 1`, `"b": "1"`, `the id of "b": byte 562: not a whole number`},
		{"huge id", chars, `"b": 1`, `"b": 99999999999999999999`, `the id of "b": byte 568: a number that is too large`},
		{"duplicate token", chars, `"b": 1`, `"a": 1`, `the vocabulary has "a" twice`},
		{"duplicate key", chars, `"padding"`, `"version"`, `"version" is there twice`},
		{"duplicate key inside", chars, `"behavior"`, `"type"`, `pre_tokenizer: byte 185: "type" is there twice`},
		{"duplicate model", chars, `"unk_token"`, `"type"`, `byte 341: "type" is there twice`},
		{"other case", chars, `"model"`, `"Model"`, `"Model" is no part`},
		{"two characters", chars, `"b": 1`, `"bc": 1`, `"bc" is not one character`},
		{"no character", chars, `"b": 1`, `"": 1`, `"" is not one character`},
		{"no unknown", chars, "\"\uFFFD\": 2", `"c": 2`, "unknown symbol"},
		{"other unknown", chars, `"unk_token": "` + "\uFFFD", `"unk_token": "a`, `its model.unk_token is "a": only`},
		{"empty vocabulary", chars, "\"a\": 0,\n      \"b\": 1,\n      \"\uFFFD\": 2", "", "vocabulary is empty"},
		{"no model", `{"version":"1.0"}`, "", "", "no model"},
		{"no type", chars, `"type": "BPE",`, ``, "does not say its type"},
		{"other type", chars, `"BPE"`, `"WordPiece"`, `type "WordPiece": only`},
		{"merges", byteFile, `"merges": []`, `"merges": [["a","b"]]`, "model has merges"},
		{"dropout", byteFile, `"dropout": null`, `"dropout": 0.1`, `its model.dropout is "0.1": only null`},
		{"unknown in model", byteFile, `"merges"`, `"x":1,"merges"`, `model has "x"`},
		{"normalizer", chars, `"normalizer": null`, `"normalizer": {"type":"Lowercase"}`, `its normalizer is "Lowercase": only null`},
		{"added tokens", chars, `"added_tokens": []`, `"added_tokens": [{"id":0,"content":"a"}]`, `the added token "a" has the id 0 of another`},
		{"pre-tokenizer", chars, `Isolated`, `Removed`, `its pre_tokenizer is "Split" with its "behavior, invert, pattern": only ByteLevel`},
		{"version", chars, `"1.0"`, `"2.0"`, `its version is "2.0": only`},
		{"deep", chars, `"normalizer": null`, `"normalizer": ` + strings.Repeat("[", 100000), "normalizer: byte 109: nested deeper than 8"},
		{"huge number", chars, `"dropout": null`, `"dropout": 1e400`, `its model.dropout is "1e400": only null`},
		{"many parts", chars, `"dropout"`, manyParts(100) + `"dropout"`, "more than 64 parts"},
		{"key of two lines", chars, `"dropout": null`, `"a\nb": x`, `"a\nb" of its model: byte 321: not a value`},
		{"long part", chars, `"dropout": null`, `"dropout": "` + strings.Repeat("x", 5000) + `"`, "5002 bytes, more than any"},
		{"duplicate token of the same id", chars, `"b": 1`, `"a": 0`, `the vocabulary has "a" twice`},
		{"duplicate token by escape", chars, `"b": 1`, `"\u0061": 1`, `the vocabulary has "a" twice`},
		{"half a surrogate", chars, `"b": 1`, `"\ud83d": 1`, "an escape that JSON does not know"},
		{"many counts", chars, `[2, 1, 0]`, `[2, 1, 0, 0]`, "4 counts for 3 tokens"},
		{"long", chars, `"normalizer": null`, `"normalizer": [` + strings.Repeat("1,", 100000) + "1]", "more than 1000 values"},
		{"few counts", chars, `[2, 1, 0]`, `[2, 1]`, "2 counts for 3 tokens"},
		{"negative count", chars, `[2, 1, 0]`, `[2, 1, -1]`, "the count of token 2: byte 608: not a whole"},
		{"count overflow", chars, `[2, 1, 0]`, `[9007199254740992, 1, 0]`, "the count of token 1: byte 620: a number that is too large"},
		{"few bytes", byteFile, ",\n      \"ÿ\": 255", "", "256 counts for 255 tokens"},
		{"bytes swapped", byteFile, `"A": 65`, `"☺": 65`, `id 65 is "☺"`},
		{"bytes with characters' splitting", byteFile, byteLevel, charForm.preTokenizer, `its decoder is "ByteLevel" with`},
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

func manyParts(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`"` + strconv.Itoa(i) + `": null, `)
	}
	return b.String()
}

// largest is the largest vocabulary of characters, and tokens of so many bytes that it takes the most
// memory for each.
func largest(tokens int, first rune, counts bool) []byte {
	v := &Vocab{Kind: "char"}
	v.Tokens = append(v.Tokens, unknownChar)
	for r := first; len(v.Tokens) < tokens; r++ {
		if r != utf8.RuneError && utf8.ValidRune(r) {
			v.Tokens = append(v.Tokens, string(r))
		}
	}
	v.Counts = make([]int64, len(v.Tokens))
	var b bytes.Buffer
	v.WriteTokenizer(&b)
	file := strings.ReplaceAll(b.String(), "\n      ", "")
	file = strings.ReplaceAll(strings.ReplaceAll(file, "0, ", "0,"), `": `, `":`)
	if !counts {
		file = file[:strings.Index(file, `"counts"`)]
		file = strings.TrimRight(file, ",\n ") + "}}"
	}
	return []byte(file)
}

// TestTokenizerMemory holds what ReadTokenizer promises to allocate.
func TestTokenizerMemory(t *testing.T) {
	valid := largest(maxVocab, 0x10000, true)
	last := strings.LastIndex(string(valid), `"`+string(rune(0x10000+maxVocab-2))+`":`)
	head := func(from string) string { return string(valid[:strings.Index(string(valid), from)]) }
	vocab := head(`"vocab":{`) + `"vocab":{`
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"four bytes", valid, ""},
		{"four bytes, no counts", largest(maxVocab, 0x10000, false), ""},
		{"three bytes", largest(60_000, 0x800, true), ""},
		{"three bytes, no counts", largest(60_000, 0x800, false), ""},
		{"two bytes", largest(1900, 0x80, true), ""},
		{"a small one", largest(100, 'a', true), ""},
		{"a token too many", []byte(strings.Replace(string(valid), vocab, vocab+`"x":0,`, 1)), "more than 1048576 tokens"},
		{"the last token twice", []byte(string(valid[:last]) + `"` + unknownChar + `":1048575}}}`), "twice"},
		{"one key", []byte(`{"` + strings.Repeat(`\n`, maxTokenizer/2-10) + `":1}`), "the key before has more than"},
		{"one token", []byte(vocab + `"` + strings.Repeat(`\n`, 15<<20) + `":1}`), "the key before has more than"},
		{"one text", []byte(`{"normalizer":"` + strings.Repeat(`\n`, 15<<20) + `"}`), "more than any"},
		{"many keys", []byte(`{"normalizer":{"` + strings.Repeat(`a":0,"b":0,"`, 2<<20)), `"a" is there twice`},
		{"deep", []byte(`{"normalizer":` + strings.Repeat("[", 30<<20)), "nested deeper"},
		{"escaped tokens", []byte(vocab + strings.Repeat(`"\u0061":0,`, 1<<20)), "it ends"},
		{"tokens", []byte(vocab + strings.Repeat(`"a":0,`, 5<<20)), "more than 1048576 tokens"},
		{"counts", []byte(head(`"vocab"`) + `"counts":[` + strings.Repeat(`0,`, 15<<20)), "more than 1048576 counts"},
		{"spaces", []byte(strings.Repeat(" ", 32<<20)), "it ends"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ReadTokenizer(c.file)
		runtime.ReadMemStats(&after)
		used, size := int(after.TotalAlloc-before.TotalAlloc), len(c.file)
		t.Logf("%-24s %8d bytes: %8d allocated, %.1f a byte", c.name, size, used, float64(used)/float64(size))
		if used > 3*size+6<<20 || err != nil && used > 6<<20 {
			t.Errorf("%s: %d bytes allocated for %d", c.name, used, size)
		}
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %.300v, want %q", c.name, err, c.want)
		}
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
	for _, name := range []string{"word", "bpe"} {
		file, err := os.ReadFile(filepath.Join("testdata", "huggingface", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
		f.Add(bytes.Replace(file, []byte(`"add_prefix_space": true`), []byte(`"add_prefix_space": false`), 1))
	}
	f.Add([]byte(`{"version":"1.0","added_tokens":[{"id":1,"content":"ab"}],"normalizer":{"type":"Lowercase"},"pre_tokenizer":` + wordForm(WordOptions{Split: "space"}, "").preTokenizer + `,"model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0}}}`))
	f.Add([]byte(`{"version":"1.0","added_tokens":[],"pre_tokenizer":` + charForm.preTokenizer + `,"decoder":{"type":"Fuse"},"model":{"type":"BPE","dropout":null,"unk_token":"\ufffd","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"merges":[],"vocab":{"\ufffd":0}}}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		v, err := ReadTokenizer(file)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
			return
		}
		text := "any text\xFF, 世界" + v.Decode([]int{0, v.Size() - 1})
		ids := v.Encode(text)
		if n := v.Cut(text); !slices.Equal(append(v.Encode(text[:n]), v.Encode(text[n:])...), ids) {
			t.Errorf("%q is cut at %d", text, n)
		}
		if (v.Kind == "byte" || v.Kind == "bpe") != (v.Unknown == -1) || len(v.Counts) != v.Size() || v.Decode(ids) == "" {
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
