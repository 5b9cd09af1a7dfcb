package vae

import (
	"fmt"
	"math"

	"inkling/nn"
)

// Aggressive trains the encoder ahead of the decoder (He, Spokoyny, Neubig & Berg-Kirkpatrick 2019, "Lagging inference networks and
// posterior collapse"): where a decoder can do without z, it learns to before the encoder, which is behind the true posterior, has anything to
// tell. Steps of the encoder alone are made until the loss stops falling, each on a batch of its own; then one of the decoder; and again. When
// the mutual information of x and z under q stops climbing from one pass to the next, plain training goes on.
//
// The loss is compared by means over blocks of aggressiveBlock steps, and there are at most aggressiveMost of the encoder in a row. A pass is as
// many steps of the decoder as see the data once; those of the encoder see more on the way, and are steps of the run like all others. The
// mutual information is looked at after each such pass, and its first value is compared with 0, that of a collapsed encoder.
//
// What counts passes, as annealing does, counts those of the decoder, see Passes: the divergence's weight comes up while the model learns, and not
// in the hundred steps for each of the model's that only the encoder makes. All of those have the weight of the decoder's step that follows.
//
// It is phases of train.Config; its exported fields are the state that goes on with a run.
type Aggressive struct {
	Over    bool    `json:"over"`    // plain training
	Encoder int     `json:"encoder"` // steps of the encoder in a row
	Sum     float64 `json:"sum"`     // of the losses of the block at hand
	Before  float64 `json:"before"`  // mean loss of the block before
	Decoder int     `json:"decoder"` // steps of the decoder, those of plain training included
	Best    float64 `json:"best"`    // mutual information of the pass before, nats

	model       *Model
	pass        int
	information func() (float64, error)
}

const (
	aggressiveBlock = 10
	aggressiveMost  = 100
)

// NewAggressive makes them for a model whose data are seen in so many steps. information is the mutual information of x and z, in nats, of
// examples held out.
func NewAggressive(m *Model, stepsPerEpoch int, information func() (float64, error)) *Aggressive {
	return &Aggressive{model: m, pass: stepsPerEpoch, information: information}
}

// Next is the kind of the next step.
func (a *Aggressive) Next(last float64) (params nn.Params, rate float64, err error) {
	switch {
	case a.Over:
		a.Decoder++
		return nil, 1, nil
	case a.Encoder > 0:
		a.Sum += last
		if a.converged() {
			a.Encoder, a.Sum = 0, 0
			a.Decoder++
			return a.model.DecoderParams(), 1, nil
		}
	case a.Decoder > 0 && a.Decoder%a.pass == 0:
		nats, err := a.information()
		if err != nil {
			return nil, 0, err
		}
		if math.IsNaN(nats) {
			return nil, 0, fmt.Errorf("the mutual information of the encoder is no number after %d steps of the decoder: begin anew with a lower learning rate", a.Decoder)
		}
		if nats <= a.Best {
			a.Over = true
			a.Decoder++
			return nil, 1, nil
		}
		a.Best = nats
	}
	a.Encoder++
	return a.model.EncoderParams(), 1, nil
}

// Passes is how often the decoder has seen as many examples as there are, before the step at hand or, in a step of the encoder, before the
// decoder's next.
func (a *Aggressive) Passes() float64 {
	before := a.Decoder
	if a.Encoder == 0 { // the step at hand is the decoder's, and counted
		before--
	}
	return float64(max(before, 0)) / float64(a.pass)
}

// converged says whether the encoder has caught up, at the end of a block.
func (a *Aggressive) converged() bool {
	if a.Encoder%aggressiveBlock != 0 {
		return false
	}
	mean := a.Sum / aggressiveBlock
	stalled := a.Encoder > aggressiveBlock && mean >= a.Before
	a.Before, a.Sum = mean, 0
	return stalled || a.Encoder >= aggressiveMost
}
