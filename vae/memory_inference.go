package vae

import "inkling/tensor"

// Inference says what posterior inference does at the same time, which the memory that it takes depends on.
type Inference struct {
	Examples, Chains int  // of a worker: their product is the rows of its densities
	Workers          int  // each with densities of its own
	Start            bool // beside log p(x, z) there is a distribution from which chains begin
	Vectors          int  // [rows, variables] of float32 that the method keeps: of AIS 7, of a Gaussian fit 13
}

// PlanInference adds up what inference with Joint takes beside the model, and with Approximate or PriorDensity, if there is a start. Examples and
// what comes of it are counted by who keeps them.
func (c Config) PlanInference(i Inference) (Memory, error) {
	if err := c.Complete(); err != nil {
		return Memory{}, err
	}
	n, rows := int64(i.Examples), int64(i.Examples)*int64(i.Chains)
	floats := n*int64(c.Inputs()) + int64(i.Vectors)*rows*int64(c.Variables()) + c.jointResults(rows)
	if i.Start {
		floats += c.approximateResults(n, rows)
	}
	packed := c.packed(c.costs(), tensor.Float32, true)
	return Memory{Weights: 4 * c.Weights(), Packed: packed, Activations: 4 * int64(i.Workers) * floats}, nil
}

// jointResults are the floats that a tape holds for log p(x, z) and its gradient, of so many rows.
func (c Config) jointResults(rows int64) int64 {
	net, err := netNamed(c.Net)
	if err != nil {
		panic("vae: " + err.Error())
	}
	like, err := likelihoodNamed(c.Likelihood)
	if err != nil {
		panic("vae: " + err.Error())
	}
	t := c.placeResults(rows)
	for l, d := range c.Latent {
		t.flows(1, rows, d) // log p of each variable
		if l < len(c.Latent)-1 {
			_, decoder := c.between(l + 1)
			t.layers(decoder, rows, false)
			t.results(2, rows, d) // the distance from the mean, and 1/σ
		}
	}
	net.decoderResults(t, c, c.Latent[0], like.width(c), rows)
	t.flows(2+2*len(c.Latent), rows, 1) // sums
	return t.floats
}

// approximateResults are those of log q(z|x), which needs no less than log p(z), and of q of the first layer.
func (c Config) approximateResults(n, rows int64) int64 {
	t := c.placeResults(rows)
	for l, d := range c.Latent {
		t.flows(1, rows, d)
		t.results(2, rows, d)
		if l > 0 {
			encoder, _ := c.between(l)
			t.layers(encoder, rows, false)
		}
	}
	t.flows(1+2*len(c.Latent), rows, 1)
	return t.floats + 2*n*int64(c.Latent[0])
}

// placeResults are those of the place that a density is looked at: its gradient, and of several layers the parts of both.
func (c Config) placeResults(rows int64) *tally {
	t := &tally{training: true}
	t.results(1, rows, c.Variables())
	if len(c.Latent) > 1 {
		for _, d := range c.Latent {
			t.flows(1, rows, d)
		}
	}
	return t
}
