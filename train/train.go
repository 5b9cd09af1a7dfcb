// Package train is the loop that fits a model to data: shards of a batch on all cores, an optimizer
// and its schedule, validation, a budget in steps or wall time, and a state that can be saved at
// any step and gone on from with the same bits.
//
// It knows models by two small interfaces and never imports one.
package train

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"time"

	"inkling/checkpoint"
	"inkling/nn"
	"inkling/tensor"
)

// A Batch is what one shard of one step reads.
type Batch interface {
	// Weight is what the shard's loss is a sum over: tokens, examples.
	Weight() float64
}

// A Model puts the loss of a batch on a tape.
type Model[B Batch] interface {
	Params() nn.Params
	// CarryFloats is the size of the state that goes from step to step within a shard; 0 for none.
	CarryFloats(batch B) int
	// Loss is the summed loss of one shard's batch in nats. It may read carry and leaves there the state after it.
	Loss(tp *tensor.Tape, batch B, carry []float32) *tensor.Tensor
}

// Placed is what a model offers whose loss changes over the run: before each step it is told how much of the run is behind, from 0 to 1,
// as a schedule of the learning rate is.
type Placed interface{ Placed(fraction float64) }

// A Source gives batches. Batch is a pure function of its arguments, so a position is a number. It fails only if
// what it reads cannot be read.
type Source[B Batch] interface {
	Batch(step, shard, shards int) (B, error)
	StepsPerEpoch() int
}

// Config says how to train. A zero value means the default given here.
type Config struct {
	Steps  int           // ends the run after so many steps
	Epochs float64       // or after so many passes over the data
	Budget time.Duration // or at this wall time, validation and saving included. The first reached ends the run; one of the three is needed

	Optimizer       string          // "adamw"
	Options         Options         // of the optimizer: its rate, momenta and decay
	Schedule        string          // "onecycle"
	ScheduleOptions ScheduleOptions // when it drops, and by how much
	Clip            float64         // global norm of the gradient; 1; negative: no clipping
	// Accumulate is how many successive batches of the source make one step; 1. Their gradients add up, and
	// the loss is the mean over all. Each shard's carried state goes from one to the next and its gradient
	// does not; dropout masks are those of the source's step. Without dropout, the bits are those of batches
	// Accumulate times as large in as many times the shards, each beginning with the state that it has here.
	Accumulate int
	Shards     int              // parts of a batch, one a core; GOMAXPROCS. Results depend on it
	Seed       uint64           // of dropout and all else that is random in training
	Precision  tensor.Precision // of matrix products: Float32 (the zero value) or BFloat16

	Phases Phases // which parameters each step changes; nil: all

	Validate    func(context.Context) (float64, error) // mean loss on held-out data; nil: none
	Also        func() map[string]float64              // after each validation: what else its line of metrics is to tell; nil: nothing
	Validations int                                    // how often, spread evenly over the run; 20
	Patience    int                                    // ends the run, whatever else does, after so many validations without a new best; 0: it does not
	Average     float64                                // decay, above 0 and below 1, of a moving average of the weights, measured beside them; 0: none

	Folder          *checkpoint.Run      // where state, metrics and the best weights go; nil: nowhere
	CheckpointEvery int                  // steps between states saved; 0: about once a minute of training
	Progress        func(Progress)       // called after every step, from the training goroutine; nil: silent
	Warn            func(message string) // something the user should know; nil: dropped
}

// Progress tells what a step did.
type Progress struct {
	Step      int
	Fraction  float64 // of the run, 0 to 1
	Epoch     float64
	Seconds   float64 // of training so far, over all sittings
	Rate      float64 // the learning rate
	Loss      float64 // of this step: mean nats
	Mean      float64 // of the steps since the last validation
	Norm      float64 // of the gradient before clipping
	Weight    float64 // what this step's loss is a mean over: tokens, examples
	Validated bool    // Valid is of this step
	Valid     float64 // the latest validation; NaN before the first
	Average   float64 // the same of the averaged weights; NaN before the first and if there are none
	Best      float64 // the best of either; NaN before the first
}

// Result is how a run ended.
type Result struct {
	Steps       int
	Seconds     float64
	Weight      float64 // tokens or examples trained on
	Loss        float64 // mean of the steps since the last validation but one
	Best        float64 // NaN without validation
	BestStep    int
	Averaged    bool // the best weights are averaged ones
	Early       bool // it ended before its time, since validations brought nothing new
	Interrupted bool // the context ended it before its time
}

// Run trains the model until its time is over or ctx ends; the step at hand is always finished and
// the state saved. If the folder holds a state, training goes on from there. The model is left with
// the best weights by validation, or the last without validation, which are in the folder too.
func Run[B Batch](ctx context.Context, m Model[B], src Source[B], cfg Config) (Result, error) {
	shards := cfg.Shards
	if shards == 0 {
		shards = runtime.GOMAXPROCS(0)
	}
	l, err := newLoop(cfg, m.Params(), shards, src.StepsPerEpoch())
	if err != nil {
		return Result{}, err
	}
	carries := make([][]float32, shards)
	for s := range carries {
		b, err := src.Batch(0, s, shards)
		if err != nil {
			return Result{}, err
		}
		if n := m.CarryFloats(b); n > 0 {
			carries[s] = make([]float32, n)
		}
	}
	l.carries = carries
	l.placed, _ = any(m).(Placed)
	l.loss = func(tp *tensor.Tape, step, shard int) (*tensor.Tensor, float64, error) {
		b, err := src.Batch(step, shard, shards)
		if err != nil {
			return nil, 0, err
		}
		return m.Loss(tp, b, carries[shard]), b.Weight(), nil
	}
	return l.run(ctx)
}

func (c *Config) complete(stepsPerEpoch int) error {
	c.Accumulate = cmp.Or(c.Accumulate, 1)
	if c.Epochs > 0 {
		if n := int(c.Epochs*float64(stepsPerEpoch)/float64(c.Accumulate) + 0.5); c.Steps == 0 || n < c.Steps {
			c.Steps = max(1, n)
		}
	}
	switch {
	case c.Steps < 0 || !(c.Epochs >= 0) || c.Budget < 0:
		return fmt.Errorf("%d steps, %g epochs, a budget of %v: must not be negative", c.Steps, c.Epochs, c.Budget)
	case c.Steps == 0 && c.Budget == 0:
		return fmt.Errorf("training without an end: say how many steps or epochs, or give it a budget of time")
	case c.Validations < 0 || c.CheckpointEvery < 0:
		return fmt.Errorf("%d validations, a checkpoint every %d steps: must not be negative", c.Validations, c.CheckpointEvery)
	}
	switch {
	case c.Accumulate < 1 || c.Accumulate > max(stepsPerEpoch, 1):
		return fmt.Errorf("%d windows accumulated into one step: must be at least 1, and at most the %d that the data are read in once", c.Accumulate, stepsPerEpoch)
	case c.Patience < 0 || c.Patience > 0 && c.Validate == nil:
		return fmt.Errorf("a patience of %d validations: must not be negative, and there must be some: hold something out", c.Patience)
	case !(c.Average >= 0 && c.Average < 1):
		return fmt.Errorf("weights averaged with a decay of %g: must be above 0 and below 1, or 0 for no average", c.Average)
	case c.Average > 0 && c.Validate == nil:
		return fmt.Errorf("averaged weights are used where validation says that they are better, and there is none: hold something out, or leave the average out")
	}
	if c.Clip == 0 {
		c.Clip = 1
	}
	if c.Validations == 0 {
		c.Validations = 20
	}
	c.Optimizer = cmp.Or(c.Optimizer, Optimizers[0].Name)
	c.Schedule = cmp.Or(c.Schedule, Schedules[0].Name)
	if c.Precision == tensor.BFloat16 && !tensor.HasBFloat16() {
		return fmt.Errorf("the run asks for bfloat16, and this processor has no matrix units for it: begin one in float32")
	}
	return nil
}
