package vae

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"sync"

	"inkling/nn"
	"inkling/tensor"
)

// Objective says what training makes smaller. Its zero values mean the defaults given here.
type Objective struct {
	Name     string  `json:"name"`                // one of Objectives; "elbo"
	K        int     `json:"k,omitempty"`         // samples of each example; 1, of iwae and dreg 5, of score 8
	Beta     float64 `json:"beta,omitempty"`      // weight of the divergence; 1
	FreeBits float64 `json:"free_bits,omitempty"` // nats of each variable that cost nothing, on the mean over a shard; 0
	FreeRate float64 `json:"free_rate,omitempty"` // nats that all variables of a layer together may cost for nothing, on the mean over a shard; 0
	Sampled  bool    `json:"sampled,omitempty"`   // the divergence is taken at the sample, and not in closed form
	Anneal   string  `json:"anneal,omitempty"`    // how the divergence's weight comes up: one of Anneals; none
	Warm     float64 `json:"warm,omitempty"`      // passes over the data of linear annealing, and of each cycle of cyclical; 10

	Aggressive bool `json:"aggressive,omitempty"` // the encoder is trained ahead of the decoder at first; see Aggressive
}

// An objective is a kind of them.
type objective interface {
	about() part
	settle(o *Objective) error // sets its defaults, and refuses what it does not have
	loss(tp *tensor.Tape, m *Model, b Batch, o Objective) (*tensor.Tensor, Terms)
}

// objectives are the kinds there are, the default first. A new one is a file and a line here.
var objectives = []objective{elbo{}, ae{}, iwae{}, dreg{}, score{}}

// Objectives lists the kinds of objective.
func Objectives() []part { return abouts(objectives) }

func objectiveNamed(name string) (objective, error) { return named("objective", objectives, name) }

const maxSamples = 1 << 12

// Complete fills in the defaults, and refuses what cannot be.
func (o *Objective) Complete() error {
	o.Name = cmp.Or(o.Name, objectives[0].about().Name)
	kind, err := objectiveNamed(o.Name)
	if err != nil {
		return err
	}
	if err := kind.settle(o); err != nil {
		return err
	}
	o.K = cmp.Or(o.K, 1)
	switch {
	case o.K < 1 || o.K > maxSamples:
		return fmt.Errorf("%d samples of each example: must be at least 1 and at most %d", o.K, maxSamples)
	case !(o.Beta >= 0 && o.Beta <= 1e6):
		return fmt.Errorf("a divergence weighed by %g: must be at least 0 and at most a million", o.Beta)
	case !(o.FreeBits >= 0 && o.FreeBits <= 1e6):
		return fmt.Errorf("%g free nats of each variable: must be at least 0 and at most a million", o.FreeBits)
	case !(o.FreeRate >= 0 && o.FreeRate <= 1e6):
		return fmt.Errorf("%g free nats of all variables together: must be at least 0 and at most a million", o.FreeRate)
	case o.FreeRate > 0 && o.FreeBits > 0:
		return fmt.Errorf("%g free nats of each variable, and %g of all together: choose one", o.FreeBits, o.FreeRate)
	}
	return o.completeAnneal()
}

// onlyElbo refuses what other objectives do not have.
func onlyElbo(o *Objective) error {
	if o.Beta != 0 && o.Beta != 1 || o.FreeBits != 0 || o.FreeRate != 0 || o.Anneal != "" || o.Sampled {
		return fmt.Errorf("objective %s has no weight of the divergence, no annealing and no free bits: leave them out, or choose elbo", o.Name)
	}
	o.Beta = 1
	return nil
}

// Fit is a model with what it is trained for: a train.Model of Batch.
type Fit struct {
	Model     *Model
	Objective Objective // complete
	Meter     Meter

	Ahead *Aggressive // the phases that it is trained by, which count the passes that annealing goes by; nil: those over the data
}

// Params are those of the model.
func (f *Fit) Params() nn.Params { return f.Model.Params() }

// CarryFloats is zero: nothing goes from step to step.
func (f *Fit) CarryFloats(Batch) int { return 0 }

// Loss is the summed loss of a batch in nats.
func (f *Fit) Loss(tp *tensor.Tape, b Batch, _ []float32) *tensor.Tensor {
	kind, err := objectiveNamed(f.Objective.Name)
	if err != nil {
		panic("vae: " + err.Error())
	}
	if f.Ahead != nil {
		b.Epoch = f.Ahead.Passes()
	}
	loss, t := kind.loss(tp, f.Model, b, f.Objective)
	f.Meter.read(t)
	return loss
}

// Meter adds up both terms of the loss, for people to look at.
type Meter struct {
	mu             sync.Mutex
	examples       float64
	likelihood, kl float64
}

func (m *Meter) read(t Terms) {
	likelihood, kl := 0.0, 0.0
	for i := range t.LogLikelihood.Rows {
		likelihood += float64(t.LogLikelihood.Row(i)[0]) / float64(t.K)
	}
	for _, d := range t.KL {
		for i := range d.Rows {
			for _, v := range d.Row(i) {
				kl += float64(v) * float64(t.N) / float64(d.Rows)
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.examples += float64(t.N)
	m.likelihood += likelihood
	m.kl += kl
}

// Take gives log p(x|z) and the divergence, means over the examples since the last call, in nats.
func (m *Meter) Take() (likelihood, kl float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	likelihood, kl = m.likelihood/m.examples, m.kl/m.examples
	m.examples, m.likelihood, m.kl = 0, 0, 0
	return likelihood, kl
}

// drawn is the noise of a tape's own stream.
func drawn(tp *tensor.Tape) func([]float32) {
	rnd := tp.Rand()
	return func(dst []float32) { normal(dst, rnd) }
}

func normal(dst []float32, rnd *rand.Rand) {
	for i := range dst {
		dst[i] = float32(rnd.NormFloat64())
	}
}
