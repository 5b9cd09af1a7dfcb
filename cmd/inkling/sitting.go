package main

import (
	"bytes"
	"context"
	"math"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/lm"
	"inkling/tensor"
	"inkling/train"
)

// sitting is one go at a run, from its beginning or from where it stopped: what train lm, resume and
// demo have in common.
type sitting struct {
	run     *checkpoint.Run
	cfg     *runConfig
	text    *corpus
	model   *lm.Model
	need    memoryPlan
	windows train.Source[data.Window]
	each    func(p *progress, s train.Progress) // what else to do after a step; may be nil
	page    func() error                        // what else to show with the result; may be nil
}

func newWindows(cfg *runConfig, text *corpus) (train.Source[data.Window], error) {
	if begin := text.begin(); begin >= 0 {
		return data.NewItems(text.train, begin, cfg.Train.Batch, cfg.Train.Time, cfg.Train.Seed)
	}
	return data.NewWindows(text.train, cfg.Train.Batch, cfg.Train.Time, cfg.Train.Seed)
}

// begin writes down what was settled, trains and reports.
func (s *sitting) begin(a *app) error {
	if err := s.record(); err != nil {
		return err
	}
	return s.trainAndReport(a)
}

// record writes down what was settled.
func (s *sitting) record() error {
	if err := s.run.Writable(); err != nil {
		return err
	}
	if err := s.cfg.write(s.run); err != nil {
		return err
	}
	return s.writeTokenizer()
}

// plan tells what memory the run would take.
func (s *sitting) plan(a *app) error {
	if a.json {
		return a.printJSON(map[string]any{"training": s.need, "available": a.memory()})
	}
	printPlans(a, namedPlan{"training", s.need})
	return nil
}

func (s *sitting) tokenizer() ([]byte, error) {
	var b bytes.Buffer
	err := s.text.vocab.WriteTokenizer(&b)
	return b.Bytes(), err
}

func (s *sitting) writeTokenizer() error {
	raw, err := s.tokenizer()
	if err != nil {
		return err
	}
	return s.run.WriteFile("tokenizer.json", raw)
}

func (s *sitting) trainAndReport(a *app) error {
	defer s.text.close()
	result, err := s.train(a)
	if err != nil {
		return err
	}
	o, err := s.judge(a, result)
	if err != nil {
		return err
	}
	if err := s.run.WriteFile("README.md", s.card(o)); err != nil {
		return err
	}
	if err := s.tell(a, o); err != nil {
		return err
	}
	if result.Interrupted {
		return errInterrupted
	}
	return nil
}

// train runs until the run is over or the user stops it.
func (s *sitting) train(a *app) (train.Result, error) {
	loop, err := s.cfg.Train.loop()
	if err != nil {
		return train.Result{}, err
	}
	_, unit := units(s.cfg.Tokens)
	p := newProgress(a.err, unit)
	defer p.close()
	a.orderly()
	told := context.AfterFunc(a.ctx, func() {
		p.say("stopping after this step; once more to stop at once, without saving")
	})
	defer told()
	loop.Folder = s.run
	s.run.Keep = s.cfg.Train.Keep
	loop.Warn = func(message string) { p.say("%s", message) }
	loop.Progress = func(now train.Progress) {
		p.step(now)
		if s.each != nil {
			s.each(p, now)
		}
	}
	if s.text.valid.Len() > 0 {
		loop.Validate = func(ctx context.Context) (float64, error) {
			// A validation that is due belongs to the run: it is not cut short, so that a run that was
			// stopped in the middle of it has the same best weights as one that was not.
			p.measuring(true)
			defer p.measuring(false)
			return s.heldOut(context.WithoutCancel(ctx), loop.Precision)
		}
	}
	return train.Run(a.ctx, s.trained(), s.windows, loop)
}

// heldOut is the mean loss of the held-out text in nats per token. As many workers as shards, whatever
// cores there are: the order of the sum, and so its last bits, must not depend on the machine.
func (s *sitting) heldOut(ctx context.Context, precision tensor.Precision) (float64, error) {
	nats, n, err := s.model.Evaluate(ctx, s.text.valid, s.text.begin(), precision, s.cfg.Train.Shards)
	if err != nil {
		return math.NaN(), err
	}
	return nats / float64(n), nil
}
