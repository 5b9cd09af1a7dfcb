package main

import (
	"inkling/data"
	"inkling/lm"
	"inkling/train"
)

// samplingSchedule is scheduled sampling, of language models. A flag that is nil was not given: the model's own choice.
type samplingSchedule struct {
	ScheduledSampling *string  `help:"Let it read tokens of its own in training, more and more of them: ${enum}." enum:"linear,exponential,inverse-sigmoid" placeholder:"KIND" group:"How"`
	SamplingShare     *float64 `help:"The share of its own tokens that this comes to; 0.25." placeholder:"P" group:"How"`
	SamplingFrom      *float64 `help:"How much of the training is before it begins; 0." placeholder:"SHARE" group:"How"`
	SamplingTo        *float64 `help:"How much of the training is behind when it has come to that; 1." placeholder:"SHARE" group:"How"`
}

// sampling is what the flags ask for.
func (f *samplingSchedule) sampling() (s lm.Sampling, err error) {
	switch {
	case f.ScheduledSampling == nil && f.SamplingShare != nil:
		return s, usage("--sampling-share without --scheduled-sampling: give that too, or leave it out")
	case f.ScheduledSampling == nil && f.SamplingFrom != nil:
		return s, usage("--sampling-from without --scheduled-sampling: give that too, or leave it out")
	case f.ScheduledSampling == nil && f.SamplingTo != nil:
		return s, usage("--sampling-to without --scheduled-sampling: give that too, or leave it out")
	case f.SamplingShare != nil && *f.SamplingShare == 0:
		return s, usage("--sampling-share 0: must be above 0 and at most 1; leave --scheduled-sampling out to train without")
	case f.SamplingTo != nil && *f.SamplingTo == 0:
		return s, usage("--sampling-to 0: must be above --sampling-from and at most 1")
	}
	set(&s.Kind, f.ScheduledSampling)
	set(&s.Share, f.SamplingShare)
	set(&s.From, f.SamplingFrom)
	set(&s.To, f.SamplingTo)
	if err := s.Settle(); err != nil {
		return s, usage("%w", err)
	}
	return s, nil
}

// checkSampling refuses windows in which nothing can be sampled.
func checkSampling(s settings) error {
	if s.Sampling.Kind != "" && s.Time < 2 {
		return usage("--time %d with scheduled sampling: the first token of a window is always the text's, so none would be the model's: read at least 2", s.Time)
	}
	return nil
}

// trained is the model as training sees it.
func (s *sitting) trained() train.Model[data.Window] {
	if s.cfg.Train.Sampling.Kind == "" {
		return s.model
	}
	m := &lm.Scheduled{Model: s.model, Sampling: s.cfg.Train.Sampling}
	if begin := s.text.begin(); begin >= 0 {
		m.Unread = append(ends(s.text.vocab), begin)
	}
	return m
}
