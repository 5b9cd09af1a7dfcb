package train_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"inkling/checkpoint"
	"inkling/lm"
	"inkling/train"
)

// placed is a model that writes down what it is told.
type placed struct {
	*lm.Scheduled
	told []float64
}

func (p *placed) Placed(fraction float64) {
	p.told = append(p.told, fraction)
	p.Scheduled.Placed(fraction)
}

// TestPlacedResumes: a model is told before each step how much of the run is behind; a run that is stopped and goes on ends with the same
// bits, though its loss changes all the time.
func TestPlacedResumes(t *testing.T) {
	const steps = 40
	whole, parts := t.TempDir(), t.TempDir()
	sit := func(f *checkpoint.Run, stop int) (told []float64) {
		m := model(t)
		p := &placed{Scheduled: &lm.Scheduled{Model: m, Sampling: lm.Sampling{Kind: "linear", Share: 0.8, From: 0.2, To: 0.7}}}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		cfg := train.Config{Steps: steps, Shards: 2, Seed: 11, Accumulate: 2, Validate: heldOut(m), Folder: f, Progress: func(p train.Progress) {
			if p.Step == stop {
				cancel()
			}
		}}
		if _, err := train.Run(ctx, p, windows(t), cfg); err != nil {
			t.Fatal(err)
		}
		return p.told
	}
	var told, again []float64
	inFolder(t, whole, true, func(f *checkpoint.Run) { told = sit(f, steps) })
	for i, stop := range []int{1, 17, steps} {
		inFolder(t, parts, i == 0, func(f *checkpoint.Run) {
			again = append(again, sit(f, stop)...)
		})
	}
	same(t, "scheduled sampling", whole, parts)
	for i, fraction := range told {
		if math.Abs(fraction-float64(i)/steps) > 1e-12 {
			t.Errorf("before step %d it is told %g", i+1, fraction)
		}
	}
	if len(told) != steps || !slices.Equal(told, again) {
		t.Errorf("told %v, in parts %v", told, again)
	}
}
