package sentences

import (
	"inkling/internal/kernel"
	"inkling/nn"
	"inkling/softmax"
	"inkling/tensor"
	"inkling/vae"
)

// rowsOfSamples is how many words are decoded at a time for the samples of one example, about.
const rowsOfSamples = 4096

// Costs are what the model will hold for sentences of at most so many tokens. c is complete. Gradients are counted as if none were by rows,
// which those of large vocabularies are.
func (c Config) Costs(longest int) vae.Costs {
	stack, out := c.stack(), c.output()
	h, v, l := c.Hidden, len(c.Counts), int64(longest)
	ofQ, ofState := vae.DenseCosts(h, nil, 2*c.Latent, false), vae.DenseCosts(c.Latent, nil, h, false)
	products := [][2]int{{stack.Width(), h}, {stack.Width(), c.Embed}}
	return vae.Costs{
		Weights: c.Weights(), Example: 2*l + 6, // words of 8 bytes, and a slice of them
		AtOnce: max(1, min(vae.DrawnAtOnce, rowsOfSamples/c.Longest)),
		Packed: func(p tensor.Precision, training bool) (bytes int64) {
			all := append(append(append(products, products...), [2]int{stack.Width(), c.Latent}), out.Packed...)
			for _, m := range all {
				bytes += kernel.PackedBytes(m[1], m[0], p)
				if training {
					bytes += kernel.PackedBytes(m[0], m[1], p)
				}
				if training && p != tensor.Float32 {
					bytes += kernel.PackedBytes(m[1], m[0], tensor.Float32)
				}
			}
			for _, m := range out.Read {
				bytes += kernel.PackedBytes(m[1], m[0], tensor.Float32)
			}
			return bytes + ofQ.Packed(p, training) + ofState.Packed(p, training)
		},
		Scratch: func(rows int, p tensor.Precision) (bytes int64) {
			for _, m := range append(products, out.Packed...) {
				bytes = max(bytes, kernel.ScratchBytes(m[0], m[1], rows*longest, p))
			}
			return bytes
		},
		Encoder: func(rows int64, training bool) int64 {
			n := c.reading(rows*l, rows, nn.Dropout{}, training) + rows*l + rows // ids, ends
			return n + flows(training)*rows*pad(h) + ofQ.Encoder(rows, training)
		},
		Decoder: func(rows int64, training bool) int64 {
			n := c.reading(rows*l, rows, nn.Dropout{Input: c.DropoutIn, Out: c.DropoutOut}, training)
			n += ofState.Decoder(rows, training) + flows(training)*rows*(pad(h)+pad(stack.Width())) // the state, and what z adds
			n += 2 * 5 * rows * l                                                                   // whole numbers: ids, targets, and where they are
			n += flows(training) * rows * l * pad(h)                                                // what is left without padding
			if !training {
				return n + out.Scoring(int(rows*l)) + int64(v)
			}
			n += out.Forward(int(rows * l))
			if out.RowGrads != nil {
				n += out.RowGrads(int(rows * l))
			}
			return n
		},
	}
}

// reading counts the floats of a reader over so many rows in so many lanes.
func (c Config) reading(rows, lanes int64, d nn.Dropout, training bool) int64 {
	stack := c.stack()
	n := stack.Activations(rows, lanes, d, training) + int64(stack.Floats(int(lanes)))
	if v := int64(len(c.Counts)); v <= rows && d.Input == 0 && !c.sparse() {
		return n + flows(training)*v*pad(stack.Width())
	}
	return n + flows(training)*rows*pad(c.Embed)
}

// flows is 2 where a result has a gradient.
func flows(training bool) int64 {
	if training {
		return 2
	}
	return 1
}

func (c Config) output() softmax.Plan {
	p, err := softmax.PlanOf(c.Output, c.spec(), false)
	if err != nil {
		panic("sentences: " + err.Error())
	}
	return p
}

// Weights counts the parameters, before there are any. c is complete.
func (c Config) Weights() int64 {
	h, d, stack := int64(c.Hidden), int64(c.Latent), c.stack()
	n := 2 * (int64(len(c.Counts))*int64(c.Embed) + stack.Weights()) // the two readers
	n += (h + 1) * 2 * d                                             // q
	n += (d+1)*h + int64(stack.Width())*d                            // the state, and beside
	return n + c.output().Weights
}

// PlanTraining adds up what training will hold, beside the sentences.
func (c Config) PlanTraining(o vae.Objective, t vae.Training, held int) (vae.Memory, error) {
	m, err := c.latents().PlanTrainingOf(c.Costs(c.Longest), o, t)
	if err != nil || t.Held == 0 {
		return m, err
	}
	longer, err := c.latents().PlanTrainingOf(c.Costs(max(held, 1)), o, t) // of what is held out nothing is too long
	m.Validation = longer.Validation
	return m, err
}

// PlanUse adds up what using the model will hold for sentences of at most so many tokens, with so many samples of z for each; 0: none are drawn.
func (c Config) PlanUse(longest, samples, workers int) (vae.Memory, error) {
	return c.latents().PlanUseOf(c.Costs(max(longest, 1)), samples, workers)
}
