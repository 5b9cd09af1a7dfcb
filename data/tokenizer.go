package data

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// A vocabulary is saved as the tokenizer.json of Hugging Face, so that their libraries read our texts
// as we do. Both kinds are a BPE model without merges, whose words are then its alphabet, behind a
// pre-tokenizer that makes the alphabet: for characters one that splits a text into its code points,
// for bytes ByteLevel, which spells each byte as a printable character, as in any byte-level BPE.
// Characters as a WordLevel model, which looks whole words up, would seem closer; but their library
// for JavaScript then knows no unknown symbol unless a second file tells it.
//
// How often each token occurred in the training text is kept in model.counts, a list by id, because
// output layers and baselines want it. Their library passes over a key it does not know there; at the
// top of the file, where one would rather put it, it refuses the file.
//
// Reading is strict: what would make us cut a text otherwise than the file says is refused by name.

const (
	maxTokenizer = 64 << 20 // bytes
	maxVocab     = 1 << 20  // tokens; Unicode has 155,000 characters
	maxCount     = 1 << 53  // of all tokens together: what JSON readers take for whole numbers
)

// A form is how a kind of vocabulary is spelled in a tokenizer.json.
type form struct {
	kind         string
	preTokenizer string // JSON, as the next two
	decoder      string
	unknown      string
	spell        func(token string) string
	size         int                                  // of the vocabulary; 0: any
	read         func(spelled []rune) (*Vocab, error) // by id, each of one character and there once
}

// model lists the keys of the file's model but for vocab and counts, with their JSON, in order.
func (f *form) model() [][2]string {
	return [][2]string{
		{"type", `"BPE"`},
		{"dropout", "null"},
		{"unk_token", f.unknown},
		{"continuing_subword_prefix", "null"},
		{"end_of_word_suffix", "null"},
		{"fuse_unk", "false"}, // each unknown character is one token
		{"byte_fallback", "false"},
		{"ignore_merges", "false"},
		{"merges", "[]"},
	}
}

var forms = []*form{&charForm, &byteForm}

func formOf(kind string) *form {
	for _, f := range forms {
		if f.kind == kind {
			return f
		}
	}
	panic(fmt.Sprintf("data: no vocabulary of kind %q", kind))
}

// WriteTokenizer writes the vocabulary as a Hugging Face tokenizer.json, the same bytes every time.
func (v *Vocab) WriteTokenizer(w io.Writer) error {
	if v.Size() > maxVocab {
		return fmt.Errorf("tokenizer: %d tokens, at most %d can be saved", v.Size(), maxVocab)
	}
	f := formOf(v.Kind)
	var b bytes.Buffer
	b.WriteString(`{
  "version": "1.0",
  "truncation": null,
  "padding": null,
  "added_tokens": [],
  "normalizer": null,
  "pre_tokenizer": ` + f.preTokenizer + `,
  "post_processor": null,
  "decoder": ` + f.decoder + `,
  "model": {
`)
	for _, field := range f.model() {
		fmt.Fprintf(&b, "    %q: %s,\n", field[0], field[1])
	}
	b.WriteString(`    "vocab": {`)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for id, token := range v.Tokens {
		if id > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n      ")
		if err := enc.Encode(f.spell(token)); err != nil {
			return err
		}
		b.Truncate(b.Len() - 1) // Encode ends its line
		b.WriteString(": " + strconv.Itoa(id))
	}
	b.WriteString("\n    },\n    \"counts\": [")
	for id, n := range v.Counts {
		if id > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.FormatInt(n, 10))
	}
	b.WriteString("]\n  }\n}\n")
	_, err := w.Write(b.Bytes())
	return err
}
