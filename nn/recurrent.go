package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"inkling/tensor"
)

// Stack says what a stack of recurrent layers is. What it will cost is known from it before there are weights.
type Stack struct {
	Cell               Cell // LSTM{}, GRU{}
	In, Hidden, Layers int

	// Norm normalizes what each layer puts out ([LayerNorm]) before it goes on, to dropout, the next layer or the
	// output layer; the state goes from step to step as it is. Ba et al. 2016 put it inside the cell, on the gates of
	// every step. Cells that are one op over the sequence, ours and cuDNN's, have no place for it there: each step
	// would go through memory between its product and its gates. After the layer it is one pass over all steps.
	Norm bool
}

// Recurrent is a stack of recurrent layers with its weights: those of layer k have the names and shapes of PyTorch,
// with G gates prefix.weight_ih_lk [G·H, in], prefix.weight_hh_lk [G·H, H], prefix.bias_ih_lk and bias_hh_lk [G·H]; with
// Norm also prefix.norm_lk.weight and .bias [H], which PyTorch would have beside the layers.
type Recurrent struct {
	Stack
	Layer []Layer
}

// Layer is the weights of one layer.
type Layer struct {
	Wih, Whh, Bih, Bhh *tensor.Param
	Norm               *LayerNorm // nil without

	biases []*tensor.Param // that are added to the product of the inputs
}

// New draws weights as PyTorch does, from ±1/√H. Biases begin at zero, unless the cell has it otherwise.
func (s Stack) New(prefix string, rnd *rand.Rand) *Recurrent {
	r := &Recurrent{Stack: s}
	bound := 1 / math.Sqrt(float64(s.Hidden))
	rows, in := s.Width(), s.In
	for k := range s.Layers {
		param := func(what string, shape ...int) *tensor.Param {
			return tensor.NewParam(fmt.Sprintf("%s.%s_l%d", prefix, what, k), shape...)
		}
		l := Layer{
			Wih: Uniform(param("weight_ih", rows, in), bound, rnd),
			Whh: Uniform(param("weight_hh", rows, s.Hidden), bound, rnd),
			Bih: param("bias_ih", rows),
			Bhh: param("bias_hh", rows),
		}
		s.Cell.begin(l.Bih.Value)
		if s.Norm {
			l.Norm = NewLayerNorm(fmt.Sprintf("%s.norm_l%d", prefix, k), s.Hidden)
		}
		l.biases = s.Cell.inputBiases(&l)
		r.Layer = append(r.Layer, l)
		in = s.Hidden
	}
	return r
}

// Params lists the parameters in PyTorch's order.
func (r *Recurrent) Params() (ps Params) {
	for _, l := range r.Layer {
		ps = append(ps, l.Wih, l.Whh, l.Bih, l.Bhh)
		if l.Norm != nil {
			ps = append(ps, l.Norm.Params()...)
		}
	}
	return ps
}

// Table is the first layer's response to each token, [V, Width()]: the product of its input weights with the
// embeddings [V, In], or with one-hot vectors if embed is nil, biases included. It is what FromTokens picks rows from.
func (r *Recurrent) Table(tp *tensor.Tape, embed *tensor.Tensor) *tensor.Tensor {
	l := r.Layer[0]
	if embed == nil {
		return tensor.Transpose(tp, tp.Use(l.Wih), l.biases...)
	}
	return tensor.Linear(tp, embed, l.Wih, l.biases...)
}

// FromTokens runs the stack over ids (row t·lanes+lane), which pick rows of a Table. It cannot drop inputs: they are
// in the products already.
func (r *Recurrent) FromTokens(tp *tensor.Tape, table *tensor.Tensor, ids []int, s State, lanes int, d Dropout) (*tensor.Tensor, State) {
	if d.Input != 0 {
		panic("nn: dropout of inputs that come by a table: use FromVectors")
	}
	return r.run(tp, tensor.Gather(tp, table, ids), s, lanes, d)
}

// FromVectors runs the stack over inputs [time·lanes, In]. It returns what the last layer puts out, [time·lanes, H], and
// the state after the last step.
func (r *Recurrent) FromVectors(tp *tensor.Tape, x *tensor.Tensor, s State, lanes int, d Dropout) (*tensor.Tensor, State) {
	l := r.Layer[0]
	return r.run(tp, tensor.Linear(tp, d.Apply(tp, x, d.Input, lanes), l.Wih, l.biases...), s, lanes, d)
}

// FromProducts runs the stack over what the first layer makes of its inputs, products with its weights and biases [time·lanes, Width()], which
// the caller has made, by Table or by Inputs, and may have added to. It cannot drop inputs, which are in them already.
func (r *Recurrent) FromProducts(tp *tensor.Tape, pre *tensor.Tensor, s State, lanes int, d Dropout) (*tensor.Tensor, State) {
	if d.Input != 0 {
		panic("nn: dropout of inputs that are in products already: drop them before")
	}
	return r.run(tp, pre, s, lanes, d)
}

// Inputs are the first layer's products with inputs x [rows, In], and its biases.
func (r *Recurrent) Inputs(tp *tensor.Tape, x *tensor.Tensor) *tensor.Tensor {
	l := r.Layer[0]
	return tensor.Linear(tp, x, l.Wih, l.biases...)
}

func (r *Recurrent) run(tp *tensor.Tape, pre *tensor.Tensor, before State, lanes int, d Dropout) (h *tensor.Tensor, after State) {
	after = make(State, len(r.Layer))
	for k := range r.Layer {
		l := &r.Layer[k]
		if k > 0 {
			pre = tensor.Linear(tp, d.Apply(tp, h, d.Between, lanes), l.Wih, l.biases...)
		}
		h, after[k] = r.Cell.run(tp, pre, l, before[k], lanes)
		if l.Norm != nil {
			h = l.Norm.Apply(tp, h)
		}
	}
	return d.Apply(tp, h, d.Out, lanes), after
}
