package nn

import (
	"fmt"
	"testing"

	"inkling/tensor"
)

// TestActivations compares what is foreseen with what tapes hold.
func TestActivations(t *testing.T) {
	const lanes, steps, in, hidden = 8, 30, 60, 260 // rows of 260 are padded; large results have slabs of their own
	everyStack(t, in, hidden, 2, func(t *testing.T, stack Stack) {
		r := stack.New("rnn", random())
		for _, d := range []Dropout{{}, {Between: 0.1, Out: 0.1}, {Input: 0.2, Between: 0.1, Variational: true}} {
			for _, training := range []bool{true, false} {
				tp := tensor.NewInference()
				if training {
					tp = tensor.NewTape()
				}
				x := tp.Leaf(steps*lanes, in, make([]float32, steps*lanes*in))
				h, _ := r.FromVectors(tp, x, r.Load(tp, make([]float32, r.Floats(lanes)), lanes), lanes, d)
				if training {
					tp.Backward(tensor.Sum(tp, h), 1)
				}
				held, _ := tp.Floats()
				if training {
					held -= len(x.Grad())
				}
				plan := stack.Activations(steps*lanes, lanes, d, training)
				const slab = 1 << 16 // what a tape takes at once for all that is small
				if rest := int64(held) - plan; rest < 0 || rest > slab+4096 {
					t.Errorf("%+v, training %v: %d floats foreseen, %d held", d, training, plan, held)
				}
			}
		}
	})
}

// TestProducts: the matrices that are operands of products, by hand.
func TestProducts(t *testing.T) {
	s := Stack{Cell: GRU{}, In: 5, Hidden: 4, Layers: 2}
	if got := fmt.Sprint(s.Products(false), s.Products(true)); got != "[[12 4] [12 5] [12 4] [12 4]] [[12 4] [12 4] [12 4]]" {
		t.Error(got)
	}
	if s.Cell = (LSTM{}); s.Width() != 16 {
		t.Errorf("a row of gates is %d long", s.Width())
	}
}
