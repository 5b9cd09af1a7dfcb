package train_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/checkpoint"
	"inkling/train"
)

// validations is a Validate that gives the losses one after the other, and the last for good.
func validations(losses ...float64) (validate func(context.Context) (float64, error), calls *int) {
	calls = new(int)
	return func(context.Context) (float64, error) {
		*calls++
		return losses[min(*calls, len(losses))-1], nil
	}, calls
}

// TestPlateauHalvesTheRate follows the rate through validations of known results.
func TestPlateauHalvesTheRate(t *testing.T) {
	validate, _ := validations(5, 4, 4.5, 4, 3, 3.1, 3.2, 3.3, 3.4, 2, 2.1)
	var rates []float64
	_, err := train.Run(context.Background(), model(t), windows(t), train.Config{
		Steps: 12, Validations: 12, Shards: 2, Schedule: "plateau", ScheduleOptions: train.ScheduleOptions{Factor: 0.25},
		Options: train.Options{Rate: 1e-3}, Validate: validate,
		Progress: func(p train.Progress) { rates = append(rates, p.Rate*1e3) },
	})
	if err != nil {
		t.Fatal(err)
	}
	// 4 twice is no new best; two drops after 3; a new best begins the count again.
	want := []float64{1, 1, 1, 1, 0.25, 0.25, 0.25, 0.25 * 0.25, 0.25 * 0.25, 0.25 * 0.25 * 0.25, 0.25 * 0.25 * 0.25, 0.25 * 0.25 * 0.25}
	if !slices.EqualFunc(rates, want, func(a, b float64) bool { return a-b < 1e-12 && b-a < 1e-12 }) {
		t.Errorf("rates %v, want %v", rates, want)
	}
}

// TestPatienceEndsTheRun: so many validations without a new best, by steps, epochs and time.
func TestPatienceEndsTheRun(t *testing.T) {
	for name, cfg := range map[string]train.Config{
		"steps":  {Steps: 40},
		"epochs": {Epochs: 40 / float64(windows(t).StepsPerEpoch())},
		"budget": {Budget: time.Hour, Steps: 40},
	} {
		validate, calls := validations(5, 4, 4.5, 3, 3, 3.1, 3.2, 2, 1)
		cfg.Validate, cfg.Patience, cfg.Validations, cfg.Shards = validate, 3, 10, 2
		r, err := train.Run(context.Background(), model(t), windows(t), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if *calls != 7 || r.Steps != 28 || !r.Early || r.Interrupted || r.Best != 3 || r.BestStep != 16 {
			t.Errorf("%s: after %d validations %+v", name, *calls, r)
		}
	}
	validate, calls := validations(5, 4, 3, 2, 2, 2, 2)
	r, err := train.Run(context.Background(), model(t), windows(t), train.Config{Steps: 7, Validations: 7, Patience: 3, Shards: 2, Validate: validate})
	if err != nil || *calls != 7 || r.Early {
		t.Errorf("patience that ends with the run: %d validations, %+v, %v", *calls, r, err)
	}
}

// TestPatienceEndsForGood: a run that patience has ended is finished, and is not gone on with.
func TestPatienceEndsForGood(t *testing.T) {
	dir := t.TempDir()
	cfg := train.Config{Steps: 40, Validations: 10, Patience: 2, Shards: 2, CheckpointEvery: 1}
	for again := range 2 {
		inFolder(t, dir, again == 0, func(f *checkpoint.Run) {
			var calls *int
			cfg.Validate, calls = validations(1, 2, 3, 0)
			cfg.Folder = f
			r, err := train.Run(context.Background(), model(t), windows(t), cfg)
			if err != nil || r.Steps != 12 || !r.Early || r.Interrupted || again == 1 && *calls > 0 {
				t.Errorf("%d validations, %+v, %v", *calls, r, err)
			}
		})
	}
}

// TestWhatNeedsValidationSaysSo: without any, nothing of this can work.
func TestWhatNeedsValidationSaysSo(t *testing.T) {
	validate, _ := validations(1)
	for _, c := range []struct {
		cfg  train.Config
		want string
	}{
		{train.Config{Schedule: "plateau"}, "plateau"},
		{train.Config{Patience: 1}, "patience"},
		{train.Config{Average: 0.9}, "averaged"},
		{train.Config{Patience: -1, Validate: validate}, "patience"},
		{train.Config{Average: 1, Validate: validate}, "averaged"},
		{train.Config{Average: -0.1, Validate: validate}, "averaged"},
		{train.Config{Accumulate: -1}, "accumulated"},
		{train.Config{Accumulate: 100_000}, "accumulated"},
	} {
		c.cfg.Steps = 1
		if _, err := train.Run(context.Background(), model(t), windows(t), c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.cfg, err)
		}
	}
}
