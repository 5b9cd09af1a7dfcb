package tables

import (
	"inkling/internal/kernel"
	"inkling/softmax"
	"inkling/tensor"
	"inkling/vae"
)

// Costs are what a model of these columns will hold, known before there are weights. c is complete.
func (c *Config) Costs(columns []*Column) vae.Costs {
	inputs, classes, _, embeddings := c.seen(columns)
	first, width := c.first(), 0
	var plans []softmax.Plan
	var embedded int64
	for _, col := range columns {
		width += headWidth(col, c.Components)
		if col.Type == Vocabulary {
			p, err := softmax.PlanOf(c.Output, c.spec(col, c.Options[len(plans)]), false)
			if err != nil {
				panic("tables: " + err.Error())
			}
			plans = append(plans, p)
			embedded += int64(col.classes()) * int64(c.Embed)
		}
	}
	out := width + c.Embed*len(plans)
	net := vae.DenseCosts(c.Latent, reversed(c.Hidden), out, false)
	nets := []vae.Costs{net}
	costs := vae.Costs{Weights: net.Weights + int64(classes)*int64(first) + embedded, Example: int64(len(columns))}
	var into, rest vae.Costs
	if inputs+embeddings > 0 {
		into = vae.DenseCosts(inputs+embeddings, nil, first, embeddings == 0)
		nets = append(nets, into)
		costs.Weights += into.Weights
	} else {
		costs.Weights += int64(first) // the bias
	}
	if len(c.Hidden) > 0 {
		rest = vae.DenseCosts(first, c.Hidden[1:], 2*c.Latent, false)
		nets = append(nets, rest)
		costs.Weights += rest.Weights
	}
	for _, p := range plans {
		costs.Weights += p.Weights
	}
	costs.Packed = func(p tensor.Precision, training bool) (bytes int64) {
		for _, n := range nets {
			bytes += n.Packed(p, training)
		}
		for _, plan := range plans {
			for _, m := range append(append([][2]int{}, plan.Packed...), plan.Read...) {
				bytes += kernel.PackedBytes(m[1], m[0], p)
				if training {
					bytes += kernel.PackedBytes(m[0], m[1], p)
				}
				if training && p != tensor.Float32 {
					bytes += kernel.PackedBytes(m[1], m[0], tensor.Float32)
				}
			}
		}
		return bytes
	}
	costs.Scratch = func(rows int, p tensor.Precision) (bytes int64) {
		for _, n := range nets {
			bytes = max(bytes, n.Scratch(rows, p))
		}
		for _, plan := range plans {
			for _, m := range plan.Packed {
				bytes = max(bytes, kernel.ScratchBytes(m[0], m[1], rows, p))
			}
		}
		return bytes
	}
	costs.Encoder = func(rows int64, training bool) int64 {
		t := results{rows, training}
		floats := t.of(inputs) + int64(len(plans))*t.flow(c.Embed)
		if inputs > 0 && len(plans) > 0 || len(plans) > 1 {
			floats += t.flow(inputs + embeddings)
		}
		if into.Encoder != nil {
			floats += into.Encoder(rows, training)
		}
		if classes > 0 {
			floats += 2 * t.flow(first)
		}
		if rest.Encoder != nil {
			floats += t.flow(first) + rest.Encoder(rows, training)
		}
		return floats
	}
	costs.Decoder = func(rows int64, training bool) int64 {
		t := results{rows, training}
		floats := net.Decoder(rows, training) + t.flow(len(columns))
		if training {
			floats += t.of(out) // derivatives
		}
		for _, p := range plans {
			floats += t.flow(c.Embed) + 3*t.flow(1)
			if training {
				floats += p.Forward(int(rows))
			} else {
				floats += p.Scoring(int(rows))
			}
		}
		return floats
	}
	return costs
}

// results counts the floats that a tape holds for results of so many rows.
type results struct {
	rows     int64
	training bool
}

func (t results) of(cols int) int64 {
	return tensor.ArenaFloats(t.rows * int64(tensor.Stride(cols)))
}

// flow is the same with the gradient, in training.
func (t results) flow(cols int) int64 {
	if t.training {
		return 2 * t.of(cols)
	}
	return t.of(cols)
}

// ColumnsBytes is about what columns take: strings, and the map that finds them.
func ColumnsBytes(columns []*Column) (bytes int64) {
	for _, c := range columns {
		bytes += 12*int64(len(c.Edges)) + 96*int64(len(c.Values))
		for _, v := range c.Values {
			bytes += int64(len(v))
		}
	}
	return bytes
}

// UseFloats is about what a core holds that scores rows with so many samples of z for each, or draws them: what the tape holds for a block of rows,
// and its cells, and for drawing some rows of each vocabulary's probabilities.
func UseFloats(c *Config, columns []*Column, samples int) int64 {
	costs, most := c.Costs(columns), 0
	for _, col := range columns {
		if col.Type == Vocabulary {
			most = max(most, col.classes())
		}
	}
	const cell = 8 // floats of one as text and as codes, of which some blocks are on their way
	return costs.Encoder(AtOnce, false) + costs.Decoder(AtOnce*int64(samples), false) + wordsAtOnce*int64(most) + 6*cell*AtOnce*int64(len(columns))
}
