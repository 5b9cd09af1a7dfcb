package lm

import (
	"fmt"

	"inkling/internal/kernel"
	"inkling/softmax"
	"inkling/tensor"
)

// maxWindow bounds what is planned for, so that no sum overflows.
const maxWindow = 1 << 24

// Memory is what a model will hold, in bytes, by what holds it; what a use does not need is 0.
type Memory struct {
	Weights     int64 `json:"weights"`     // the parameters themselves
	Optimizer   int64 `json:"optimizer"`   // its slots
	Averages    int64 `json:"averages"`    // of the parameters over the steps
	Checkpoint  int64 `json:"checkpoint"`  // the copy of these that is written out while training goes on
	Packed      int64 `json:"packed"`      // weights rearranged for products
	Gradients   int64 `json:"gradients"`   // of each shard, and their sum over the windows of a step
	Activations int64 `json:"activations"` // of each shard: what the tape keeps from forward to backward
	Validation  int64 `json:"validation"`  // the activations of held-out text, which needs no backward
}

// Total is the sum.
func (m Memory) Total() int64 {
	return m.Weights + m.Optimizer + m.Averages + m.Checkpoint + m.Packed + m.Gradients + m.Activations + m.Validation
}

// Training is what memory depends on beside the model.
type Training struct {
	Lanes, Time int  // of a batch
	Shards      int  // that a batch is cut into
	Slots       int  // floats that the optimizer keeps for a weight
	Valid       int  // tokens held out
	Averaged    bool // averages of the weights are kept
	Accumulated bool // a step adds up the gradients of several windows
	Saved       bool
	Precision   tensor.Precision
}

// PlanTraining adds up what training the model will hold.
func (c Config) PlanTraining(t Training) (Memory, error) {
	if err := c.complete(); err != nil {
		return Memory{}, err
	}
	if t.Lanes < 1 || t.Time < 1 || t.Shards < 1 || t.Lanes > maxWindow/t.Time || t.Shards > maxWindow {
		return Memory{}, fmt.Errorf("windows of %d × %d tokens in %d shards: at least 1, and at most %d tokens", t.Lanes, t.Time, t.Shards, maxWindow)
	}
	m := Memory{Weights: 4 * c.weights(), Packed: c.packed(t.Precision, true)}
	m.Optimizer = m.Weights * int64(t.Slots)
	m.Gradients = m.Weights * int64(t.Shards)
	if t.Averaged {
		m.Averages = m.Weights
	}
	if t.Accumulated {
		m.Gradients += m.Weights
	}
	if t.Saved {
		m.Checkpoint = m.Weights + m.Optimizer + m.Averages
	}
	most := (t.Lanes + t.Shards - 1) / t.Shards // lanes of the largest shard
	m.Activations = 4*c.activations(t.Lanes, t.Time, t.Shards, true) + int64(t.Shards)*c.scratch(most*t.Time, t.Precision)
	if t.Valid > 1 {
		m.Validation = c.evaluation(t.Valid, t.Shards)
	}
	return m, nil
}

// PlanEvaluation adds up what measuring a text of so many tokens with so many workers will hold.
func (c Config) PlanEvaluation(tokens, workers int) (Memory, error) {
	if err := c.complete(); err != nil {
		return Memory{}, err
	}
	return Memory{Weights: 4 * c.weights(), Packed: c.packed(tensor.Float32, false), Validation: c.evaluation(tokens, workers)}, nil
}

// PlanScoring adds up what scoring items with so many workers will hold, beside the items and their scores.
func (c Config) PlanScoring(workers int) (Memory, error) {
	if err := c.complete(); err != nil {
		return Memory{}, err
	}
	floats := int64(workers) * (c.scoring() + int64(c.stack().Floats(scoreLanes)))
	return Memory{Weights: 4 * c.weights(), Packed: c.packed(tensor.Float32, false), Activations: 4 * floats}, nil
}

// scoring are the floats that the tape of one worker of a [Scorer] holds.
func (c Config) scoring() int64 {
	logits := softmax.ScoreFloats(len(c.Counts), scoreRows) - scoreRows*int(pad(len(c.Counts)))
	biases := (c.Layers + 1) * c.stack().Width() // their sums, and what is lost between results
	return c.activations(scoreLanes, scoreRows/scoreLanes, 1, false) + int64(logits+biases)
}

// PlanDecoding adds up what writing text will hold: the weights, packed, and the response of the first
// layer to each token.
func (c Config) PlanDecoding() (Memory, error) {
	if err := c.complete(); err != nil {
		return Memory{}, err
	}
	table := 4 * int64(len(c.Counts)) * pad(c.stack().Width())
	return Memory{Weights: 4 * c.weights(), Packed: c.packed(tensor.Float32, false) + table}, nil
}

// pad is the length of a row on a tape.
func pad(cols int) int64 { return int64(tensor.Stride(cols)) }

// evaluation is what the tapes of [Model.Evaluate] hold, in bytes.
func (c Config) evaluation(tokens, workers int) int64 {
	lanes := max(1, min(evalLanes, (tokens-1)/(4*evalWarm+1)))
	return 4 * c.activations(lanes, evalTime, min(workers, lanes), false)
}

// activations are the floats that the tapes of all shards hold for a window of lanes × time.
func (c Config) activations(lanes, time, shards int, training bool) (floats int64) {
	n := int64(lanes) * int64(time) // rows
	floats = c.stack().Activations(n, int64(lanes), c.dropout(), training)
	floats += n * pad(len(c.Counts)) // logits, over which their gradient is written
	twice := int64(1)
	if training {
		twice = 2 // a value and its gradient
	}
	if v := int64(len(c.Counts)); c.Embed == 0 || v <= n/int64(shards) {
		floats += int64(shards) * twice * v * pad(c.stack().Width()) // the first layer's response to each token
	} else {
		floats += n * twice * pad(c.Embed)
	}
	return floats
}

// scratch is what the products of one shard round operands into, in bytes.
func (c Config) scratch(rows int, p tensor.Precision) int64 {
	return kernel.ScratchBytes(c.stack().Width(), max(c.Hidden, c.Embed), rows, p)
}

// weights counts the parameters.
func (c Config) weights() (n int64) {
	v := int64(len(c.Counts))
	n = v*int64(c.Embed) + c.stack().Weights() + v // embedding, layers, output bias
	if !c.Tied {
		n += v * int64(c.Hidden)
	}
	return n
}

// packed is what the matrices take that are operands of products, in bytes; training multiplies by each
// of them and by its transpose. A one-hot input multiplies nothing.
func (c Config) packed(p tensor.Precision, training bool) (bytes int64) {
	add := func(rows, cols int) {
		bytes += kernel.PackedBytes(cols, rows, p)
		if training {
			bytes += kernel.PackedBytes(rows, cols, p)
		}
	}
	for _, m := range c.stack().Products(c.Embed == 0) {
		add(m[0], m[1])
	}
	add(len(c.Counts), c.Hidden)
	return bytes
}
