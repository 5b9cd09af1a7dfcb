package train

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"time"

	"inkling/internal/kernel"
	"inkling/nn"
	"inkling/tensor"
)

// loop is a run under way.
type loop struct {
	cfg           Config
	all, params   nn.Params // of the model, and those of them that train
	shards        int
	workers       int
	stepsPerEpoch int
	opt           Optimizer
	schedule      *Schedule
	loss          func(tp *tensor.Tape, step, shard int) (*tensor.Tensor, float64, error)
	placed        Placed // nil: the loss is the same at all places of the run

	tapes           []*tensor.Tape
	grads           [][][]float32 // by shard and parameter
	sum             [][]float32   // of all gradients of a step, by parameter: the first shard's, unless a step has several windows
	slots           [][][]float32 // of the optimizer, by parameter
	averages        [][]float32   // of the weights, by parameter; nil: none are kept
	carries         [][]float32   // by shard
	rests           []bool        // by parameter: takes no part in the step at hand
	pieces, sparse  []piece       // of the parameters that are not sparse, and of those that are
	rows            *tensor.Tape  // the sum of all sparse gradients of a step
	rowPieces       []rowPiece    // of what they touched
	squares         []float64     // by piece: the sum of squares of the gradient
	losses, weights []float64     // by shard
	errs            []error

	state   state
	saver   *saver // nil without a folder
	last    Progress
	clock   *stopwatch
	longest laps
	best    [][]float32 // the best weights by validation; nil before the first
}

// laps are the longest of each kind.
type laps struct{ step, validation, save time.Duration }

// now is the clock, which tests replace.
var now = time.Now

func newLoop(cfg Config, params nn.Params, shards, stepsPerEpoch int) (*loop, error) {
	if err := cfg.complete(stepsPerEpoch); err != nil {
		return nil, err
	}
	if shards < 1 {
		return nil, fmt.Errorf("%d shards: must be at least 1", shards)
	}
	l := &loop{
		cfg: cfg, shards: shards, workers: runtime.GOMAXPROCS(0), stepsPerEpoch: stepsPerEpoch,
		losses: make([]float64, shards), weights: make([]float64, shards), errs: make([]error, shards),
	}
	l.all = params
	for _, p := range params {
		if !p.Frozen {
			l.params = append(l.params, p)
		}
	}
	var err error
	if l.opt, err = newOptimizer(cfg.Optimizer, &l.cfg.Options); err != nil {
		return nil, err
	}
	if l.schedule, err = newSchedule(cfg.Schedule, &l.cfg.ScheduleOptions); err != nil {
		return nil, err
	}
	if l.schedule.Validated && cfg.Validate == nil {
		return nil, fmt.Errorf("schedule %s goes by validations, and there are none: hold something out, or choose another", cfg.Schedule)
	}
	for _, p := range l.params {
		slots := make([][]float32, l.opt.Slots())
		for k := range slots {
			slots[k] = kernel.Floats(len(p.Value))
		}
		l.slots = append(l.slots, slots)
		if cfg.Average > 0 {
			l.averages = append(l.averages, make([]float32, len(p.Value)))
		}
	}
	l.rests = make([]bool, len(l.params))
	if cfg.Phases != nil {
		l.state.Taken = make([]int, len(l.params))
	}
	l.pieces, l.sparse = cut(l.params, false), cut(l.params, true)
	l.squares = make([]float64, len(l.pieces))
	l.makeTapes()
	return l, nil
}

func (l *loop) run(ctx context.Context) (Result, error) {
	if err := l.restore(); err != nil {
		return Result{}, err
	}
	if l.cfg.Folder != nil {
		l.saver = &saver{folder: l.cfg.Folder}
		defer l.saver.wait() // also after an error, since the folder is closed then
	}
	l.clock = newStopwatch(now)
	saved := l.state.Seconds
	if l.state.Step == 0 {
		if err := l.save(); err != nil { // so that a run killed before its first checkpoint can resume
			return Result{}, err
		}
	}
	for !l.over() && ctx.Err() == nil {
		kind, err := l.choose()
		if err != nil {
			return Result{}, err
		}
		rate := kind * l.cfg.Options.Rate * l.schedule.Factor(l.cfg.ScheduleOptions, l.place())
		if l.placed != nil {
			l.placed.Placed(l.fraction())
		}
		loss, weight, norm, err := l.step(rate)
		if err != nil {
			return Result{}, err
		}
		l.state.Step++
		l.state.LastLoss = loss
		l.count(&l.longest.step)
		l.state.Weight += weight
		l.state.LossSum += loss * weight
		l.state.LossWeight += weight

		p := l.progress(rate, loss, norm, weight)
		l.last = p
		if due := int(l.fraction() * float64(l.cfg.Validations)); due > l.state.Validated || l.over() {
			l.state.Validated = due
			if err := l.validate(ctx, &p); err != nil {
				return Result{}, err
			}
			p.Seconds, p.Fraction = l.state.Seconds, l.fraction()
		}
		if l.cfg.Progress != nil {
			l.cfg.Progress(p)
		}
		if err := l.saved(false); err != nil {
			return Result{}, err
		}
		if every := l.cfg.CheckpointEvery; every > 0 && l.state.Step%every == 0 || every == 0 && l.state.Seconds-saved > saveEvery {
			if err := l.save(); err != nil {
				return Result{}, err
			}
			l.count(&l.longest.save)
			saved = l.state.Seconds
		}
	}
	ended := l.over()                    // once and for all: what the last validation takes moves the end of a budget
	if ended && l.state.LossWeight > 0 { // the budget ended between validations: what was learnt since counts too
		p := l.last
		p.Fraction = l.fraction()
		if err := l.validate(ctx, &p); err != nil {
			return Result{}, err
		}
		if l.cfg.Progress != nil {
			l.cfg.Progress(p)
		}
	}
	l.state.Done = ended
	if err := l.save(); err != nil {
		return Result{}, err
	}
	if err := l.saved(true); err != nil {
		return Result{}, err
	}
	if err := l.finish(); err != nil {
		return Result{}, err
	}
	return l.result(!ended), nil
}

const saveEvery = 60 // seconds of training, unless steps are given

// count adds what passed since the last count to the time of training.
func (l *loop) count(longest *time.Duration) (seconds float64) {
	d, jump := l.clock.lap(longest)
	if jump != 0 {
		l.warn(fmt.Sprintf("the clock jumped by %v, which is not counted", jump.Round(time.Second)))
	}
	l.state.Seconds += d.Seconds()
	return d.Seconds()
}

func (l *loop) result(interrupted bool) Result {
	r := Result{
		Steps: l.state.Step, Seconds: l.state.Seconds, Weight: l.state.Weight, Loss: l.state.Mean,
		Best: math.NaN(), BestStep: l.state.BestStep, Averaged: l.state.BestAverage,
		Early: l.stalled() && l.fraction() < 1, Interrupted: interrupted,
	}
	if l.state.Judged {
		r.Best = l.state.Best
	}
	return r
}

// fraction of the run that is behind, by whichever of steps and budget is further.
func (l *loop) fraction() float64 {
	f := 0.0
	if l.cfg.Steps > 0 {
		f = float64(l.state.Step) / float64(l.cfg.Steps)
	}
	if l.cfg.Budget > 0 {
		f = max(f, l.state.Seconds/l.usable())
	}
	return min(f, 1)
}

// usable is the budget without what the last validation and the last save will take of it.
func (l *loop) usable() float64 {
	b := l.cfg.Budget.Seconds()
	return max(b-l.state.ValidSeconds-l.state.SaveSeconds, 0.5*b)
}

func (l *loop) over() bool { return l.state.Done || l.fraction() >= 1 || l.stalled() }

// epoch is how many passes over the data are behind.
func (l *loop) epoch() float64 {
	return float64(l.state.Step*l.cfg.Accumulate) / float64(l.stepsPerEpoch)
}

func (l *loop) place() Place {
	return Place{Fraction: l.fraction(), Epoch: l.epoch(), Plateaus: l.state.Plateaus}
}

func (l *loop) progress(rate, loss, norm, weight float64) Progress {
	p := Progress{
		Step: l.state.Step, Fraction: l.fraction(), Seconds: l.state.Seconds,
		Epoch: l.epoch(), Rate: rate, Loss: loss, Norm: norm, Weight: weight,
		Mean: l.state.LossSum / l.state.LossWeight, Valid: math.NaN(), Average: math.NaN(), Best: math.NaN(),
	}
	if l.state.Judged {
		p.Valid, p.Best = l.state.Valid, l.state.Best
		if l.averages != nil {
			p.Average = l.state.ValidAverage
		}
	}
	return p
}
