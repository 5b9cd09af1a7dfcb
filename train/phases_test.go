package train_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"inkling/checkpoint"
	"inkling/lm"
	"inkling/nn"
	"inkling/tensor"
	"inkling/train"
)

// twoGroups is a model of two parameters, with gradients drawn for so many steps.
func twoGroups(steps int) *given {
	rnd := rand.New(rand.NewPCG(5, 5))
	g := &given{params: nn.Params{tensor.NewParam("a", 3, 4), tensor.NewParam("b", 5)}}
	for range steps {
		grads := map[string]array{}
		for _, p := range g.params {
			x := array{Data: make([]float32, len(p.Value))}
			for i := range x.Data {
				x.Data[i] = float32(rnd.NormFloat64())
			}
			grads[p.Name] = x
		}
		g.grads = append(g.grads, grads)
	}
	return g
}

// alone is the same with one of its parameters and the steps that it takes part in.
func (g *given) alone(name string, steps ...int) *given {
	p := g.params.ByName(name)
	one := &given{params: nn.Params{tensor.NewParam(name, p.Shape...)}}
	for _, s := range steps {
		one.grads = append(one.grads, g.grads[s])
	}
	return one
}

// TestPhasesAreOptimizersOfTheirOwn: two steps of a, one of b and again give the bits of two runs, one of each with its own steps only;
// clipping, decay and the corrections of the first steps included.
func TestPhasesAreOptimizersOfTheirOwn(t *testing.T) {
	for _, o := range train.Optimizers {
		cfg := train.Config{Optimizer: o.Name, Options: train.Options{Rate: 0.1, Decay: 0.1}, Schedule: "constant", Clip: 1.5, Shards: 1}
		both := twoGroups(7)
		a, b := both.params[0], both.params[1]
		runs := []struct {
			g     *given
			turns *train.Turns
		}{
			{both, &train.Turns{Each: []train.Turn{{Steps: 2, Params: nn.Params{a}}, {Steps: 1, Params: nn.Params{b}}}}},
			{both.alone("a", 0, 1, 3, 4, 6), nil},
			{both.alone("b", 2, 5), nil},
		}
		for _, r := range runs {
			cfg.Steps, cfg.Phases = len(r.g.grads), nil
			if r.turns != nil {
				cfg.Phases = r.turns
			}
			if _, err := train.Run(context.Background(), r.g, r.g, cfg); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(a.Value, runs[1].g.params[0].Value) || !slices.Equal(b.Value, runs[2].g.params[0].Value) {
			t.Errorf("%s: turns give a %v and b %v, runs of their own %v and %v", o.Name, a.Value[:3], b.Value[:3], runs[1].g.params[0].Value[:3], runs[2].g.params[0].Value[:3])
		}
		if a.Frozen || b.Frozen {
			t.Errorf("%s: a parameter is left frozen", o.Name)
		}
	}
}

// watched is a model that looks which parameters gather a gradient.
type watched struct {
	*given
	trained []string // by step
}

func (w *watched) Loss(tp *tensor.Tape, step atStep, carry []float32) *tensor.Tensor {
	names := ""
	for _, p := range w.params {
		if tp.Trains(p) {
			names += p.Name
		}
	}
	w.trained = append(w.trained, names)
	return w.given.Loss(tp, step, carry)
}

// rowsAnd is a sparse parameter, and one that is not.
type rowsAnd struct {
	rowModel
	b *tensor.Param
}

func (m rowsAnd) Params() nn.Params { return nn.Params{m.b, m.p} }
func (m rowsAnd) Loss(tp *tensor.Tape, b rowBatch, carry []float32) *tensor.Tensor {
	return tensor.Add(tp, m.rowModel.Loss(tp, b, carry), tensor.Sum(tp, tp.Use(m.b)))
}

// TestSparsePhases: a sparse parameter, too, counts its own steps, and no row moves while it rests.
func TestSparsePhases(t *testing.T) {
	table := func() *tensor.Param {
		p := tensor.NewParam("rows", 4, 2)
		p.Sparse = true
		return p
	}
	both := rowsAnd{rowModel{table()}, tensor.NewParam("b", 3)}
	turns := &train.Turns{Each: []train.Turn{{Steps: 2, Params: nn.Params{both.b}}, {Steps: 1, Params: nn.Params{both.p}}}}
	cfg := train.Config{Steps: 6, Schedule: "constant", Options: train.Options{Rate: 0.1}, Shards: 1, Phases: turns, Clip: -1}
	if _, err := train.Run(context.Background(), both, rowSource{{0, 1}, {3}, {1, 2}, {3}, {0, 3}, {2}}, cfg); err != nil {
		t.Fatal(err)
	}
	one := rowModel{table()}
	cfg.Steps, cfg.Phases = 2, nil
	if _, err := train.Run(context.Background(), one, rowSource{{1, 2}, {2}}, cfg); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(both.p.Value, one.p.Value) || both.p.Value[0] != 0 || both.p.Value[2] == 0 {
		t.Errorf("turns give rows %v, a run of its own %v", both.p.Value, one.p.Value)
	}
}

// TestWhatRestsCostsNothing: no gradient of it is gathered, its weights are not looked at anew, and the norm is that of the others.
func TestWhatRestsCostsNothing(t *testing.T) {
	w := &watched{given: twoGroups(5)}
	a, b := w.params[0], w.params[1]
	turns := &train.Turns{Each: []train.Turn{{Steps: 1, Params: nn.Params{b}, Rate: 0.5}, {Steps: 1}, {Steps: 2, Params: nn.Params{a}}}}
	var norms, rates []float64
	var versions [][2]uint64
	_, err := train.Run(context.Background(), w, w, train.Config{
		Steps: 5, Shards: 1, Schedule: "constant", Options: train.Options{Rate: 0.25}, Phases: turns,
		Progress: func(p train.Progress) {
			norms, rates = append(norms, p.Norm), append(rates, p.Rate)
			versions = append(versions, [2]uint64{a.Version(), b.Version()})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"b", "ab", "a", "a", "b"}; !slices.Equal(w.trained, want) {
		t.Errorf("gradients of %q, want %q", w.trained, want)
	}
	if want := []float64{0.125, 0.25, 0.25, 0.25, 0.125}; !slices.Equal(rates, want) {
		t.Errorf("rates %v, want %v", rates, want)
	}
	if want := [][2]uint64{{0, 1}, {1, 2}, {2, 2}, {3, 2}, {3, 3}}; !slices.Equal(versions, want) {
		t.Errorf("versions of the parameters %v, want %v", versions, want)
	}
	for step, names := range w.trained {
		squares := 0.0
		for _, name := range strings.Split(names, "") {
			for _, g := range w.grads[step][name].Data {
				squares += float64(g) * float64(g)
			}
		}
		if want := math.Sqrt(squares); math.Abs(norms[step]-want) > 1e-5*want {
			t.Errorf("step %d: norm %g, want %g", step, norms[step], want)
		}
	}
}

// TestAveragesOfPhases: the average is that of all weights over all steps, those included in which one rested.
func TestAveragesOfPhases(t *testing.T) {
	const decay = 0.8
	g := twoGroups(6)
	turns := &train.Turns{Each: []train.Turn{{Steps: 2, Params: g.params[:1]}, {Steps: 1, Params: g.params[1:]}}}
	var seen [][]float32 // at each call: the weights, and their averages
	_, err := train.Run(context.Background(), g, g, train.Config{
		Steps: 6, Validations: 6, Shards: 1, Options: train.Options{Rate: 0.1}, Average: decay, Phases: turns,
		Validate: func(context.Context) (float64, error) {
			seen = append(seen, append(slices.Clone(g.params[0].Value), g.params[1].Value...))
			return 1, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for step := range 6 {
		for i, got := range seen[2*step+1] {
			sum, all := 0.0, 0.0
			for s := range step + 1 {
				share := math.Pow(decay, float64(step-s))
				sum, all = sum+share*float64(seen[2*s][i]), all+share
			}
			if want := sum / all; math.Abs(float64(got)-want) > 1e-5 {
				t.Fatalf("step %d, weight %d: average %g, want %g", step+1, i, got, want)
			}
		}
	}
}

// fickle are phases that go by what steps cost: the embedding as long as the loss falls, then the rest once, now and then all.
type fickle struct {
	Before float64 `json:"before"`
	Seen   int     `json:"seen"`
	model  *lm.Model
	asked  []float64
}

func (f *fickle) Next(last float64) (nn.Params, float64, error) {
	f.asked = append(f.asked, last)
	fell := last < f.Before
	if f.Seen++; !math.IsNaN(last) {
		f.Before = last
	}
	switch {
	case f.Seen%5 == 0:
		return nil, 1, nil
	case fell:
		return f.model.Params()[:1], 2, nil
	}
	return f.model.Params()[1:], 1, nil
}

// TestPhasesResume: a run of several kinds of step that is stopped and resumed several times gives the bits of a run in one piece.
func TestPhasesResume(t *testing.T) {
	const steps = 40
	whole, parts := t.TempDir(), t.TempDir()
	var asked, losses []float64
	once := func(dir string, create bool, stop int) {
		inFolder(t, dir, create, func(folder *checkpoint.Run) {
			ctx, cancel := context.WithCancel(context.Background())
			m := largeVocabulary(t, true)
			phases := &fickle{model: m}
			_, err := train.Run(ctx, m, windows(t), train.Config{
				Steps: steps, Shards: 2, Seed: 11, Validations: 4, Average: 0.9, Folder: folder, Phases: phases, Validate: heldOut(m), Options: train.Options{Rate: 0.02},
				Progress: func(p train.Progress) {
					losses = append(losses, p.Loss)
					if p.Step == stop {
						cancel()
					}
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			asked = append(asked, phases.asked...)
		})
	}
	once(whole, true, steps)
	inOne := asked
	if !slices.Equal(inOne[1:], losses[:steps-1]) {
		t.Errorf("the phases were told %v, and the losses are %v", inOne, losses)
	}
	asked = nil
	for i, stop := range []int{1, 6, 17, 18, steps} {
		once(parts, i == 0, stop)
	}
	if !math.IsNaN(inOne[0]) || len(inOne) != steps || !slices.Equal(inOne[1:], asked[1:]) {
		t.Errorf("the phases were told %v, and in parts %v", inOne, asked)
	}
	same(t, "phases", whole, parts)
}

// stuck are phases that cannot say what to do.
type stuck struct{ err error }

func (s stuck) Next(float64) (nn.Params, float64, error) { return nn.Params{}, 1, s.err }

func TestPhasesThatCannotBe(t *testing.T) {
	g := twoGroups(4)
	fault := errors.New("no idea")
	if _, err := train.Run(context.Background(), g, g, train.Config{Steps: 2, Phases: stuck{fault}}); !errors.Is(err, fault) {
		t.Errorf("an error of phases gives %v", err)
	}
	if _, err := train.Run(context.Background(), g, g, train.Config{Steps: 2, Phases: stuck{}}); err == nil || !strings.Contains(err.Error(), "changes no parameter") {
		t.Errorf("a step of nothing gives %v", err)
	}
	turns := func() *train.Turns { return &train.Turns{Each: []train.Turn{{Steps: 1}}} }
	for name, kinds := range map[string][2]train.Phases{
		"phases left out":        {turns(), nil},
		"phases that come anew":  {nil, turns()},
		"turns that are shorter": {&train.Turns{Each: []train.Turn{{Steps: 4}}}, turns()},
	} {
		dir := t.TempDir()
		for i, phases := range kinds {
			inFolder(t, dir, i == 0, func(f *checkpoint.Run) {
				g := twoGroups(4)
				ctx, cancel := context.WithCancel(context.Background())
				_, err := train.Run(ctx, g, g, train.Config{Steps: 4, Shards: 1, Folder: f, Phases: phases, Progress: func(p train.Progress) {
					if p.Step == 2 {
						cancel()
					}
				}})
				if (err != nil) != (i == 1) {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
	}
}

// TestAgain: batches come several times each.
func TestAgain(t *testing.T) {
	src := train.Again[atStep]{Source: twoGroups(3), Times: 4}
	for step := range 12 {
		if b, err := src.Batch(step, 0, 1); err != nil || int(b) != step/4 {
			t.Errorf("step %d reads batch %d (%v)", step, b, err)
		}
	}
	if n := src.StepsPerEpoch(); n != 12 {
		t.Errorf("%d steps of an epoch, want 12", n)
	}
}
