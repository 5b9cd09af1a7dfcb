package nn

import (
	"fmt"
	"strings"

	"inkling/tensor"
)

// A Cell is a kind of recurrent layer: what a [Stack] does differently with an LSTM than with a GRU. A kind is one
// file, with an empty struct for its type, and a line in Cells.
type Cell interface {
	// Name is what configs call the kind: "lstm".
	Name() string

	gates() int                                       // the weights have gates·H rows
	vectors() int                                     // of H numbers in the state of a lane; the first is h
	begin(bih []float32)                              // sets what the input bias begins with, if not with zeros
	inputBiases(l *Layer) []*tensor.Param             // those added to the product of the inputs; run sees to the others
	floats(h, rows, lanes int64, training bool) int64 // that run keeps on a tape, its operand pre included

	// run is the layer over a whole sequence: pre [time·lanes, gates·H] is the product of the inputs with biases, and
	// before the state, vectors() tensors of [lanes, H]. pre is consumed.
	run(tp *tensor.Tape, pre *tensor.Tensor, l *Layer, before []*tensor.Tensor, lanes int) (h *tensor.Tensor, after []*tensor.Tensor)
}

// Cells are the kinds there are.
var Cells = []Cell{LSTM{}, GRU{}}

// CellNamed finds a kind by its name.
func CellNamed(name string) (Cell, error) {
	var names []string
	for _, c := range Cells {
		if c.Name() == name {
			return c, nil
		}
		names = append(names, c.Name())
	}
	return nil, fmt.Errorf("no recurrent layer %q: choose %s", name, strings.Join(names, " or "))
}

// padded is the length of a row on a tape.
func padded(cols int64) int64 { return int64(tensor.Stride(int(cols))) }
