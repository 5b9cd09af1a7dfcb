package main

import (
	"errors"
	"fmt"
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
		bound{"--time", t.Time, 1, mostTime},
	)
	if err != nil {
		return err
	}
	err = checkNumbers(
		number{"dropout", t.Dropout, func(v float64) bool { return v >= 0 && v < 1 }, "at least 0 and below 1"},
		number{"dropout-out", t.DropoutOut, func(v float64) bool { return v >= 0 && v < 1 }, "at least 0 and below 1"},
		number{"dropout-in", t.DropoutIn, func(v float64) bool { return v >= 0 && v < 1 }, "at least 0 and below 1"},
	)
	if err != nil {
		return err
	}
	if t.Tied && t.Embed != nil && *t.Embed == 0 {
		return usage("--tied needs an embedding to share: leave --embed out, or give it the size of --hidden")
	}
	if err := t.checkTokens(); err != nil {
		return err
	}
	if _, err := t.sampling(); err != nil {
		return err
	}
	if err := t.checkArchitecture(); err != nil {
		return err
	}
	if err := t.checkOutput(); err != nil {
		return err
	}
	share, notNumber := strconv.ParseFloat(t.Valid, 64)
	if notNumber == nil && share == 0 {
		if err := t.checkHeld(t.Valid); err != nil {
			return err
		}
	}
	return t.checkLoop()
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
	d.ValidShare, d.ValidFile, err = heldOut(t.Valid)
	return d, err
}

// heldOut reads --valid: a share, or a file.
func heldOut(valid string) (part float64, file string, err error) {
	share, notNumber := strconv.ParseFloat(valid, 64)
	switch {
	case notNumber == nil && share >= 0 && share < 1:
		return share, "", nil
	case notNumber == nil:
		if _, err := os.Stat(valid); err != nil {
			return 0, "", usage("--valid %s: must be a share, at least 0 and below 1, or a file", valid)
		}
		fallthrough
	default:
		return 0, valid, nil
	}
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
	if err := cfg.Train.Sampling.Settle(); err != nil {
		return nil, usage("%w", err)
	}
	if err := checkSampling(cfg.Train); err != nil {
		return nil, err
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
		Averaged: t.Average > 0, Accumulated: t.Accumulate > 1, Sampled: t.Sampling.Kind != "",
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
