package main

import (
	"math"
	"time"

	"inkling/tensor"
	"inkling/train"
)

// loopFlags say how long training goes on, and how it steps: what all models have that train.Run trains.
type loopFlags struct {
	Steps  *int           `help:"End after so many steps." placeholder:"N" group:"How long"`
	Epochs *float64       `help:"End after so many passes over the data." placeholder:"N" group:"How long"`
	Budget *time.Duration `help:"End after this time, and, of a language model, choose sizes to fit it; reading the data, measuring the speed and the last table come on top." placeholder:"10m" group:"How long"`

	Patience *int `help:"End when so many validations in a row bring no new best, if nothing else ends the run before." placeholder:"N" group:"How long"`

	Batch            *int     `help:"Examples of a step; of running text, lanes read side by side." placeholder:"N" group:"How"`
	Accumulate       *int     `help:"Batches whose gradients make one step; 1." placeholder:"K" group:"How"`
	LR               *float64 `name:"lr" help:"Learning rate at its highest." placeholder:"R" group:"How"`
	Optimizer        string   `help:"${enum}." enum:"${optimizers}" default:"${optimizer}" group:"How"`
	Momentum         *float64 `help:"Of sgd; the first beta of adam and adamw." placeholder:"M" group:"How"`
	Beta2            *float64 `name:"beta2" help:"The second beta of adam and adamw; alpha of rmsprop." placeholder:"B" group:"How"`
	Average          *float64 `help:"Average the weights over the steps, with this decay, and keep the average where it is better on what is held out; 0.999 or so." placeholder:"DECAY" group:"How"`
	Decay            float64  `help:"Weight decay." placeholder:"D" group:"How"`
	Schedule         string   `help:"Of the learning rate: ${enum}." enum:"${schedules}" default:"${schedule}" group:"How"`
	ScheduleFactor   *float64 `help:"What step and plateau multiply the rate by at each drop; 0.5." placeholder:"F" group:"How"`
	ScheduleAfter    *int     `help:"Passes over the data at the full rate before step drops it with each; by tenths of the run unless given." placeholder:"N" group:"How"`
	SchedulePatience *int     `help:"Validations without a new best before plateau drops the rate; 2." placeholder:"N" group:"How"`
	Clip             *float64 `help:"Largest norm of the gradient; 0: any. 1, and of a VAE 0." placeholder:"NORM" group:"How"`
	Seed             uint64   `help:"Of the first weights, dropout and the order of the data." default:"1" group:"How"`
	Precision        string   `help:"Of matrix products: ${enum}; auto is bfloat16 where the processor is fast at it." enum:"auto,float32,bfloat16" default:"auto" group:"How"`
	Shards           *int     `help:"Parts of a batch, one a core; results depend on it." placeholder:"N" group:"How"`

	Validations     *int `help:"How often what is held out is measured, spread over the run; 20, and fewer where they would take too much of a budget." placeholder:"N" group:"Along the way"`
	CheckpointEvery int  `help:"Steps from one saved state to the next; once a minute unless given." placeholder:"STEPS" group:"Along the way"`
	Keep            int  `help:"Saved states to keep; the best weights are kept apart." default:"2" placeholder:"N" group:"Along the way"`
}

// checkLoop refuses values that no run could have.
func (t *loopFlags) checkLoop() error {
	err := check(
		bound{"--batch", t.Batch, 1, mostLanes},
		bound{"--steps", t.Steps, 1, unbounded},
		bound{"--shards", t.Shards, 1, mostShards},
		bound{"--validations", t.Validations, 1, mostValidations},
		bound{"--checkpoint-every", &t.CheckpointEvery, 0, unbounded},
		bound{"--keep", &t.Keep, 1, mostStates},
		bound{"--accumulate", t.Accumulate, 1, mostAccumulate},
		bound{"--patience", t.Patience, 1, mostValidations},
		bound{"--schedule-after", t.ScheduleAfter, 1, unbounded},
		bound{"--schedule-patience", t.SchedulePatience, 1, mostValidations},
	)
	if err != nil {
		return err
	}
	err = checkNumbers(
		number{"momentum", t.Momentum, func(v float64) bool { return v >= 0 && v < 1 }, "at least 0 and below 1"},
		number{"beta2", t.Beta2, func(v float64) bool { return v >= 0 && v < 1 }, "at least 0 and below 1"},
		number{"decay", &t.Decay, func(v float64) bool { return v >= 0 && v <= math.MaxFloat32 }, "at least 0"},
		number{"clip", t.Clip, func(v float64) bool { return v >= 0 }, "at least 0"},
		number{"lr", t.LR, func(v float64) bool { return v > 0 && v <= math.MaxFloat32 }, "above 0"},
		number{"average", t.Average, func(v float64) bool { return v > 0 && v < 1 }, "above 0 and below 1"},
		number{"schedule-factor", t.ScheduleFactor, func(v float64) bool { return v > 0 && v < 1 }, "above 0 and below 1"},
		number{"epochs", t.Epochs, func(v float64) bool { return v > 0 && v < 1e9 }, "above 0"},
	)
	if err != nil {
		return err
	}
	if t.Budget != nil && *t.Budget <= 0 {
		return usage("--budget %v: must be above 0, as in 90s, 10m or 2h", *t.Budget)
	}
	if err := t.checkSchedule(); err != nil {
		return err
	}
	return t.checkOptimizer()
}

// checkSchedule refuses what the schedule does not have.
func (t *loopFlags) checkSchedule() error {
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
	return nil
}

// checkHeld refuses what goes by validations if --valid says that there are none.
func (t *loopFlags) checkHeld(valid string) error {
	for _, needs := range []struct {
		given bool
		flag  string
	}{
		{t.Patience != nil, "--patience"}, {t.Average != nil, "--average"}, {t.Schedule == "plateau", "--schedule plateau"},
	} {
		if needs.given {
			return usage("%s goes by what is held out, and --valid %s holds nothing out: leave one of them out", needs.flag, valid)
		}
	}
	return nil
}

// checkOptimizer refuses what the optimizer does not have, and a zero that train would take for a
// default.
func (t *loopFlags) checkOptimizer() error {
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

// settings completes those of training: what the flags say, and else the usual.
func (t *loopFlags) settings(s settings) settings {
	s.Optimizer, s.Options = t.Optimizer, usualOptions[t.Optimizer]
	s.Schedule, s.ScheduleOptions = t.Schedule, usualSchedules[t.Schedule]
	s.Clip, s.Seed, s.Accumulate, s.Precision = valueOr(t.Clip, s.Clip), t.Seed, 1, t.Precision
	s.Validations, s.CheckpointEvery, s.Keep = defaultValidations, t.CheckpointEvery, t.Keep
	if s.Clip == 0 {
		s.Clip = -1 // train's word for no clipping, where 0 is the default
	}
	if t.Precision == "auto" {
		s.Precision = "float32"
		if tensor.HasBFloat16() {
			s.Precision = "bfloat16"
		}
	}
	for _, k := range train.Optimizers {
		if k.Name == t.Optimizer {
			s.Options.Rate = k.Rate
		}
	}
	set(&s.Options.Momentum, t.Momentum)
	set(&s.Options.Beta2, t.Beta2)
	s.Options.Decay = t.Decay
	set(&s.ScheduleOptions.Factor, t.ScheduleFactor)
	set(&s.ScheduleOptions.After, t.ScheduleAfter)
	set(&s.ScheduleOptions.Patience, t.SchedulePatience)
	set(&s.Accumulate, t.Accumulate)
	set(&s.Patience, t.Patience)
	set(&s.Average, t.Average)
	set(&s.Steps, t.Steps)
	set(&s.Epochs, t.Epochs)
	set(&s.Budget, (*duration)(t.Budget))
	return s
}
