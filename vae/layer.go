package vae

import (
	"inkling/internal/kernel"
	"inkling/tensor"
)

// layer is what is known of one before there are weights: what it takes, and what it makes.
type layer struct {
	kind       layerKind
	rows, cols int         // of the weights
	bias       int         // numbers of the bias
	out        int         // numbers that it makes of a row
	g          tensor.Conv // of convolutions
	first      bool        // no gradient goes on from it, since it takes data
}

type layerKind int

const (
	full       layerKind = iota // everything is connected with everything
	windowed                    // a convolution
	transposed                  // a transposed convolution
)

// denseLayers are those from in numbers by way of hidden ones to out.
func denseLayers(in int, hidden []int, out int) (list []layer) {
	for _, size := range append(append([]int(nil), hidden...), out) {
		list = append(list, layer{rows: size, cols: in, bias: size, out: size})
		in = size
	}
	return list
}

// weights is the number of parameters.
func (l layer) weights() int64 { return int64(l.rows)*int64(l.cols) + int64(l.bias) }

// packed is what the weights take as an operand of products forward, and of those backward that go on to the layer before, in bytes.
func (l layer) packed(p tensor.Precision) (forward, backward int64) {
	forward, backward = kernel.PackedBytes(l.cols, l.rows, p), kernel.PackedBytes(l.rows, l.cols, p)
	if l.kind == transposed {
		return backward, forward
	}
	return forward, backward
}

// scratch is what the product for the gradient of the weights rounds its operands into, in bytes.
func (l layer) scratch(rows int, p tensor.Precision) int64 {
	if l.kind != full {
		rows = min(rows*l.g.Windows(), l.g.BlockWindows())
	}
	return kernel.ScratchBytes(l.rows, l.cols, rows, p)
}

// layer counts what rows through a layer make on a tape beside the numbers that it puts out.
func (t *tally) layer(l layer, rows int64) {
	if l.kind == full {
		t.flows(1, 1, l.bias) // the bias, and the sum of its gradient
		return
	}
	windows, canvas := l.g.ScratchFloats()
	t.results(1, 1, windows)
	t.results(1, 1, canvas)
	if t.training {
		t.results(1, 1, l.out) // the sum of the bias's gradient
	}
}

// layers counts what rows through layers make, with activations between. What the last puts out has no gradient of its own if it is
// consumed.
func (t *tally) layers(list []layer, rows int64, consumed bool) {
	for i, l := range list {
		t.layer(l, rows)
		switch {
		case i < len(list)-1:
			t.flows(2, rows, l.out) // before and after the activation
		case consumed:
			t.results(1, rows, l.out)
		default:
			t.flows(1, rows, l.out)
		}
	}
}
