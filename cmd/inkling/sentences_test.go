package main

import (
	"bytes"
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/checkpoint"
	"inkling/lm"
	"inkling/vae/sentences"
)

// sentenceArgs train a VAE of sentences that is done in no time.
func sentenceArgs(out string, more ...string) []string {
	return append([]string{"train", "vae", "lines.txt", "--out", out, "--latent", "3", "--hidden", "12", "--embed", "8", "--batch", "10", "--shards", "2", "--validations", "4", "--lr", "0.01"}, more...)
}

func sentenceFolder(t *testing.T) *folder {
	f := newFolder(t)
	f.write("lines.txt", sampleText(6000, 1))
	return f
}

func lines(out string) []string { return strings.Split(strings.TrimSuffix(out, "\n"), "\n") }

// TestSentences trains, and goes through all that a VAE of sentences is for.
func TestSentences(t *testing.T) {
	f := sentenceFolder(t)
	f.write("mixed.txt", "the rays of light.\n\nupon a glass \xff zebra.\nthe eye of its colour.\n")
	var o trainedSentences
	r := f.json(&o, sentenceArgs("m", "--steps", "60", "--word-dropout", "0.2", "--free-bits", "0.3")...)
	f.contains(r.err, "to learn from", "held out", "padding")
	if o.Steps != 60 || o.Valid == nil || math.Abs(o.ELBO-(o.Reconstruction-o.KL)) > 1e-9 || o.Variables != 3 || o.NatsPerToken == nil || !(o.TokensPerS > o.SentencesPerS) {
		t.Fatalf("%+v", o)
	}
	if strings.Contains(r.out, "images_per_s") {
		t.Errorf("sentences are no pictures: %s", r.out)
	}

	// What is drawn is the same of the same seed, on any number of cores.
	one := f.must("sample", "m", "-n", "5", "--seed", "7", "--threads", "1").out
	if three := f.must("sample", "m", "-n", "5", "--seed", "7", "--threads", "3").out; one != three || len(lines(one)) != 5 {
		t.Errorf("samples depend on the number of cores:\n%s\n%s", one, three)
	}
	if other := f.must("sample", "m", "-n", "5", "--seed", "8").out; one == other {
		t.Error("samples do not depend on the seed")
	}
	same := lines(f.must("sample", "m", "-n", "3", "--temp", "0", "--decoder", "greedy").out)
	if same[0] != same[1] || same[1] != same[2] {
		t.Errorf("sentences of one z differ: %q", same)
	}

	// Lines in, lines out, in order: an empty one, bytes that are no characters, and words that nobody knows.
	again := f.must("reconstruct", "m", "mixed.txt")
	f.contains(again.err, "not known to the model")
	if n := len(lines(again.out)); n != 4 {
		t.Errorf("%d lines of 4: %q", n, again.out)
	}
	var w writtenSentence
	if err := json.Unmarshal([]byte(lines(f.must("reconstruct", "m", "mixed.txt", "--decoder", "exact", "--max-tokens", "3", "--json").out)[0]), &w); err != nil || w.From != "the rays of light." || w.Certificate == nil || len(w.Z) != 3 {
		t.Errorf("%+v, %v", w, err)
	}
	way := lines(f.must("interpolate", "m", "--from", "the rays of light.", "--to", "the eye of its colour.", "--steps", "4").out)
	if to := lines(again.out); len(way) != 4 || way[0] != to[0] || way[3] != to[3] {
		t.Errorf("from %q to %q the way is %q", to[0], to[3], way)
	}
	for _, decoder := range []string{"sample", "beam", "bestfirst", "astar"} {
		f.must("sample", "m", "-n", "2", "--decoder", decoder, "--max-tokens", "4")
	}

	scores := lines(f.must("score", "m", "mixed.txt", "--samples", "5", "--json").out)
	var s scoredSentence
	if err := json.Unmarshal([]byte(scores[1]), &s); err != nil || len(scores) != 4 || s.Text != "" || s.Tokens != 1 || !(s.Bound < 0) {
		t.Errorf("%q, %+v, %v", scores, s, err)
	}
	if err := json.Unmarshal([]byte(scores[2]), &s); err != nil || s.Unknown < 1 || s.Text != "upon a glass \ufffd zebra." && !strings.Contains(s.Text, "zebra") {
		t.Errorf("%+v, %v", s, err)
	}
	f.in = "the eye.\n"
	f.contains(f.must("score", "m").out, "\tthe eye.")
	codes := lines(f.must("encode", "m", "mixed.txt", "--limit", "2").out)
	if len(codes) != 2 || len(strings.Split(codes[0], "\t")) != 3 {
		t.Errorf("codes %q", codes)
	}
	f.must("encode", "m", "mixed.txt", "--out", "z.npy", "--deviations")
	f.floatsOf("z.npy", 4, 6)

	var e evaluatedSentences
	f.json(&e, "eval", "m", "mixed.txt", "--bound", "iwae:50")
	if e.Examples != 3 || e.Tokens != 20 || e.Unknown < 1 || math.Abs(e.NatsPerToken*20+e.Bound*3) > 1e-6 || e.PerplexityPerWord == nil {
		t.Errorf("%+v", e)
	}
	f.contains(f.must("eval", "m", "lines.txt", "--limit", "20").out, "20 sentences", "nats per token", "active units")
	f.contains(f.must("info", "m").out, "sentences", "lstm 12–[3]–12", "0.2 of words")
	f.must("info", "m", "--plan")
	f.contains(f.must("list", ".").out, "sentences lstm 12 3 elbo")
	f.contains(f.must("resume", "m").out, "is finished")
	f.contains(string(f.read("m/README.md")), "of sentences", "0.2 of words")
}

// TestSentencesResume: a run that was stopped and goes on ends with the same bits.
func TestSentencesResume(t *testing.T) {
	f := sentenceFolder(t)
	flags := []string{"--steps", "60", "--checkpoint-every", "15", "--word-dropout", "0.3", "--dropout-out", "0.1", "--anneal", "linear", "--warm", "2", "--aggressive", "--keep", "9"}
	f.must(sentenceArgs("whole", flags...)...)
	f.must(sentenceArgs("cut", flags...)...)
	for _, state := range []string{"000000060", "000000045"} {
		f.remove("cut/state/" + state + ".safetensors")
	}
	f.contains(f.must("resume", "cut").err, "goes on after step 30")
	for _, name := range []string{"model.safetensors", "tokenizer.json"} {
		if !bytes.Equal(f.read("whole/"+name), f.read("cut/"+name)) {
			t.Errorf("%s is another after a stop", name)
		}
	}
}

// TestSentencesCountAsLanguageModelsDo: a decoder that makes nothing of z, with the weights of a language model, comes to the same nats of the same
// sentences, their ends included.
func TestSentencesCountAsLanguageModelsDo(t *testing.T) {
	f := sentenceFolder(t)
	f.write("other.txt", sampleText(2000, 5)+"\n\nwords that nobody knows\n")
	f.must("train", "lm", "lines.txt", "--lines", "--tokens", "word", "--hidden", "12", "--embed", "8", "--layers", "1", "--steps", "30", "--batch", "8", "--time", "30", "--out", "lm", "--valid", "0.05")
	f.must(sentenceArgs("vae", "--steps", "3")...)
	model, _ := openedLM(t, filepath.Join(f.dir, "lm"))
	run, err := checkpoint.Open(filepath.Join(f.dir, "vae"))
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := sentences.Load(run)
	if err != nil {
		t.Fatal(err)
	}
	var tensors []checkpoint.Tensor
	for _, p := range m.Params() {
		name := strings.TrimPrefix(p.Name, "decoder.")
		if from := model.Params().ByName(name); from != nil {
			if !slices.Equal(from.Shape, p.Shape) {
				t.Fatalf("%s is %v, and %v in a language model", p.Name, p.Shape, from.Shape)
			}
			copy(p.Value, from.Value)
		} else {
			clear(p.Value) // of z, and of the encoder, whose q is then the prior
		}
		tensors = append(tensors, checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Value})
	}
	if err := run.SaveModel(tensors, nil); err != nil {
		t.Fatal(err)
	}
	run.Close()
	for _, bound := range []string{"elbo", "iwae:3"} {
		var e evaluatedSentences
		f.json(&e, "eval", "vae", "other.txt", "--against", "lm", "--bound", bound)
		if e.KL != 0 || e.Against == nil || math.Abs(e.Against.Difference) > 1e-3 || math.Abs(e.NatsPerToken-e.Against.NatsPerToken) > 1e-4 {
			t.Errorf("%s: %+v against %+v", bound, e, e.Against)
		}
		var l evaluated
		f.json(&l, "eval", "lm", "other.txt")
		if l.Tokens != e.Tokens || l.Items != e.Examples || l.Unknown != e.Unknown || math.Abs(l.BitsPerChar-*e.BitsPerChar) > 1e-4 || math.Abs(l.PerplexityPerWord / *e.PerplexityPerWord - 1) > 1e-4 {
			t.Errorf("a language model says %+v, a VAE %+v", l.Likelihood, e)
		}
	}
}

func openedLM(t *testing.T, dir string) (*lm.Model, error) {
	t.Helper()
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	m, _, err := lm.Load(run)
	if err != nil {
		t.Fatal(err)
	}
	return m, nil
}

// TestSentencesOfEveryKind: with each kind of tokens, cell and output layer, and as few sentences and words as there can be.
func TestSentencesOfEveryKind(t *testing.T) {
	f := sentenceFolder(t)
	f.write("one.txt", "once\n")
	f.write("same.txt", strings.Repeat("same same\n", 30))
	f.write("odd.txt", strings.Repeat("caf\xe9 日本 \U0001F600\n\n\n"+strings.Repeat("very ", 50)+"\n", 20))
	for name, flags := range map[string][]string{
		"char":     {"--tokens", "char"},
		"byte":     {"--tokens", "byte"},
		"bpe":      {"--tokens", "bpe", "--vocab", "300", "--word-dropout", "0.5"},
		"gru":      {"--cell", "gru", "--output", "adaptive", "--cutoffs", "5"},
		"sampled":  {"--output", "sampled", "--samples", "8"},
		"iwae":     {"--objective", "iwae", "--k", "3", "--dropout-in", "0.2"},
		"ae":       {"--objective", "ae"},
		"one.txt":  {"--valid", "0", "--min-count", "1"},
		"same.txt": {"--tokens", "word"},
		"odd.txt":  {"--tokens", "char", "--longest", "40"},
		"odd2":     {"--tokens", "bpe", "--vocab", "260"},
	} {
		args := sentenceArgs(name+".run", append([]string{"--steps", "6"}, flags...)...)
		if strings.HasSuffix(name, ".txt") {
			args[2] = name
		}
		if name == "odd2" {
			args[2] = "odd.txt"
		}
		r := f.must(args...)
		if name == "odd.txt" {
			f.contains(r.err, "sentences of more than 40 characters left out", "empty line", "not UTF-8")
		}
		for _, line := range lines(f.must("sample", name+".run", "-n", "4", "--max-tokens", "20", "--token-temp", "1.5").out) {
			if strings.ContainsAny(line, "\n\x00\x1b") {
				t.Errorf("%s: wrote %q", name, line)
			}
		}
		f.must("reconstruct", name+".run", "odd.txt", "-n", "2", "--max-tokens", "5")
		f.must("eval", name+".run", "odd.txt", "--limit", "3")
	}
}

// wrongSentences adds runs of VAEs of sentences, a good one and some that are wrong, to the folder of TestErrors.
func wrongSentences(f *folder) {
	f.must("train", "vae", "text.txt", "--as", "sentences", "--hidden", "8", "--latent", "2", "--batch", "4", "--shards", "2", "--steps", "4", "--valid", "0.2", "--out", "said")
	config := string(f.read("said/config.json"))
	edited := func(dir, old, new string) {
		f.copy("said", dir)
		if !strings.Contains(config, old) {
			f.Fatalf("no %s in %s", old, config)
		}
		f.write(dir+"/config.json", strings.Replace(config, old, new, 1))
	}
	edited("said-cut", `"hidden": 8`, `"hidden": 9`)
	edited("said-wide", `"longest": 100`, `"longest": 100000`)
}
