package vae

import (
	"fmt"

	"inkling/tensor"
)

// maxRows bounds what is planned for, so that no sum overflows.
const maxRows = 1 << 24

// Memory is what a model will hold, in bytes, by what holds it; what a use does not need is 0.
type Memory struct {
	Weights     int64 `json:"weights"`     // the parameters themselves
	Optimizer   int64 `json:"optimizer"`   // its slots
	Averages    int64 `json:"averages"`    // of the parameters over the steps
	Checkpoint  int64 `json:"checkpoint"`  // the copy of these that is written out while training goes on
	Packed      int64 `json:"packed"`      // weights rearranged for products
	Gradients   int64 `json:"gradients"`   // of each shard, and their sum over the batches of a step
	Activations int64 `json:"activations"` // of each shard: its part of the batch, and what the tape keeps from forward to backward
	Validation  int64 `json:"validation"`  // of what is held out: what the tapes hold, and what is said of each example
}

// Training is what memory depends on beside the model and the objective.
type Training struct {
	Batch       int  // examples of a step
	Shards      int  // that a batch is cut into
	Slots       int  // floats that the optimizer keeps for a weight
	Held        int  // examples held out
	Workers     int  // cores
	Averaged    bool // averages of the weights are kept
	Accumulated bool // a step adds up the gradients of several batches
	Precision   tensor.Precision
}

// PlanTraining adds up what training a model of pictures will hold, beside these, if its state is saved.
func (c Config) PlanTraining(o Objective, t Training) (Memory, error) {
	if err := c.Complete(); err != nil {
		return Memory{}, err
	}
	return c.PlanTrainingOf(c.costs(), o, t)
}

// PlanTrainingOf is the same of a model of any data, whose latent variables are those of c.
func (c Config) PlanTrainingOf(parts Costs, o Objective, t Training) (Memory, error) {
	if err := c.CompleteLatents(); err != nil {
		return Memory{}, err
	}
	if err := o.Complete(); err != nil {
		return Memory{}, err
	}
	if t.Batch < 1 || t.Shards < 1 || t.Batch > maxRows/o.K || t.Shards > t.Batch {
		return Memory{}, fmt.Errorf("batches of %d examples in %d shards, with %d samples of each: at least 1 example in each shard, and at most %d samples", t.Batch, t.Shards, o.K, maxRows)
	}
	m := Memory{Weights: 4 * (parts.Weights + c.weightsBetween()), Packed: c.packed(parts, t.Precision, true)}
	m.Optimizer = m.Weights * int64(t.Slots)
	m.Gradients = c.gradients(parts, t)
	if t.Accumulated {
		m.Gradients += m.Weights
	}
	if t.Averaged {
		m.Averages = m.Weights
	}
	m.Checkpoint = m.Weights + m.Optimizer + m.Averages
	for s := range t.Shards {
		n := int64((s+1)*t.Batch/t.Shards - s*t.Batch/t.Shards)
		m.Activations += 4 * (n*parts.Example + c.terms(parts, o, n, int64(o.K), true))
		m.Activations += c.scratch(parts, int(n)*o.K, t.Precision)
	}
	if t.Held > 0 {
		samples := 0
		if o.Weighted() {
			samples = o.K
		}
		m.Validation = c.judging(parts, min(t.Held, judgedAtOnce), min(samples, parts.drawnAtOnce()), min(t.Workers, t.Held)) + int64(t.Held)*(16+8*int64(c.Variables()))
	}
	return m, nil
}

// gradients are those of all shards, and the sum of those of sparse parameters.
func (c Config) gradients(parts Costs, t Training) int64 {
	if parts.RowGrads == nil {
		return 4 * int64(t.Shards) * (parts.Weights + c.weightsBetween())
	}
	most := (t.Batch + t.Shards - 1) / t.Shards
	return 4 * (int64(t.Shards)*(parts.Dense+c.weightsBetween()+parts.RowGrads(most)) + parts.RowGrads(t.Batch))
}

// PlanUse adds up what it takes to encode and decode on so many cores, or to draw so many samples of z for each example; 0: none are
// drawn. What comes of it is counted by who keeps it.
func (c Config) PlanUse(samples, workers int) (Memory, error) {
	if err := c.Complete(); err != nil {
		return Memory{}, err
	}
	n := rowsAtOnce(c.Inputs())
	m, err := c.PlanUseOf(c.costs(), samples, workers)
	m.Activations = max(4*int64(workers)*(4*int64(n)*int64(c.Inputs())+c.terms(c.costs(), Objective{Name: "elbo"}, int64(n), 1, false)), m.Activations)
	return m, err
}

// PlanUseOf is the same of a model of any data, beside what decoding writes.
func (c Config) PlanUseOf(parts Costs, samples, workers int) (Memory, error) {
	if err := c.CompleteLatents(); err != nil {
		return Memory{}, err
	}
	return Memory{
		Weights: 4 * (parts.Weights + c.weightsBetween()), Packed: c.packed(parts, tensor.Float32, false),
		Activations: c.judging(parts, judgedAtOnce, min(samples, parts.drawnAtOnce()), workers),
	}, nil
}

// PlanJudge adds up what Judge takes on so many cores, and Importance with so many samples of each example; 0: none are drawn. What comes of it is
// counted by who keeps it.
func (c Config) PlanJudge(samples, workers int) (Memory, error) {
	if err := c.Complete(); err != nil {
		return Memory{}, err
	}
	return c.PlanUseOf(c.costs(), samples, workers)
}

// judging is what the tapes of Judge and of Importance hold, and the examples that they see.
func (c Config) judging(parts Costs, examples, samples, workers int) int64 {
	floats := int64(examples)*parts.Example + c.terms(parts, Objective{Name: "elbo"}, int64(examples), 1, false)
	if samples > 0 {
		floats = max(floats, parts.Example+c.terms(parts, Objective{Name: "iwae"}, 1, int64(samples), false))
	}
	return 4 * int64(workers) * floats
}

// tally adds up the floats that a tape holds for results.
type tally struct {
	floats   int64
	training bool
}

// results counts some results of rows × cols.
func (t *tally) results(n int, rows int64, cols int) {
	t.floats += int64(n) * tensor.ArenaFloats(rows*int64(tensor.Stride(cols)))
}

// flows counts as many, and in training the gradient of each.
func (t *tally) flows(n int, rows int64, cols int) {
	if t.training {
		n *= 2
	}
	t.results(n, rows, cols)
}

// terms are the floats that a tape holds for n examples with k samples of each, from Model.terms to the loss.
func (c Config) terms(parts Costs, o Objective, n, k int64, training bool) int64 {
	t := &tally{training: training}
	analytic := o.Name == "ae" || o.Name == "elbo" && !o.Sampled
	again := o.Name == "dreg" && training // q is made once more, and gradients of z are weighed
	last := len(c.Latent) - 1
	for l, d := range c.Latent {
		rows := n // of q
		if l == 0 {
			t.floats += parts.Encoder(rows, training)
		} else {
			rows = n * k
			encoder, decoder := c.between(l)
			t.layers(encoder, rows, false)
			if again {
				t.layers(encoder, rows, false)
			}
			t.layers(decoder, n*k, false)
		}
		t.results(1, 1, int(n*k)*d) // noise
		t.results(1, n*k, d)        // and its part of z
		t.flows(1, n*k, d)          // z
		if again {
			t.results(1, n*k, d)
		}
		if l == last && analytic {
			if o.FreeRate > 0 {
				t.flows(1, rows, 1)
			}
			t.flows(1, rows, d)
			t.results(1, rows, d) // variances
			continue
		}
		t.flows(4, n*k, d)    // log q, log p, −log p, their sum
		t.results(1, n*k, d)  // the distance from the mean, of q
		t.results(1, rows, d) // 1/σ
		if l < last {
			t.results(2, n*k, d) // both of p
		}
		if o.Name == "score" && training { // log q once more, by way of its parameters
			t.flows(1, n*k, d)
			t.results(1, n*k, d)
			t.results(1, rows, d)
		}
	}
	t.floats += parts.Decoder(n*k, training)
	t.flows(4+3*len(c.Latent), n*k, 1) // log p(x|z), and what the loss is made of
	return t.floats
}

// between are the layers of the networks from stochastic layer l−1 to l and back.
func (c Config) between(l int) (encoder, decoder []layer) {
	below, d, hidden := c.Latent[l-1], c.Latent[l], c.Hidden[l]
	return denseLayers(below, hidden, 2*d), denseLayers(d, reversed(hidden), 2*below)
}

// packed is what the matrices take that are operands of products, in bytes; training multiplies by each of them and by its transpose, but
// for the first, and measures in float32.
func (c Config) packed(parts Costs, p tensor.Precision, training bool) (bytes int64) {
	return parts.Packed(p, training) + packed(c.layersBetween(), p, training)
}

func packed(list []layer, p tensor.Precision, training bool) (bytes int64) {
	for _, l := range list {
		forward, backward := l.packed(p)
		bytes += forward
		if training && !l.first {
			bytes += backward
		}
		if training && p != tensor.Float32 {
			measured, _ := l.packed(tensor.Float32)
			bytes += measured
		}
	}
	return bytes
}

// scratch is what the products of one shard round operands into, in bytes: the largest of them.
func (c Config) scratch(parts Costs, rows int, p tensor.Precision) int64 {
	return max(parts.Scratch(rows, p), scratch(c.layersBetween(), rows, p))
}

func scratch(list []layer, rows int, p tensor.Precision) (bytes int64) {
	for _, l := range list {
		bytes = max(bytes, l.scratch(rows, p))
	}
	return bytes
}
