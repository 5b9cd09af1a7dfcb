package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shelves are documents about one of two things each, sea and city, with words that both have, as JSON lines.
func shelves(n int, seed uint64) string {
	topics := [][]string{strings.Fields("wave tide ship harbour sail storm anchor gull"), strings.Fields("street tower market bridge crowd tram square lamp")}
	both := strings.Fields("old grey long night wind stone")
	r := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	for i := range n {
		var words []string
		for range 8 + r.IntN(8) {
			list := topics[i%2]
			if r.IntN(4) == 0 {
				list = both
			}
			words = append(words, list[r.IntN(len(list))])
		}
		line, _ := json.Marshal(map[string]string{"text": "The " + strings.Join(words, " ") + ".", "id": fmt.Sprint(i)})
		fmt.Fprintf(&b, "%s\n", line)
	}
	return b.String()
}

func documentsFolder(t *testing.T) *folder {
	f := newFolder(t)
	f.write("news.jsonl", shelves(200, 1))
	f.write("sea.txt", "The tide and the ship in the harbour.\nA storm: anchor, sail, gull!")
	return f
}

func documentsArgs(out string, flags ...string) []string {
	if !slices.Contains(flags, "--latent") {
		flags = append(flags, "--latent", "3", "--hidden", "8")
	}
	return append([]string{"train", "vae", "news.jsonl", "--field", "text", "--batch", "20", "--shards", "2", "--valid", "0.1", "--precision", "float32", "--out", out}, flags...)
}

// TestDocuments goes through all that a VAE of documents is for.
func TestDocuments(t *testing.T) {
	f := documentsFolder(t)
	var trained trainedDocuments
	r := f.json(&trained, documentsArgs("run", "--steps", "300", "--lr", "0.02")...)
	f.contains(r.err, "180 documents to learn from, 20 held out", "left out are 1 in more than 0.5 of the documents", "(the)")
	if trained.Valid == nil || trained.Perplexity == nil || !(*trained.Perplexity < 0.8**trained.OfUnigram) || trained.ActiveUnits < 1 || trained.DocumentsPS <= 0 {
		t.Errorf("%+v", trained)
	}
	f.contains(f.must("info", "run").out, "of documents, 22 words by", "180 to learn from", "KL")
	f.contains(f.must("info", "run", "--plan").out, "training", "encode", "score")
	f.contains(f.must("list", "run").out, "documents 3 full elbo", "22 words")
	f.contains(string(f.read("run/README.md")), "# A variational auto-encoder of documents", "180 documents", "Perplexity")

	var judged evaluatedDocuments
	f.json(&judged, "eval", "run", "news.jsonl")
	if math.Abs(judged.ELBO-trained.ELBO) > 0.3 || judged.Documents != 20 || len(judged.Baselines) != 3 || judged.Unknown != 20 {
		t.Errorf("%+v", judged)
	}
	by := map[string]float64{}
	for _, b := range judged.Baselines {
		by[b.Name] = b.Perplexity
	}
	if math.Abs(by["unigram"]-*trained.OfUnigram) > 1e-6 || !(by["mixture"] < 0.8*by["unigram"]) || !(by["cache"] < by["unigram"]) {
		t.Errorf("baselines %v, unigram in training %g", by, *trained.OfUnigram)
	}
	var tighter, annealed evaluatedDocuments
	f.json(&tighter, "eval", "run", "news.jsonl", "--bound", "iwae:200")
	f.json(&annealed, "eval", "run", "news.jsonl", "--bound", "ais", "--temperatures", "100", "--chains", "4", "--limit", "6")
	if !(tighter.Bound > judged.Bound) || annealed.AIS == nil || annealed.Documents != 6 || math.Abs(annealed.AIS.Simulated.Gap) > 1 {
		t.Errorf("ELBO %g, by 200 samples %g, by AIS of six %+v", judged.Bound, tighter.Bound, annealed.AIS)
	}
	f.contains(f.must("eval", "run", "news.jsonl").out, "perplexity per word:", "unigram", "mixture", "cache", "KL by unit")

	var topics topicTable
	f.json(&topics, "topics", "run", "-n", "6")
	best := topics.Topics[0]
	sea := 0
	for _, w := range best.Rise.Words {
		if strings.Contains("wave tide ship harbour sail storm anchor gull", w.Word) {
			sea++
		}
	}
	if len(topics.Topics) != 3 || (sea != 6 && sea != 0) || !best.Active || *best.Rise.NPMI < 0.1 || *topics.NPMI < 0.1 || topics.Documents != 180 {
		t.Errorf("%+v", topics)
	}
	f.contains(f.must("topics", "run", "-n", "4").out, "unit     KL   NPMI\n", "mean NPMI")

	var near []nearDocument
	f.json(&near, "nearest", "run", "sea.txt", "-k", "12")
	if len(near) != 12 || near[0].Score < 0.8 {
		t.Fatalf("%+v", near)
	}
	for _, d := range near {
		if d.Index%2 != 0 || !strings.HasPrefix(d.Title, "The ") {
			t.Errorf("a neighbour of a text about the sea is %+v", d)
		}
	}
	f.in = "tram crowd market bridge"
	f.contains(f.must("nearest", "run", "-", "-k", "1", "--in", "news.jsonl").out, "The ")

	lines := strings.Split(strings.TrimSpace(f.must("score", "run", "news.jsonl", "--samples", "20").out), "\n")
	if len(lines) != 200 || len(strings.Split(lines[0], "\t")) != 5 {
		t.Errorf("%d lines, the first %q", len(lines), lines[0])
	}
	f.write("odd.jsonl", `{"text": "tide zeppelin ship"}`+"\n"+`{"text": "zeppelin"}`+"\n"+`{"text": null}`+"\n"+`{"text": "tram tram"}`+"\n")
	r = f.must("score", "run", "odd.jsonl", "--json")
	f.contains(r.err, "2 documents without a word that the model knows", "2 of 6 words are left out, 33 %: new, too rare or too common")
	var scored []scoredDocument
	for line := range strings.Lines(r.out) {
		var d scoredDocument
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		scored = append(scored, d)
	}
	if len(scored) != 2 || scored[0].Words != 2 || scored[0].Unknown != 1 || scored[1].Index != 2 || scored[1].Title != "tram tram" || math.Abs(scored[1].PerWord*2-scored[1].Bound) > 1e-9 {
		t.Errorf("%+v", scored)
	}

	f.must("encode", "run", "news.jsonl", "--out", "codes.npy")
	codes := f.floatsOf("codes.npy", 200, 3)
	if r := f.must("encode", "run", "news.jsonl", "--json", "--limit", "1"); !strings.Contains(r.out, `"title":"The `) || !strings.Contains(r.out, fmt.Sprint(codes[0])) {
		t.Errorf("%q is not %v", r.out, codes[:3])
	}
	again := f.must("sample", "run", "-n", "2", "--words", "6", "--seed", "3")
	if got := f.must("sample", "run", "-n", "2", "--words", "6", "--seed", "3"); got.out != again.out || strings.Count(got.out, "\n") != 2 {
		t.Errorf("%q and %q of one seed", got.out, again.out)
	}
	f.contains(f.must("sample", "run", "-n", "1", "--json").out, `"documents":[{"words":[{"word":`)
	var rebuilt []rebuiltDocument
	f.json(&rebuilt, "reconstruct", "run", "news.jsonl", "-n", "3", "--words", "4")
	if len(rebuilt) != 3 || len(rebuilt[0].Likely) != 4 || rebuilt[0].Matched > 4 || len(rebuilt[0].Words) != 4 || !(rebuilt[0].PerWord < 0) {
		t.Errorf("%+v", rebuilt)
	}
	f.contains(f.must("reconstruct", "run", "news.jsonl", "-n", "1").out, "has  ", "expected", "nats a word")
	way := f.must("interpolate", "run", "news.jsonl", "--from", "0", "--to", "1", "--steps", "3", "--words", "2").out
	if strings.Count(way, "\n") != 3 || !strings.HasPrefix(way, "0.00  ") {
		t.Errorf("the way is %q", way)
	}

	f.write("moved.jsonl", string(f.read("news.jsonl")))
	f.remove("news.jsonl")
	r = f.must("topics", "run")
	f.contains(r.err, "not in", "--in PATH")
	f.json(&judged, "eval", "run", "moved.jsonl")
	if len(judged.Baselines) != 1 || judged.Documents != 200 {
		t.Errorf("%+v", judged)
	}
}

// TestDocumentsResume: a run that was stopped ends with the bits of one in one piece, also one that was killed before its words were written.
func TestDocumentsResume(t *testing.T) {
	f := documentsFolder(t)
	for _, flags := range [][]string{{}, {"--output", "nce", "--samples", "8"}, {"--objective", "iwae", "--k", "3", "--output", "tree", "--latent", "3,2", "--hidden", "8/4"}} {
		whole, parts := fmt.Sprint("whole", len(flags)), fmt.Sprint("parts", len(flags))
		f.must(documentsArgs(whole, append(flags, "--steps", "30", "--checkpoint-every", "10")...)...)
		f.copy(whole, parts)
		for _, name := range f.list(filepath.Join(parts, "state")) {
			if !strings.Contains(name, "20") {
				f.remove(filepath.Join(parts, "state", name))
			}
		}
		f.remove(parts + "/model.safetensors")
		if len(flags) == 0 {
			f.remove(parts + "/words.tsv")
		}
		f.contains(f.must("resume", parts).err, "goes on after step 20")
		if !bytes.Equal(f.read(whole+"/model.safetensors"), f.read(parts+"/model.safetensors")) || !bytes.Equal(f.read(whole+"/words.tsv"), f.read(parts+"/words.tsv")) {
			t.Errorf("%q: a run in parts ends with other weights or words", flags)
		}
		f.contains(f.must("resume", parts).out, "is finished")
	}
	f.write("other.jsonl", shelves(200, 2))
	f.must(documentsArgs("stopped", "--steps", "20", "--checkpoint-every", "10")...)
	for _, name := range f.list("stopped/state") {
		if !strings.Contains(name, "10") {
			f.remove("stopped/state/" + name)
		}
	}
	if r := f.run("resume", "stopped", "other.jsonl"); r.code != codeInput || !strings.Contains(r.err, "has not the documents") {
		t.Errorf("code %d: %s", r.code, r.err)
	}
}

// TestDocumentsOfAllSorts: a folder of files, a text by lines, bags, and an auto-encoder.
func TestDocumentsOfAllSorts(t *testing.T) {
	f := documentsFolder(t)
	f.mkdir("texts")
	var lines, bags strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(shelves(40, 3)), "\n") {
		var d map[string]string
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		f.write(fmt.Sprintf("texts/%02d.txt", i), d["text"])
		fmt.Fprintln(&lines, d["text"])
		fmt.Fprintf(&bags, "%d", i%2)
		for _, w := range strings.Fields(strings.ToLower(strings.TrimSuffix(d["text"], "."))) {
			fmt.Fprintf(&bags, " %s:1", w)
		}
		fmt.Fprintln(&bags)
	}
	f.write("lines.txt", lines.String())
	f.write("bags.svm", bags.String())
	args := func(path, out string, flags ...string) []string {
		return append([]string{"train", "vae", path, "--latent", "2", "--hidden", "4", "--steps", "3", "--batch", "8", "--shards", "1", "--precision", "float32", "--out", out}, flags...)
	}
	f.must(args("texts", "folder")...)
	f.must(args("lines.txt", "lines", "--as", "documents")...)
	f.must(args("bags.svm", "bags", "--as", "documents", "--bags")...)
	for _, out := range []string{"lines", "bags"} {
		if !bytes.Equal(f.read("folder/words.tsv"), f.read(out+"/words.tsv")) || !bytes.Equal(f.read("folder/model.safetensors"), f.read(out+"/model.safetensors")) {
			t.Errorf("%s comes to something else than a folder of the same", out)
		}
	}
	f.contains(f.must("nearest", "folder", "sea.txt").out, ".txt\n")
	f.contains(f.must("score", "folder", "texts").out, "\t00.txt\n")
	f.must(args("lines.txt", "ae", "--as", "documents", "--objective", "ae")...)
	f.contains(f.must("eval", "ae", "lines.txt").out, "an auto-encoder")
	f.must(args("lines.txt", "back", "--as", "documents", "--decoder-hidden", "5", "--output", "adaptive", "--input", "log", "--activation", "relu")...)
	f.contains(f.must("info", "back").out, "back by 5, relu, output adaptive")
}
