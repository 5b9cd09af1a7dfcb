package sentences

import (
	"math"
	"math/rand/v2"

	"inkling/nn"
	"inkling/softmax"
	"inkling/tensor"
	"inkling/vae"
)

// Model is a VAE of sentences. What holds for VAEs of any data is that of the model within.
type Model struct {
	*vae.Model
	Sentences Config
	encoder   *encoder
	decoder   *decoder
}

// New makes a model with random weights.
func New(c Config) (*Model, error) {
	if err := c.Complete(); err != nil {
		return nil, err
	}
	rnd := rand.New(rand.NewPCG(c.Seed, 0x5e47e))
	m := &Model{Sentences: c, encoder: newEncoder(c, rnd)}
	var err error
	if m.decoder, err = newDecoder(c, rnd); err != nil {
		return nil, err
	}
	m.Model, err = vae.Compose(c.latents(), c.Costs(c.Longest), m.encoder, m.decoder)
	return m, err
}

// reader is an embedding and the recurrent layer that reads it.
type reader struct {
	embed *tensor.Param // [V, Embed]
	rnn   *nn.Recurrent
}

func newReader(side string, c Config, rnd *rand.Rand) reader {
	embed := nn.Uniform(tensor.NewParam(side+".embed.weight", len(c.Counts), c.Embed), unitVariance, rnd)
	embed.Sparse = c.sparse()
	return reader{embed, c.stack().New(side+"."+c.Cell, rnd)}
}

// unitVariance is the bound of uniform numbers whose variance is 1, as those of embeddings are that feed a layer.
const unitVariance = 1.7320508

// products are those of the first layer's inputs with its weights, of tokens of which a share is dropped. They come by way of a table of
// all tokens where that is less work, which nothing can be dropped from.
func (r reader) products(tp *tensor.Tape, ids []int, drop float32) *tensor.Tensor {
	if drop == 0 && !r.embed.Sparse && r.embed.Rows <= len(ids) {
		return tensor.Gather(tp, r.rnn.Table(tp, tp.Use(r.embed)), ids)
	}
	return r.rnn.Inputs(tp, tensor.Dropout(tp, tensor.Embedding(tp, r.embed, ids), drop))
}

// zeros is the state before a sentence that is read from nothing.
func (r reader) zeros(tp *tensor.Tape, lanes int) nn.State {
	carry := tp.Scratch(r.rnn.Floats(lanes))
	clear(carry)
	return r.rnn.Load(tp, carry, lanes)
}

// encoder is q(z|x).
type encoder struct {
	reader
	out vae.Dense // of the state, means and log deviations
}

func newEncoder(c Config, rnd *rand.Rand) *encoder {
	return &encoder{newReader("encoder", c, rnd), vae.NewDense("encoder.q", "tanh", c.Hidden, nil, 2*c.Latent, rnd)}
}

func (e *encoder) Params() nn.Params {
	return append(append(nn.Params{e.embed}, e.rnn.Params()...), e.out.Params()...)
}

// Encode reads the sentences side by side from their first words to their ends. What is read of the shorter ones after that is padding, and no state
// of it is looked at.
func (e *encoder) Encode(tp *tensor.Tape, b vae.Batch) *tensor.Tensor {
	s := b.Data.(Batch).Sentences
	lanes, time := len(s), longest(s)
	ids, ends := tp.ScratchInts(lanes * time)[:lanes*time], tp.ScratchInts(lanes)
	clear(ids)
	for lane, tokens := range s {
		for t, id := range tokens {
			ids[t*lanes+lane] = id
		}
		ends = append(ends, (len(tokens)-1)*lanes+lane)
	}
	h, _ := e.rnn.FromProducts(tp, e.products(tp, ids, 0), e.zeros(tp, lanes), lanes, nn.Dropout{})
	return e.out.Apply(tp, tensor.Gather(tp, h, ends))
}

// decoder is p(x|z).
type decoder struct {
	reader
	config Config
	state  [2]*tensor.Param // decoder.state.weight [H, Latent] and .bias: of z, the state before the first word
	beside *tensor.Param    // decoder.beside.weight [gates·H, Latent]: what z adds to each step's input
	out    softmax.Output
}

func newDecoder(c Config, rnd *rand.Rand) (*decoder, error) {
	d := &decoder{reader: newReader("decoder", c, rnd), config: c}
	d.state[0] = nn.Uniform(tensor.NewParam("decoder.state.weight", c.Hidden, c.Latent), 1/math.Sqrt(float64(c.Latent)), rnd)
	d.state[1] = tensor.NewParam("decoder.state.bias", c.Hidden)
	d.beside = nn.Uniform(tensor.NewParam("decoder.beside.weight", c.stack().Width(), c.Latent), besideBound, rnd)
	spec := c.spec()
	spec.Rand = rnd
	var err error
	d.out, err = softmax.New(c.Output, spec)
	return d, err
}

// besideBound is the size of first weights from z to the gates.
const besideBound = 0.1

func (d *decoder) Params() nn.Params {
	ps := append(append(nn.Params{d.embed}, d.rnn.Params()...), d.state[0], d.state[1], d.beside)
	return append(ps, d.out.Params()...)
}

// begin is the state that z says, and what it adds to the input of each step.
func (d *decoder) begin(tp *tensor.Tape, z *tensor.Tensor) (s nn.State, beside *tensor.Tensor) {
	c := tensor.Linear(tp, z, d.state[0], d.state[1])
	vectors := []*tensor.Tensor{tensor.Tanh(tp, c)}
	if d.rnn.Floats(1) > d.rnn.Hidden { // an LSTM's
		vectors = append(vectors, c)
	}
	return nn.State{vectors}, tensor.Linear(tp, z, d.beside)
}

// LogLikelihood reads each sentence as many times as there are samples of z for it, side by side, and scores each of its words and its end given z
// and the words before. Words and numbers are dropped of batches to learn from only.
func (d *decoder) LogLikelihood(tp *tensor.Tape, b vae.Batch, z *tensor.Tensor) *tensor.Tensor {
	data := b.Data.(Batch)
	s := data.Sentences
	k := z.Rows / len(s)
	lanes, time, all := z.Rows, longest(s), 0
	for _, tokens := range s {
		all += k * len(tokens)
	}
	ids := tp.ScratchInts(lanes * time)[:lanes*time]
	row, word, part, of := tp.ScratchInts(all), tp.ScratchInts(all), tp.ScratchInts(all), tp.ScratchInts(all)
	for t := range time {
		for lane := range lanes {
			at, tokens := t*lanes+lane, s[lane/k]
			ids[at] = d.config.Begin
			if t >= len(tokens) {
				continue // padding, which nothing is made of
			}
			if t > 0 {
				ids[at] = tokens[t-1]
			}
			row, word, part, of = append(row, len(row)), append(word, tokens[t]), append(part, lane), append(of, at)
		}
	}
	var drop nn.Dropout
	in := float32(0)
	if data.Train && tp.Recording() {
		d.forget(tp, ids)
		drop.Out, in = d.config.DropoutOut, d.config.DropoutIn
	}
	state, beside := d.begin(tp, z)
	h, _ := d.rnn.FromProducts(tp, tensor.AddLanes(tp, d.products(tp, ids, in), beside), state, lanes, drop)
	if all < len(ids) {
		h = tensor.Gather(tp, h, of)
	}
	return tensor.Scale(tp, d.out.Loss(tp, h, softmax.Targets{Row: row, Word: word, Part: part, Parts: lanes}), -1)
}

// forget replaces words that are read by the token for those that are dropped (Bowman et al. 2016, §3.3): what the decoder is not told it must
// learn from z. Where a sentence begins it always knows.
func (d *decoder) forget(tp *tensor.Tape, ids []int) {
	if d.config.WordDropout == 0 {
		return
	}
	rnd := tp.Rand()
	for i, id := range ids {
		if rnd.Float32() < d.config.WordDropout && id != d.config.Begin {
			ids[i] = d.config.Dropped
		}
	}
}
