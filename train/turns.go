package train

import (
	"fmt"

	"inkling/nn"
)

// A Turn is a number of steps of one kind.
type Turn struct {
	Steps  int
	Params nn.Params // that they change; nil: all
	Rate   float64   // multiplies the learning rate; 1
}

// Turns are phases that follow each other in a circle, whatever comes of them: so many E-steps, an M-step, and again.
type Turns struct {
	Step int    `json:"step"` // of the circle: how many of its steps are behind
	Each []Turn `json:"-"`
}

// Next is the kind of step whose turn it is.
func (t *Turns) Next(float64) (nn.Params, float64, error) {
	at := t.Step
	for i, turn := range t.Each {
		if at -= turn.Steps; at >= 0 {
			continue
		}
		t.Step++
		if i == len(t.Each)-1 && at == -1 {
			t.Step = 0
		}
		if turn.Rate == 0 {
			turn.Rate = 1
		}
		return turn.Params, turn.Rate, nil
	}
	return nil, 0, fmt.Errorf("step %d of a circle of turns, which has fewer: the state is of a run with others", t.Step)
}

// Again is a source whose batches come several times each before the next, so that steps of several kinds see the same examples.
type Again[B Batch] struct {
	Source[B]
	Times int
}

// Batch is that of the source.
func (a Again[B]) Batch(step, shard, shards int) (B, error) {
	return a.Source.Batch(step/a.Times, shard, shards)
}

// StepsPerEpoch is how many steps see all the data.
func (a Again[B]) StepsPerEpoch() int { return a.Times * a.Source.StepsPerEpoch() }
