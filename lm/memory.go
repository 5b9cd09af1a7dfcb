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
	floats := int64(workers) * (c.scoring() + int64(scoreLanes*c.arch().carry(c)))
	return Memory{Weights: 4 * c.weights(), Packed: c.packed(tensor.Float32, false), Activations: 4 * floats}, nil
}

// scoring are the floats that the tape of one worker of a [Scorer] holds.
func (c Config) scoring() int64 {
	logits := softmax.ScoreFloats(len(c.Counts), scoreRows) - scoreRows*int(pad(len(c.Counts)))
	biases := 0 // their sums, and what is lost between results
	for _, m := range c.arch().products(c, false) {
		biases += m[0]
	}
	return c.activations(scoreLanes, scoreRows/scoreLanes, 1, false) + int64(logits+biases)
}

// PlanDecoding adds up what writing text will hold: the weights, packed, and what decoding has made of them.
func (c Config) PlanDecoding() (Memory, error) {
	if err := c.complete(); err != nil {
		return Memory{}, err
	}
	return Memory{Weights: 4 * c.weights(), Packed: c.packed(tensor.Float32, false) + 4*c.arch().decoding(c)}, nil
}

// pad is the length of a row on a tape.
func pad(cols int) int64 { return int64(tensor.Stride(cols)) }

// evaluation is what the tapes of [Model.Evaluate] hold, in bytes.
func (c Config) evaluation(tokens, workers int) int64 {
	lanes := max(1, min(evalLanes, (tokens-1)/(4*c.arch().warm(c)+1)))
	return 4 * c.activations(lanes, evalTime, min(workers, lanes), false)
}

// activations are the floats that the tapes of all shards hold for a window of lanes × time.
func (c Config) activations(lanes, time, shards int, training bool) int64 {
	rows := int64(lanes) * int64(time)
	logits := rows * pad(len(c.Counts)) // over which their gradient is written
	return c.arch().activations(c, rows, int64(lanes), int64(shards), training) + logits
}

// scratch is what the products of one shard round operands into, in bytes: the largest of them.
func (c Config) scratch(rows int, p tensor.Precision) (bytes int64) {
	for _, m := range c.products(false) {
		bytes = max(bytes, kernel.ScratchBytes(m[0], m[1], rows, p))
	}
	return bytes
}

// products are the weight matrices [rows, cols] that a token is multiplied by; those that make a table only if table
// is false.
func (c Config) products(table bool) [][2]int {
	return append(c.arch().products(c, table), [2]int{len(c.Counts), c.arch().dim(c)})
}

// weights counts the parameters.
func (c Config) weights() (n int64) {
	v := int64(len(c.Counts))
	n = v*int64(c.Embed) + c.arch().weights(c) + v // embedding, layers, output bias
	if !c.Tied {
		n += v * int64(c.arch().dim(c))
	}
	return n
}

// packed is what the matrices take that are operands of products, in bytes; training multiplies by each
// of them and by its transpose. A one-hot input multiplies nothing.
func (c Config) packed(p tensor.Precision, training bool) (bytes int64) {
	for _, m := range c.products(c.Embed == 0) {
		bytes += kernel.PackedBytes(m[1], m[0], p)
		if training {
			bytes += kernel.PackedBytes(m[0], m[1], p)
		}
	}
	return bytes
}
