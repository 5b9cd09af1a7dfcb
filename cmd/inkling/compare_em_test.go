package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// bars writes pictures of 6 × 6 as an IDX file: rows and columns that are white or not, by chance.
func (f *folder) bars(name string, n int) {
	rnd := rand.New(rand.NewPCG(7, uint64(n)))
	raw := []byte{0, 0, 8, 3, 0, 0, byte(n >> 8), byte(n), 0, 0, 0, 6, 0, 0, 0, 6}
	for range n {
		var rows, columns [6]bool
		for i := range 6 {
			rows[i], columns[i] = rnd.IntN(4) == 0, rnd.IntN(4) == 0
		}
		for i := range 36 {
			v := byte(rnd.IntN(20))
			if rows[i/6] || columns[i%6] {
				v = 255 - v
			}
			raw = append(raw, v)
		}
	}
	f.write(name, string(raw))
}

// TestCompareEM: every method learns, is judged, and is in the table, the JSON value and the picture.
func TestCompareEM(t *testing.T) {
	f := newFolder(t)
	f.bars("train-images-idx3-ubyte", 300)
	args := []string{"compare", "em", "train-images-idx3-ubyte", "--steps", "360", "--latent", "4", "--hidden", "16", "--batch", "30", "--held", "12", "--lr", "0.01", "--e-steps", "3", "--threads", "2"}
	var result emComparison
	f.json(&result, append(args, "--picture", "em.png")...)
	if result.Pictures != 270 || result.Held != 12 || len(result.Results) != len(emMethods) {
		t.Fatalf("%+v", result)
	}
	for i, r := range result.Results {
		passes := []float64{10, 10, 40}[i]
		if r.Method != emMethods[i].Name || r.Steps != 360 || r.Seconds <= 0 || math.Abs(r.Passes-passes) > 1e-9 || (r.HeldOut == nil) != (r.Method == "table") {
			t.Errorf("%+v", r)
		}
		if first, last := r.Curve[0].Nats, r.Curve[len(r.Curve)-1].Nats; len(r.Curve) < 15 || last > first-1 || r.Train < -first {
			t.Errorf("%s learns nothing: %v", r.Method, r.Curve)
		}
		// log p(x) is above the best bound, which is above the encoder's; all of them above that of a coin for each pixel.
		if !(r.LogP > r.Fitted-0.1) || r.HeldOut != nil && !(r.Fitted > *r.HeldOut-0.2) || r.LogP < -36*math.Ln2 || r.LogP > 0 || !(r.Error > 0) {
			t.Errorf("%s: bounds %+v", r.Method, r)
		}
	}
	if picture, err := png.Decode(bytes.NewReader(f.read("em.png"))); err != nil || picture.Bounds().Dx() < 400 {
		t.Errorf("no picture: %v", err)
	}
	args[4] = "12"
	if r := f.must(args...); !strings.Contains(r.out, "log p(x)") || strings.Count(r.out, "\n") < 6 {
		t.Errorf("the table is\n%s", r.out)
	}
}

// quadratic is log N(z; mean, σ) + c of one variable, whose integral is e^c.
type quadratic struct{ mean, sigma, c []float64 }

func (q quadratic) Rows() int { return len(q.mean) }
func (q quadratic) Dim() int  { return 1 }
func (q quadratic) At(value []float64, grad, z []float32) {
	for i := range value {
		u := (float64(z[i]) - q.mean[i]) / q.sigma[i]
		value[i] = q.c[i] - u*u/2 - math.Log(q.sigma[i]*math.Sqrt(2*math.Pi))
		if grad != nil {
			grad[i] = float32(-u / q.sigma[i])
		}
	}
}

// TestFitRows: of a density that is a Gaussian, bound and integral are its constant.
func TestFitRows(t *testing.T) {
	q := quadratic{[]float64{1, -0.5}, []float64{0.3, 0.8}, []float64{-7, -100}}
	bounds, logs := make([]float64, 2), make([]float64, 2)
	if err := fitRows(context.Background(), q, 3, bounds, logs); err != nil {
		t.Fatal(err)
	}
	for i, want := range q.c {
		if math.Abs(bounds[i]-want) > 0.02 || math.Abs(logs[i]-want) > 0.02 || bounds[i] > want+1e-3 {
			t.Errorf("row %d: bound %.4f, integral %.4f, want %g", i, bounds[i], logs[i], want)
		}
	}
}

// TestAggressiveVAE: the flag is written down, the encoder is trained ahead, and a run that is stopped in the middle of that and resumed ends
// with the weights of one in one piece.
func TestAggressiveVAE(t *testing.T) {
	f := newFolder(t)
	f.bars("train-images-idx3-ubyte", 300)
	args := []string{"train", "vae", "train-images-idx3-ubyte", "--aggressive", "--anneal", "linear", "--warm", "3", "--latent", "3", "--hidden", "12", "--batch", "60", "--shards", "2", "--lr", "0.005", "--validations", "3"}
	var whole trainedVAE
	said := f.json(&whole, append(args, "--steps", "300", "--checkpoint-every", "7", "--out", "whole")...)
	if strings.Count(said.err, "nats about x") == 0 {
		t.Errorf("nobody is told of the mutual information: %s", said.err)
	}
	var c vaeConfig
	if err := json.Unmarshal(f.read("whole/config.json"), &c); err != nil || !c.Objective.Aggressive {
		t.Errorf("the config does not say it: %v", err)
	}
	if !(whole.Information >= 0 && whole.Information <= math.Log(15)+1e-6) { // of 15 pictures held out
		t.Errorf("mutual information %g", whole.Information)
	}
	if r := f.run(append(args, "--valid", "0", "--steps", "2")...); r.code != codeUsage || !strings.Contains(r.err, "--valid") {
		t.Errorf("with nothing held out: %s", r.err)
	}
	if r := f.run(append(args, "--objective", "ae", "--steps", "2")...); r.code != codeUsage || !strings.Contains(r.err, "elbo") {
		t.Errorf("of an auto-encoder: %s", r.err)
	}
	// As a killed run leaves it: with an older state as its newest.
	f.must(append(args, "--steps", "300", "--checkpoint-every", "7", "--keep", "100", "--out", "parts")...)
	states := f.list("parts/state")
	slices.Sort(states)
	if len(states) < 20 {
		t.Fatalf("%d states", len(states))
	}
	for _, name := range states[3:] {
		f.remove("parts/state/" + name)
	}
	f.must("resume", "parts")
	if !bytes.Equal(f.read("whole/model.safetensors"), f.read("parts/model.safetensors")) {
		t.Error("a run that was resumed ends with other weights")
	}
}
