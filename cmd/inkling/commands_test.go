package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"inkling/eval"
)

func TestVersion(t *testing.T) {
	f := newFolder(t)
	f.contains(f.must("version").out, "inkling "+version)
	var b build
	f.json(&b, "version")
	if b.Version != version || b.Go == "" || b.ISA == "" {
		t.Errorf("%+v", b)
	}
}

func TestEval(t *testing.T) {
	f := newFolder(t)
	var trained struct{ Valid float64 }
	f.json(&trained, trainArgs("model", "--steps", "80", "--precision", "float32")...)
	text := string(f.read("text.txt"))
	f.write("held.txt", text[len(text)*9/10:])
	var l eval.Likelihood
	f.json(&l, "eval", "model", "held.txt")
	if math.Abs(l.NatsPerToken-trained.Valid) > 1e-6 {
		t.Errorf("%.9f nats a token, and training measured %.9f", l.NatsPerToken, trained.Valid)
	}
	if l.Tokens != 1199 || l.Chars != 1199 || l.Unknown != 0 || math.Abs(l.BitsPerChar-l.NatsPerToken/math.Ln2) > 1e-9 || math.Abs(math.Log(l.Perplexity)-l.NatsPerToken) > 1e-9 {
		t.Errorf("%+v", l)
	}
	for _, key := range []string{`"nats_per_token":`, `"bits_per_char":`, `"perplexity":`, `"perplexity_per_word":`, `"tokens":`, `"chars":`, `"unknown":`} {
		f.contains(f.must("eval", "model", "held.txt", "--json").out, key)
	}
	f.in = "the rays of Ω light, Ω\n"
	r := f.json(&l, "eval", "model", "-")
	if l.Unknown != 3 { // two Ω and the comma
		t.Errorf("%d unknown: %+v", l.Unknown, l)
	}
	if n := strings.Count(r.err, "not in the vocabulary"); n != 1 {
		t.Errorf("said %d times:\n%s", n, r.err)
	}
	f.contains(f.must("eval", "model", "held.txt").out, "bits per character", "perplexity per word", "1,199 tokens")
}

// TestEvalLogZ: of a layer that learns it, how near to a constant log Z is; of others, nothing.
func TestEvalLogZ(t *testing.T) {
	f := newFolder(t)
	for output, has := range map[string]bool{"nce": true, "full": false} {
		f.must(trainArgs(output, "--steps", "5", "--output", output)...)
		var j evaluated
		f.json(&j, "eval", output, "text.txt")
		if shown := strings.Contains(f.must("eval", output, "text.txt").out, "log Z"); (j.LogZ != nil) != has || (j.LogZSpread != nil) != has || shown != has {
			t.Errorf("%s: log Z %v, spread %v, shown %v", output, j.LogZ, j.LogZSpread, shown)
		}
		if has && (math.Abs(*j.LogZ) > 2 || *j.LogZSpread <= 0 || *j.LogZSpread > 2) {
			t.Errorf("log Z %g, spread %g", *j.LogZ, *j.LogZSpread)
		}
	}
}

func TestGenerate(t *testing.T) {
	f := trainedFolder(t)
	generate := func(args ...string) (all []generated) {
		t.Helper()
		f.json(&all, append([]string{"generate", "model"}, args...)...)
		return all
	}
	a := generate("--prompt", "the ", "--max-tokens", "30", "--seed", "7", "-n", "3")
	if len(a) != 3 || a[0].Tokens != 30 || len(a[0].Text) != 30 || a[0].FinishReason != "length" || a[0].Decoder != "sample" || !(a[0].LogProb < 0) || a[0].Text == a[1].Text {
		t.Errorf("%+v", a)
	}
	if b := generate("--start", "the ", "--length", "30", "--seed", "7", "--temp", "1"); len(b) != 1 || b[0] != a[0] {
		t.Errorf("the same seed and prompt by other names: %+v, not %+v", b, a[0])
	}
	if b := generate("--primetext", "the ", "--length", "30", "--seed", "8"); b[0].Text == a[0].Text {
		t.Error("another seed, the same text")
	}
	if b := generate("--seed", "7", "--stop", `\n`, "--max-tokens", "2000"); b[0].FinishReason != "stop" || strings.Contains(b[0].Text, "\n") {
		t.Errorf("%+v", b)
	}
	g := generate("--decoder", "greedy", "--max-tokens", "20")
	cold := generate("--temp", "0.0001", "--max-tokens", "20", "--seed", "5")
	one := generate("--top-k", "1", "--max-tokens", "20")
	likely := generate("--min-p", "1", "--max-tokens", "20")
	top := generate("--top-p", "0.000001", "--max-tokens", "20")
	for _, x := range [][]generated{cold, one, likely, top} {
		if x[0].Text != g[0].Text {
			t.Errorf("%q, and greedy writes %q", x[0].Text, g[0].Text)
		}
	}
	if r := generate("--decoder", "greedy", "--max-tokens", "20", "--prompt", "e"); r[0].Decoder != "greedy" {
		t.Errorf("%+v", r)
	}
	if p := generate("--top-k", "1", "--repeat-penalty", "50", "--repeat-last", "3", "--max-tokens", "60"); slices.ContainsFunc([]string{"eee", "   "}, func(s string) bool { return strings.Contains(p[0].Text, s) }) {
		t.Errorf("a penalty of 50 on repetition, and %q", p[0].Text)
	}

	text := f.must("generate", "model", "--prompt", "the ", "--max-tokens", "30", "--seed", "7", "-n", "3")
	want := "--- 1 of 3\nthe " + a[0].Text + "\n\n--- 2 of 3\nthe " + a[1].Text + "\n\n--- 3 of 3\nthe " + a[2].Text + "\n"
	if text.out != want {
		t.Errorf("printed\n%q instead of\n%q", text.out, want)
	}
	if text.err != "" {
		t.Errorf("standard error: %q", text.err)
	}
	r := f.must("generate", "model", "--prompt", "ΩΩé", "--max-tokens", "5")
	if n := strings.Count(r.err, "\n"); n != 1 || !strings.Contains(r.err, "3 characters are not in the vocabulary") {
		t.Errorf("a prompt with unseen symbols is to be said once: %q", r.err)
	}
	f.env = []string{"INKLING_MAX_TOKENS=4", "INKLING_TEMP=0.5", "INKLING_N=2"}
	if e := generate(); len(e) != 2 || e[0].Tokens != 4 {
		t.Errorf("variables: %+v", e)
	}
}

func TestInfo(t *testing.T) {
	f := trainedFolder(t)
	f.contains(f.must("info", "model").out, "1 layer of 16", "weights", "in training", "text.txt", "adamw", "held-out loss in nats, over steps", "step 80")
	var i struct {
		Model      struct{ Hidden int }
		Vocabulary int
		Weights    int
		Curve      []point
	}
	f.json(&i, "info", "model")
	if i.Model.Hidden != 16 || i.Weights != 4*16*(i.Vocabulary+16+2)+i.Vocabulary*17 || len(i.Curve) != 4 || i.Curve[3].Step != 80 {
		t.Errorf("%+v", i)
	}
	f.contains(f.must("info").out, "inkling "+version, "instruction sets go", "bfloat16", "adamw", "onecycle", "greedy", "full")
	var m struct {
		ISAs       []string
		Optimizers []known
	}
	f.json(&m, "info")
	if !slices.Contains(m.ISAs, "go") || m.Optimizers[0].Name != "adamw" {
		t.Errorf("%+v", m)
	}
	f.contains(f.must("info", "decoders").out, "greedy", "sample")
	var ks []known
	f.json(&ks, "info", "schedules")
	if len(ks) < 4 {
		t.Errorf("%+v", ks)
	}
}

// TestInfoUntrained describes a run that was stopped before it had weights.
func TestInfoUntrained(t *testing.T) {
	f := trainedFolder(t)
	f.remove("model/model.safetensors")
	f.contains(f.must("info", "model").out, "1 layer of 16", "not trained yet: inkling resume model")
	var i struct {
		Trained bool
		Weights int
	}
	if f.json(&i, "info", "model"); i.Trained || i.Weights == 0 {
		t.Errorf("%+v", i)
	}
	if err := os.Truncate(filepath.Join(f.dir, "model/metrics.jsonl"), 1<<30); err != nil {
		t.Fatal(err)
	}
	if r := f.run("info", "model"); r.code != codeInput || !strings.Contains(r.err, "metrics") {
		t.Errorf("a gigabyte of metrics: exit code %d, %s", r.code, r.err)
	}
}

func TestBench(t *testing.T) {
	f := newFolder(t)
	args := func(s string) []string {
		return append(strings.Fields(s), "--repeat", "1", "--limit", "2s", "--dtype", "float32")
	}
	var rows []map[string]any
	f.json(&rows, args("bench matmul --m 40 --n 100 --k 30 --form nt")...)
	if len(rows) != 2 || rows[0]["name"] != "peak" || rows[1]["name"] != "matmul" || rows[1]["m"] != 40. || rows[1]["n"] != 100. || rows[1]["k"] != 30. || rows[1]["form"] != "nt" {
		t.Fatalf("%v", rows)
	}
	rows = nil
	f.json(&rows, args("bench lstm-train gru-train wordlm-train lstm-generate sgns memory --vocab 50 --hidden 16 --layers 1 --batch 4 --time 8")...)
	if len(rows) != 9 {
		t.Fatalf("%v", rows)
	}
	for _, r := range rows {
		for _, key := range []string{"name", "value", "unit", "isa", "threads", "spread"} {
			if _, ok := r[key]; !ok {
				t.Errorf("no %s in %v", key, r)
			}
		}
		if v, _ := r["value"].(float64); !(v > 0) {
			t.Errorf("%v", r)
		}
		arch, training := map[any]string{"lstm-train": "lstm", "gru-train": "gru", "wordlm-train": "window"}[r["name"]]
		if training && (r["arch"] != arch || r["hidden"] != 16. || r["layers"] != 1. || r["batch"] != 4. || r["time"] != 8. || r["vocab"] != 50. || r["dtype"] != "float32" || !(r["gflops"].(float64) > 0)) {
			t.Errorf("%v", r)
		}
		if r["name"] == "wordlm-train" && (r["output"] != "full" || r["context"] != 5. || r["embed"] != 100. || r["unit"] != "words/s") {
			t.Errorf("%v", r)
		}
		if g, ok := r["gflops"].(float64); ok && math.Abs(r["peak_share"].(float64)-g/rows[0]["gflops"].(float64)) > 1e-9 {
			t.Errorf("the share is not of the peak of the same call: %v", r)
		}
	}
	f.contains(f.must(args("bench matmul --m 16 --n 64 --k 16 --packed")...).out, "of peak", "16×64×16 nn, float32, packed before", "peak")
	f.env = []string{"INKLING_N=3"} // is of generate
	f.must(args("bench peak")...)
}

func TestDemo(t *testing.T) {
	f := newFolder(t)
	r := f.must("demo", "--budget", "8s")
	f.contains(r.err, "sizes for 8s", "chars/s", "ETA", "valid")
	f.contains(r.out, "A page by the model:", "bits/char", "trigram", "gzip", "the model is in runs/demo", "try next:", "inkling generate runs/demo")
	if !regexp.MustCompile(`(?m)^ +[1-8]s  \S`).MatchString(r.err) {
		t.Errorf("no line by the model while it learns:\n%s", r.err)
	}
	before := f.read("runs/demo/model.safetensors")
	var got struct {
		Out   string
		Valid float64
	}
	f.json(&got, "demo", "--budget", "1s")
	if got.Out != "runs/demo-2" || got.Valid <= 0 {
		t.Errorf("%+v", got)
	}
	if string(before) != string(f.read("runs/demo/model.safetensors")) {
		t.Error("a second demo changed the first")
	}
}

// TestOwnSource trains on the built-in text, which the demo has where there is no Go.
func TestOwnSource(t *testing.T) {
	text := ownSource()
	if len(text) < 50_000 || !strings.Contains(text, "func ownSource()") {
		t.Fatalf("%d bytes of source", len(text))
	}
	c, err := readCorpus(&app{ctx: t.Context()}, dataSource{File: builtIn, ValidShare: 0.1}, reading{kind: "char"})
	if err != nil || c.train.Len() < 50_000 || len(c.source.SHA256) != 64 {
		t.Errorf("%v, %+v", err, c.source)
	}
	file, what := demoText()
	if _, err := os.Stat(file); file != builtIn && err != nil || what == "" {
		t.Errorf("demo on %s (%s): %v", file, what, err)
	}
}

// TestHelp wants help for every command, on standard output.
func TestHelp(t *testing.T) {
	f := newFolder(t)
	for _, c := range []string{"", "demo", "train", "train lm", "train vectors", "compare em", "nn", "analogy", "export", "resume", "eval", "generate", "score", "train vae", "sample", "reconstruct", "encode", "interpolate", "manifold", "info", "bench", "compare", "compare decoders", "compare gradients", "version"} {
		if r := f.must(append(strings.Fields(c), "--help")...); !strings.HasPrefix(r.out, "Usage: inkling "+c) || r.err != "" {
			t.Errorf("%s --help: %q %q", c, r.out, r.err)
		}
	}
}

func TestConfigRoundTrip(t *testing.T) {
	f := trainedFolder(t)
	raw := f.read("model/config.json")
	var c runConfig
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	again, err := json.MarshalIndent(c, "", "  ")
	if err != nil || string(again)+"\n" != string(raw) {
		t.Errorf("%v\n%s\n%s", err, raw, again)
	}
}
