package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"inkling/decode"
)

// TestSamplingFlags: each flag does what it says, on a model that knows some letters.
func TestSamplingFlags(t *testing.T) {
	f := trainedFolder(t)
	generate := func(args ...string) (all []generated) {
		t.Helper()
		f.json(&all, append([]string{"generate", "model", "--prompt", "the ", "--seed", "7", "--max-tokens", "200"}, args...)...)
		return all
	}
	plain := generate()[0].Text
	if got := generate("--logit-bias", "e=-inf", "--logit-bias", `\x20=-inf`)[0].Text; strings.ContainsAny(got, "e ") {
		t.Errorf("forbidden letters in %q", got)
	}
	if got := generate("--logit-bias", "e=900", "--max-tokens", "5")[0].Text; got != "eeeee" {
		t.Errorf("with a bias of 900 for e: %q", got)
	}
	id := tokenOf(t, f, "e")
	if a, b := generate("--logit-bias", "e=3"), generate("--logit-bias", "#"+id+"=3"); a[0].Text != b[0].Text || a[0].Text == plain {
		t.Errorf("by text %q, by number %q, without %q", a[0].Text, b[0].Text, plain)
	}
	if got := generate("--presence-penalty", "1000", "--max-tokens", "12")[0].Text; distinctLetters(got) != utf8.RuneCountInString(got) {
		t.Errorf("a letter twice though each costs 1000 nats: %q", got)
	}
	if got := generate("--frequency-penalty", "1000", "--max-tokens", "12")[0].Text; distinctLetters(got) != utf8.RuneCountInString(got) {
		t.Errorf("a letter twice though each costs 1000 nats: %q", got)
	}
	once := generate("--no-repeat-ngram", "1", "-n", "2")
	if once[0].FinishReason != decode.FinishFiltered || distinctLetters(once[0].Text) != utf8.RuneCountInString(once[0].Text) || once[0].Tokens >= 200 {
		t.Errorf("no letter twice: %+v", once[0])
	}
	f.contains(f.must("generate", "model", "--no-repeat-ngram", "1").err, "text 1 of 1 ends after ", "the filters leave no token that may follow")
	r := f.run("generate", "model", "--regex", "abab", "--no-repeat-ngram", "2")
	if r.code == codeOK || r.out != "aba\n" || strings.Count(r.err, "\n") != 1 {
		t.Errorf("filters against a constraint: %d %q %q", r.code, r.out, r.err)
	}
	f.contains(r.err, "at token 4 the filters leave none")
	for _, target := range []float64{3.2, 4} {
		m := generate("--mirostat", fmt.Sprint(target), "--mirostat-rate", "0.5", "--max-tokens", "1500")[0]
		if bits := -m.LogProb / math.Ln2 / float64(m.Tokens); math.Abs(bits-target) > 0.1 {
			t.Errorf("mirostat to %g bits: %.3f", target, bits)
		}
	}
	greedy := generate("--top-k", "1", "--max-tokens", "20")[0].Text
	hot := generate("--temp", "50", "--min-p", "1", "--max-tokens", "20")[0].Text
	same := generate("--temp", "50", "--min-p", "1", "--max-tokens", "20", "--samplers", "min_p; temperature")[0].Text
	typical := generate("--typical", "0.05", "--max-tokens", "20")[0].Text
	if hot != greedy || same != hot || typical == plain[:20] {
		t.Errorf("greedy %q, min-p 1 %q, named %q; typical %q", greedy, hot, same, typical)
	}
	f.contains(f.must("info", "filters").out, "logit_bias", "typical", "mirostat")
}

func distinctLetters(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// tokenOf is the number of a token of the trained model.
func tokenOf(t *testing.T, f *folder, text string) string {
	t.Helper()
	var tokenizer struct {
		Model struct {
			Vocab map[string]json.Number `json:"vocab"`
		} `json:"model"`
	}
	if err := json.Unmarshal(f.read("model/tokenizer.json"), &tokenizer); err != nil {
		t.Fatal(err)
	}
	return tokenizer.Model.Vocab[text].String()
}
