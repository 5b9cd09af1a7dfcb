package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"inkling/checkpoint"
	"inkling/lm"
	"inkling/softmax"
	"inkling/train"
)

// trainCmd is inkling train lm.
type trainCmd struct {
	File   string  `arg:"" help:"The text to learn from: a file, a folder, or - for standard input; gzip and zstd are unpacked."`
	Out    string  `help:"Folder of the run; runs/ and the name of the text unless given." placeholder:"DIR"`
	From   string  `help:"Begin with the weights and the vocabulary of another run or model; sizes are those it has." placeholder:"DIR" group:"The model"`
	Output *string `help:"What gives each token its probability: ${enum}; inkling info outputs says what each is." enum:"${outputs}" placeholder:"full" group:"The output layer"`

	trainFlags
	Plan bool `help:"Show the memory that the run would take, and stop." env:"-" group:"Along the way"`
}

func (t *trainCmd) Run(a *app) error {
	if err := t.check(); err != nil {
		return err
	}
	s, err := t.prepare(a)
	if err != nil {
		return err
	}
	if t.Plan {
		return s.plan(a)
	}
	if s.run, err = newRun(t.Out, t.File); err != nil {
		return err
	}
	defer s.run.Close()
	return s.begin(a)
}

// check refuses values that no run could have.
func (t *trainCmd) check() error {
	err := check(
		bound{"--hidden", t.Hidden, 1, mostSize},
		bound{"--layers", t.Layers, 1, mostLayers},
		bound{"--embed", t.Embed, 0, mostSize},
		bound{"--context", t.Context, 1, mostContext},
		bound{"--batch", t.Batch, 1, mostLanes},
		bound{"--time", t.Time, 1, mostTime},
		bound{"--steps", t.Steps, 1, unbounded},
		bound{"--shards", t.Shards, 1, mostShards},
		bound{"--validations", t.Validations, 1, mostValidations},
		bound{"--checkpoint-every", &t.CheckpointEvery, 0, unbounded},
		bound{"--keep", &t.Keep, 1, mostStates},
		bound{"--accumulate", t.Accumulate, 1, mostAccumulate},
		bound{"--patience", t.Patience, 1, mostValidations},
		bound{"--min-count", t.MinCount, 1, unbounded},
		bound{"--schedule-after", t.ScheduleAfter, 1, unbounded},
		bound{"--schedule-patience", t.SchedulePatience, 1, mostValidations},
	)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		value *float64
		fits  func(float64) bool
		must  string
	}{
		{"dropout", t.Dropout, func(v float64) bool { return v >= 0 && v < 1 }, "at least 0 and below 1"},
		{"dropout-out", t.DropoutOut, func(v float64) bool { return v >= 0 && v < 1 }, "at least 0 and below 1"},
		{"dropout-in", t.DropoutIn, func(v float64) bool { return v >= 0 && v < 1 }, "at least 0 and below 1"},
		{"momentum", t.Momentum, func(v float64) bool { return v >= 0 && v < 1 }, "at least 0 and below 1"},
		{"beta2", t.Beta2, func(v float64) bool { return v >= 0 && v < 1 }, "at least 0 and below 1"},
		{"decay", &t.Decay, func(v float64) bool { return v >= 0 && v <= math.MaxFloat32 }, "at least 0"},
		{"clip", &t.Clip, func(v float64) bool { return v >= 0 }, "at least 0"},
		{"lr", t.LR, func(v float64) bool { return v > 0 && v <= math.MaxFloat32 }, "above 0"},
		{"average", t.Average, func(v float64) bool { return v > 0 && v < 1 }, "above 0 and below 1"},
		{"schedule-factor", t.ScheduleFactor, func(v float64) bool { return v > 0 && v < 1 }, "above 0 and below 1"},
		{"epochs", t.Epochs, func(v float64) bool { return v > 0 && v < 1e9 }, "above 0"},
	} {
		if f.value != nil && !f.fits(*f.value) {
			return usage("--%s %g: must be %s", f.name, *f.value, f.must)
		}
	}
	if t.Budget != nil && *t.Budget <= 0 {
		return usage("--budget %v: must be above 0, as in 90s, 10m or 2h", *t.Budget)
	}
	if t.Tied && t.Embed != nil && *t.Embed == 0 {
		return usage("--tied needs an embedding to share: leave --embed out, or give it the size of --hidden")
	}
	if err := t.checkTokens(); err != nil {
		return err
	}
	if err := t.checkArchitecture(); err != nil {
		return err
	}
	if err := t.checkOutput(); err != nil {
		return err
	}
	if err := t.checkSchedule(); err != nil {
		return err
	}
	return t.checkOptimizer()
}

// checkSchedule refuses what the schedule does not have, and what goes by validations if there are none.
func (t *trainCmd) checkSchedule() error {
	drops := usualSchedules[t.Schedule].Factor > 0
	switch {
	case t.ScheduleFactor != nil && !drops:
		return usage("--schedule-factor with --schedule %s, which has none: leave it out, or choose step or plateau", t.Schedule)
	case t.ScheduleAfter != nil && t.Schedule != "step":
		return usage("--schedule-after with --schedule %s, which has none: leave it out, or choose step", t.Schedule)
	case t.SchedulePatience != nil && t.Schedule != "plateau":
		return usage("--schedule-patience with --schedule %s, which has none: leave it out, or choose plateau; to end the run: --patience", t.Schedule)
	case t.Patience != nil && t.Validations != nil && *t.Patience >= *t.Validations:
		return usage("--patience %d with --validations %d would end nothing: it must be less", *t.Patience, *t.Validations)
	}
	if share, err := strconv.ParseFloat(t.Valid, 64); err != nil || share != 0 {
		return nil
	}
	for _, needs := range []struct {
		given bool
		flag  string
	}{
		{t.Patience != nil, "--patience"}, {t.Average != nil, "--average"}, {t.Schedule == "plateau", "--schedule plateau"},
	} {
		if needs.given {
			return usage("%s goes by the held-out text, and --valid %s holds nothing out: leave one of them out", needs.flag, t.Valid)
		}
	}
	return nil
}

// checkOptimizer refuses what the optimizer does not have, and a zero that train would take for a
// default.
func (t *trainCmd) checkOptimizer() error {
	switch usual := usualOptions[t.Optimizer]; {
	case t.Momentum != nil && usual.Momentum == 0 && t.Optimizer != "sgd":
		return usage("--momentum with --optimizer %s, which has none: leave it out, or choose sgd", t.Optimizer)
	case t.Momentum != nil && *t.Momentum == 0 && usual.Momentum > 0:
		return usage("--momentum 0 with --optimizer %s: must be above 0; it is %g if you leave it out", t.Optimizer, usual.Momentum)
	case t.Beta2 != nil && usual.Beta2 == 0:
		return usage("--beta2 with --optimizer %s, which has none: leave it out, or choose adamw", t.Optimizer)
	case t.Beta2 != nil && *t.Beta2 == 0:
		return usage("--beta2 0: must be above 0; it is %g if you leave it out", usual.Beta2)
	}
	return nil
}

// prepare reads the text and settles everything, before anything is written.
func (t *trainCmd) prepare(a *app) (*sitting, error) {
	from, err := t.inherit()
	if err != nil {
		return nil, err
	}
	text, err := t.corpus(a, from)
	if err != nil {
		return nil, err
	}
	s, err := t.sit(a, text, from)
	if err != nil || from == nil {
		return s, err
	}
	a.note("the first weights are those of %s", t.From)
	return s, from.adopt(s.model)
}

// corpus reads the text.
func (t *trainCmd) corpus(a *app, from *inheritance) (*corpus, error) {
	source, err := t.source()
	if err != nil {
		return nil, err
	}
	tokens := valueOr(t.Tokens, "char")
	if from != nil {
		tokens = from.vocab.Kind
		if err := t.sameItems(&source, from.vocab); err != nil {
			return nil, err
		}
	}
	text, err := readCorpus(a, source, reading{kind: tokens, tokens: t.vocabulary(from), vocab: from.vocabulary(), cache: cache{t.Cache}})
	if err != nil {
		return nil, err
	}
	if err := text.source.absolute(); err != nil {
		return nil, err
	}
	for _, n := range text.notes {
		a.note("%s", n)
	}
	one, _ := units(tokens)
	a.note("%s", text.summary(one))
	return text, nil
}

// sit settles every setting for a text and makes the model.
func (t *trainCmd) sit(a *app, text *corpus, from *inheritance) (*sitting, error) {
	if from == nil {
		if err := t.suits(t.model(), text.vocab.Counts); err != nil {
			return nil, err
		}
	}
	cfg := t.settle(a, text, from)
	if err := t.checkVariational(cfg.Model); err != nil {
		return nil, err
	}
	s, err := newSitting(a, cfg, text, "make --hidden, --batch or --time smaller")
	if err != nil {
		return nil, err
	}
	if words := s.cfg.Model.OutputSizes(); words != "" {
		a.note("output layer: %s", words)
	}
	if from != nil {
		return s, nil
	}
	if why := softmax.Why(s.cfg.Model.Output, t.options()); why != "" {
		a.note("because %s", why)
	}
	return s, nil
}

// source is what --valid and the text's name say.
func (t *trainCmd) source() (d dataSource, err error) {
	d.File, d.Ext, d.Lines, d.Field = t.File, t.Ext, t.Lines, t.Field
	share, notNumber := strconv.ParseFloat(t.Valid, 64)
	switch {
	case notNumber == nil && share >= 0 && share < 1:
		d.ValidShare = share
	case notNumber == nil:
		if _, err := os.Stat(t.Valid); err != nil {
			return d, usage("--valid %s: must be a share, at least 0 and below 1, or a file", t.Valid)
		}
		fallthrough
	default:
		d.ValidFile = t.Valid
	}
	return d, nil
}

// newRun makes the folder of a run: the one asked for, or the first free one of runs/text, runs/text-2, …
func newRun(out, text string) (*checkpoint.Run, error) {
	if out != "" {
		return checkpoint.Create(out)
	}
	name := runName(text)
	dir := filepath.Join("runs", name)
	for n := 2; ; n++ {
		run, err := checkpoint.Create(dir)
		if err == nil || !errors.Is(err, checkpoint.ErrExists) && !errors.Is(err, checkpoint.ErrInUse) {
			return run, err
		}
		dir = filepath.Join("runs", fmt.Sprintf("%s-%d", name, n))
	}
}

// runName is what a run on a text is called.
func runName(text string) string {
	name := strings.TrimSuffix(filepath.Base(text), filepath.Ext(text))
	if text == "-" || strings.Trim(name, ".") == "" {
		return "text"
	}
	return name
}

// newSitting makes the model and checks that all of it fits, the text and the memory; remedy is what to do
// if it does not.
func newSitting(a *app, cfg *runConfig, text *corpus, remedy string) (*sitting, error) {
	if n := cfg.Train.Shards; n < 1 || n > cfg.Train.Batch {
		return nil, usage("%d shards of a batch of %d lanes: there must be at least 1, and no more than lanes", n, cfg.Train.Batch)
	}
	cfg.Model.Counts, cfg.Model.Seed = text.vocab.Counts, cfg.Train.Seed
	s := &sitting{cfg: cfg, text: text}
	need, err := planTraining(cfg.Model, cfg.Train, text.valid.Len())
	if err != nil {
		return nil, usage("%w", err)
	}
	s.need = newPlan(need, text.vocab, text.memory())
	if err := s.need.check(a.memory(), "this run", remedy); err != nil {
		return nil, err
	}
	s.need.hold()
	if s.windows, err = newWindows(cfg, text); err != nil {
		return nil, err
	}
	if n, all := cfg.Train.Accumulate, s.windows.StepsPerEpoch(); n > all {
		return nil, usage("--accumulate %d: the text has %s of %d × %d tokens: accumulate fewer, or make --batch or --time smaller", n, plural(all, "window"), cfg.Train.Batch, cfg.Train.Time)
	}
	if s.model, err = lm.New(cfg.Model); err != nil {
		return nil, usage("%w", err)
	}
	cfg.Model = s.model.Config
	return s, nil
}

// planTraining is the memory that a run takes beside its text.
func planTraining(m lm.Config, t settings, valid int) (lm.Memory, error) {
	return m.PlanTraining(lm.Training{
		Lanes: t.Batch, Time: t.Time, Shards: t.Shards, Slots: slotsOf(t), Valid: valid, Saved: true, Precision: precisions[t.Precision],
		Averaged: t.Average > 0, Accumulated: t.Accumulate > 1,
	})
}

// slotsOf is how many floats a weight the optimizer keeps.
func slotsOf(s settings) int {
	for _, k := range train.Optimizers {
		if k.Name == s.Optimizer {
			return k.New(s.Options).Slots()
		}
	}
	return 0
}
