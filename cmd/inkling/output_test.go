package main

import (
	"reflect"
	"strings"
	"testing"
)

// TestAdaptive: cut-offs are chosen once, told with their reason and kept; those given are told as well, and go on after
// an end in the middle and into a run that begins with the weights.
func TestAdaptive(t *testing.T) {
	f := newFolder(t)
	r := f.must(trainArgs("runs/chosen", "--steps", "2", "--output", "adaptive")...)
	f.contains(r.err, "output layer: ", " words", "because a step of training takes about ", " ns a weight")

	r = f.must(trainArgs("runs/given", "--steps", "4", "--output", "adaptive", "--cutoffs", "5,11", "--div-value", "2", "--head-bias")...)
	f.contains(r.err, "output layer: head of 5 words (", "tails of 6 (")
	if strings.Contains(r.err, "because") {
		t.Errorf("a reason for what was given: %s", r.err)
	}
	f.contains(f.must("info", "runs/given").out, "output adaptive", "head of 5 words (", "tails of 6 (")
	type config struct {
		Model struct {
			Options struct {
				Cutoffs  []int
				DivValue float64 `json:"div_value"`
				HeadBias bool    `json:"head_bias"`
			} `json:"output_options"`
		}
	}
	var c, more config
	f.json(&c, "info", "runs/given")
	if o := c.Model.Options; !reflect.DeepEqual(o.Cutoffs, []int{5, 11}) || o.DivValue != 2 || !o.HeadBias {
		t.Errorf("%+v", o)
	}
	r = f.must(trainArgs("runs/more", "--from", "runs/given", "--steps", "2")...)
	f.contains(r.err, "output layer: head of 5 words (")
	f.json(&more, "info", "runs/more")
	if !reflect.DeepEqual(c, more) {
		t.Errorf("with the weights come %+v, of %+v", more, c)
	}
}
