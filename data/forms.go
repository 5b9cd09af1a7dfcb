package data

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// A form is how a vocabulary is spelled in a tokenizer.json.
type form struct {
	kind         string
	normalizer   string // JSON, as all that follows
	preTokenizer string
	decoder      string
	fields       []field                            // of the model, but for vocab, merges and counts, in order
	merges       bool                               // the model has some
	spell        func(token string) string          // as the key of a token
	read         func(t *Tokenizer) (*Vocab, error) // the model's tokens and merges
}

// A field is a key of a model, with the value that is written, and others that mean the same to us.
// Without a value it is read and not written: readers differ in whether they know the key.
type field struct {
	key, value string
	same       []string
}

const absent = "" // among the values that mean the same

// bpeFields are the keys of a BPE model. Without an unknown token all keys may be read that would
// matter to one only.
func bpeFields(unknown string, same ...string) []field {
	return []field{
		{"type", `"BPE"`, nil},
		{"dropout", "null", nil},
		{"unk_token", unknown, same},
		{"continuing_subword_prefix", "null", same},
		{"end_of_word_suffix", "null", same},
		{"fuse_unk", "false", nil}, // each unknown character is one token
		{"byte_fallback", "false", []string{absent}},
		{"ignore_merges", "false", []string{absent}},
	}
}

var charForm = form{
	kind:       "char",
	normalizer: "null",
	// One match, and so one piece, is any code point: a dot would leave out line ends.
	preTokenizer: splitBy(`[\s\S]`, "Isolated", false),
	decoder:      `{"type": "Fuse"}`,
	fields:       bpeFields(`"` + unknownChar + `"`),
	spell:        func(token string) string { return token },
	read: func(t *Tokenizer) (*Vocab, error) {
		spelled, err := t.readChars()
		if err != nil {
			return nil, err
		}
		if !slices.Contains(spelled, utf8.RuneError) {
			return nil, fmt.Errorf("the unknown symbol %s (U+FFFD) has no id", unknownChar)
		}
		return newChars(string(spelled)), nil
	},
}

const byteLevel = `{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}`

var byteForm = form{
	kind:         "byte",
	normalizer:   "null",
	preTokenizer: byteLevel,
	decoder:      byteLevel,
	fields:       bpeFields("null"),
	spell:        spellBytes,
	read: func(t *Tokenizer) (*Vocab, error) {
		if t.tokens != 256 {
			return nil, fmt.Errorf("a vocabulary of bytes has 256 tokens, not %d", t.tokens)
		}
		spelled, err := t.readChars()
		if err != nil {
			return nil, err
		}
		for b, char := range spelled {
			if char != byteSpelling[b] {
				return nil, fmt.Errorf("id %d is %q, where the byte of this value would be %q", b, string(char), byteSpelling[b])
			}
		}
		return newBytes(), nil
	},
}

// bpeForm is that of byte-level BPE, with or without a space put before a text.
func bpeForm(prefix bool) *form {
	level := fmt.Sprintf(`{"type": "ByteLevel", "add_prefix_space": %t, "trim_offsets": true, "use_regex": true}`, prefix)
	return &form{
		kind:         "bpe",
		normalizer:   "null",
		preTokenizer: level,
		decoder:      level,
		fields:       bpeFields("null", `""`),
		merges:       true,
		spell:        spellBytes,
		read:         func(t *Tokenizer) (*Vocab, error) { return t.readBPE(prefix) },
	}
}

// wordForm is that of words. Their library has no word boundaries of Unicode: the pattern is the nearest
// it has, and model.split, a key that it passes over, says what is meant.
func wordForm(o WordOptions, unknown string) *form {
	f := &form{
		kind:         "word",
		normalizer:   "null",
		preTokenizer: splitBy(`\n|[^\s]+`, "Removed", true),
		decoder:      "null", // it then puts a space between all tokens, line ends too
		fields: []field{
			{"type", `"WordLevel"`, nil},
			{"unk_token", jsonString(unknown), nil},
			{"split", strconv.Quote(o.Split), []string{absent}},
		},
		spell: func(token string) string { return token },
		read:  func(t *Tokenizer) (*Vocab, error) { return t.readWords(unknown, o) },
	}
	if o.Split == "unicode" {
		f.preTokenizer = splitBy(`\n|\d+(?:[.,]\d+)+|\w+(?:['’.:]\w+)*|[^\w\s]`, "Removed", true)
	}
	if o.Lower {
		f.normalizer = lowercase
	}
	return f
}

const lowercase = `{"type": "Lowercase"}`

func splitBy(pattern, behavior string, invert bool) string {
	return fmt.Sprintf(`{"type": "Split", "pattern": {"Regex": %s}, "behavior": %q, "invert": %t}`, jsonString(pattern), behavior, invert)
}

// form is how a vocabulary is written.
func (v *Vocab) form() *form {
	switch v.Kind {
	case "char":
		return &charForm
	case "byte":
		return &byteForm
	case "bpe":
		return bpeForm(v.coder.(*bpeCoder).prefix)
	case "word":
		c := v.coder.(*wordCoder)
		return wordForm(WordOptions{Split: c.split, Lower: c.lower}, v.Tokens[v.Unknown])
	}
	panic(fmt.Sprintf("data: no vocabulary of kind %q", v.Kind))
}
