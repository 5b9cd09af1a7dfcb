package documents

import (
	"slices"

	"inkling/data"
	"inkling/internal/kernel"
	"inkling/softmax"
	"inkling/tensor"
	"inkling/vae"
)

// Sizes says how many different words so many documents have at most, all together.
type Sizes func(documents int) int64

// SizesOf are those of documents, the longest of which may come together.
func SizesOf(all ...*data.Bags) Sizes {
	sums := []int64{0}
	for _, b := range all {
		for i := range b.Len() {
			words, _ := b.Bag(i)
			sums = append(sums, int64(len(words)))
		}
	}
	slices.SortFunc(sums[1:], func(a, b int64) int { return int(b - a) })
	for i := 1; i < len(sums); i++ {
		sums[i] += sums[i-1]
	}
	return func(n int) int64 {
		n = max(n, 0)
		if last := len(sums) - 1; n > last {
			if last == 0 {
				return 0
			}
			return sums[last] + int64(n-last)*sums[1]
		}
		return sums[n]
	}
}

// one is of documents that are not known, of a hundred different words each.
func one(documents int) int64 { return 100 * int64(documents) }

// Likely is that of documents of which only their number and the number of pairs of a document and a word in it are known: four times the mean.
func Likely(documents int, pairs int64) Sizes {
	return func(n int) int64 { return 4*int64(n)*(pairs/int64(max(1, documents))+1) + 1 }
}

// outputPlan is what the output layer will take.
func (c Config) outputPlan() softmax.Plan {
	p, err := softmax.PlanOf(c.Output, c.spec(), false)
	if err != nil {
		panic("documents: " + err.Error())
	}
	return p
}

// sparse says whether gradients of the words' vectors are kept by rows.
func (c Config) sparse() bool { return len(c.Counts) >= softmax.SparseVocab }

// dense are the costs of the layers behind the words' vectors, and of those before the output layer.
func (c Config) dense() (encoder, decoder vae.Costs) {
	encoder = vae.DenseCosts(c.Hidden[0][0], c.Hidden[0][1:], 2*c.Latent[0], false)
	if n := len(c.Between); n > 0 {
		decoder = vae.DenseCosts(c.Latent[0], c.Between[:n-1], c.Between[n-1], false)
		return encoder, decoder
	}
	none := func(int64, bool) int64 { return 0 }
	return encoder, vae.Costs{
		Encoder: none, Decoder: none,
		Packed:  func(tensor.Precision, bool) int64 { return 0 },
		Scratch: func(int, tensor.Precision) int64 { return 0 },
	}
}

// Weights counts the parameters, before there are any. c is complete.
func (c Config) Weights() int64 {
	n := c.costs(one, 1).Weights
	for l := 1; l < len(c.Latent); l++ {
		below, d, hidden := c.Latent[l-1], c.Latent[l], c.Hidden[l]
		back := slices.Clone(hidden)
		slices.Reverse(back)
		n += vae.DenseCosts(below, hidden, 2*d, false).Weights + vae.DenseCosts(d, back, 2*below, false).Weights
	}
	return n
}

// costs are those of both networks, for documents of such sizes with k samples of z each. c is complete.
func (c Config) costs(sizes Sizes, k int) vae.Costs {
	encoder, decoder := c.dense()
	out, v, first := c.outputPlan(), len(c.Counts), c.Hidden[0][0]
	bag := int64(v+1) * int64(first)
	costs := vae.Costs{Weights: bag + encoder.Weights + decoder.Weights + out.Weights}
	costs.Dense = encoder.Weights + decoder.Weights + out.Dense
	if !c.sparse() {
		costs.Dense += bag
	}
	if c.sparse() || out.RowGrads != nil {
		costs.RowGrads = func(documents int) (floats int64) {
			words := int(min(sizes(documents), int64(v)))
			if c.sparse() {
				floats = tensor.RowPlaceFloats(v+1) + tensor.RowGradFloats(v+1, first, words+1)
			}
			if out.RowGrads != nil {
				floats += out.RowGrads(int(sizes(documents)))
			}
			return floats
		}
	}
	costs.Packed = func(p tensor.Precision, training bool) int64 {
		return encoder.Packed(p, training) + decoder.Packed(p, training) + packed(out, p, training)
	}
	costs.Scratch = func(rows int, p tensor.Precision) (bytes int64) {
		bytes = max(encoder.Scratch(rows, p), decoder.Scratch(rows, p))
		for _, m := range out.Packed {
			bytes = max(bytes, kernel.ScratchBytes(m[0], m[1], rows, p))
		}
		return bytes
	}
	costs.Encoder = func(rows int64, training bool) int64 {
		words := sizes(int(rows)) + rows
		floats := 3*words + 3*words // the batch, ids that are as long as two numbers, and what the encoder makes of it
		return floats + flows(2, rows, first, training) + encoder.Encoder(rows, training)
	}
	costs.Decoder = func(rows int64, training bool) int64 {
		floats := decoder.Decoder(rows, training)
		if n := len(c.Between); n > 0 {
			floats += flows(1, rows, c.dim(), training)
		}
		if !training {
			block := int64(min(blockRows, int(rows)))
			return floats + tensor.ArenaFloats(block*int64(v)) + block*int64(c.dim()) + out.Scoring(int(block)) + rows
		}
		targets := int64(k) * sizes(int(rows)/k)
		floats += 5*targets + 2*rows + out.OfBags(int(rows), int(targets))
		if out.Bags == nil {
			floats += flows(1, targets, c.dim(), true) // a row for each
		}
		return floats + 2*rows
	}
	return costs
}

// flows are some results of rows × cols, and in training the gradient of each.
func flows(n int, rows int64, cols int, training bool) int64 {
	if training {
		n *= 2
	}
	return int64(n) * tensor.ArenaFloats(rows*int64(tensor.Stride(cols)))
}

// packed is what the output layer's matrices take that are operands of products, in bytes. Judging makes the probabilities of all words.
func packed(out softmax.Plan, p tensor.Precision, training bool) (bytes int64) {
	forward := func(matrices [][2]int, p tensor.Precision) {
		for _, m := range matrices {
			bytes += kernel.PackedBytes(m[1], m[0], p)
		}
	}
	forward(out.Packed, tensor.Float32)
	forward(out.Read, tensor.Float32)
	forward(out.Whole, tensor.Float32)
	if training {
		if p != tensor.Float32 {
			forward(out.Packed, p)
		}
		for _, m := range out.Packed {
			bytes += kernel.PackedBytes(m[0], m[1], p)
		}
	}
	return bytes
}

// PlanTraining adds up what training will hold, as vae.Config has it.
func (c Config) PlanTraining(sizes Sizes, o vae.Objective, t vae.Training) (vae.Memory, error) {
	if err := c.Complete(); err != nil {
		return vae.Memory{}, err
	}
	if err := o.Complete(); err != nil {
		return vae.Memory{}, err
	}
	return c.latents().PlanTrainingOf(c.costs(sizes, o.K), o, t)
}

// PlanUse adds up what using a model takes beside documents: judging them on so many cores, by so many samples of z for each if that is above 0,
// and, if gradients are wanted, with as many rows at once.
func (c Config) PlanUse(sizes Sizes, samples, workers int, gradients bool) (vae.Memory, error) {
	if err := c.Complete(); err != nil {
		return vae.Memory{}, err
	}
	m, err := c.latents().PlanUseOf(c.costs(sizes, max(1, samples)), samples, workers)
	if gradients {
		costs := c.costs(sizes, 1)
		m.Activations += 4 * int64(workers) * (costs.Decoder(int64(samples), true) + costs.Encoder(int64(samples), true))
		m.Packed += costs.Packed(tensor.Float32, true)
	}
	return m, err
}
