package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"inkling/wordvec"
)

// vectorArgs train small vectors on text.txt.
func vectorArgs(out string, more ...string) []string {
	return append([]string{"train", "vectors", "text.txt", "--out", out, "--dim", "8", "--shards", "2", "--epochs", "20", "--sample", "0.01"}, more...)
}

// TestVectors trains word vectors and does all there is to do with them.
func TestVectors(t *testing.T) {
	f := newFolder(t)
	var o trainedVectors
	f.json(&o, vectorArgs("v")...)
	if o.Out != "v" || o.Steps != 20 || o.Vocabulary < 20 || o.WordsPerS <= 0 || o.Seconds <= 0 || o.Loss <= 0 || o.Interrupted {
		t.Errorf("train says %+v", o)
	}
	f.must(vectorArgs("again", "--threads", "1")...)
	if !bytes.Equal(f.read("v/model.safetensors"), f.read("again/model.safetensors")) {
		t.Error("the same run with one thread ends with other bits")
	}
	f.must(vectorArgs("fast", "--hogwild")...)
	for _, dir := range []string{"tree", "full"} {
		f.must(vectorArgs(dir, "--loss", dir, "--model", "cbow", "--split", "unicode", "--lower", "--min-count", "1")...)
	}
	if got, want := f.list("v"), []string{"README.md", "config.json", "lock", "metrics.jsonl", "model.safetensors", "state", "vocab.txt"}; !reflect.DeepEqual(got, want) {
		t.Errorf("the run holds %q, want %q", got, want)
	}

	var near, other []wordvec.Neighbour
	f.json(&near, "nn", "v", "light", "-k", "4")
	if len(near) != 4 || near[0].Score < near[3].Score || near[0].Word == "light" {
		t.Errorf("neighbours %+v", near)
	}
	for _, file := range []string{"v.txt", "v.bin", "v.npy"} {
		f.must("export", "v", file)
		f.json(&other, "nn", file, "Light", "-k", "4")
		if !reflect.DeepEqual(near, other) {
			t.Errorf("of %s %+v are neighbours, of the folder %+v", file, other, near)
		}
	}
	f.must("export", "v.bin", "few.txt", "--limit", "3")
	if got := strings.Count(string(f.read("few.txt")), "\n"); got != 4 {
		t.Errorf("3 vectors make %d lines", got)
	}
	f.json(&other, "analogy", "v", "the", "rays", "a", "-k", "2")
	if len(other) != 2 {
		t.Errorf("answers %+v", other)
	}
	f.must("analogy", "v", "the", "rays", "a", "--mul")

	f.write("pairs.txt", "light\tGlass\t3\nrays\teye\t2\nlight\tlight\t9\nlight\txyzzy\t5\n")
	var s struct {
		Spearman *float64
		Pairs    int
		Out      int `json:"out_of_vocabulary"`
	}
	f.json(&s, "eval", "v", "pairs.txt")
	if s.Spearman == nil || s.Pairs != 3 || s.Out != 1 {
		t.Errorf("eval says %+v", s)
	}
	f.contains(f.must("eval", "v.txt", "pairs.txt").out, "1 pair, 25 %, left out")
	f.write("one.txt", "light\tglass\t3\n")
	f.contains(f.must("eval", "v", "one.txt").out, "Spearman            –")
	f.contains(f.must("eval", "v", "one.txt", "--json").out, `"spearman":null`)
	f.write("questions.txt", ": one\nlight glass rays eye\nlight glass rays xyzzy\n")
	var q struct {
		Accuracy  *float64
		Questions int
		Out       int `json:"out_of_vocabulary"`
		Groups    []struct{ Group string }
	}
	f.write("apart.txt", ": one\nlight glass rays eye\n: two\nlight glass rays xyzzy\n")
	f.contains(f.must("eval", "v", "apart.txt").out, "two           –         –           0          1")
	f.json(&q, "eval", "v", "questions.txt")
	if q.Accuracy == nil || q.Questions != 1 || q.Out != 1 || len(q.Groups) != 1 || q.Groups[0].Group != "one" {
		t.Errorf("eval says %+v", q)
	}

	info := vectorsInfo{vectorsConfig: new(vectorsConfig)}
	f.json(&info, "info", "v")
	if info.Kind != "vectors" || info.WordsKnown != o.Vocabulary || len(info.Curve) != 20 || !info.Trained {
		t.Errorf("info says %+v", info)
	}
	f.contains(f.must("info", "v").out, "skipgram, 5 negative samples, window 5", "2 shards, blocks of 65,536 tokens, deterministic; words end at white space\n")
	f.contains(f.must("info", "tree").out, "; words end at the boundaries of Unicode, in lower case\n")
	f.must("info", "v", "--plan")
	if l := f.runs(".")["v"]; l.Status != "finished" || l.Step != 20 || l.Model != "skipgram 8 negative" {
		t.Errorf("list says %+v", l)
	}
	f.contains(f.must("resume", "v").out, "finished, at step 20")
	f.contains(f.must(vectorArgs("none", "--plan")...).out, "training")
	f.must("rm", "again", "--yes")
	if _, err := os.Stat(filepath.Join(f.dir, "again")); !os.IsNotExist(err) {
		t.Error("rm has left the run")
	}
}

// TestVectorPhrases joins words and goes on with them.
func TestVectorPhrases(t *testing.T) {
	f := newFolder(t)
	f.write("text.txt", strings.Repeat("new york is large and york is old and new is not . ", 50))
	f.must(vectorArgs("v", "--phrases", "2", "--discount", "1")...)
	if vocab := string(f.read("v/vocab.txt")); !strings.Contains(vocab, "_") {
		t.Errorf("no phrase in %q", vocab)
	}
	f.must("export", "v", "v.txt")
	f.contains(string(f.read("v/README.md")), "phrases above 2 with the discount 1\n")
	f.must(vectorArgs("whole", "--phrases", "2", "--discount", "0")...)
	f.contains(string(f.read("whole/README.md")), "phrases above 2 with the discount 0\n")
	var c vectorsConfig
	f.json(&c, "info", "v")
	if c.Model.Pairs != wordvec.MaxPairs {
		t.Errorf("%d pairs are counted at once", c.Model.Pairs)
	}
	// With little memory fewer pairs are counted, and with less yet nothing is begun.
	f.write("long.txt", strings.Repeat("new york is large and york is old and new is not . ", 20000))
	r := f.must("train", "vectors", "long.txt", "--out", "w", "--dim", "8", "--phrases", "2", "--epochs", "1", "--memory", "43MB")
	f.contains(r.err, "at most 65,536 different pairs of words are counted at once")
	r = f.run("train", "vectors", "long.txt", "--out", "x", "--phrases", "2", "--memory", "30MB")
	if r.code != codeInput {
		t.Errorf("exit code %d: %s", r.code, r.err)
	}
	f.contains(r.err, "counting pairs of words would take", "leave --phrases out")
}

// TestVectorErrors are command lines that must fail, with what they say.
func TestVectorErrors(t *testing.T) {
	f := newFolder(t)
	f.must(vectorArgs("v")...)
	f.must(trainArgs("model", "--steps", "1")...)
	f.write("empty.txt", "")
	f.write("rare.txt", "each word stands here once")
	f.write("one.txt", strings.Repeat("same ", 50))
	f.write("three.txt", strings.Repeat("a b c ", 50))
	f.write("bad.txt", "king 1 2\n")
	f.write("short.txt", "2 3\nking 1 2 3\nqueen 1 2\n")
	f.write("nan.txt", "1 2\nking 1 nan\n")
	f.write("twice.txt", "2 1\nking 1\nking 2\n")
	f.write("space.txt", "1 2\nnew york 1 2\n")
	var large strings.Builder
	large.WriteString("2000 84\n")
	for i := range 2000 {
		fmt.Fprintf(&large, "w%d%s\n", i, strings.Repeat(" 1", 84))
	}
	f.write("large.txt", large.String())
	f.write("liar.txt", "2000000000 84\nlight"+strings.Repeat(" 1", 84)+"\n")
	f.write("two.txt", "2 1\nlight 1\nglass 2\n")
	f.write("zero.txt", "0 2\n")
	f.write("alone.npy", "")
	f.write("pairs.txt", "light glass 3\n")
	f.write("three", "light glass\n")
	f.write("unknown", "xyzzy light 3 4\n")
	f.write("asked", "xyzzy light rays the\n")
	f.write("uneven", ": one\na b c d\na b c\n")
	f.copy("v", "edited")
	f.write("edited/vocab.txt", "the 9\nthe 8\n")
	f.copy("v", "fewer")
	f.write("fewer/vocab.txt", "the 9\n")
	f.copy("v", "newer")
	f.write("newer/config.json", strings.Replace(string(f.read("v/config.json")), `"format": 1`, `"format": 2`, 1))
	f.copy("v", "wrong")
	f.write("wrong/config.json", strings.Replace(string(f.read("v/config.json")), `"dim": 8`, `"dim": 9`, 1))
	before := f.snapshot()
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"train vectors", 2, "see inkling train vectors --help"},
		{"train vectors empty.txt", 3, "empty.txt is empty"},
		{"train vectors rare.txt", 3, "fewer than 2 words occur 5 times: bring a longer text, or make the minimum count smaller"},
		{"train vectors one.txt", 3, "fewer than 2 words occur 5 times"},
		{"train vectors three.txt", 3, "5 negative samples of 3 words: they must be fewer than the words"},
		{"train vectors text.txt --negative 0", 2, "--negative 0: must be at least 1"},
		{"train vectors text.txt --negative 65", 2, "--negative 65: must be at most 64"},
		{"train vectors text.txt --loss tree --negative 5", 2, "--negative with --loss tree"},
		{"train vectors text.txt --loss nce", 2, "--loss nce: must be one of"},
		{"train vectors text.txt --model glove", 2, "--model glove: must be one of"},
		{"train vectors text.txt --dim 0", 2, "--dim 0: must be at least 1"},
		{"train vectors text.txt --window 0", 2, "--window 0: must be at least 1"},
		{"train vectors text.txt --sample 1", 2, "--sample 1: must be at least 0 and below 1"},
		{"train vectors text.txt --lr 0", 2, "--lr 0: must be above 0"},
		{"train vectors text.txt --epochs 0", 2, "--epochs 0: must be at least 1"},
		{"train vectors text.txt --shards 0", 2, "--shards 0: must be at least 1"},
		{"train vectors text.txt --phrases 0", 2, "a threshold of 0 for phrases"},
		{"train vectors text.txt --phrases 2 --discount -1", 2, "--discount -1: must be at least 0"},
		{"train vectors text.txt --discount 1", 2, "--discount without --phrases"},
		{"train vectors text.txt --memory 1MB", 3, "make --dim smaller, or --min-count larger"},
		{"train vectors text.txt --out v", 4, "there is a run already"},
		{"nn none light", 4, "there is no such folder or file"},
		{"nn v xyzzy", 3, `there is no vector of "xyzzy"`},
		{"nn v light -k 0", 2, "-k 0: must be at least 1"},
		{"nn v light --limit 3", 2, "--limit is for files"},
		{"nn model light", 3, "model: not word vectors"},
		{"nn bad.txt king", 3, "bad.txt is a file, and neither a model's folder nor word vectors: name the folder of a run, or a file of vectors"},
		{"nn empty.txt king", 3, "empty.txt is a file, and neither"},
		{"analogy text.txt a b c", 3, "text.txt is a file, and neither"},
		{"export text.txt v.bin", 3, "text.txt is a file, and neither"},
		{"eval text.txt pairs.txt --lines", 3, "text.txt is a file, and neither"},
		{"nn large.txt king --memory 1MB", 3, "large.txt: its vectors may take 1.6 MB of memory, and there are 1 MB: read fewer with --limit, or raise --memory"},
		{"nn large.txt king --memory 1MB --limit 1000000000", 3, "its vectors may take 1.6 MB of memory"},
		{"nn large.txt king --memory 1MB --limit 10", 3, `there is no vector of "king"`},
		{"nn liar.txt king --memory 1MB", 3, "liar.txt: ends after 1 vectors, where its first line says 2000000000"},
		{"nn zero.txt king", 3, "zero.txt: the first line says 0 vectors of 2 numbers: there must be a vector"},
		{"nn short.txt king", 3, `short.txt: line 3: the word "queen" has 2 numbers, where the first line says 3`},
		{"nn nan.txt king", 3, "not finite"},
		{"nn twice.txt king", 3, "there a second time"},
		{"nn space.txt king", 3, "has the word a space in it?"},
		{"nn alone.npy king", 4, "alone.words.txt"},
		{"nn v.bin king", 4, "there is no such folder or file"},
		{"nn edited the", 3, "the word \"the\" is there a second time"},
		{"nn fewer the", 3, "the vocabulary and config ask for"},
		{"nn newer the", 3, "update inkling"},
		{"nn wrong the", 3, "the vocabulary and config ask for"},
		{"analogy v the rays", 2, "see inkling analogy --help"},
		{"analogy v the rays xyzzy", 3, `there is no vector of "xyzzy"`},
		{"eval v none", 4, "none"},
		{"eval v three", 3, "neither analogies nor pairs of words"},
		{"eval v unknown", 3, "unknown: there is no pair both of whose words have vectors in v"},
		{"eval v asked", 3, "asked: there is no question all of whose words have vectors in v"},
		{"eval v uneven", 3, "uneven: line 3: \"a b c\" is not four words"},
		{"eval v empty.txt", 3, "no pairs of words"},
		{"eval v pairs.txt --lines", 2, "are for texts"},
		{"eval v pairs.txt --output svd:4,4", 2, "--output is for language models, and v is word vectors"},
		{"eval v pairs.txt --limit 3", 2, "--limit is for files, and v is a folder"},
		{"eval two.txt pairs.txt --limit -1", 2, "--limit -1: must be at least 0"},
		{"eval two.txt pairs.txt --limit 1", 3, "there is no pair both of whose words have vectors in two.txt"},
		{"eval model pairs.txt --limit 3", 2, "--limit is for VAEs and files of word vectors, and model is neither"},
		{"export v none/v.txt", 4, "none"},
		{"generate v", 3, "not a language model"},
	} {
		r := f.run(strings.Fields(c.args)...)
		last := r.err[strings.LastIndex(strings.TrimSuffix(r.err, "\n"), "\n")+1:]
		if r.code != c.code || !strings.HasPrefix(last, "inkling: ") || !strings.Contains(last, c.want) || r.out != "" {
			t.Errorf("inkling %s: exit code %d, want %d, with %q:\n%s%s", c.args, r.code, c.code, c.want, r.out, r.err)
		}
		if after := f.snapshot(); after != before {
			t.Fatalf("inkling %s changed what was there:\n%s\nis now\n%s", c.args, before, after)
		}
	}
}
