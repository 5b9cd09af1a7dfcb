package train

import (
	"context"
	"fmt"
	"math"
)

// validate measures the held-out loss, keeps the weights if they are the best so far, and writes a line of metrics.
func (l *loop) validate(ctx context.Context, p *Progress) error {
	if l.cfg.Validate != nil {
		// Never cut short: a resumed run must have seen the same validations.
		if err := l.judge(context.WithoutCancel(ctx), p); err != nil {
			return err
		}
	}
	l.state.Mean = l.state.LossSum / l.state.LossWeight
	l.state.LossSum, l.state.LossWeight = 0, 0
	l.state.ValidSeconds = l.count(&l.longest.validation)
	return l.writeMetrics(p)
}

// judge measures the weights, and their averages if there are any. The better of the two is what a new best
// is, for the weights that are kept as for whoever waits for one.
func (l *loop) judge(ctx context.Context, p *Progress) error {
	valid, err := l.heldOut(ctx, p.Rate)
	if err != nil {
		return err
	}
	l.state.Valid = valid
	l.state.Stale++
	average := math.NaN()
	if l.averages != nil {
		err := l.averaged(func() error {
			var err error
			if average, err = l.heldOut(ctx, p.Rate); err != nil {
				return err
			}
			l.state.ValidAverage = average
			if average < valid {
				return l.contend(average, true)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if !(average < valid) {
		if err := l.contend(valid, false); err != nil {
			return err
		}
	}
	if n := l.cfg.ScheduleOptions.Patience; n > 0 && l.state.Stale > 0 && l.state.Stale%n == 0 {
		l.state.Plateaus++
	}
	p.Validated, p.Valid, p.Average, p.Best = true, valid, average, l.state.Best
	return nil
}

// heldOut is the held-out loss of the model as it is.
func (l *loop) heldOut(ctx context.Context, rate float64) (float64, error) {
	loss, err := l.cfg.Validate(ctx)
	if err == nil && (math.IsNaN(loss) || math.IsInf(loss, 0)) {
		err = fmt.Errorf("step %d: the validation loss is %g: lower the learning rate (now %g)", l.state.Step, loss, rate)
	}
	return loss, err
}

// contend keeps the weights that are in the model, if their loss is the best so far.
func (l *loop) contend(loss float64, averaged bool) error {
	if l.state.Judged && !(loss < l.state.Best) {
		return nil
	}
	l.state.Judged, l.state.Best, l.state.BestStep, l.state.BestAverage, l.state.Stale = true, loss, l.state.Step, averaged, 0
	return l.keepBest()
}

// stalled reports whether validations have brought nothing new for as long as the run waits.
func (l *loop) stalled() bool { return l.cfg.Patience > 0 && l.state.Stale >= l.cfg.Patience }
