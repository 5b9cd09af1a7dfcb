package train

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"inkling/nn"
)

// Phases make training of steps of several kinds, which differ in the parameters that they change: some of the encoder only, an E-step and
// an M-step. What does not take part in a step costs nothing in it: no gradient is gathered, no weight and no slot of the optimizer changes,
// and the norm that clipping goes by is that of the others. A batch remains a function of the step alone.
//
// Each parameter counts the steps that it took part in, and the optimizer goes by that count. Adam's corrections make up for its moments
// having begun at zero; moments that rested stay as far from that as they were. So the weights of each kind of step are those of an
// optimizer of their own that makes these steps only.
//
// The exported fields of Phases are their state: written as JSON with the run's, and read back when it is resumed. They should be few.
// What else they need, parameters and functions, belongs into fields that encoding/json leaves alone.
type Phases interface {
	// Next is asked before each step which parameters it changes, nil for all, and what it multiplies the learning rate by. last is the mean
	// loss of the step before in nats, NaN before the first. Next may look at the model, which nobody uses meanwhile. What it answers must
	// be a function of its state, last and the weights.
	Next(last float64) (params nn.Params, rate float64, err error)
}

// choose asks for the kind of the next step, and gives what multiplies its learning rate.
func (l *loop) choose() (rate float64, err error) {
	if l.cfg.Phases == nil {
		return 1, nil
	}
	last := math.NaN()
	if l.state.Step > 0 {
		last = l.state.LastLoss
	}
	params, rate, err := l.cfg.Phases.Next(last)
	if err != nil {
		return 0, err
	}
	some := false
	for i, p := range l.params {
		l.rests[i] = params != nil && !slices.Contains(params, p)
		some = some || !l.rests[i]
	}
	if !some {
		return 0, fmt.Errorf("step %d changes no parameter: none of those that it names is trained", l.state.Step+1)
	}
	l.count(&l.longest.validation) // it may have measured something
	return rate, nil
}

// freeze makes constants of the parameters that rest in the step at hand, or sets them free again.
func (l *loop) freeze(frozen bool) {
	for i, p := range l.params {
		p.Frozen = frozen && l.rests[i]
	}
}

// countStep counts the step at hand for the parameters that take part.
func (l *loop) countStep() {
	for i := range l.state.Taken {
		if !l.rests[i] {
			l.state.Taken[i]++
		}
	}
}

// stepsOf is how many steps a parameter took part in, the one at hand included.
func (l *loop) stepsOf(param int) int {
	if l.cfg.Phases == nil {
		return l.state.Step + 1
	}
	return l.state.Taken[param]
}

// savePhases puts the phases into the state, restorePhases goes on from there.
func (l *loop) savePhases() (err error) {
	if l.cfg.Phases != nil {
		l.state.Phases, err = json.Marshal(l.cfg.Phases)
	}
	return err
}

func (l *loop) restorePhases() error {
	switch had, has := l.state.Phases != nil, l.cfg.Phases != nil; {
	case had != has:
		return fmt.Errorf("the run was begun with steps of one kind and cannot go on with several, or the other way round: its config was changed")
	case !has:
		return nil
	case len(l.state.Taken) != len(l.params):
		return fmt.Errorf("the state of the run does not fit its config: it counts the steps of %d parameters, and %d are trained", len(l.state.Taken), len(l.params))
	}
	if err := json.Unmarshal(l.state.Phases, l.cfg.Phases); err != nil {
		return fmt.Errorf("the state of the run cannot be read: its phases: %w", err)
	}
	return nil
}
