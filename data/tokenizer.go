package data

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// A vocabulary is saved as the tokenizer.json of Hugging Face, so that their libraries read our texts
// as we do. BPE is what they call so. Characters and bytes are a BPE model without merges, whose words
// are then its alphabet, behind a pre-tokenizer that makes the alphabet: for characters one that splits
// a text into its code points, for bytes ByteLevel, which spells each byte as a printable character.
// Words are a WordLevel model, which looks whole words up. Characters as such a model would seem closer
// too; but their library for JavaScript then knows no unknown symbol unless a second file,
// tokenizer_config.json, tells it. For words there is no other model that all their libraries have.
//
// How often each token occurred in the training text is kept in model.counts, a list by id, because
// output layers and baselines want it. Their library passes over a key it does not know there; at the
// top of the file, where one would rather put it, it refuses the file.
//
// Begin and End are special added tokens of the names <|begin|> and <|end|>. Their libraries find
// these in a text that has them; we do not.
//
// Reading is strict: what would make us cut a text otherwise than the file says is refused by name.

const (
	maxTokenizer = 64 << 20 // bytes
	maxVocab     = 1 << 20  // tokens; Unicode has 155,000 characters
	maxCount     = 1 << 53  // of all tokens together: what JSON readers take for whole numbers
)

// WriteTokenizer writes the vocabulary as a Hugging Face tokenizer.json, the same bytes every time.
func (v *Vocab) WriteTokenizer(w io.Writer) error {
	if v.Size() > maxVocab {
		return fmt.Errorf("tokenizer: %d tokens, at most %d can be saved: choose fewer", v.Size(), maxVocab)
	}
	f := v.form()
	var b bytes.Buffer
	b.WriteString(`{
  "version": "1.0",
  "truncation": null,
  "padding": null,
  "added_tokens": [`)
	v.writeAdded(&b)
	b.WriteString(`],
  "normalizer": ` + f.normalizer + `,
  "pre_tokenizer": ` + f.preTokenizer + `,
  "post_processor": null,
  "decoder": ` + f.decoder + `,
  "model": {
`)
	for _, field := range f.fields {
		fmt.Fprintf(&b, "    %q: %s,\n", field.key, field.value)
	}
	if !f.merges && v.Kind != "word" {
		b.WriteString("    \"merges\": [],\n")
	}
	b.WriteString(`    "vocab": {`)
	for id, token := range v.Tokens[:v.Size()-v.outside] {
		if id > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n      ")
		b.WriteString(jsonString(v.spelled(f, id, token)))
		b.WriteString(": " + strconv.Itoa(id))
	}
	b.WriteString("\n    }")
	if f.merges {
		b.WriteString(",\n    \"merges\": [")
		for rank, pair := range v.coder.(*bpeCoder).rules {
			if rank > 0 {
				b.WriteByte(',')
			}
			left, right := f.spell(v.Tokens[pair>>32]), f.spell(v.Tokens[uint32(pair)])
			b.WriteString("\n      [" + jsonString(left) + ", " + jsonString(right) + "]")
		}
		b.WriteString("\n    ]")
	}
	b.WriteString(",\n    \"counts\": [")
	for id, n := range v.Counts {
		if id > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.FormatInt(n, 10))
	}
	b.WriteString("]\n  }\n}\n")
	if b.Len() > maxTokenizer {
		return fmt.Errorf("tokenizer: %d bytes, at most %d can be saved: choose fewer tokens", b.Len(), maxTokenizer)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// spelled is the key of a token of the model; one that is an added token too is spelled as such.
func (v *Vocab) spelled(f *form, id int, token string) string {
	if v.hasItems() && (id == v.Begin || id == v.End) || v.added.has(id) {
		return token
	}
	return f.spell(token)
}

// writeAdded writes the added tokens, Begin and End among them, by id.
func (v *Vocab) writeAdded(b *bytes.Buffer) {
	list := v.added.withItems(v)
	for i, t := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "\n    {\"id\": %d, \"content\": %s, \"single_word\": false, \"lstrip\": false, \"rstrip\": false, \"normalized\": %t, \"special\": %t}",
			t.id, jsonString(t.content), t.normalized, t.special)
	}
	if len(list) > 0 {
		b.WriteString("\n  ")
	}
}

// jsonString spells a text, which must be valid, in JSON.
func jsonString(text string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		panic("data: " + err.Error())
	}
	return string(b.Bytes()[:b.Len()-1]) // Encode ends its line
}
