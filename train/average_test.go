package train_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/tensor"
	"inkling/train"
)

// TestAverages compares the averages with their definition, the weighted mean of the weights after each step, as
// they are validated and as they are saved; and wants training not to know of them.
func TestAverages(t *testing.T) {
	const steps, decay = 24, 0.9
	plain := model(t)
	train1 := train.Config{Steps: steps, Shards: 2, Seed: 11}
	var path [][]float32
	train1.Progress = func(train.Progress) { path = append(path, weights(plain)) }
	if _, err := train.Run(context.Background(), plain, windows(t), train1); err != nil {
		t.Fatal(err)
	}
	mean := func(t int) []float64 {
		sum, total := make([]float64, len(path[0])), 0.0
		for i, w := range path[:t] {
			share := math.Pow(decay, float64(t-1-i))
			total += share
			for j := range w {
				sum[j] += share * float64(w[j])
			}
		}
		for j := range sum {
			sum[j] /= total
		}
		return sum
	}
	near := func(what string, got []float32, want []float64) {
		t.Helper()
		for i := range got {
			if math.Abs(float64(got[i])-want[i]) > 2e-6 {
				t.Fatalf("%s: %d is %g, want %g", what, i, got[i], want[i])
			}
		}
	}

	m := model(t)
	cfg := train.Config{Steps: steps, Shards: 2, Seed: 11, Average: decay, Validations: 8}
	calls, step := 0, 0
	cfg.Validate = func(context.Context) (float64, error) {
		at := step + 1
		if calls++; calls%2 == 1 {
			if !slices.Equal(weights(m), path[at-1]) {
				t.Errorf("the weights validated after step %d are not those of a run without averages", at)
			}
		} else {
			near("averages as they are validated", weights(m), mean(at))
		}
		return 1 / float64(calls), nil
	}
	cfg.Progress = func(p train.Progress) {
		step = p.Step
		if !slices.Equal(weights(m), path[p.Step-1]) {
			t.Fatalf("step %d has other weights than without averages", p.Step)
		}
		if p.Validated && (p.Average != 1/float64(calls) || p.Valid != 1/float64(calls-1)) {
			t.Errorf("step %d: losses %g and %g of validations %d and %d", p.Step, p.Valid, p.Average, calls-1, calls)
		}
	}
	inFolder(t, t.TempDir(), true, func(f *checkpoint.Run) {
		cfg.Folder = f
		r, err := train.Run(context.Background(), m, windows(t), cfg)
		if err != nil || calls != 16 || !r.Averaged || r.BestStep != steps || r.Best != 1.0/16 {
			t.Fatalf("%d validations, %+v, %v", calls, r, err)
		}
		near("the best weights", weights(m), mean(steps))
		_, _, tensors, _, err := f.LatestState()
		if err != nil {
			t.Fatal(err)
		}
		var saved []float32
		for _, s := range tensors {
			if strings.HasPrefix(s.Name, "average:") {
				saved = append(saved, s.Data...)
			}
		}
		if len(saved) != len(path[0]) {
			t.Fatalf("%d floats of averages saved, of %d weights", len(saved), len(path[0]))
		}
		near("averages as they are saved", saved, mean(steps))
	})
}

// TestBestOfWeightsAndAverages: what is kept is the better of the two of all validations, and the metrics tell both.
func TestBestOfWeightsAndAverages(t *testing.T) {
	for _, c := range []struct {
		losses   []float64 // of weights and averages, in turn
		step     int
		averaged bool
	}{
		{[]float64{5, 4, 3, 2, 3, 2.5, 4, 3}, 20, true},
		{[]float64{5, 4, 3, 2, 1, 2.5, 4, 3}, 30, false},
		{[]float64{5, 4, 4, 4, 4, 4, 4, 4}, 10, true},
		{[]float64{5, 5, 3, 3, 4, 4, 4, 4}, 20, false},
	} {
		for _, stored := range []bool{false, true} {
			m, dir := model(t), t.TempDir()
			calls := 0
			var seen [][]float32
			cfg := train.Config{Steps: 40, Validations: 4, Shards: 2, Average: 0.8, Validate: func(context.Context) (float64, error) {
				seen = append(seen, weights(m))
				calls++
				return c.losses[calls-1], nil
			}}
			work := func() {
				r, err := train.Run(context.Background(), m, windows(t), cfg)
				if err != nil || r.BestStep != c.step || r.Averaged != c.averaged || r.Best != slices.Min(c.losses) {
					t.Errorf("%v: %+v, %v", c.losses, r, err)
				}
			}
			if stored {
				inFolder(t, dir, true, func(f *checkpoint.Run) { cfg.Folder = f; work() })
				inFolder(t, dir, false, func(f *checkpoint.Run) { cfg.Folder = f; work() }) // finished, and as it was
			} else {
				work()
			}
			if best := slices.Index(c.losses, slices.Min(c.losses)); !slices.Equal(weights(m), seen[best]) {
				t.Errorf("%v, stored=%v: the model is not left with what was best", c.losses, stored)
			}
			if !stored {
				continue
			}
			raw, err := os.ReadFile(filepath.Join(dir, "run", "metrics.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			var told []float64
			for line := range strings.Lines(string(raw)) {
				var at struct {
					Valid   float64 `json:"valid"`
					Average float64 `json:"valid_average"`
				}
				if err := json.Unmarshal([]byte(line), &at); err != nil {
					t.Fatal(err)
				}
				told = append(told, at.Valid, at.Average)
			}
			if !slices.Equal(told, c.losses) {
				t.Errorf("metrics tell %v of %v", told, c.losses)
			}
		}
	}
}

// TestNobodySeesTheAverages: what a model keeps of its weights, packed for products, is that of the averages
// while they are validated, and of the weights again after it.
func TestNobodySeesTheAverages(t *testing.T) {
	m := model(t)
	held := source(22_000)[20_000:]
	loss := func(m interface {
		Evaluate(context.Context, data.Tokens, int, tensor.Precision, int) (float64, int, error)
	},
	) float64 {
		nats, n, err := m.Evaluate(context.Background(), data.List(held), -1, tensor.Float32, 2)
		if err != nil {
			t.Fatal(err)
		}
		return nats / float64(n)
	}
	fresh := func() float64 { // of the same weights in another model
		other := model(t)
		for i, p := range other.Params() {
			copy(p.Value, m.Params()[i].Value)
			p.Changed()
		}
		return loss(other)
	}
	cfg := train.Config{Steps: 12, Validations: 4, Shards: 2, Average: 0.9, Options: train.Options{Rate: 1e-2}}
	calls := 0
	cfg.Validate = func(context.Context) (float64, error) {
		calls++
		got := loss(m)
		if want := fresh(); got != want {
			t.Errorf("validation %d gives %g, and the same weights elsewhere %g", calls, got, want)
		}
		return got, nil
	}
	cfg.Progress = func(p train.Progress) {
		if got, want := loss(m), fresh(); got != want {
			t.Errorf("after step %d the model gives %g, and the same weights elsewhere %g", p.Step, got, want)
		}
	}
	if _, err := train.Run(context.Background(), m, windows(t), cfg); err != nil || calls != 8 {
		t.Fatal(calls, err)
	}
}

// TestFailedValidationOfAverages leaves the weights where they were.
func TestFailedValidationOfAverages(t *testing.T) {
	m := model(t)
	calls := 0
	var before []float32
	_, err := train.Run(context.Background(), m, windows(t), train.Config{Steps: 4, Validations: 1, Shards: 2, Average: 0.5, Validate: func(context.Context) (float64, error) {
		if calls++; calls == 2 {
			return math.Inf(1), nil
		}
		before = weights(m)
		return 1, nil
	}})
	if err == nil || !slices.Equal(before, weights(m)) {
		t.Errorf("%v; the weights are those before: %v", err, slices.Equal(before, weights(m)))
	}
}

// TestAveragesDoNotDependOnCores, nor does what they are swapped by.
func TestAveragesDoNotDependOnCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first []float32
	for _, procs := range []int{1, 3} {
		runtime.GOMAXPROCS(procs)
		m := model(t)
		var last []float32
		_, err := train.Run(context.Background(), m, windows(t), train.Config{Steps: 20, Shards: 3, Average: 0.7, Validations: 2, Validate: func(context.Context) (float64, error) {
			last = weights(m)
			return 1, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = last
		} else if !slices.Equal(first, last) {
			t.Errorf("GOMAXPROCS=%d gives other averages", procs)
		}
	}
}
