package main

import (
	"strings"
	"testing"
)

// TestSearchDecoders: what is searched for is no less likely than what greedy search finds, exact is certified, and each says what it proved.
func TestSearchDecoders(t *testing.T) {
	f := trainedFolder(t)
	generate := func(args ...string) (all []generated) {
		t.Helper()
		f.json(&all, append([]string{"generate", "model", "--prompt", "the ", "--max-tokens", "4"}, args...)...)
		return all
	}
	greedy, beam := generate("--decoder", "greedy"), generate("--decoder", "beam", "--beam", "3", "--keep-greedy", "-n", "5")
	exact, first := generate("--decoder", "exact"), generate("--decoder", "bestfirst", "--beam", "3", "-n", "5")
	if greedy[0].Certificate != nil || greedy[0].Score != nil {
		t.Errorf("greedy search proves something: %+v", greedy[0])
	}
	if len(beam) != 5 || len(first) != 5 || beam[0].LogProb < greedy[0].LogProb || exact[0].LogProb < beam[0].LogProb || beam[1].LogProb > beam[0].LogProb {
		t.Errorf("greedy %+v\nbeam %+v\nexact %+v", greedy, beam, exact)
	}
	c, b := exact[0].Certificate, beam[0].Certificate
	if c == nil || !c.Exact || c.Best != exact[0].LogProb || c.Bound != c.Best || *exact[0].Score != c.Best || b == nil || b.Bound < c.Best || b.Calls >= b.Expanded {
		t.Errorf("exact %+v, beam %+v", c, b)
	}
	long := generate("--decoder", "beam", "--length-penalty", "1", "--length-norm", "plain")
	if want := long[0].LogProb / 4; *long[0].Score != want || long[0].LogProb != generate("--decoder", "beam")[0].LogProb {
		t.Errorf("a score of %g, want %g", *long[0].Score, want)
	}
	groups := generate("--decoder", "beam", "--beam", "4", "--groups", "4", "--diversity", "30", "-n", "4")
	if groups[0].Text[0] == groups[1].Text[0] {
		t.Errorf("diverse groups begin alike: %+v", groups)
	}

	text := f.must("generate", "model", "--prompt", "the ", "--max-tokens", "4", "--decoder", "exact")
	if text.out != "the "+exact[0].Text+"\n" || strings.Count(text.err, "\n") != 1 {
		t.Errorf("printed %q, %q", text.out, text.err)
	}
	f.contains(text.err, "log-probability -", "certified: no text is likelier", "nodes", "calls of the model")
	f.contains(f.must("generate", "model", "--max-tokens", "40", "--decoder", "exact", "--nodes", "300").err, "the likeliest found; no text has more than", "a gap of", "300 nodes")
	f.contains(f.must("generate", "model", "--max-tokens", "40", "--decoder", "exact", "--nodes", "1").err, "not complete when the nodes were spent", "1 node, 1 call of the model")
	f.contains(f.must("generate", "model", "--max-tokens", "1", "--decoder", "beam", "-n", "5000").err, "texts of 5000: the search has come to no more")
}

// TestNothingBeforeARefusal: what a decoder refuses to write has no beginning either.
func TestNothingBeforeARefusal(t *testing.T) {
	f := trainedFolder(t)
	if r := f.run("generate", "model", "--prompt", "the ", "--decoder", "viterbi"); r.code == 0 || r.out != "" {
		t.Errorf("exit %d, %q", r.code, r.out)
	}
	if r := f.must("generate", "model", "--prompt", "the ", "--max-tokens", "3", "-n", "2", "--decoder", "beam"); strings.Count(r.out, "the ") != 2 || strings.Count(r.out, "---") != 2 {
		t.Errorf("%q", r.out)
	}
}
