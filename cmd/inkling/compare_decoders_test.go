package main

import (
	"bytes"
	"context"
	"image/png"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"inkling/data"
	"inkling/decode"
)

// gardenPath is a model of three tokens whose likelier beginning leads nowhere: 0 is likelier than 1, and all that may follow 0 is equally
// likely, while after 1 the model is sure of 2. Of two tokens, the likeliest are 1 2.
type gardenPath struct{}

var garden = map[int][]float64{-1: {0.6, 0.3, 0.1}, 0: {1. / 3, 1. / 3, 1. / 3}, 1: {0.05, 0.05, 0.9}, 2: {0.2, 0.2, 0.6}}

func (gardenPath) VocabSize() int                          { return 3 }
func (gardenPath) Start() decode.State                     { return -1 }
func (gardenPath) Next(_ decode.State, w int) decode.State { return w }
func (gardenPath) LogProbs(dst []float32, s decode.State) {
	for w, p := range garden[s.(int)] {
		dst[w] = float32(math.Log(p))
	}
}

// says is a decoder that always gives the same text.
type says decode.Hypothesis

func (s says) Decode(context.Context, decode.Model, decode.Request) ([]decode.Hypothesis, error) {
	return []decode.Hypothesis{decode.Hypothesis(s)}, nil
}

// figure compares a figure that there should be.
func figure(t *testing.T, what string, got *float64, want float64) {
	t.Helper()
	if got == nil || math.Abs(*got-want) > 1e-6 {
		t.Errorf("%s: %v, want %g", what, got, want)
	}
}

// TestDecoderFigures: on a model of which all is known, decoders get the figures that they deserve, also one that is made to miss the likeliest
// text, one that does not come to an end and one that claims to have proved what it has not found.
func TestDecoderFigures(t *testing.T) {
	best, second := math.Log(0.3*0.9), math.Log(0.6/3)
	missing := says{Tokens: []int{0, 2}, LogProb: second, FinishReason: decode.FinishLength, Certificate: &decode.Certificate{Best: second, Bound: 0, Expanded: 7, Calls: 5}}
	unfinished := says{Tokens: []int{0}, LogProb: math.Log(0.6), FinishReason: decode.FinishCancelled, Certificate: &decode.Certificate{Bound: 0}}
	ladder := []rung{
		{name: "greedy", decoder: decode.Greedy{}},
		{name: "beam", decoder: decode.Beam{Width: 2}},
		{name: "exact", decoder: decode.Exact{}},
		{name: "missing", decoder: missing},
		{name: "unfinished", decoder: unfinished},
	}
	c := compareDecodersCmd{MaxTokens: 2, Time: 1 << 40}
	a := &app{ctx: context.Background(), err: io.Discard}
	trials, err := c.try(a, gardenPath{}, &ladder, []beginning{{nil, []int{1, 1}}, {nil, []int{2, 2}}}, nil, func() {})
	if err != nil {
		t.Fatal(err)
	}
	r := judgeDecoders(ladder, trials)
	figure(t, "the text", r.Text.LogProb, (math.Log(0.3*0.05)+math.Log(0.1*0.6))/2)
	if r.Beginnings != 2 || r.Certified != 2 {
		t.Errorf("%d beginnings, %d certified", r.Beginnings, r.Certified)
	}
	for i, want := range []struct {
		logp, errors, gap float64
		states            float64
		complete, proved  int
	}{
		{second, 1, best - second, 2, 2, 0}, {best, 0, 0, 3, 2, 2}, {best, 0, 0, 0, 2, 2}, {second, 1, best - second, 7, 2, 0}, {0, 1, 0, 0, 0, 0},
	} {
		d := r.Results[i]
		if want.complete > 0 {
			figure(t, d.Decoder+": log-probability", d.LogProb, want.logp)
			figure(t, d.Decoder+": gap", d.Gap, want.gap)
		} else if d.LogProb != nil || d.Gap != nil {
			t.Errorf("%s has figures of texts that are not complete: %+v", d.Decoder, d)
		}
		figure(t, d.Decoder+": search errors", d.Errors, want.errors)
		if d.Complete != want.complete || d.Certified != want.proved || want.states > 0 && d.States != want.states {
			t.Errorf("%s: %+v, want %+v", d.Decoder, d, want)
		}
	}

	// Without a proof nothing is known of errors, and with one of them a beginning counts that was proved.
	doubt(trials[0])
	if r := judgeDecoders(ladder, trials); r.Certified != 1 || *r.Results[0].Errors != 1 {
		t.Errorf("%d certified, search errors %g", r.Certified, *r.Results[0].Errors)
	}
	doubt(trials[1])
	if r := judgeDecoders(ladder, trials); r.Certified != 0 || r.Results[0].Errors != nil || r.Results[0].Gap != nil {
		t.Errorf("nothing is proved, and it says %+v", r.Results[0])
	}
}

// doubt takes back what was proved.
func doubt(t trial) {
	for _, x := range t.rungs {
		if x.proved != nil {
			x.proved.Bound = 0
		}
	}
}

// TestDecodersInterrupted: what a signal leaves is the beginnings that all decoders were done with.
func TestDecodersInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	a, c, ladder, n := &app{ctx: ctx, err: io.Discard}, compareDecodersCmd{MaxTokens: 2, Time: 1 << 40}, []rung{{name: "greedy", decoder: decode.Greedy{}}}, 0
	trials, err := c.try(a, gardenPath{}, &ladder, make([]beginning, 5), nil, func() {
		if n++; n == 2 {
			cancel()
		}
	})
	if err != nil || len(trials) != 2 {
		t.Errorf("%d trials, %v", len(trials), err)
	}
}

// TestStyle counts by hand.
func TestStyle(t *testing.T) {
	s := styleOf([]attempt{
		{prefix: []int{1, 2, 3, 4}, tokens: []int{1, 2, 3, 4, 5}}, // 2341 3412 4123 1234 2345: the fourth was there; written by itself 1234 2345
		{prefix: nil, tokens: []int{9, 9, 9, 9, 9, 9}},            // 9999 three times: twice again
		{prefix: []int{7}, tokens: []int{1, 2, 3, 4}},             // 7123 1234; by itself 1234, as the first
	})
	figure(t, "repeated", s.Repeated, 3./10)
	figure(t, "distinct", s.Distinct, 3./6)
	if s := styleOf([]attempt{{tokens: []int{1, 2}}}); s.Repeated != nil || s.Distinct != nil {
		t.Errorf("%+v of a text that is too short", s)
	}
}

// withoutTimes are results as they are on any machine.
func withoutTimes(c decodersCompared) decodersCompared {
	c.Results = slices.Clone(c.Results)
	for i := range c.Results {
		c.Results[i].Time, c.Results[i].MedianTime = 0, 0
	}
	return c
}

// TestCompareDecoders runs the command: nothing that is found is likelier than what exact proves, wider beams do not do worse by chance alone, the
// same seed gives the same, and table and picture are there.
func TestCompareDecoders(t *testing.T) {
	f := trainedFolder(t)
	f.write("unseen.txt", sampleText(2000, 3))
	args := []string{"compare", "decoders", "model", "unseen.txt", "-n", "6", "--read", "10", "--max-tokens", "4", "--beams", "1,3"}
	var first, again decodersCompared
	f.json(&first, append(args, "--picture", "c.png")...)
	f.json(&again, append(args, "--picture", "c.png")...)
	if !reflect.DeepEqual(withoutTimes(first), withoutTimes(again)) {
		t.Errorf("the same seed gave\n%+v\n%+v", first, again)
	}
	var names []string
	of := map[string]decoderResult{}
	for _, r := range first.Results {
		name := rung{name: r.Decoder, option: r.Option}.String()
		names, of[name] = append(names, name), r
		if r.Complete != 6 || r.LogProb == nil || r.Time <= 0 || r.Gap == nil {
			t.Errorf("%+v", r)
		}
	}
	if want := []string{"sample", "greedy", "beam 1", "beam 3", "bestfirst 1", "bestfirst 3", "exact"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if exact := of["exact"]; first.Certified != 6 || exact.Certified != 6 || *exact.Errors != 0 || *exact.Gap != 0 {
		t.Errorf("exact %+v, %d certified", exact, first.Certified)
	}
	for name, r := range of {
		if math.Abs(*of["exact"].LogProb-*r.LogProb-*r.Gap) > 1e-6 {
			t.Errorf("%s: %g with a gap of %g, and the optimum is %g", name, *r.LogProb, *r.Gap, *of["exact"].LogProb)
		}
	}
	if *of["beam 1"].LogProb != *of["greedy"].LogProb || *of["bestfirst 3"].LogProb != *of["beam 3"].LogProb || of["bestfirst 3"].States > of["beam 3"].States {
		t.Errorf("a beam of 1 is not greedy search, or bestfirst not a beam: %+v", of)
	}
	if picture, err := png.Decode(bytes.NewReader(f.read("c.png"))); err != nil || picture.Bounds().Dx() < 400 {
		t.Errorf("no picture: %v", err)
	}
	text := f.must(append(args, "--decoders", "greedy,beam")...)
	f.contains(text.out, "the text itself", "beam 3", "search errors", "proved for 0 of them")
	if strings.Contains(text.out, "exact") {
		t.Errorf("decoders that nobody asked for:\n%s", text.out)
	}
}

// TestCompareDecodersOfAWindow: a model of the last tokens has searches of its own, which agree; one whose tables are too large is left out.
func TestCompareDecodersOfAWindow(t *testing.T) {
	f := newFolder(t)
	f.must("train", "lm", "text.txt", "--arch", "window", "--context", "2", "--hidden", "8", "--steps", "30", "--out", "model")
	var r decodersCompared
	f.json(&r, "compare", "decoders", "model", "text.txt", "-n", "3", "--read", "5", "--max-tokens", "6", "--beams", "2")
	proved := 0
	for _, d := range r.Results {
		if d.Decoder == "viterbi" || d.Decoder == "astar" || d.Decoder == "exact" {
			if d.Certified != 3 || *d.Gap > 1e-6 {
				t.Errorf("%+v", d)
			}
			proved++
		}
	}
	if proved != 5 {
		t.Errorf("%d decoders that prove: %+v", proved, r.Results)
	}
	f.contains(f.must("compare", "decoders", "model", "text.txt", "-n", "2", "--nodes", "20", "--beams", "2", "--max-tokens", "30").err, "viterbi is left out", "20 nodes are allowed")
}

// TestItemBeginnings: an item is cut in half at most, and goes on to its end.
func TestItemBeginnings(t *testing.T) {
	f := newFolder(t)
	f.write("names.txt", strings.Repeat("anna\nbo\nchristopher\n", 40))
	f.must("train", "lm", "names.txt", "--lines", "--hidden", "8", "--steps", "20", "--out", "model")
	var r decodersCompared
	f.json(&r, "compare", "decoders", "model", "names.txt", "-n", "5", "--max-tokens", "3", "--beams", "2")
	if r.Beginnings != 5 || r.Certified != 5 || len(r.Results) == 0 {
		t.Errorf("%+v", r)
	}
	list, err := itemBeginnings(data.List{0, 5, 6, 7, 8, 1, 0, 5, 1, 0, 9, 9, 9, 1}, 0, 3, 40, 2)
	want := []beginning{{[]int{0, 5, 6}, []int{7, 8}}, {[]int{0, 5}, []int{1}}, {[]int{0, 9, 9}, []int{9, 1}}}
	if err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("%v, want %v: %v", list, want, err)
	}
}
