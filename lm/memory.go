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
	Sampled     bool // by scheduled sampling
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
	most := (t.Lanes + t.Shards - 1) / t.Shards // lanes of the largest shard
	m.Gradients = 4 * (c.dense()*int64(t.Shards) + c.rowGrads(most*t.Time)*int64(t.Shards) + c.rowGrads(t.Lanes*t.Time))
	if t.Averaged {
		m.Averages = m.Weights
	}
	if t.Accumulated {
		m.Gradients += 4 * c.dense()
	}
	if t.Saved {
		m.Checkpoint = m.Weights + m.Optimizer + m.Averages
	}
	m.Activations = 4*c.activations(t.Lanes, t.Time, t.Shards, true) + int64(t.Shards)*c.scratch(most*t.Time, t.Precision)
	if t.Sampled {
		packed, activations := c.sampling(t.Lanes, t.Time, t.Shards, t.Precision)
		m.Packed, m.Activations = m.Packed+packed, m.Activations+activations
	}
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
	biases := 0 // their sums, and what is lost between results
	for _, m := range c.arch().products(c, false) {
		biases += m[0]
	}
	return c.activations(scoreLanes, scoreRows/scoreLanes, 1, false) + int64(biases)
}

// PlanDecoding adds up what writing text will hold: the weights, packed, and what decoding has made of them.
func (c Config) PlanDecoding() (Memory, error) {
	if err := c.complete(); err != nil {
		return Memory{}, err
	}
	m := Memory{Weights: 4 * c.weights(), Packed: c.packed(tensor.Float32, false) + 4*c.arch().decoding(c)}
	for _, w := range c.output().Whole {
		m.Packed += kernel.PackedBytes(w[1], w[0], tensor.Float32)
	}
	return m, nil
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
	rows, out := lanes*time, c.output()
	ofOutput := out.Scoring
	if training {
		ofOutput = out.Forward
	}
	return c.arch().activations(c, int64(rows), int64(lanes), int64(shards), training) + int64(shards)*ofOutput((rows+shards-1)/shards)
}

// scratch is what the products of one shard round operands into, in bytes: the largest of them.
func (c Config) scratch(rows int, p tensor.Precision) (bytes int64) {
	for _, m := range c.products(false) {
		bytes = max(bytes, kernel.ScratchBytes(m[0], m[1], rows, p))
	}
	return bytes
}

// spec is what the output layer is made from, but for a shared embedding.
func (c Config) spec() softmax.Spec {
	return softmax.Spec{Dim: c.arch().dim(c), Counts: c.Counts, Options: c.OutputOptions}
}

// output is what the output layer will take.
func (c Config) output() softmax.Plan {
	p, err := softmax.PlanOf(c.Output, c.spec(), c.Tied)
	if err != nil {
		panic("lm: " + err.Error())
	}
	return p
}

// products are the weight matrices [rows, cols] that are operands of products; those that make a table only if table is
// false.
func (c Config) products(table bool) [][2]int {
	return append(c.arch().products(c, table), c.output().Packed...)
}

// multiplied counts the weights that a token is multiplied by in training.
func (c Config) multiplied(table bool) float64 {
	n := c.output().Training
	for _, m := range c.arch().products(c, table) {
		n += float64(m[0]) * float64(m[1])
	}
	return n
}

// weights counts the parameters.
func (c Config) weights() int64 {
	return int64(len(c.Counts))*int64(c.Embed) + c.arch().weights(c) + c.output().Weights
}

// dense counts those whose whole gradient is kept.
func (c Config) dense() int64 {
	n := c.arch().weights(c) + c.output().Dense
	if !c.sparse() {
		n += int64(len(c.Counts)) * int64(c.Embed)
	}
	return n
}

// rowGrads are the floats that a tape holds for gradients of rows, if it sees so many tokens.
func (c Config) rowGrads(tokens int) (floats int64) {
	if c.sparse() {
		floats = tensor.RowPlaceFloats(len(c.Counts)) + tensor.RowGradFloats(len(c.Counts), c.Embed, tokens*max(c.Context, 1))
	}
	if of := c.output().RowGrads; of != nil {
		floats += of(tokens)
	}
	return floats
}

// sparse says whether gradients of the embedding are kept by rows: if it is large, and is not multiplied as a whole in
// training as well.
func (c Config) sparse() bool {
	if c.Embed == 0 || len(c.Counts) < softmax.SparseVocab {
		return false
	}
	return !c.Tied || softmax.RowWise(c.Output)
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
	for _, m := range c.output().Read { // in float32, to evaluate
		bytes += kernel.PackedBytes(m[1], m[0], tensor.Float32)
	}
	return bytes + 4*c.output().Copies
}
