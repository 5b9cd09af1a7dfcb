package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"inkling/tensor"
)

// LSTM is a stack of LSTM layers with the names and shapes of torch.nn.LSTM: for layer k,
// prefix.weight_ih_lk [4H, in], prefix.weight_hh_lk [4H, H], prefix.bias_ih_lk and bias_hh_lk [4H],
// gates in the order i, f, g, o.
type LSTM struct {
	Hidden, Layers     int
	Wih, Whh, Bih, Bhh []*tensor.Param // by layer
}

// NewLSTM draws weights as PyTorch does, from ±1/√H. Biases begin at zero, except that the forget gate
// begins open (bias 1; Jozefowicz et al. 2015): a state that is kept from the first step is learnt from.
func NewLSTM(prefix string, in, hidden, layers int, rnd *rand.Rand) *LSTM {
	l := &LSTM{Hidden: hidden, Layers: layers}
	bound := 1 / math.Sqrt(float64(hidden))
	for k := range layers {
		name := func(s string) string { return fmt.Sprintf("%s.%s_l%d", prefix, s, k) }
		l.Wih = append(l.Wih, Uniform(tensor.NewParam(name("weight_ih"), 4*hidden, in), bound, rnd))
		l.Whh = append(l.Whh, Uniform(tensor.NewParam(name("weight_hh"), 4*hidden, hidden), bound, rnd))
		l.Bih = append(l.Bih, tensor.NewParam(name("bias_ih"), 4*hidden))
		l.Bhh = append(l.Bhh, tensor.NewParam(name("bias_hh"), 4*hidden))
		for j := hidden; j < 2*hidden; j++ {
			l.Bih[k].Value[j] = 1
		}
		in = hidden
	}
	return l
}

// Params lists the parameters in PyTorch's order.
func (l *LSTM) Params() (ps Params) {
	for k := range l.Layers {
		ps = append(ps, l.Wih[k], l.Whh[k], l.Bih[k], l.Bhh[k])
	}
	return ps
}

// State is h and c of each layer, each [lanes, H]. In the state that a run ends with, gradients flow through C
// and not through H: what is to be learnt from h goes through the output.
type State struct{ H, C []*tensor.Tensor }

// Floats is the size of a carried state.
func (l *LSTM) Floats(lanes int) int { return 2 * l.Layers * lanes * l.Hidden }

// Load makes a state of carried values, Floats(lanes) long; no gradient flows into it.
func (l *LSTM) Load(tp *tensor.Tape, carry []float32, lanes int) (s State) {
	n := lanes * l.Hidden
	for k := range l.Layers {
		s.H = append(s.H, tp.Const(lanes, l.Hidden, carry[2*k*n:(2*k+1)*n]))
		s.C = append(s.C, tp.Const(lanes, l.Hidden, carry[(2*k+1)*n:(2*k+2)*n]))
	}
	return s
}

// Store writes a state to carry, for Load.
func (s State) Store(carry []float32) {
	at := 0
	for k := range s.H {
		for _, t := range []*tensor.Tensor{s.H[k], s.C[k]} {
			for i := range t.Rows {
				at += copy(carry[at:], t.Row(i))
			}
		}
	}
}

// Dropout says how much is dropped between layers, and from what the last layer puts out.
type Dropout struct{ Between, Out float32 }

// FromTokens runs the stack over ids (row t·lanes+lane), which pick rows of a table [V, 4H]: the
// product of the first layer's input weights with every possible input, biases included.
func (l *LSTM) FromTokens(tp *tensor.Tape, table *tensor.Tensor, ids []int, s State, lanes int, d Dropout) (*tensor.Tensor, State) {
	return l.run(tp, tensor.Gather(tp, table, ids), s, lanes, d)
}

// FromVectors runs the stack over inputs [time·lanes, in].
func (l *LSTM) FromVectors(tp *tensor.Tape, x *tensor.Tensor, s State, lanes int, d Dropout) (*tensor.Tensor, State) {
	return l.run(tp, tensor.Linear(tp, x, l.Wih[0], l.Bih[0], l.Bhh[0]), s, lanes, d)
}

func (l *LSTM) run(tp *tensor.Tape, pre *tensor.Tensor, s State, lanes int, d Dropout) (h *tensor.Tensor, next State) {
	for k := range l.Layers {
		if k > 0 {
			pre = tensor.Linear(tp, tensor.Dropout(tp, h, d.Between), l.Wih[k], l.Bih[k], l.Bhh[k])
		}
		var c *tensor.Tensor
		h, c = tensor.LSTM(tp, pre, l.Whh[k], s.H[k], s.C[k], lanes)
		next.H = append(next.H, tensor.LastRows(tp, h, lanes))
		next.C = append(next.C, c)
	}
	return tensor.Dropout(tp, h, d.Out), next
}
