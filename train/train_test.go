package train_test

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/lm"
	"inkling/nn"
	"inkling/tensor"
	"inkling/train"
)

// source is a text in which two letters decide the next one, mostly.
func source(n int) []int {
	r := rand.New(rand.NewPCG(1, 1))
	tokens := []int{0, 1}
	for len(tokens) < n {
		next := (tokens[len(tokens)-1] + 2*tokens[len(tokens)-2] + 1) % 7
		if r.IntN(10) == 0 {
			next = r.IntN(7)
		}
		tokens = append(tokens, next)
	}
	return tokens
}

func model(t testing.TB) *lm.Model {
	t.Helper()
	m, err := lm.New(lm.Config{Hidden: 24, Layers: 2, Dropout: 0.1, DropoutOut: 0.1, Counts: make([]int64, 7), Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func windows(t testing.TB) *data.Windows {
	t.Helper()
	w, err := data.NewWindows(data.List(source(20_000)), 6, 12, 5)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func weights(m *lm.Model) (all []float32) {
	for _, p := range m.Params() {
		all = append(all, p.Value...)
	}
	return all
}

func run(t testing.TB, m *lm.Model, cfg train.Config) train.Result {
	t.Helper()
	cfg.Seed = 11
	cfg.Validate = heldOut(m)
	r, err := train.Run(context.Background(), m, windows(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// heldOut measures m on text of the same source.
func heldOut(m *lm.Model) func(context.Context) (float64, error) {
	held := source(24_000)[20_000:]
	return func(ctx context.Context) (float64, error) {
		nats, n, err := m.Evaluate(ctx, data.List(held), -1, tensor.Float32, 2)
		return nats / float64(n), err
	}
}

func TestTrainingLearns(t *testing.T) {
	m := model(t)
	m.Config.Dropout, m.Config.DropoutOut = 0, 0
	r := run(t, m, train.Config{Steps: 1000, Shards: 2, Options: train.Options{Rate: 2e-2}})
	// The source's entropy: nine times in ten the rule (or chance hits it), else one of seven.
	hit := 0.9 + 0.1/7
	entropy := -hit*math.Log(hit) - 6*(0.1/7)*math.Log(0.1/7)
	if r.Best > entropy+0.1 || r.Best < entropy-0.1 {
		t.Errorf("held-out loss %.3f, the source's entropy is %.3f", r.Best, entropy)
	}
}

// TestBitsDependOnSeedAndShardsOnly runs the same training on one core and on several.
func TestBitsDependOnSeedAndShardsOnly(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first []float32
	for _, procs := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(procs)
		m := model(t)
		run(t, m, train.Config{Steps: 40, Shards: 3})
		if first == nil {
			first = weights(m)
		} else if !slices.Equal(first, weights(m)) {
			t.Fatalf("GOMAXPROCS=%d gives other weights", procs)
		}
	}
	bySeed := func(seed uint64) []float32 { // of dropout: batches and first weights are the same
		m := model(t)
		if _, err := train.Run(context.Background(), m, windows(t), train.Config{Steps: 10, Shards: 3, Seed: seed}); err != nil {
			t.Fatal(err)
		}
		return weights(m)
	}
	if !slices.Equal(bySeed(11), bySeed(11)) || slices.Equal(bySeed(11), bySeed(12)) {
		t.Error("the same seed gives other weights, or another seed the same")
	}
}

// TestBestWeightsAreKept: validation that gets worse leaves the model, and the folder, with the earlier weights.
func TestBestWeightsAreKept(t *testing.T) {
	for _, stored := range []bool{false, true} {
		m := model(t)
		var best []float32
		cfg := train.Config{Steps: 40, Shards: 2, Validations: 4}
		calls := 0
		cfg.Validate = func(context.Context) (float64, error) {
			calls++
			if calls == 2 {
				best = weights(m)
			}
			return []float64{0, 3, 1, 2, 4}[calls], nil
		}
		var r train.Result
		work := func() {
			var err error
			if r, err = train.Run(context.Background(), m, windows(t), cfg); err != nil {
				t.Fatal(err)
			}
		}
		dir := t.TempDir()
		if stored {
			inFolder(t, dir, true, func(f *checkpoint.Run) { cfg.Folder = f; work() })
		} else {
			work()
		}
		if calls != 4 || r.BestStep != 20 || r.Best != 1 {
			t.Errorf("%d validations, best %g at step %d", calls, r.Best, r.BestStep)
		}
		if !slices.Equal(weights(m), best) {
			t.Errorf("stored=%v: the model is not left with its best weights", stored)
		}
	}
}

// TestFrozenWeightsStayAndAreSaved: they get no step, and belong to the model on disk.
func TestFrozenWeightsStayAndAreSaved(t *testing.T) {
	m := model(t)
	frozen := m.Params()[1]
	frozen.Frozen = true
	before := slices.Clone(frozen.Value)
	dir := t.TempDir()
	inFolder(t, dir, true, func(f *checkpoint.Run) {
		run(t, m, train.Config{Steps: 6, Shards: 2, Folder: f})
		tensors, _, err := f.LoadModel()
		if err != nil {
			t.Fatal(err)
		}
		if len(tensors) != len(m.Params()) {
			t.Errorf("%d tensors saved of %d", len(tensors), len(m.Params()))
		}
	})
	if !slices.Equal(before, frozen.Value) {
		t.Error("a frozen weight changed")
	}
}

// TestLargeParametersAreStepped: a parameter of several pieces is trained whole.
func TestLargeParametersAreStepped(t *testing.T) {
	g := &given{params: nn.Params{tensor.NewParam("big", 5, 8000)}}
	grad := make([]float32, 40_000)
	for i := range grad {
		grad[i] = float32(i%7) - 3
	}
	g.grads = []map[string]array{{"big": {Data: grad}}}
	_, err := train.Run(context.Background(), g, g, train.Config{Steps: 1, Optimizer: "sgd", Options: train.Options{Rate: 1}, Schedule: "constant", Clip: -1, Shards: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range g.params[0].Value {
		if want := -grad[i]; w != want { // three shards of the same gradient, a mean over three
			t.Fatalf("weight %d is %g, want %g", i, w, want)
		}
	}
}

// TestResumeIsSeamless stops a run at several places and goes on; weights, state and metrics are those of a run in one piece.
func TestResumeIsSeamless(t *testing.T) {
	const steps = 60
	settings := map[string]train.Config{
		"plateau":    {Schedule: "plateau", ScheduleOptions: train.ScheduleOptions{Patience: 1, Factor: 0.7}, Optimizer: "sgd", Options: train.Options{Rate: 3}},
		"averages":   {Average: 0.9},
		"accumulate": {Accumulate: 3},
		"all":        {Schedule: "plateau", ScheduleOptions: train.ScheduleOptions{Patience: 2}, Options: train.Options{Rate: 0.2}, Average: 0.95, Accumulate: 2, Patience: 20, Validations: 20},
	}
	for _, o := range train.Optimizers {
		settings[o.Name] = train.Config{Optimizer: o.Name, Options: train.Options{Rate: 1e-3}}
	}
	for name, cfg := range settings {
		whole, parts := t.TempDir(), t.TempDir()
		cfg.Steps, cfg.Shards, cfg.Validations = steps, 2, max(cfg.Validations, 7)
		rate := 0.0
		cfg.Progress = func(p train.Progress) { rate = p.Rate }
		inFolder(t, whole, true, func(f *checkpoint.Run) { cfg.Folder = f; run(t, model(t), cfg) })
		if cfg.Schedule == "plateau" && rate == cfg.Options.Rate {
			t.Errorf("%s: the rate never dropped: this tests too little", name)
		}
		for i, stop := range []int{1, 13, 37, steps} {
			inFolder(t, parts, i == 0, func(f *checkpoint.Run) {
				c := cfg
				c.Folder = f
				ctx, cancel := context.WithCancel(context.Background())
				c.Progress = func(p train.Progress) {
					if p.Step == stop {
						cancel()
					}
				}
				m := model(t)
				c.Seed = 11
				c.Validate = heldOut(m)
				r, err := train.Run(ctx, m, windows(t), c)
				if err != nil {
					t.Fatal(err)
				}
				if r.Steps != stop || r.Interrupted != (stop < steps) {
					t.Fatalf("stopped at %d, interrupted %v, want %d", r.Steps, r.Interrupted, stop)
				}
			})
		}
		same(t, name, whole, parts)
	}
}

func inFolder(t *testing.T, dir string, create bool, f func(*checkpoint.Run)) {
	t.Helper()
	open := checkpoint.Open
	if create {
		open = checkpoint.Create
	}
	folder, err := open(filepath.Join(dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if create {
		if err := folder.WriteFile("config.json", []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	f(folder)
}

func same(t *testing.T, what, a, b string) {
	t.Helper()
	read := func(dir, file string) string {
		raw, err := os.ReadFile(filepath.Join(dir, "run", file))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if read(a, "model.safetensors") != read(b, "model.safetensors") {
		t.Errorf("%s: the best weights differ", what)
	}
	tensors := func(dir string) (all []checkpoint.Tensor) {
		inFolder(t, dir, false, func(f *checkpoint.Run) {
			var err error
			if _, _, all, _, err = f.LatestState(); err != nil {
				t.Fatal(err)
			}
		})
		return all
	}
	one, two := tensors(a), tensors(b)
	if len(one) != len(two) {
		t.Fatalf("%s: %d tensors of state and %d", what, len(one), len(two))
	}
	for i := range one {
		if one[i].Name != two[i].Name || !slices.Equal(one[i].Data, two[i].Data) {
			t.Errorf("%s: %s of the last state differs", what, one[i].Name)
		}
	}
	metrics := func(dir string) (lines []string) {
		for line := range strings.Lines(read(dir, "metrics.jsonl")) {
			lines = append(lines, line[:strings.Index(line, `,"seconds"`)])
		}
		return lines
	}
	if !slices.Equal(metrics(a), metrics(b)) {
		t.Errorf("%s: metrics differ:\n%v\n%v", what, metrics(a), metrics(b))
	}
}

// TestFailingSaveLosesNothing: a disk that fails in the middle of a run ends it with an error, and what was
// saved before is there, to go on from with the bits of an undisturbed run.
func TestFailingSaveLosesNothing(t *testing.T) {
	const steps = 30
	whole, broken := t.TempDir(), t.TempDir()
	cfg := train.Config{Steps: steps, Shards: 2, CheckpointEvery: 5, Seed: 11}
	inFolder(t, whole, true, func(f *checkpoint.Run) { cfg.Folder = f; run(t, model(t), cfg) })
	inFolder(t, broken, true, func(f *checkpoint.Run) {
		c := cfg
		c.Folder = f
		restore := func() {}
		c.Progress = func(p train.Progress) {
			if p.Step == 17 {
				for began := time.Now(); !exists(broken, "000000015") && time.Since(began) < 20*time.Second; { // another goroutine writes it
					time.Sleep(time.Millisecond)
				}
				restore = checkpoint.SetFaults(&checkpoint.Faults{Write: func(string, int64, int) (int, error) { return 3, syscall.ENOSPC }})
			}
		}
		m := model(t)
		c.Validate = heldOut(m)
		_, err := train.Run(context.Background(), m, windows(t), c)
		restore()
		if err == nil {
			t.Fatal("a full disk went unnoticed")
		}
	})
	inFolder(t, broken, false, func(f *checkpoint.Run) {
		if step, _, _, _, err := f.LatestState(); err != nil || step != 15 {
			t.Fatalf("the state of step %d is there (%v), want that of 15", step, err)
		}
		c := cfg
		c.Folder = f
		run(t, model(t), c)
	})
	same(t, "after a full disk", whole, broken)
}

// exists reports whether the state of a step is on the disk.
func exists(dir, step string) bool {
	_, err := os.Stat(filepath.Join(dir, "run", "state", step+".safetensors"))
	return err == nil
}

func TestFinishedRunStaysFinished(t *testing.T) {
	dir := t.TempDir()
	cfg := train.Config{Steps: 5, Shards: 2}
	inFolder(t, dir, true, func(f *checkpoint.Run) { cfg.Folder = f; run(t, model(t), cfg) })
	inFolder(t, dir, false, func(f *checkpoint.Run) {
		cfg.Folder = f
		if r := run(t, model(t), cfg); r.Steps != 5 || r.Interrupted {
			t.Errorf("a finished run went on to step %d", r.Steps)
		}
	})
}

func TestBudgetEndsInTime(t *testing.T) {
	var last train.Progress
	r := run(t, model(t), train.Config{Budget: time.Second, Shards: 2, Validations: 3, Progress: func(p train.Progress) { last = p }})
	if r.Steps < 2 || math.IsNaN(r.Best) || r.Interrupted {
		t.Errorf("%d steps, best %g, interrupted %v", r.Steps, r.Best, r.Interrupted)
	}
	if last.Fraction < 1 || !last.Validated {
		t.Errorf("ended at %g of the run, validated %v", last.Fraction, last.Validated)
	}
}

func TestDivergenceIsSaid(t *testing.T) {
	m := model(t)
	_, err := train.Run(context.Background(), m, windows(t), train.Config{Steps: 500, Shards: 2, Optimizer: "sgd", Options: train.Options{Rate: 3e38}, Clip: -1, Schedule: "constant"})
	if err == nil || !strings.Contains(err.Error(), "lower learning rate") {
		t.Errorf("divergence gives %v", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, cfg := range map[string]train.Config{
		"no end":         {},
		"negative steps": {Steps: -1},
		"optimizer":      {Steps: 1, Optimizer: "nonsense"},
		"schedule":       {Steps: 1, Schedule: "nonsense"},
		"rate":           {Steps: 1, Options: train.Options{Rate: -1}},
		"momentum":       {Steps: 1, Options: train.Options{Momentum: 1}},
		"shards":         {Steps: 1, Shards: -2},
	} {
		if _, err := train.Run(context.Background(), model(t), windows(t), cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestStepAllocatesLittle counts what a step allocates once the tapes have their memory.
func TestStepAllocatesLittle(t *testing.T) {
	m := model(t)
	var before, after runtime.MemStats
	_, err := train.Run(context.Background(), m, windows(t), train.Config{Steps: 120, Shards: 2, Progress: func(p train.Progress) {
		switch p.Step {
		case 20:
			runtime.ReadMemStats(&before)
		case 120:
			runtime.ReadMemStats(&after)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	n := float64(after.Mallocs-before.Mallocs) / 100
	t.Logf("%.0f allocations a step", n)
	if n > 100 {
		t.Errorf("%.0f allocations a step", n)
	}
}
