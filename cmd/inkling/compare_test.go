package main

import (
	"bytes"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"

	"inkling/softmax"
)

// TestCompareOutputs trains with every output layer, a little, and reads the table, the JSON value and the picture. Each
// leaves a run that can be judged by itself, and says of it what the comparison said.
func TestCompareOutputs(t *testing.T) {
	f := newFolder(t)
	f.write("valid.txt", sampleText(3000, 2))
	arguments := []string{
		"compare", "outputs", "text.txt", "--valid", "valid.txt", "--tokens", "word", "--steps", "40", "--hidden", "12", "--embed", "6", "--batch", "8", "--time", "10",
		"--out", "compared", "--threads", "1",
	}
	var result comparison
	f.json(&result, arguments...)
	var names []string
	for _, r := range result.Results {
		names = append(names, r.Output)
		if r.Error != "" || r.Perplexity == nil || !(*r.Perplexity > 1 && *r.Perplexity < 1000) || r.Speed <= 0 || r.Score <= 0 || r.Memory <= 0 || len(r.Curve) == 0 || r.Steps != 40 {
			t.Errorf("%s: %+v", r.Output, r)
			continue
		}
		var of struct {
			Nats float64 `json:"nats_per_token"`
		}
		if f.json(&of, "eval", r.Out, "valid.txt"); math.Abs(of.Nats-*r.Valid) > 1e-4 {
			t.Errorf("%s: %g nats by eval, %g by the comparison", r.Output, of.Nats, *r.Valid)
		}
	}
	for _, k := range softmax.Kinds() {
		if !slices.Contains(names, k.Name) {
			t.Errorf("%s was not compared", k.Name)
		}
	}
	if picture, err := png.Decode(bytes.NewReader(f.read(result.Picture))); err != nil || picture.Bounds().Dx() < 400 {
		t.Errorf("no picture: %v", err)
	}
	for _, r := range result.Results {
		if (r.Preview != nil) != (r.Output == "full") {
			t.Errorf("%s has SVD-softmax: %+v", r.Output, r.Preview)
		}
	}
	if !f.exists("compared/compare.json") {
		t.Error("no compare.json")
	}
	if r := f.run(arguments...); r.code != codeInput || !strings.Contains(r.err, "not empty") {
		t.Errorf("a second comparison in the same folder: exit %d, %s", r.code, r.err)
	}
}

// TestCompareDiverged: a layer whose loss is beyond any perplexity is a row of the table, and those after it are tried.
func TestCompareDiverged(t *testing.T) {
	f := newFolder(t)
	var result comparison
	f.json(&result, "compare", "outputs", "text.txt", "--tokens", "word", "--steps", "20", "--hidden", "8", "--embed", "4", "--batch", "4",
		"--time", "8", "--outputs", "full,tree", "--optimizer", "sgd", "--lr", "100000", "--clip", "0", "--validations", "1", "--out", "c")
	if len(result.Results) != 2 || result.Results[0].Perplexity != nil {
		t.Errorf("%+v", result.Results)
	}
	r := f.run("compare", "outputs", "text.txt", "--tokens", "word", "--steps", "20", "--batch", "1000", "--time", "1000", "--out", "d")
	if r.code == 0 || f.exists("d") {
		t.Errorf("exit %d for a batch longer than the text, and a folder: %v", r.code, f.exists("d"))
	}
}

// TestCompareOptions: an option goes to the layers that have it, and one that none of them has is refused.
func TestCompareOptions(t *testing.T) {
	n, x := 7, 1.5
	c := compareOutputsCmd{trainFlags: trainFlags{outputFlags: outputFlags{Samples: &n, LogZ: &x}}}
	for _, k := range softmax.Kinds() {
		o := c.train(k.Name).options()
		for _, given := range o.Given() {
			if !slices.Contains(k.Options, given) {
				t.Errorf("%s is given %s", k.Name, given)
			}
		}
		if has := slices.Contains(k.Options, "samples"); has != (o.Samples == n) {
			t.Errorf("%s has samples: %v, and is given %d", k.Name, has, o.Samples)
		}
	}
	if unused := c.unused([]string{"full"}); unused != "samples" && unused != "log-z" {
		t.Errorf("%q is what full has no use for", unused)
	}
	c.Samples, c.LogZ = nil, nil
	if unused := c.unused([]string{"full"}); unused != "" {
		t.Errorf("%q was not given", unused)
	}
}
