package data

import (
	"bytes"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// withAdded is a file with added tokens, each given as id, content and whatever else it says.
func withAdded(file string, tokens ...string) string {
	return strings.Replace(file, `"added_tokens": []`, `"added_tokens": [`+strings.Join(tokens, ",")+"]", 1)
}

func addedJSON(id int, content, rest string) string {
	return fmt.Sprintf(`{"id": %d, "content": %s%s}`, id, jsonString(content), rest)
}

func TestReadTokenizerRefusesWordsAndBPE(t *testing.T) {
	w, _ := Words("the cat the\n", WordOptions{Split: "space"}) // the 0, \n 1, cat 2, <unk> 3
	word := written(t, w)
	w, _ = Words("the cat the\n", WordOptions{Lower: true})
	lower := written(t, w)
	b, _ := TrainBPE("abab abab", 259)
	bpe := written(t, b)
	c, _ := Chars("ab")
	char := written(t, c)
	for _, c := range []struct{ name, file, old, new, want string }{
		{"Unigram", `{"version":"1.0","model":{"type":"Unigram","unk_id":0,"vocab":[["a",0.5]]}}`, "", "", `its model is of type "Unigram": only BPE`},
		{"Unigram without type", `{"version":"1.0","model":{"vocab":[["a",0.5]]}}`, "", "", `the vocabulary of its model is no object`},
		{"WordPiece", word, "WordLevel", "WordPiece", `its model is of type "WordPiece": only BPE`},
		{"no split known", word, `"Removed"`, `"Isolated"`, `its pre_tokenizer is "Split" with its`},
		{"Whitespace", word, `"pre_tokenizer": ` + wordForm(WordOptions{Split: "space"}, "").preTokenizer, `"pre_tokenizer": {"type": "Whitespace"}`, `its pre_tokenizer is "Whitespace": only the two`},
		{"another split said", word, `"split": "space"`, `"split": "unicode"`, `its model.split is "unicode": only "space"`},
		{"no unknown word", word, `"<unk>": 3`, `"<unkn>": 3`, `the unknown word "<unk>" has no id`},
		{"unknown word of no text", word, `"unk_token": "<unk>"`, `"unk_token": 3`, `model.unk_token is no text`},
		{"NFC", lower, lowercase, `{"type": "NFC"}`, `its normalizer is "NFC": only null`},
		{"a word twice", word, `"cat": 2`, `"the": 2`, `the vocabulary has "the" twice`},
		{"an id twice", word, `"cat": 2`, `"cat": 0`, `"the" and "cat" have the same id 0`},
		{"a gap", word, `"cat": 2`, `"cat": 9`, `"cat" has id 9, which leaves`},
		{"an empty word", word, `"cat": 2`, `"": 2`, `a token is empty`},
		{"merges of words", word, `"vocab"`, `"merges": [["t", "h"]], "vocab"`, `its model has merges, and`},
		{"a decoder", word, `"decoder": null`, `"decoder": {"type": "WordPiece"}`, `its decoder is "WordPiece": only null`},
		{"a post-processor", bpe, `"post_processor": null`, `"post_processor": {"type": "RobertaProcessing"}`, `its post_processor is "RobertaProcessing": only null`},
		{"byte fallback", bpe, `"byte_fallback": false`, `"byte_fallback": true`, `its model.byte_fallback is "true": only false`},
		{"ignored merges", bpe, `"ignore_merges": false`, `"ignore_merges": true`, `its model.ignore_merges is "true"`},
		{"suffix", bpe, `"end_of_word_suffix": null`, `"end_of_word_suffix": "</w>"`, `its model.end_of_word_suffix is "</w>"`},
		{"SentencePiece", bpe, `"pre_tokenizer": {"type": "ByteLevel"`, `"pre_tokenizer": {"type": "Metaspace"`, `its pre_tokenizer is "Metaspace" with its`},
		{"another decoder", bpe, `"decoder": {"type": "ByteLevel"`, `"decoder": {"type": "BPEDecoder"`, `its decoder is "BPEDecoder"`},
		{"an unknown flag", bpe, `"trim_offsets"`, `"trim"`, `its pre_tokenizer is "ByteLevel" with its "add_prefix_space, trim, use`},
		{"a byte missing", bpe, `"Ġ": 220`, `"ĠĠ": 220`, `the byte 0x20, spelled 'Ġ', has no token`},
		{"no spelling", bpe, `"ab": 256`, `"☺": 256`, `"☺" spells no bytes`},
		{"a merge of nothing", bpe, `["a", "b"]`, `["a"]`, `merge 0: not two tokens`},
		{"a merge of three", bpe, `["a", "b"]`, `["a", "b", "c"]`, `merge 0: byte`},
		{"a merge of words", bpe, `["a", "b"]`, `"a b c"`, `merge 0: "a b c" is not two tokens`},
		{"a merge of one word", bpe, `["a", "b"]`, `"ab"`, `merge 0: "ab" is not two tokens`},
		{"a number for a merge", bpe, `["a", "b"]`, `7`, `merge 0: byte`},
		{"a merge of an unknown token", bpe, `["a", "b"]`, `["a", "zz"]`, `merge 0: its right "zz" is no token`},
		{"a merge to an unknown token", bpe, `["a", "b"]`, `["a", "z"]`, `merge 0: what it makes, "az" is no token`},
		{"a merge twice", bpe, `["a", "b"]`, "[\"a\", \"b\"],\n[\"a\", \"b\"]", `merge 1: the same two tokens`},
		{"a merge that spells nothing", bpe, `["a", "b"]`, `["a", "☺"]`, `merge 0: "☺" spells no bytes`},
		{"no merges", bpe, `"merges"`, `"merge"`, `its model has "merge", which`},
		{"counts of some", bpe, `"counts": [0, `, `"counts": [`, `257 counts for 258 tokens`},
		{"added far away", withAdded(char, addedJSON(5, "x", "")), "", "", `the added token "x" has id 5, and id 3 has no token`},
		{"added in another's place", withAdded(bpe, addedJSON(256, "x", "")), "", "", `the added token "x" has the id 256 of another token`},
		{"added twice", withAdded(char, addedJSON(3, "x", ""), addedJSON(4, "x", "")), "", "", `the added token "x" is there twice`},
		{"added in disorder", withAdded(char, addedJSON(4, "x", ""), addedJSON(3, "y", "")), "", "", `"y" has id 3 after id 4`},
		{"added with lstrip", withAdded(char, addedJSON(3, "x", `, "lstrip": true`)), "", "", `has single_word, lstrip or rstrip`},
		{"added without id", withAdded(char, `{"content": "x"}`), "", "", `the added token "x" has no id`},
		{"added huge id", withAdded(char, addedJSON(1<<30, "x", "")), "", "", `"x" has id 1073741824, at most`},
		{"added without content", withAdded(char, `{"id": 3}`), "", "", `has 0 bytes`},
		{"added and normalized", withAdded(lower, addedJSON(4, "X", "")), "", "", `the added token "X" is normalized`},
		{"beginning without end", withAdded(char, addedJSON(3, beginName, `, "special": true`)), "", "", `it has only one`},
		{"beginning that is none", withAdded(char, addedJSON(3, beginName, ""), addedJSON(4, endName, "")), "", "", `"<|begin|>" is not special`},
		{"beginning as a word", word, `"cat"`, `"<|begin|>"`, `the token "<|begin|>" is no added token`},
		{"many added", withAdded(char, slices.Repeat([]string{addedJSON(3, "x", "")}, 300)...), "", "", `is there twice`},
		{"added no object", withAdded(char, "[]"), "", "", `added_tokens: `},
	} {
		file := c.file
		if c.old != "" {
			if file = strings.Replace(c.file, c.old, c.new, 1); file == c.file {
				t.Fatalf("%s: %q is not in the file", c.name, c.old)
			}
		}
		v, err := ReadTokenizer([]byte(file))
		if err == nil {
			t.Errorf("%s: accepted: %q", c.name, v.Tokens)
			continue
		}
		if s := err.Error(); !strings.HasPrefix(s, "tokenizer: ") || !strings.Contains(s, c.want) || strings.Contains(s, "\n") || len(s) > 400 {
			t.Errorf("%s: error %q, want %q", c.name, s, c.want)
		}
	}
}

// Files with added tokens are read with whatever they say of them, and written again so that they read
// the same; a text may be cut anywhere that Cut says.
func TestAddedTokens(t *testing.T) {
	const text = "the fox, the <|endoftext|> end\n"
	chars, _ := Chars(text)
	bytesOf, _ := Bytes("")
	bpe, _ := TrainBPE(text+text+strings.Repeat("a   b\n  c \n \n", 5), 300)
	space, _ := Words(text, WordOptions{Split: "space"})
	unicode, _ := Words(text, WordOptions{})
	lower, _ := Words(text, WordOptions{Lower: true})
	contents := []string{"<|endoftext|>", "<|end", "the fox", "fo", " x", "\n\n", "aba", "ba b", "世"}
	for _, v := range []*Vocab{chars, bytesOf, bpe, space, unicode, lower} {
		rapid.Check(t, func(t *rapid.T) {
			var list []string
			base := v.Size()
			items := rapid.Bool().Draw(t, "items")
			for _, content := range contents {
				if rapid.Bool().Draw(t, content) {
					normalized := v != lower && rapid.Bool().Draw(t, "normalized")
					list = append(list, addedJSON(base+len(list), content, fmt.Sprintf(`, "special": false, "normalized": %t`, normalized)))
				}
			}
			if items {
				list = append(list, addedJSON(base+len(list), beginName, `, "special": true`), addedJSON(base+len(list)+1, endName, `, "special": true`))
			}
			file := written(t, v)
			file = withAdded(file[:strings.LastIndex(file, ",\n    \"counts\"")]+"\n}}", list...)
			if v.Kind == "bpe" && rapid.Bool().Draw(t, "prefix") {
				file = strings.Replace(file, `"add_prefix_space": false`, `"add_prefix_space": true`, 1)
			}
			read, err := ReadTokenizer([]byte(file))
			if err != nil {
				t.Fatal(err)
			}
			if read.Size() != base+len(list) || items != read.hasItems() {
				t.Fatalf("%d tokens, begin %d, end %d", read.Size(), read.Begin, read.End)
			}
			again, err := ReadTokenizer([]byte(written(t, read)))
			if err != nil || !reflect.DeepEqual(read, again) {
				t.Fatalf("read %+v, written and read again %+v: %v", read, again, err)
			}
			join := func(s []string) string { return strings.Join(s, "") }
			s := rapid.OneOf(
				rapid.Map(rapid.SliceOf(rapid.SampledFrom(append(slices.Clone(parcels), contents...))), join),
				rapid.Map(rapid.SliceOf(rapid.SampledFrom([]string{" ", "\n", "a", "fo", " x", "<|e", "nd"})), join),
			).Draw(t, "text")
			for _, id := range read.Encode(s) {
				if id == read.Begin || id == read.End {
					t.Fatalf("%q has the beginning or the end of an item", s)
				}
			}
			prefixed := read.Kind == "bpe" && read.coder.(*bpeCoder).prefix
			if got := read.Decode(read.Encode(s)); (v == bytesOf || v == bpe && !prefixed) && got != s {
				t.Fatalf("%q reads %q", s, got)
			}
			cutsAnywhere(t, read, s)
		})
	}
}

func TestAddedTokensAreFoundFirst(t *testing.T) {
	v, _ := Chars("abc")
	file := written(t, v)
	file = withAdded(file[:strings.LastIndex(file, ",\n    \"counts\"")]+"\n}}", // a 0, b 1, c 2, U+FFFD 3
		addedJSON(4, "ab", ""), addedJSON(5, "abc", ""), addedJSON(6, "bc", `, "normalized": false`))
	v, err := ReadTokenizer([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]int{"abc": {0, 6}, "abab": {4, 4}, "cabc": {2, 0, 6}, "a": {0}, "": {}, "ab\xffc": {4, 3, 2}} {
		ids, rep := v.EncodeReport(text)
		if !slices.Equal(ids, want) {
			t.Errorf("%q: %v, want %v", text, ids, want)
		}
		if at := strings.IndexByte(text, 0xff); at >= 0 && (rep.Invalid != 1 || rep.InvalidAt != at) {
			t.Errorf("%q: report %+v", text, rep)
		}
	}
}

func TestWithItems(t *testing.T) {
	v, _ := Words("the cat", WordOptions{Split: "space"})
	w := v.WithItems()
	if w.Begin != 3 || w.End != 4 || w.Size() != 5 || v.Size() != 3 || v.Begin != -1 || v.End != -1 || w.WithItems() != w {
		t.Errorf("begin %d, end %d of %q; before %d, %d", w.Begin, w.End, w.Tokens, v.Begin, v.End)
	}
	ids := append([]int{w.Begin}, append(w.Encode("the cat"), w.End)...)
	if got := w.Decode(ids); got != "the cat" {
		t.Errorf("reads %q", got)
	}
	if w.Piece(w.Begin) != "" || w.Piece(w.End) != "" {
		t.Error("the beginning or the end reads something")
	}
	w.Counts[w.Begin] = 7
	again, err := ReadTokenizer([]byte(written(t, w)))
	if err != nil || !reflect.DeepEqual(w, again) || v.Size() != len(v.Counts) {
		t.Errorf("written %+v, read %+v: %v", w, again, err)
	}
}

// hugeWords is a vocabulary of words as short as can be.
func hugeWords(tokens int) *Vocab {
	words := []string{unknownWord}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,"
	for i := 0; len(words) < tokens; i++ {
		word := []byte{}
		for n := i + 1; n > 0; n = (n - 1) / len(letters) {
			word = append(word, letters[(n-1)%len(letters)])
		}
		words = append(words, string(word))
	}
	v := newWords(words, unknownWord, WordOptions{Split: "space"})
	v.Counts = make([]int64, len(words))
	return v
}

// hugeBPE has tokens of two bytes, and then of three and four.
func hugeBPE(tokens int) *Vocab {
	var all []string
	for b := range 256 {
		all = append(all, string([]byte{byte(b)}))
	}
	rules := []uint64{}
	for i := uint32(0); len(all) < tokens; i++ {
		left, right := i/256, i%256
		all, rules = append(all, all[left]+all[right]), append(rules, pairOf(left, right))
	}
	merges := newMergeTable(len(rules))
	for rank, pair := range rules {
		merges.add(uint32(pair>>32), uint32(pair), uint32(rank), uint32(256+rank))
	}
	v := newBPE(all, rules, merges, false)
	v.Counts = make([]int64, len(all))
	return v
}

// TestTokenizerMemoryOfWordsAndBPE holds what ReadTokenizer promises to allocate, and what Bytes says.
func TestTokenizerMemoryOfWordsAndBPE(t *testing.T) {
	short := func(v *Vocab) string {
		var b bytes.Buffer
		if err := v.WriteTokenizer(&b); err != nil {
			t.Fatal(err)
		}
		return strings.NewReplacer("\n      ", "", "0, ", "0,", `": `, `":`, `", "`, `","`).Replace(b.String())
	}
	noCounts := func(file string) string { return file[:strings.LastIndex(file, ",\n    \"counts\"")] + "}}" }
	words, bpe := hugeWords(maxVocab), hugeBPE(1<<19)
	word, pairs := short(words), short(bpe)
	merge := strings.Index(pairs, `"merges":[`) + len(`"merges":[`)
	for _, c := range []struct {
		name, file, want string
		v                *Vocab
	}{
		{"words", word, "", words},
		{"words, no counts", noCounts(word), "", words},
		{"few words", short(hugeWords(100)), "", hugeWords(100)},
		{"BPE", pairs, "", bpe},
		{"BPE, no counts", noCounts(pairs), "", bpe},
		{"few BPE", short(hugeBPE(300)), "", hugeBPE(300)},
		{"the last word twice", strings.Replace(noCounts(word), `:1048575`, `:1048574`, 1), "same id", nil},
		{"merges", pairs[:merge] + strings.Repeat(`"a b",`, maxVocab-1) + `"a b"]}}`, "merge 1: the same", nil},
		{"too many merges", pairs[:merge] + strings.Repeat(`"a b",`, maxVocab+1) + `"a b"]}}`, "more than 1048576 merges", nil},
		{"a long merge", pairs[:merge] + `["` + strings.Repeat(`\n`, 10<<20) + `","a"]]}}`, "too long", nil},
		{"added tokens", `{"added_tokens":[` + strings.Repeat(`{"id":0,"content":"x"},`, 1<<20), "twice", nil},
		{"a long added token", `{"added_tokens":[{"id":0,"content":"` + strings.Repeat("x", 10<<20) + `"}`, "more than any", nil},
	} {
		file := []byte(c.file)
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		v, err := ReadTokenizer(file)
		runtime.ReadMemStats(&after)
		used, size := int(after.TotalAlloc-before.TotalAlloc), len(file)
		t.Logf("%-24s %8d bytes: %8d allocated, %.1f a byte", c.name, size, used, float64(used)/float64(size))
		if used > 6*size+6<<20 {
			t.Errorf("%s: %d bytes allocated for %d", c.name, used, size)
		}
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %.300v, want %q", c.name, err, c.want)
		}
		if c.v != nil && !reflect.DeepEqual(v.Tokens, c.v.Tokens) {
			t.Errorf("%s: other tokens", c.name)
		}
		if v != nil && v.Size() > 1000 {
			runtime.GC()
			runtime.ReadMemStats(&after)
			held, said := int64(after.HeapAlloc)-int64(before.HeapAlloc), v.Bytes()
			t.Logf("%-24s holds %d, says %d", "", held, said)
			if diff := held - said; diff > held/10 || diff < -held/10 {
				t.Errorf("%s: holds %d bytes, says %d", c.name, held, said)
			}
		}
		runtime.KeepAlive(v)
		runtime.KeepAlive(file)
	}
}
