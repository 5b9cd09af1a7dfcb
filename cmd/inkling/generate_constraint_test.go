package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"inkling/constrain"
)

// TestConstraints: every decoder writes texts that satisfy what is demanded, of characters and of BPE, and the searches that find the best of all
// agree on which it is; no sample is likelier.
func TestConstraints(t *testing.T) {
	f := newFolder(t)
	f.must(trainArgs("chars", "--arch", "window", "--context", "2", "--steps", "150")...)
	f.must(trainArgs("bpe", "--tokens", "bpe", "--vocab", "290", "--arch", "window", "--context", "1", "--steps", "100")...)
	f.write("words.txt", "the rays of light")
	f.write("list.gbnf", "# words, one after the other\nroot ::= word (\" \" word){1,2} \".\"\nword ::= \"t\" [a-z]{1,3} | \"of\"\n")
	lexicon := []string{"the", "rays", "of", "light"}
	grammar := regexp.MustCompile(`^(t[a-z]{1,3}|of)( (t[a-z]{1,3}|of)){1,2}\.$`)
	whole := regexp.MustCompile(`^(?:[a-z]+ ){1,2}glass\.$`)
	for _, c := range []struct {
		flags     string
		satisfies func(g generated) bool
	}{
		{"--regex ([a-z]+.){1,2}glass\\. --forbid the", func(g generated) bool {
			return whole.MatchString(g.Text) && !slices.Contains(constrain.Words(g.Text), "the") && g.FinishReason != "stop"
		}},
		{"--grammar list.gbnf", func(g generated) bool { return grammar.MatchString(g.Text) }},
		{"--lexicon words.txt --require light --max-tokens 9", func(g generated) bool {
			words := constrain.Words(g.Text)
			return slices.Contains(words, "light") && !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(lexicon, w) })
		}},
		{"--exact-length 5", func(g generated) bool { return g.Tokens == 5 && g.FinishReason == "full" }},
	} {
		for _, model := range []string{"chars", "bpe"} {
			best := 0.0
			for _, decoder := range []string{"viterbi", "astar", "beam --beam 8", "bestfirst", "greedy", "sample -n 20 --seed 1"} {
				var all []generated
				args := append([]string{"generate", model, "--prompt", "the ", "--decoder"}, strings.Fields(decoder)...)
				if args = append(args, strings.Fields(c.flags)...); !strings.Contains(c.flags, "max-tokens") {
					args = append(args, "--max-tokens", "20")
				}
				for i, arg := range args { // Fields cannot give a space
					args[i] = strings.ReplaceAll(arg, "+.)", "+ )")
				}
				f.json(&all, args...)
				for _, g := range all {
					if !c.satisfies(g) {
						t.Errorf("%s %s %s: %q, %s", model, c.flags, decoder, g.Text, g.FinishReason)
					}
					if decoder == "viterbi" {
						best = g.LogProb
					}
					if g.LogProb > best+1e-4 {
						t.Errorf("%s %s: viterbi has %g, %s %g, %q", model, c.flags, best, decoder, g.LogProb, g.Text)
					}
				}
				if decoder == "viterbi" || decoder == "astar" {
					if !all[0].Certificate.Exact || all[0].LogProb < best-1e-4 {
						t.Errorf("%s %s: %s proves %+v", model, c.flags, decoder, all[0].Certificate)
					}
				}
			}
		}
	}
	r := f.must("generate", "chars", "--decoder", "viterbi", "--max-tokens", "30", "--regex", "the [a-z]+ of light\\.")
	if !regexp.MustCompile(`^the [a-z]+ of light\.\n$`).MatchString(r.out) {
		t.Errorf("printed %q", r.out)
	}
	f.contains(r.err, "certified: no text is likelier")
	for flags, want := range map[string]string{
		"--regex é+":                            "no text that this model's tokens can spell",
		"--regex (ab){40}":                      "allow at least 80",
		"--require é":                           "no text that this model's tokens can spell",
		"--exact-length 31":                     "allow at least 31",
		"--grammar words.txt":                   "line 1",
		"--regex |":                             "only the empty text",
		"--decoder greedy --regex a --forbid a": "contradict",
	} {
		r := f.run(append(strings.Fields("generate chars --max-tokens 30"), strings.Fields(flags)...)...)
		if r.code == codeOK || !strings.Contains(r.err, want) || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%s: %d %q", flags, r.code, r.err)
		}
	}
}
