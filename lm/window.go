package lm

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"inkling/data"
	"inkling/nn"
	"inkling/tensor"
)

// window is the feed-forward language model of Bengio, Ducharme, Vincent and Jauvin (2003): it sees the last d tokens,
//
//	p(w_t | w_{t−d} … w_{t−1}) = softmax(b + U·tanh(d + H·x) + W·x),   x = the embeddings of these tokens, the oldest first
//
// and, with Layers, more than one hidden layer. W, the direct connections, is optional (Config.Direct). The output layer
// of whatever kind sees [tanh(d + H·x); x] then, so that its weights are U and W side by side.
//
// Before the first token there is nothing: zeros in place of an embedding. A vector to be learnt would be seen d times
// in a whole text.
//
// A token costs hidden·d·embed multiplications, and its x is d·embed floats of memory. Where tokens repeat in a window,
// H·x could be a sum of d rows of tables, as a recurrent layer's first product is one row; but with a vocabulary of
// words, for which this model is, the output layer is twenty times the work.
type window struct{}

const (
	usualContext = 5
	mostContext  = 1 << 10
	usualEmbed   = 100
)

func (window) about() Architecture {
	return Architecture{"window", "feed-forward over the last tokens (Bengio et al. 2003): fast, and blind to what is before them", "a feed-forward network", "the shapes of PyTorch's `nn.Embedding` and `nn.Linear`"}
}

func (window) settle(c *Config) error {
	c.Context = cmp.Or(c.Context, usualContext)
	c.Embed = cmp.Or(c.Embed, usualEmbed)
	switch {
	case c.Context < 1 || c.Context > mostContext:
		return fmt.Errorf("a context of %d tokens: must be at least 1 and at most %d", c.Context, mostContext)
	case c.Embed > maxSize/c.Context:
		return fmt.Errorf("a context of %d tokens with embeddings of %d: at most %d numbers in all", c.Context, c.Embed, maxSize)
	case len(c.Counts) >= mostIDs:
		return fmt.Errorf("a vocabulary of %d tokens: a window holds at most %d", len(c.Counts), mostIDs-1)
	case c.Tied && c.Direct:
		return fmt.Errorf("tied weights with direct connections: the embedding is %d wide, and the output layer sees %d numbers: leave one of them out", c.Embed, window{}.dim(*c))
	}
	return nil
}

// sizes: of 2e-3, 4e-3 and 8e-3 the last was best for 256 and for 1024, after 400 steps on tiny Shakespeare.
func (window) sizes() []size {
	return []size{{128, 1, 1e-2}, {256, 1, 8e-3}, {512, 1, 7e-3}, {1024, 1, 6e-3}, {2048, 1, 4e-3}}
}

func (window) words(c Config) string {
	s := fmt.Sprintf("%s of %d over the last %d tokens", layers(c), c.Hidden, c.Context)
	if c.Context == 1 {
		s = fmt.Sprintf("%s of %d over the last token", layers(c), c.Hidden)
	}
	if c.Direct {
		s += ", with direct connections"
	}
	return s
}

// wide is the length of x.
func (window) wide(c Config) int { return c.Context * c.Embed }

func (a window) dim(c Config) int {
	if c.Direct {
		return c.Hidden + a.wide(c)
	}
	return c.Hidden
}

func (a window) weights(c Config) (n int64) {
	for _, m := range a.products(c, false) {
		n += int64(m[0]) * int64(m[1]+1)
		if c.Norm {
			n += 2 * int64(m[0])
		}
	}
	return n
}

func (window) carry(c Config) int { return c.Context - 1 }

func (window) warm(c Config) int { return c.Context - 1 }

func (window) order(c Config) int { return c.Context }

func (window) decoding(Config) int64 { return 0 }

func (window) tabled(Config) bool { return false }

func (a window) products(c Config, _ bool) (matrices [][2]int) {
	in := a.wide(c)
	for range c.Layers {
		matrices = append(matrices, [2]int{c.Hidden, in})
		in = c.Hidden
	}
	return matrices
}

func (a window) activations(c Config, rows, lanes, _ int64, training bool) (floats int64) {
	h, x, d := pad(c.Hidden), int64(a.wide(c)), c.dropout()
	each, n := int64(1), int64(c.Layers)
	if training { // a value and its gradient
		each = 2
	}
	floats = rows * each * (pad(int(x)) + n*2*h) // x; before and after tanh
	if c.Direct {
		floats += rows * each * pad(a.dim(c))
	}
	if c.Norm && training {
		floats += n * rows * (3*h + 1) // the normalized, the result, the gradient; the deviation
	} else if c.Norm {
		floats += n * rows * h
	}
	if training {
		hidden := int64(c.Hidden)
		floats += d.Activations(d.Input, rows, lanes, x) + (n-1)*d.Activations(d.Between, rows, lanes, hidden) + d.Activations(d.Out, rows, lanes, hidden)
	}
	return floats
}

func (a window) build(c Config, embed *tensor.Param, rnd *rand.Rand) body {
	b := &windowBody{embed: embed, width: c.Context, direct: c.Direct}
	for k, m := range a.products(c, false) {
		bound := 1 / math.Sqrt(float64(m[1]))
		l := hiddenLayer{
			weight: nn.Uniform(tensor.NewParam(fmt.Sprintf("window.weight_l%d", k), m[0], m[1]), bound, rnd),
			bias:   tensor.NewParam(fmt.Sprintf("window.bias_l%d", k), m[0]),
		}
		if c.Norm {
			l.norm = nn.NewLayerNorm(fmt.Sprintf("window.norm_l%d", k), m[0])
		}
		b.layers = append(b.layers, l)
	}
	return b
}

// windowBody is hidden layers over the last width tokens.
type windowBody struct {
	embed  *tensor.Param
	layers []hiddenLayer
	width  int
	direct bool
}

// hiddenLayer is H and d: window.weight_lk [hidden, in] and window.bias_lk [hidden].
type hiddenLayer struct {
	weight, bias *tensor.Param
	norm         *nn.LayerNorm // nil without
}

func (b *windowBody) params() (ps nn.Params) {
	for _, l := range b.layers {
		ps = append(ps, l.weight, l.bias)
		if l.norm != nil {
			ps = append(ps, l.norm.Params()...)
		}
	}
	return ps
}

// run is what the output layer sees of each window of ids, [len(ids) − (width−1)·lanes, dim].
func (b *windowBody) run(tp *tensor.Tape, ids []int, lanes int, d nn.Dropout) *tensor.Tensor {
	x := tensor.GatherWindows(tp, b.embed, ids, b.width, lanes)
	x = d.Apply(tp, x, d.Input, lanes)
	h := x
	for k, l := range b.layers {
		if k > 0 {
			h = d.Apply(tp, h, d.Between, lanes)
		}
		h = tensor.Tanh(tp, tensor.Linear(tp, h, l.weight, l.bias))
		if l.norm != nil {
			h = l.norm.Apply(tp, h)
		}
	}
	h = d.Apply(tp, h, d.Out, lanes)
	if b.direct {
		return tensor.ConcatCols(tp, h, x)
	}
	return h
}

// Between windows of a text, and between steps of decoding, a lane remembers ids. They are kept as float32, as any
// state is: an id plus one, which is exact below 2²⁴, and 0 where nothing was read yet.
const mostIDs = 1 << 24

// carryFloats: all but one of the tokens that the next one is seen with, the oldest of all lanes first.
func (b *windowBody) carryFloats(lanes int) int { return (b.width - 1) * lanes }

func (b *windowBody) hidden(tp *tensor.Tape, w data.Window, carry []float32, d nn.Dropout) *tensor.Tensor {
	carried := carry[:b.carryFloats(w.Lanes)]
	ids := make([]int, 0, len(carried)+len(w.Inputs))
	for _, x := range carried {
		ids = append(ids, int(x)-1)
	}
	ids = append(ids, w.Inputs...)
	for i, id := range ids[len(w.Inputs):] {
		carried[i] = float32(id + 1)
	}
	return b.run(tp, ids, w.Lanes, d)
}

func (b *windowBody) stepper() stepper { return &windowStepper{body: b} }

// windowStepper's states are the last width tokens, the oldest first.
type windowStepper struct {
	body  *windowBody
	tapes sync.Pool // of *tensor.Tape, for inference
}

func (s *windowStepper) Start() []float32 { return make([]float32, s.body.width) }

func (s *windowStepper) Next(state []float32, token int) []float32 {
	return append(append(make([]float32, 0, len(state)), state[1:]...), float32(token+1))
}

func (s *windowStepper) NextBatch(dst, states [][]float32, tokens []int) {
	for i, state := range states {
		dst[i] = s.Next(state, tokens[i])
	}
}

func (s *windowStepper) Outputs(dst []float32, states [][]float32) {
	tp, _ := s.tapes.Get().(*tensor.Tape)
	if tp == nil {
		tp = tensor.NewInference()
	}
	defer s.tapes.Put(tp)
	tp.Reset(0, 0, 0)
	ids := make([]int, 0, len(states)*s.body.width)
	for k := range s.body.width {
		for _, state := range states {
			ids = append(ids, int(state[k])-1)
		}
	}
	y := s.body.run(tp, ids, len(states), nn.Dropout{})
	for i := range states {
		copy(dst[i*y.Cols:(i+1)*y.Cols], y.Row(i))
	}
}
