package nn

import (
	"math"
	"slices"
	"testing"

	"inkling/tensor"
)

// TestDropoutPlaces: on inputs, between layers and after the last, and nowhere else; never on a tape for inference.
func TestDropoutPlaces(t *testing.T) {
	const lanes, steps, in, hidden = 4, 8, 4, 16
	x := values(random(), steps*lanes*in)
	for layers := 1; layers <= 3; layers++ {
		everyStack(t, in, hidden, layers, func(t *testing.T, stack Stack) {
			r := stack.New("rnn", random())
			run := func(tp *tensor.Tape, d Dropout) (out []float32, states [][]float32) {
				h, s := r.FromVectors(tp, tp.Const(steps*lanes, in, x), r.Load(tp, make([]float32, r.Floats(lanes)), lanes), lanes, d)
				for k := range layers {
					states = append(states, flatState(s[k:k+1]))
				}
				return flat(h), states
			}
			for _, variational := range []bool{false, true} {
				plain, plainStates := run(tensor.NewTape(), Dropout{Variational: variational})
				if out, _ := run(tensor.NewInference(), Dropout{Input: 0.5, Between: 0.5, Out: 0.5, Variational: variational}); !slices.Equal(out, plain) {
					t.Errorf("%d layers: inference drops out", layers)
				}

				if _, states := run(tensor.NewTape(), Dropout{Input: 0.5, Variational: variational}); slices.Equal(states[0], plainStates[0]) {
					t.Errorf("%d layers: dropout of inputs leaves the first layer alone", layers)
				}

				out, states := run(tensor.NewTape(), Dropout{Between: 0.5, Variational: variational})
				if same := slices.Equal(out, plain); same != (layers == 1) {
					t.Errorf("%d layers: dropout between them leaves the output alone: %v", layers, same)
				}
				for k := range layers {
					if same := slices.Equal(states[k], plainStates[k]); same != (k == 0) {
						t.Errorf("%d layers: dropout between them leaves the state of layer %d alone: %v", layers, k, same)
					}
				}

				out, states = run(tensor.NewTape(), Dropout{Out: 0.5, Variational: variational})
				dropped := 0
				for i, v := range out {
					if v == 0 {
						dropped++
					} else if v != 2*plain[i] {
						t.Fatalf("%d layers: output %d is %g, neither zero nor twice %g", layers, i, v, plain[i])
					}
					if step := lanes * hidden; variational && i >= step && (v == 0) != (out[i-step] == 0) {
						t.Fatalf("%d layers: output %d is dropped in one step and not in the next", layers, i)
					}
				}
				if share := float64(dropped) / float64(len(out)); math.Abs(share-0.5) > 0.15 {
					t.Errorf("%d layers: %.2f of the output dropped, want one half", layers, share)
				}
				for k := range layers {
					if !slices.Equal(states[k], plainStates[k]) {
						t.Errorf("%d layers: dropout of the output changes the state of layer %d", layers, k)
					}
				}
			}
		})
	}
}

// Inputs that were multiplied before cannot be dropped: it is said, and not passed over.
func TestDropoutOfTokens(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	r, tp := Stack{Cell: GRU{}, In: 3, Hidden: 2, Layers: 1}.New("rnn", random()), tensor.NewTape()
	r.FromTokens(tp, r.Table(tp, nil), []int{0}, r.Load(tp, make([]float32, r.Floats(1)), 1), 1, Dropout{Input: 0.5})
}
