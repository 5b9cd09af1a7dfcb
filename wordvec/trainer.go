package wordvec

import (
	"fmt"
	"math"

	"inkling/internal/alias"
	"inkling/internal/parallel"
)

// A Trainer takes a model through a text. A step is a block of the text's tokens, cut into as many parts as there are
// shards, which are trained on at once.
//
// Each shard works on copies of its own of the vectors that it touches; when all are done, what each has changed is added
// to the model, in the order of the shards (see merger). So a result depends on the seed, the number of shards and the size of a block,
// and on nothing else: not on scheduling, nor on the number of cores. A shard sees what the others have learnt only after the
// block.
//
// With Config.Hogwild the shards share the vectors without a lock (F. Niu et al. 2011, HOGWILD!): there is nothing to copy or
// to add up, a shard sees at once what others do, and now and then one overwrites what another wrote at the same time. Two
// runs differ then, unless there is one shard.
type Trainer struct {
	Model *Model
	Text  *Text

	step    int
	workers []*worker
}

// Progress is where training stands.
type Progress struct {
	Step, Steps int
	Words       float64 // of the text, read so far, with those that have no vector; each pass counts
	Rate        float64 // of learning, at the end of this step
	Loss        float64 // of a pair of words, in nats, in a sample of this step's; 0 if it has none
	Flops       float64 // floating-point operations of this step's products
}

// NewTrainer begins after a number of steps.
func NewTrainer(m *Model, t *Text, step int) (*Trainer, error) {
	tr := &Trainer{Model: m, Text: t, step: step}
	if steps := tr.Steps(); step < 0 || step > steps {
		return nil, fmt.Errorf("step %d of a run of %d steps", step, steps)
	}
	c := &m.Config
	keep := keepShares(m.Counts, c.Sample)
	var negatives *alias.Table
	var tree *paths
	switch c.Loss {
	case "negative":
		negatives = negativesOf(m.Counts)
	case "tree":
		tree = newPaths(m.Counts)
	}
	for range c.Shards {
		w := &worker{c: c, keep: keep}
		w.in, w.out = privateTable(m.in, m.ld), privateTable(m.out, m.ld)
		if c.Hogwild {
			w.in, w.out = sharedTable(m.in, m.ld), sharedTable(m.out, m.ld)
		}
		switch c.Loss {
		case "negative":
			w.loss = newNegative(c, negatives)
		case "tree":
			w.loss = &treeLoss{tree: tree}
		case "full":
			w.loss = &fullLoss{words: len(m.Words)}
		}
		tr.workers = append(tr.workers, w)
	}
	return tr, nil
}

// Steps is how many there are in all.
func (t *Trainer) Steps() int { return t.Model.Config.Epochs * t.stepsPerEpoch() }

func (t *Trainer) stepsPerEpoch() int {
	block := t.Model.Config.Block
	return (t.Text.Len() + block - 1) / block
}

// partTokens is how many tokens a shard trains on at one learning rate.
const partTokens = 10_000

// leastRate is the share of the learning rate that is left at the end.
const leastRate = 1e-4

// Step trains on the next block, so many shards at once, which does not change the result. The error is that of reading the text.
func (t *Trainer) Step(cores int) (Progress, error) {
	c := &t.Model.Config
	block := t.step % t.stepsPerEpoch()
	from := block * c.Block
	tokens := min(c.Block, t.Text.Len()-from)
	err := parallel.Try(cores, len(t.workers), func(_, s int) error {
		return t.shard(s, from+tokens*s/c.Shards, from+tokens*(s+1)/c.Shards)
	})
	if err != nil {
		return Progress{}, err
	}
	if !c.Hogwild {
		t.merge(cores, t.rate(from))
	}
	p := Progress{Step: t.step + 1, Steps: t.Steps(), Rate: t.rate(from + tokens)}
	passed := float64(t.step/t.stepsPerEpoch()) + float64(from+tokens)/float64(t.Text.Len())
	p.Words = passed * float64(t.Text.Words())
	t.step++
	lost, counted := 0.0, 0.0
	for _, w := range t.workers {
		lost, counted = lost+w.lost, counted+w.counted
		p.Flops += 3 * 2 * float64(w.products) * float64(c.Dim)
	}
	if counted > 0 {
		p.Loss = lost / counted
	}
	return p, nil
}

// rate is the learning rate at a token of the pass: it falls evenly over the run.
func (t *Trainer) rate(at int) float64 {
	c := &t.Model.Config
	pass := float64(t.step / t.stepsPerEpoch())
	done := (pass + float64(at)/float64(t.Text.Len())) / float64(c.Epochs)
	return c.Rate * max(leastRate, 1-done)
}

// shard trains one shard on the tokens from one position to another.
func (t *Trainer) shard(s, from, to int) error {
	w := t.workers[s]
	w.rand = newRandom(t.Model.Config.Seed, t.step+1, s)
	w.groups, w.products, w.lost, w.counted = 0, 0, 0, 0
	for at := from; at < to; at += partTokens {
		if err := w.part(t.Text, at, min(at+partTokens, to), t.rate(at)); err != nil {
			return err
		}
	}
	return nil
}

// merge puts together what the shards have learnt, at the learning rate that they had.
func (t *Trainer) merge(cores int, rate float64) {
	var in, out []*table
	for _, w := range t.workers {
		in, out = append(in, w.in), append(out, w.out)
	}
	m := t.Model
	near, there := m.Config.curvature(len(m.Words))
	parallel.For(cores, cores, func(_, part int) {
		(&merger{kappa: rate * near}).merge(m.in, m.ld, in, part, cores)
		(&merger{kappa: rate * there}).merge(m.out, m.ld, out, part, cores)
	})
	parallel.For(cores, len(t.workers), func(_, s int) {
		t.workers[s].in.forget()
		t.workers[s].out.forget()
	})
}

// curvature is how steeply the loss may rise around its least value, in the vector of a word that is near a position once,
// and of one that stands there: at most ¼ for each pair of vectors of length 1, the slope of the logistic function.
func (c *Config) curvature(words int) (near, there float64) {
	decisions := 2.0 // full
	switch c.Loss {
	case "negative":
		decisions = float64(1 + c.Negative)
	case "tree":
		decisions = math.Log2(float64(words))
	}
	windows := float64(c.Window + 1) // that a word is in, of both sides
	if c.Model == "cbow" {
		return decisions / windows / 4, 0.25
	}
	return windows * decisions / 4, windows / 4
}
