package main

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
)

// drawings is an IDX file of n < 256 pictures of 6 × 6: a bar at one of six places, in black and white.
func drawings(n int) string {
	b := []byte{0, 0, 8, 3, 0, 0, 0, byte(n), 0, 0, 0, 6, 0, 0, 0, 6}
	for i := range n {
		for at := range 36 {
			v := byte(0)
			if at%6 == i*7%6 {
				v = 255
			}
			b = append(b, v)
		}
	}
	return string(b)
}

// TestCompareGradients measures all estimators on a model trained for it and on a run, of one stochastic layer and of two, and reads the
// table, the JSON value and the picture.
func TestCompareGradients(t *testing.T) {
	f := newFolder(t)
	f.write("bars-idx3-ubyte", drawings(60))
	f.must("train", "vae", "bars-idx3-ubyte", "--latent", "3,2", "--hidden", "8/4", "--steps", "30", "--batch", "20", "--out", "run", "--valid", "0", "--threads", "1")
	few := []string{"--examples", "30", "--pairs", "30", "--k", "4", "--threads", "1"}
	for _, c := range []struct {
		args    []string
		picture string
		says    string
	}{
		{[]string{"bars-idx3-ubyte", "--latent", "2", "--hidden", "8", "--steps", "40"}, "of.png", "36–8–[2]"},
		{[]string{"--run", "run"}, "of.svg", "36–8–[3]–4–[2]"},
		{[]string{"bars-idx3-ubyte", "--run", "run"}, "", "36–8–[3]–4–[2]"},
	} {
		args := append(append([]string{"compare", "gradients"}, c.args...), few...)
		if c.picture != "" {
			args = append(args, "--picture", c.picture)
		}
		var got gradientsCompared
		f.json(&got, args...)
		if got.K != 4 || got.Examples != 30 || got.Gradients != 60 || !strings.Contains(got.Model, c.says) || len(got.Results) != 6 || got.Picture != c.picture || (got.Steps == 0) != (got.Run != "") {
			t.Errorf("%q: %+v", c.args, got)
			continue
		}
		by := map[string]estimatedGradient{}
		for _, r := range got.Results {
			by[r.Estimator] = r
			if !(r.Variance > 0 && r.Error > 0 && r.Error < r.Variance && r.Seconds > 0 && r.Fast <= r.Seconds && r.Seconds <= r.Slow && r.EqualCost > 0 && r.SignalToNoise >= 0) {
				t.Errorf("%q: %+v", c.args, r)
			}
			if of := r.Variance / got.Results[0].Variance; r.Relative != of && r.Estimator != got.Results[0].Estimator {
				t.Errorf("%s: %g of the variance of the first, want %g", r.Estimator, r.Relative, of)
			}
		}
		if less, more := by["score"].Variance, by["score, plain"].Variance; !(10*less < more) {
			t.Errorf("%q: the score function has variance %g with a control variate, and %g without", c.args, less, more)
		}
		var again gradientsCompared
		if f.json(&again, args...); again.Results[3].Variance != got.Results[3].Variance {
			t.Errorf("%q: another variance the second time", c.args)
		}
	}
	if picture, err := png.Decode(bytes.NewReader(f.read("of.png"))); err != nil || picture.Bounds().Dx() < 400 {
		t.Errorf("no picture: %v", err)
	}
	f.contains(string(f.read("of.svg")), "<svg", "DReG", "at equal cost")
	r := f.must(append([]string{"compare", "gradients", "--run", "run"}, few...)...)
	f.contains(r.out, "reparametrized", "score, plain", "at equal cost", "signal to noise", "another bound", "30 pictures")
	f.contains(f.must("compare", "gradients", "--help").out, "REINFORCE", "standard error", "--pairs")
	if f.exists("runs") {
		t.Error("the model trained for it was left behind")
	}
}

// TestCompareGradientsWrong: what cannot be is refused before anything is trained.
func TestCompareGradientsWrong(t *testing.T) {
	f := newFolder(t)
	f.write("bars-idx3-ubyte", drawings(20))
	f.must("train", "vae", "bars-idx3-ubyte", "--latent", "2", "--hidden", "4", "--steps", "2", "--out", "run", "--valid", "0")
	wide := strings.Replace(drawings(20), "\x06\x00\x00\x00\x06", "\x04\x00\x00\x00\x09", 1)
	f.write("wide-idx3-ubyte", wide)
	f.must("train", "vectors", "text.txt", "--out", "v", "--dim", "4", "--epochs", "1")
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"", codeUsage, "no pictures: name them"},
		{"none", codeIO, "there is no file none"},
		{"bars-idx3-ubyte --k 1", codeUsage, "--k 1: must be at least 2"},
		{"bars-idx3-ubyte --pairs 1", codeUsage, "--pairs 1: must be at least 2"},
		{"bars-idx3-ubyte --examples 0", codeUsage, "--examples 0: must be at least 1"},
		{"bars-idx3-ubyte --examples 10000 --k 1000", codeUsage, "10,000,000 samples of z at once"},
		{"bars-idx3-ubyte --steps 0", codeUsage, "--steps 0: must be at least 1"},
		{"bars-idx3-ubyte --picture of.gif", codeUsage, "must end in .png or .svg"},
		{"bars-idx3-ubyte --hidden ten", codeUsage, "whole numbers"},
		{"bars-idx3-ubyte --latent 2,2 --hidden 4", codeUsage, "--hidden 4 has networks of 1 stochastic layer"},
		{"--run run --steps 3", codeUsage, "--steps is of a model to train"},
		{"--run none", codeIO, "none: there is no such folder"},
		{"--run v", codeInput, "not a variational auto-encoder"},
		{"wide-idx3-ubyte --run run", codeInput, "has pictures of 4 × 9 with 1 channel, and run is a model of 6 × 6 with 1"},
		{"bars-idx3-ubyte --steps 1 --pairs 2 --picture none/of.png", codeIO, "none/of.png"},
	} {
		r := f.run(append([]string{"compare", "gradients"}, strings.Fields(c.args)...)...)
		if r.code != c.code || !strings.Contains(r.err, c.says) || r.out != "" {
			t.Errorf("%s: exit %d, %s", c.args, r.code, r.err)
		}
	}
}
