package documents

import (
	"fmt"
	"math"
	"math/rand/v2"

	"inkling/internal/kernel"
	"inkling/nn"
	"inkling/softmax"
	"inkling/tensor"
	"inkling/vae"
)

// Model is a VAE of documents.
type Model struct {
	Config Config
	VAE    *vae.Model // whose batches carry a Batch
	Output softmax.Output

	encoder *encoder
	decoder *decoder
}

// A Batch is the words of some documents, and how often each occurs: those of document i from Starts[i] up to Starts[i+1].
type Batch struct {
	Starts, Words []int
	Counts        []float32
}

// New makes a model with random weights.
func New(c Config) (*Model, error) {
	if err := c.Complete(); err != nil {
		return nil, err
	}
	rnd := rand.New(rand.NewPCG(c.Seed, 0xd0c))
	spec := c.spec()
	spec.Rand = rnd
	out, err := softmax.New(c.Output, spec)
	if err != nil {
		return nil, err
	}
	e, d := newEncoder(c, rnd), newDecoder(c, out, rnd)
	v, err := vae.Compose(c.latents(), c.costs(one, 1), e, d)
	if err != nil {
		return nil, err
	}
	return &Model{Config: c, VAE: v, Output: out, encoder: e, decoder: d}, nil
}

// activate is the function between two layers.
func activate(name string) func(*tensor.Tape, *tensor.Tensor) *tensor.Tensor {
	if name == "relu" {
		return tensor.ReLU
	}
	return tensor.Tanh
}

// encoder is q(z|x): a weighted sum of a vector of each word, at the cost of the words that a document has, and layers behind it.
type encoder struct {
	log      bool
	bag      *tensor.Param // a row for each word; the last is of a word that every document has once: the bias
	activate func(*tensor.Tape, *tensor.Tensor) *tensor.Tensor
	rest     vae.Dense
}

const usualNorm = 100

// newEncoder draws the words' vectors such that the sum over a document is about as large as a unit of a layer that is drawn as usual.
func newEncoder(c Config, rnd *rand.Rand) *encoder {
	first, v := c.Hidden[0][0], len(c.Counts)
	norm := c.Norm
	if norm == 0 {
		norm = usualNorm
	}
	bag := tensor.NewParam("encoder.bag.weight", v+1, first)
	nn.Uniform(bag, math.Sqrt(3/norm), rnd)
	clear(bag.Row(v))
	bag.Sparse = v >= softmax.SparseVocab
	return &encoder{
		log: c.Input == "log", bag: bag, activate: activate(c.Activation),
		rest: vae.NewDense("encoder.0", c.Activation, first, c.Hidden[0][1:], 2*c.Latent[0], rnd),
	}
}

// Params are the words' vectors and the layers behind them.
func (e *encoder) Params() nn.Params { return append(nn.Params{e.bag}, e.rest.Params()...) }

// Encode is what q is made of.
func (e *encoder) Encode(tp *tensor.Tape, b vae.Batch) *tensor.Tensor {
	d := of(b)
	n := len(d.Words) + b.Rows
	starts, ids, weight := tp.ScratchInts(b.Rows+1), tp.ScratchInts(n), tp.Scratch(n)[:0]
	for i := range b.Rows {
		starts = append(starts, len(ids))
		for j := d.Starts[i]; j < d.Starts[i+1]; j++ {
			ids, weight = append(ids, d.Words[j]), append(weight, seen(e.log, d.Counts[j]))
		}
		ids, weight = append(ids, e.bag.Rows-1), append(weight, 1)
	}
	starts = append(starts, len(ids))
	return e.rest.Apply(tp, e.activate(tp, tensor.EmbeddingBag(tp, e.bag, starts, ids, weight)))
}

// seen is what the encoder sees of a word that occurs so often.
func seen(log bool, count float32) float32 {
	if log {
		return float32(math.Log1p(float64(count)))
	}
	return count
}

func of(b vae.Batch) Batch {
	d, ok := b.Data.(Batch)
	if !ok || len(d.Starts) != b.Rows+1 {
		panic(fmt.Sprintf("documents: a batch of %d rows with %T", b.Rows, b.Data))
	}
	return d
}

// decoder is p(x|z).
type decoder struct {
	vocab    int
	between  *vae.Dense // nil: the output layer sees z itself
	activate func(*tensor.Tape, *tensor.Tensor) *tensor.Tensor
	out      softmax.Output
}

func newDecoder(c Config, out softmax.Output, rnd *rand.Rand) *decoder {
	d := &decoder{vocab: len(c.Counts), activate: activate(c.Activation), out: out}
	if n := len(c.Between); n > 0 {
		net := vae.NewDense("decoder.0", c.Activation, c.Latent[0], c.Between[:n-1], c.Between[n-1], rnd)
		d.between = &net
	}
	return d
}

// Params are those of the layers between, if there are any, and of the output layer.
func (d *decoder) Params() nn.Params {
	if d.between == nil {
		return d.out.Params()
	}
	return append(d.between.Params(), d.out.Params()...)
}

// hidden is what the output layer sees.
func (d *decoder) hidden(tp *tensor.Tape, z *tensor.Tensor) *tensor.Tensor {
	if d.between == nil {
		return z
	}
	return d.activate(tp, d.between.Apply(tp, z))
}

// LogLikelihood is Σ_w count_w · log p(w|z). Training has it by the output layer's loss, which costs the words that a document has. For judging, all
// words' probabilities are made for each row, which is exact whatever the layer, and of most of them less work than words one by one.
func (d *decoder) LogLikelihood(tp *tensor.Tape, b vae.Batch, z *tensor.Tensor) *tensor.Tensor {
	h, k := d.hidden(tp, z), z.Rows/b.Rows
	if !tp.Recording() {
		return d.exact(tp, of(b), h, k)
	}
	return tensor.Scale(tp, d.out.Loss(tp, h, d.targets(tp, of(b), z.Rows, k)), -1)
}

// targets are the words of each document, for each of its k rows.
func (d *decoder) targets(tp *tensor.Tape, b Batch, rows, k int) softmax.Targets {
	n := k * len(b.Words)
	t := softmax.Targets{Row: tp.ScratchInts(n), Word: tp.ScratchInts(n), Weight: tp.Scratch(n)[:0], Part: tp.ScratchInts(rows), Parts: rows}
	for r := range rows {
		t.Part = append(t.Part, r)
		for j := b.Starts[r/k]; j < b.Starts[r/k+1]; j++ {
			t.Row, t.Word, t.Weight = append(t.Row, r), append(t.Word, b.Words[j]), append(t.Weight, b.Counts[j])
		}
	}
	return t
}

// blockRows is how many rows have the probabilities of all words at the same time.
const blockRows = 32

func (d *decoder) exact(tp *tensor.Tape, b Batch, h *tensor.Tensor, k int) *tensor.Tensor {
	y := tp.New(h.Rows, 1, false)
	all, rows := tp.Scratch(min(blockRows, h.Rows)*d.vocab), tp.Scratch(min(blockRows, h.Rows)*h.Cols)
	for at := 0; at < h.Rows; at += blockRows {
		n := min(blockRows, h.Rows-at)
		for i := range n {
			copy(rows[i*h.Cols:(i+1)*h.Cols], h.Row(at+i))
		}
		logProbs(d.out, d.vocab, all[:n*d.vocab], rows[:n*h.Cols])
		for i := range n {
			r := at + i
			p, sum := all[i*d.vocab:(i+1)*d.vocab], 0.0
			for j := b.Starts[r/k]; j < b.Starts[r/k+1]; j++ {
				sum += float64(b.Counts[j]) * float64(p[b.Words[j]])
			}
			y.Row(r)[0] = float32(sum)
		}
	}
	return y
}

// logProbs sets each row of dst to the log-probabilities of all words.
func logProbs(out softmax.Distribution, vocab int, dst, h []float32) {
	if b, ok := out.(softmax.Batched); ok {
		b.LogProbsRows(dst, h)
		return
	}
	dim := len(h) * vocab / len(dst)
	for i := range len(dst) / vocab {
		out.LogProbs(dst[i*vocab:(i+1)*vocab], h[i*dim:(i+1)*dim])
	}
}

// Words sets a row for each row of the last layer's z to the log-probabilities of all words, [len(z)/Top, V].
func (m *Model) Words(z []float32) []float32 {
	v := len(m.Config.Counts)
	tp := tensor.NewInference()
	var all []float32
	for top := m.VAE.Top(); len(z) > 0; {
		tp.Reset(0, 0, 0)
		n := min(len(z)/top, blockRows)
		h := m.decoder.hidden(tp, m.VAE.Descend(tp, z[:n*top], nil))
		rows := make([]float32, 0, n*h.Cols)
		for i := range n {
			rows = append(rows, h.Row(i)...)
		}
		block := kernel.Floats(n * v)
		logProbs(m.Output, v, block, rows)
		all, z = append(all, block...), z[n*top:]
	}
	return all
}
