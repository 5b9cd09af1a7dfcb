package vae

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/tensor"
	"inkling/train"
)

// script plays phases: losses by step, and what kinds of step came of them: e, d, or j for joint ones.
func script(t *testing.T, a *Aggressive, m *Model, losses func(step int) float64, steps int) string {
	t.Helper()
	var kinds strings.Builder
	last := math.NaN()
	for step := range steps {
		params, rate, err := a.Next(last)
		if err != nil || rate != 1 {
			t.Fatal(rate, err)
		}
		switch {
		case params == nil:
			kinds.WriteByte('j')
		case params[0] == m.EncoderParams()[0] && len(params) == len(m.EncoderParams()):
			kinds.WriteByte('e')
		case params[0] == m.DecoderParams()[0] && len(params) == len(m.DecoderParams()):
			kinds.WriteByte('d')
		}
		last = losses(step)
	}
	return kinds.String()
}

func TestAggressiveTurns(t *testing.T) {
	m, _ := known(t)
	e := func(n int) string { return strings.Repeat("e", n) }

	// A loss that never falls: two blocks, the second of which is no better than the first. After two passes of two steps the second
	// look at the mutual information finds it lower.
	nats := []float64{0.5, 0.4}
	looks := 0
	a := NewAggressive(m, 2, func() (float64, error) { looks++; return nats[looks-1], nil })
	flat := func(int) float64 { return 3 }
	want := strings.Repeat(e(20)+"d", 4) + "jjj"
	if got := script(t, a, m, flat, 4*21+3); got != want || looks != 2 {
		t.Errorf("of a flat loss: %s after %d looks, want %s", got, looks, want)
	}
	// A loss that always falls: as many as are allowed. A collapsed encoder is given up at once.
	a = NewAggressive(m, 1, func() (float64, error) { return 0, nil })
	want = e(100) + "dj"
	if got := script(t, a, m, func(step int) float64 { return -float64(step) }, 102); got != want {
		t.Errorf("of a falling loss: %s, want %s", got, want)
	}
	// Means of blocks are compared, not single steps: noise of ±5 about a loss that falls by blocks to 30, and rises from there.
	a = NewAggressive(m, 9, nil)
	noisy := func(step int) float64 { return math.Abs(float64(step/10-2)) + 5*float64(step%2*2-1) }
	if got := script(t, a, m, noisy, 41); got != e(40)+"d" {
		t.Errorf("of a noisy loss: %s, want 40 steps of the encoder", got)
	}
	// What mutual information there is must be a number.
	a = NewAggressive(m, 1, func() (float64, error) { return math.NaN(), nil })
	if _, _, err := a.Next(1); err != nil {
		t.Fatal(err)
	}
	a.Encoder, a.Decoder = 0, 1
	if _, _, err := a.Next(1); err == nil {
		t.Error("a mutual information that is no number goes unnoticed")
	}
}

// TestAggressivePasses: annealing counts the steps of the decoder, alone or with the encoder, and each step of the encoder has the weight of the
// decoder's step that follows.
func TestAggressivePasses(t *testing.T) {
	m, x := known(t)
	nats := []float64{0.5, 0.4}
	a := NewAggressive(m, 2, func() (float64, error) {
		defer func() { nats = nats[1:] }()
		return nats[0], nil
	})
	fit := &Fit{Model: m, Objective: Objective{Name: "elbo", K: 1, Beta: 1, Anneal: "linear", Warm: 4}, Ahead: a}
	tp := tensor.NewTape()
	loss := func() float64 {
		tp.Reset(1, 0, 0)
		return float64(fit.Loss(tp, Batch{Rows: 1, X: x[:8], Epoch: 1000}, nil).Item())
	}
	var passes []float64
	for step := range 4*21 + 8 {
		params, _, err := a.Next(3)
		if err != nil {
			t.Fatal(err)
		}
		if params != nil && params[0] == m.EncoderParams()[0] && a.Passes() != float64(step/21)/2 {
			t.Errorf("step %d, of the encoder, comes after %g passes", step, a.Passes())
		} else if params == nil || params[0] == m.DecoderParams()[0] {
			passes = append(passes, a.Passes())
		}
		cost := loss()
		likelihood, kl := fit.Meter.Take()
		if want := min(1, a.Passes()/4)*kl - likelihood; math.Abs(cost-want) > 1e-4 {
			t.Fatalf("step %d after %g passes costs %g, want %g", step, a.Passes(), cost, want)
		}
	}
	if want := []float64{0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5}; !slices.Equal(passes, want) {
		t.Errorf("steps of the decoder come after %v passes, want %v", passes, want)
	}
}

// inThrees is a source of the rows of known, a batch of three drawn by the step.
type inThrees []float32

func (s inThrees) Batch(step, shard, shards int) (b Batch, err error) {
	rnd := rand.New(rand.NewPCG(uint64(step), uint64(shard)))
	for range 3 {
		i := rnd.IntN(len(s) / 8)
		b.Rows, b.X, b.Index = b.Rows+1, append(b.X, s[8*i:8*i+8]...), append(b.Index, i)
	}
	return b, nil
}
func (s inThrees) StepsPerEpoch() int { return 2 }

// TestAggressiveResumes: stopped in the middle of the encoder's steps, right before and after the decoder's and after the end of it all, a run
// ends with the bits of one in one piece.
func TestAggressiveResumes(t *testing.T) {
	const steps = 260
	var kinds []byte
	once := func(dir string, create bool, stop int) {
		open := checkpoint.Open
		if create {
			open = checkpoint.Create
		}
		run, err := open(filepath.Join(dir, "run"))
		if err != nil {
			t.Fatal(err)
		}
		defer run.Close()
		if create {
			if err := run.WriteFile("config.json", []byte("{}")); err != nil {
				t.Fatal(err)
			}
		}
		m, x := known(t)
		ctx, cancel := context.WithCancel(context.Background())
		phases := NewAggressive(m, 2, func() (float64, error) { // made of the weights, and with an end
			_, kl := 0.0, 0.0
			for _, v := range m.EncoderParams()[0].Value {
				kl += math.Abs(float64(v))
			}
			if kl > 10 {
				return 0, nil
			}
			return kl, nil
		})
		_, err = train.Run(ctx, &Fit{Model: m, Objective: Objective{Name: "elbo", K: 1, Beta: 1, Anneal: "linear", Warm: 8}, Ahead: phases}, inThrees(x), train.Config{
			Steps: steps, Shards: 2, Seed: 5, Options: train.Options{Rate: 0.05}, Schedule: "constant", Folder: run, Phases: phases,
			Progress: func(p train.Progress) {
				kind := byte('e')
				switch {
				case phases.Over:
					kind = 'j'
				case phases.Encoder == 0:
					kind = 'd'
				}
				kinds = append(kinds, kind)
				if p.Step == stop {
					cancel()
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	weights := func(dir string) (all []float32) {
		run, err := checkpoint.Open(filepath.Join(dir, "run"))
		if err != nil {
			t.Fatal(err)
		}
		defer run.Close()
		_, _, tensors, _, err := run.LatestState()
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range tensors {
			all = append(all, x.Data...)
		}
		return all
	}
	whole, parts := t.TempDir(), t.TempDir()
	once(whole, true, steps)
	inOne := string(kinds)
	decoder, joint := strings.IndexByte(inOne, 'd'), strings.IndexByte(inOne, 'j')
	if decoder < 20 || joint < 60 {
		t.Fatalf("the steps are %s: this tests too little", inOne)
	}
	kinds = nil
	for i, stop := range []int{7, decoder, decoder + 1, decoder + 15, joint - 1, joint, joint + 9, steps} {
		once(parts, i == 0, stop)
	}
	if string(kinds) != inOne {
		t.Errorf("the steps are\n%s in one piece, and in parts\n%s", inOne, kinds)
	}
	if !slices.Equal(weights(whole), weights(parts)) {
		t.Error("a run in parts ends with other weights")
	}
}

// TestTable: a table's q is that of the example wherever it stands in a batch, its gradient goes there and to no other, and what judges a
// model judges one with a table.
func TestTable(t *testing.T) {
	m, x := known(t)
	tabled := m.WithTable(6)
	rows := tabled.EncoderParams()[0]
	for i := range rows.Value {
		rows.Value[i] = float32(i)/8 - 0.5
	}
	tp := tensor.NewTape()
	tp.Reset(1, 0, 0)
	b := Batch{Rows: 2, X: x[:16], Index: []int{4, 1}}
	terms := tabled.terms(tp, b, draw{analytic: true, noise: func(dst []float32) { clear(dst) }})
	for i, at := range b.Index {
		if got := terms.Posterior[0].Row(i); !slices.Equal(got, rows.Row(at)) {
			t.Errorf("example %d has q %v, want row %v", at, got, rows.Row(at))
		}
	}
	tp.Backward(tensor.Sum(tp, terms.KL[0]), 1)
	if touched := tp.TouchedRows(rows); !slices.Equal(touched, []int{1, 4}) && !slices.Equal(touched, []int{4, 1}) {
		t.Errorf("gradients of rows %v", touched)
	}
	if g, mean := tp.TouchedRowGrad(rows, 4)[0], rows.Row(4)[0]; g != mean {
		t.Errorf("the divergence has gradient %g by a mean of %g", g, mean)
	}
	if tabled.DecoderParams()[0] != m.DecoderParams()[0] || tabled.EncoderParams()[0] == m.EncoderParams()[0] {
		t.Error("the decoder is not shared, or the encoder is")
	}
	if want := len(tabled.EncoderParams()) + len(tabled.DecoderParams()); len(tabled.Params()) != want || !slices.Contains(tabled.Params(), rows) {
		t.Errorf("%d parameters, want %d", len(tabled.Params()), want)
	}
	e := Pictures{Images: picturesOf(t, x, 2, 4)}
	j, err := tabled.Judge(context.Background(), e, 1)
	if err != nil {
		t.Fatal(err)
	}
	bounds, err := tabled.Importance(context.Background(), e, 2000, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		if j.Means[0][i] != rows.Row(i)[0] || j.LogDeviations[0][i] != rows.Row(i)[1] {
			t.Errorf("example %d is judged by another row", i)
		}
		if want := logEvidence(m, x[8*i:8*i+8]); math.Abs(bounds[i]-want) > 0.15 {
			t.Errorf("example %d: log p(x) %.3f from importance samples, %.3f by quadrature", i, bounds[i], want)
		}
	}
}

// picturesOf makes pictures of bits.
func picturesOf(t *testing.T, x []float32, height, width int) *data.Images {
	t.Helper()
	raw := []byte{0, 0, 8, 3, 0, 0, 0, byte(len(x) / height / width), 0, 0, 0, byte(height), 0, 0, 0, byte(width)}
	for _, v := range x {
		raw = append(raw, byte(v))
	}
	name := filepath.Join(t.TempDir(), "train-images-idx3-ubyte")
	if err := os.WriteFile(name, raw, 0o666); err != nil {
		t.Fatal(err)
	}
	set, err := data.OpenImages(name, data.ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return set.Train
}
