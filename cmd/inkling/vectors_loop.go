package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"time"

	"inkling/checkpoint"
	"inkling/internal/kernel"
	"inkling/internal/strictjson"
	"inkling/train"
	"inkling/wordvec"
)

// vectorState is what a state of word vectors says beside its matrices. That of a run which is finished has none: they are
// in the model.
type vectorState struct {
	Step    int     `json:"step"`
	Done    bool    `json:"done"`
	Seconds float64 `json:"seconds"`
	Metrics int64   `json:"metrics"` // bytes
}

// vectorPoint is a line of metrics.jsonl.
type vectorPoint struct {
	Step    int     `json:"step"`
	Seconds float64 `json:"seconds"`
	Loss    float64 `json:"loss"`
	Rate    float64 `json:"rate"`
	Words   int64   `json:"words"`
}

const (
	mostVectorPoints = 1000 // lines of metrics
	saveEach         = time.Minute
)

// train runs until the run is over or the user stops it.
func (s *vectorSitting) train(a *app) (o trainedVectors, err error) {
	loop, err := wordvec.NewTrainer(s.model, s.learn.Text, s.step)
	if err != nil {
		return o, badInput("%s: %w", s.run.Dir(), err)
	}
	p := newProgress(a.err, "words")
	defer p.close()
	a.orderly()
	told := context.AfterFunc(a.ctx, func() {
		p.say("stopping after this step; once more to stop at once, without saving")
	})
	defer told()
	o = trainedVectors{Out: s.run.Dir(), Steps: s.step, Seconds: s.seconds, Vocabulary: len(s.model.Words)}
	began, saved, steps := time.Now(), time.Now(), loop.Steps()
	words, first := float64(s.cfg.Words)*float64(s.cfg.Model.Epochs)*float64(s.step)/float64(steps), -1.0
	for o.Steps < steps && a.ctx.Err() == nil {
		now, err := loop.Step(runtime.GOMAXPROCS(0))
		if err != nil {
			return o, err
		}
		if first < 0 {
			first = words
		}
		o.Steps, o.Seconds, o.Loss = now.Step, s.seconds+time.Since(began).Seconds(), now.Loss
		p.step(train.Progress{
			Step: now.Step, Fraction: float64(now.Step) / float64(steps), Seconds: o.Seconds, Mean: now.Loss, Weight: now.Words - words,
			Valid: math.NaN(), Average: math.NaN(),
		})
		words = now.Words
		if every := (steps + mostVectorPoints - 1) / mostVectorPoints; now.Step%every == 0 || now.Step == steps {
			line, err := json.Marshal(vectorPoint{now.Step, o.Seconds, now.Loss, now.Rate, int64(now.Words)})
			if err != nil {
				return o, badInput("the loss is %g at step %s: the learning rate is too large: make --lr smaller", now.Loss, thousands(now.Step))
			}
			if err := s.run.AppendMetrics(line); err != nil {
				return o, err
			}
		}
		due := time.Since(saved) > saveEach
		if n := s.cfg.CheckpointEvery; n > 0 {
			due = now.Step%n == 0
		}
		if due && now.Step < steps {
			if err := s.save(o, false); err != nil {
				return o, err
			}
			saved = time.Now()
		}
	}
	if took := o.Seconds - s.seconds; took > 0 && first >= 0 {
		o.WordsPerS = (words - first) / took
	}
	if o.Interrupted = o.Steps < steps; o.Interrupted {
		if err := s.save(o, false); err != nil {
			return o, err
		}
	}
	if err := s.run.SaveModel(s.model.Tensors(), nil); err != nil {
		return o, err
	}
	if !o.Interrupted {
		return o, s.save(o, true)
	}
	return o, nil
}

// save saves a state.
func (s *vectorSitting) save(o trainedVectors, done bool) error {
	meta, err := json.Marshal(vectorState{Step: o.Steps, Done: done, Seconds: o.Seconds, Metrics: s.run.MetricsSize()})
	if err != nil {
		return err
	}
	if done {
		s.run.Keep = 1
		return s.run.SaveState(int64(o.Steps), meta, nil)
	}
	return s.run.SaveState(int64(o.Steps), meta, s.model.Tensors())
}

// resumeVectors goes on with a run of word vectors.
func (r *resumeCmd) resumeVectors(a *app, run *checkpoint.Run) error {
	cfg, err := readVectorsConfig(run)
	if err != nil {
		return err
	}
	step, meta, tensors, warnings, err := run.LatestState()
	if err != nil && !errors.Is(err, checkpoint.ErrNoState) {
		return err
	}
	for _, w := range warnings {
		a.note("%s", w)
	}
	var state vectorState
	if err == nil {
		if err := json.Unmarshal(meta, &state); err != nil {
			return badInput("%s: the state of the run cannot be read: %v", run.Dir(), err)
		}
	}
	if state.Done {
		return r.finished(a, state.Step)
	}
	want := cfg.Data
	if r.File != "" {
		cfg.Data.File = r.File
	}
	s, err := newVectorSitting(a, cfg, r.Cache, func(is dataSource) error {
		if is.SHA256 != want.SHA256 {
			return badInput("%s is not the text that this run began with (its hash is %.12s… instead of %.12s…): put that one back, or name it: inkling resume %s FILE",
				cfg.Data.File, is.SHA256, want.SHA256, r.Dir)
		}
		return nil
	})
	if err != nil {
		return err
	}
	defer s.text.close()
	s.run = run
	if err := s.sameVocabulary(); err != nil {
		return err
	}
	if isa := cfg.MadeWith.ISA; isa != "" && isa != kernel.ISA() {
		a.note("the run began with %s and goes on with %s: the result will differ in the last bits", isa, kernel.ISA())
	}
	if len(tensors) > 0 {
		if err := s.model.Restore(tensors); err != nil {
			return badInput("%s: the state of step %d: %w", run.Dir(), step, err)
		}
	}
	s.step, s.seconds = state.Step, state.Seconds
	if err := run.TruncateMetrics(state.Metrics); err != nil {
		return err
	}
	a.note("%s goes on after step %s", r.Dir, thousands(state.Step))
	return s.trainAndReport(a)
}

// sameVocabulary makes sure that rows stand for the words that they stood for. A run that was killed right after its config
// was written has no vocabulary yet, and gets it now.
func (s *vectorSitting) sameVocabulary() error {
	before, err := s.run.ReadFile(wordvec.VocabFile)
	if errors.Is(err, fs.ErrNotExist) {
		return s.run.WriteFile(wordvec.VocabFile, s.vocabulary())
	}
	if err == nil && !bytes.Equal(before, s.vocabulary()) {
		err = badInput("%s: %s is not that of the text: put the one back that the run began with", s.run.Dir(), wordvec.VocabFile)
	}
	return err
}

// readVectorsConfig reads config.json of word vectors.
func readVectorsConfig(run *checkpoint.Run) (*vectorsConfig, error) {
	header, err := wordvec.ReadHeader(run)
	if err != nil {
		return nil, err
	}
	c := new(vectorsConfig)
	raw, err := run.ReadFile("config.json")
	if err != nil {
		return nil, err
	}
	if err := strictjson.Unmarshal(raw, strictjson.Limits{Depth: 8, Values: 4096}, c); err != nil {
		return nil, badInput("%s: config.json is not a config of ours: %w", run.Dir(), err)
	}
	c.Header = header
	v := c.Vocabulary
	switch {
	case v.Split != "" && v.Split != "unicode" && v.Split != "space":
		err = fmt.Errorf("vocabulary.split is %.64q: must be unicode or space", v.Split)
	case v.MinCount < 0 || v.Size < 0 || v.Size > mostVocab:
		err = fmt.Errorf("vocabulary of %d tokens that occur %d times: must be at least 0, and at most %d tokens", v.Size, v.MinCount, mostVocab)
	case c.CheckpointEvery < 0 || c.Data.Bytes < 0 || c.Words < 0:
		err = errors.New("checkpoint_every, data.bytes or words is below 0")
	}
	if err != nil {
		return nil, badInput("%s: config.json: %w", run.Dir(), err)
	}
	return c, nil
}

// isVectors says whether a run is one of word vectors.
func isVectors(run *checkpoint.Run) bool {
	var h struct {
		Kind string `json:"kind"`
	}
	raw, err := run.ReadFile("config.json")
	return err == nil && json.Unmarshal(raw, &h) == nil && h.Kind == wordvec.Kind
}
