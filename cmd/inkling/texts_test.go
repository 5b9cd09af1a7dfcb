package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// textKinds are the ways in which people bring a text, and into which tokens it is cut.
var textKinds = []struct {
	name  string
	args  string
	items bool
}{
	{"words", "text.txt --tokens word --min-count 1", false},
	{"few words", "text.txt --tokens word --split space --lower --vocab 20", false},
	{"bpe", "text.txt --tokens bpe --vocab 300", false},
	{"lines", "text.txt --lines", true},
	{"lines of words", "text.txt --lines --tokens word", true},
	{"lines of bpe, longer than a window", "text.txt --lines --tokens bpe --vocab 270 --time 7", true},
	{"objects", "objects.jsonl --field text --tokens byte", true},
	{"folder", "folder --ext md,text", false},
	{"gzip", "text.txt.gz", false},
	{"zstd", "text.txt.zst --lines", true},
	{"standard input", "-", false},
	{"held out apart", "text.txt --tokens word --valid other.txt", false},
	{"kept", "text.txt --lines --cache kept", true},
}

func packedGzip(text string) string {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(text))
	z.Close()
	return packed.String()
}

// TestTexts trains on each, goes on from an earlier state as if it had been killed, with the same bits in the end, and
// judges and writes with the model.
func TestTexts(t *testing.T) {
	f := newFolder(t)
	text := sampleText(12_000, 1)
	f.in = text
	f.write("other.txt", sampleText(3000, 2))
	f.mkdir("folder")
	f.mkdir("folder/more")
	f.write("folder/a.md", text[:5000])
	f.write("folder/more/b.text", text[5000:])
	f.write("text.txt.gz", packedGzip(text))
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	f.write("text.txt.zst", string(enc.EncodeAll([]byte(text), nil)))
	var objects strings.Builder
	for line := range strings.Lines(text) {
		fmt.Fprintf(&objects, "{\"n\": 1, \"text\": %q}\n", strings.TrimSuffix(line, "\n"))
	}
	f.write("objects.jsonl", objects.String())
	for _, c := range textKinds {
		t.Run(c.name, func(t *testing.T) {
			f := &folder{T: t, dir: f.dir, in: f.in}
			dir := "run-" + strings.ReplaceAll(c.name, " ", "-")
			args := append(append([]string{"train", "lm", "--out", dir}, small...), "--steps", "30", "--checkpoint-every", "10", "--keep", "9")
			f.must(append(args, strings.Fields(c.args)...)...)
			model, metrics := string(f.read(dir+"/model.safetensors")), string(f.read(dir+"/metrics.jsonl"))
			f.remove(dir + "/state/000000030.safetensors")
			resume := []string{"resume", dir}
			if strings.Contains(c.args, "kept") {
				if n := len(f.list("kept")); n != 2 {
					t.Errorf("%d files of tokens are kept", n)
				}
				resume = append(resume, "--cache", "kept")
			}
			r := f.must(resume...)
			f.contains(r.err, "goes on after step 20")
			if string(f.read(dir+"/model.safetensors")) != model || withoutSeconds(string(f.read(dir+"/metrics.jsonl"))) != withoutSeconds(metrics) {
				t.Error("a resumed run ends otherwise")
			}
			if strings.Contains(c.args, "kept") {
				f.contains(r.err, "the tokens of the text are in ")
			}

			var judged struct {
				BitsPerChar float64 `json:"bits_per_char"`
				Tokens      int
			}
			file := append([]string{"eval", dir}, strings.Fields(strings.Split(c.args, " --")[0])...)
			switch c.name {
			case "folder":
				file = append(file, "--ext", "md,text")
			case "objects":
				file = append(file, "--field", "text")
			}
			if f.json(&judged, file...); !(judged.BitsPerChar > 0.5 && judged.BitsPerChar < 8) || judged.Tokens < 1000 {
				t.Errorf("%+v", judged)
			}

			var written []generated
			f.json(&written, "generate", dir, "-n", "20", "--seed", "1", "--max-tokens", "400")
			stopped := 0
			for _, w := range written {
				if c.items && strings.Contains(w.Text, "\n") || math.IsNaN(w.LogProb) || w.LogProb > 0 {
					t.Errorf("wrote %+v", w)
				}
				if w.FinishReason == "stop" {
					stopped++
				}
			}
			if c.items != (stopped > 0) {
				t.Errorf("%d of 20 texts are items", stopped)
			}
		})
	}
}

// The same text is the same model, however it is packed, and tokens in a file are those in memory.
func TestTextsAreTheSame(t *testing.T) {
	f := newFolder(t)
	f.write("packed", packedGzip(string(f.read("text.txt"))))
	f.mkdir("folder")
	f.write("folder/text.txt", string(f.read("text.txt")))
	f.in = string(f.read("text.txt"))
	want := ""
	for i, text := range []string{"text.txt", "packed", "folder", "-", "text.txt --cache cache", "text.txt --memory 34MB"} {
		args := append(append([]string{"train", "lm", "--out", fmt.Sprint(i)}, small...), "--steps", "10")
		f.must(append(args, strings.Fields(text)...)...)
		got := string(f.read(fmt.Sprint(i) + "/model.safetensors"))
		if i > 0 && got != want {
			t.Errorf("%s makes another model", text)
		}
		want = got
	}
}

var secondsOf = regexp.MustCompile(`"seconds":[^,}]*`)

// withoutSeconds takes the one field of metrics out that differs from run to run.
func withoutSeconds(metrics string) string { return secondsOf.ReplaceAllString(metrics, "") }

// TestOddTexts learns from what has little to learn in it, or something that is no text in places.
func TestOddTexts(t *testing.T) {
	f := newFolder(t)
	f.write("one.txt", strings.Repeat("a", 3000))
	f.write("word.txt", strings.Repeat("word ", 300))
	f.write("spaces.txt", strings.Repeat(" \n", 1500))
	f.write("mixed.txt", strings.Repeat("some text, na\xefve and caf\xe9, ", 200))
	f.write("nul.txt", strings.Repeat("a log line\n", 300)+"\x00\x00 after the power came back\n")
	f.write("long.txt", strings.Repeat("no line end ", 1<<20))
	f.write("names.txt", strings.Repeat("a\n\n\nb\n", 40))
	for _, c := range []struct{ args, said string }{
		{"one.txt", "2 different ones"},
		{"word.txt --tokens word --split space", "2 different ones"},
		{"word.txt --tokens bpe --vocab 300", ""},
		{"spaces.txt --tokens word --split space", ""},
		{"mixed.txt", "bytes are not UTF-8, read as U+FFFD"},
		{"mixed.txt --tokens word", "bytes are not UTF-8"},
		{"nul.txt --tokens bpe --vocab 300", ""},
		{"long.txt --tokens word --valid 0.001", ""},
		{"names.txt --lines", "80 empty lines left out"},
		{"names.txt --lines --tokens word", ""},
	} {
		dir := "run-" + strings.ReplaceAll(c.args, " ", "")
		args := append(append([]string{"train", "lm", "--out", dir}, strings.Fields("--hidden 8 --batch 2 --time 8 --steps 12 --validations 2")...), strings.Fields(c.args)...)
		r := f.run(args...)
		if r.code != codeOK || strings.Contains(r.out+r.err, "NaN") {
			t.Errorf("%s: exit code %d: %s%s", c.args, r.code, r.out, r.err)
			continue
		}
		f.contains(r.err, c.said)
		f.must("generate", dir, "--max-tokens", "5")
	}
}

// What a run suggests to try next reads the text as the run did.
func TestTextFlags(t *testing.T) {
	for want, c := range map[string]runConfig{
		"":                             {Tokens: "char"},
		" --lines":                     {Tokens: "char", Data: dataSource{Lines: true}},
		" --field 'a text'":            {Tokens: "char", Data: dataSource{Field: "a text", Lines: true}},
		" --ext 'md,txt' --tokens bpe": {Tokens: "bpe", Vocabulary: tokenSettings{Size: usualBPE}, Data: dataSource{Ext: []string{"md", "txt"}}},
		" --tokens word --vocab 500 --min-count 1 --split space --lower": {Tokens: "word", Vocabulary: tokenSettings{Size: 500, MinCount: 1, Split: "space", Lower: true}},
	} {
		if got := c.textFlags(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What a text takes is known when it was read, whatever it comes from, and refused if it is too much.
func TestEvalPlansTheText(t *testing.T) {
	f := newFolder(t)
	words, r := make([]string, 2000), rand.New(rand.NewPCG(5, 5))
	for i := range words {
		words[i] = fmt.Sprint("w", i)
	}
	f.write("words.txt", strings.Join(words, " "))
	f.must(append([]string{"train", "lm", "words.txt", "--out", "model", "--tokens", "word", "--min-count", "1", "--steps", "1"}, small...)...)
	var b strings.Builder // of which hardly three words in a row come twice
	for range 300_000 {
		b.WriteString(words[r.IntN(len(words))] + " ")
	}
	f.in = b.String()
	f.mkdir("folder")
	f.write("folder/text.txt", f.in)
	f.write("text.gz", packedGzip(f.in))
	for _, text := range []string{"folder", "text.gz", "-"} {
		refused := f.run("eval", "model", text, "--memory", "40MB")
		if refused.code != codeInput || refused.out != "" {
			t.Errorf("%s: exit code %d: %s", text, refused.code, refused.out)
		}
		f.contains(refused.err, "evaluating "+text+" would take ", " of memory (weights ", ", baselines ", "and there are 40 MB: bring a part of it")
		f.must("eval", "model", text, "--memory", "100MB")
	}
}

// What cannot be told of a short text is null, and is not 0.
func TestEvalOfLittle(t *testing.T) {
	f := trainedFolder(t)
	f.write("short.txt", "the rays of light")
	var judged map[string]any
	f.json(&judged, "eval", "model", "short.txt")
	for _, name := range []string{"nats_per_token_standard_error", "bits_per_char_standard_error"} {
		if e, there := judged[name]; !there || e != nil {
			t.Errorf("%s is %v", name, e)
		}
	}
	if r := f.must("eval", "model", "short.txt"); strings.Contains(r.out, "±") {
		t.Errorf("%s", r.out)
	}
	f.json(&judged, "eval", "model", "text.txt")
	if e, _ := judged["nats_per_token_standard_error"].(float64); !(e > 0) {
		t.Errorf("of a longer text: %v", judged)
	}
}
