package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

func random() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func values(rnd *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = rnd.Float32()*2 - 1
	}
	return x
}

// flat is the rows of a tensor one after the other.
func flat(t *tensor.Tensor) (x []float32) {
	for i := range t.Rows {
		x = append(x, t.Row(i)...)
	}
	return x
}

func TestParams(t *testing.T) {
	a, b := tensor.NewParam("a", 2, 3), tensor.NewParam("b", 4)
	ps := Params{a, b}
	if ps.Count() != 10 || ps.ByName("a") != a || ps.ByName("b") != b || ps.ByName("c") != nil {
		t.Errorf("%d weights, %v, %v, %v", ps.Count(), ps.ByName("a"), ps.ByName("b"), ps.ByName("c"))
	}
	before := a.Version()
	if Uniform(a, 0.5, random()) != a || a.Version() == before {
		t.Error("Uniform does not say that it changed the parameter, or gives another")
	}
}

// TestLSTMInit holds parameters to torch.nn.LSTM's names, shapes and order, weights to its bounds, and biases to
// zero but for the forget gate.
func TestLSTMInit(t *testing.T) {
	const in, hidden = 7, 25
	ps := NewLSTM("rnn", in, hidden, 2, random()).Params()
	var got []string
	for _, p := range ps {
		got = append(got, fmt.Sprint(p.Name, p.Shape))
	}
	want := []string{
		"rnn.weight_ih_l0[100 7]", "rnn.weight_hh_l0[100 25]", "rnn.bias_ih_l0[100]", "rnn.bias_hh_l0[100]",
		"rnn.weight_ih_l1[100 25]", "rnn.weight_hh_l1[100 25]", "rnn.bias_ih_l1[100]", "rnn.bias_hh_l1[100]",
	}
	if !slices.Equal(got, want) {
		t.Fatalf("parameters are %v", got)
	}
	for k, p := range ps {
		lowest, highest := slices.Min(p.Value), slices.Max(p.Value)
		switch bound := float32(1 / math.Sqrt(hidden)); k % 4 {
		case 0, 1:
			if lowest < -bound || highest > bound || lowest > -0.95*bound || highest < 0.95*bound {
				t.Errorf("%s lies in [%g, %g] and should fill ±%g", p.Name, lowest, highest, bound)
			}
		case 2:
			for j, v := range p.Value {
				if forget := j/hidden == 1; forget && v != 1 || !forget && v != 0 {
					t.Errorf("%s[%d] is %g", p.Name, j, v)
				}
			}
		case 3:
			if lowest != 0 || highest != 0 {
				t.Errorf("%s is not zero", p.Name)
			}
		}
	}
	if slices.Equal(ps[1].Value, ps[5].Value) {
		t.Error("two layers begin alike")
	}
}

// TestStateLoadsAndStores: carried values are h and c of the first layer, then of the next, whatever the stride of
// the tensors they come from.
func TestStateLoadsAndStores(t *testing.T) {
	for _, hidden := range []int{3, 260} { // rows of 260 are padded
		const lanes, layers = 2, 2
		l := NewLSTM("rnn", 4, hidden, layers, random())
		n := lanes * hidden
		if got := l.Floats(lanes); got != 2*layers*n {
			t.Fatalf("%d floats of state, want %d", got, 2*layers*n)
		}
		tp := tensor.NewTape()
		carry, back := values(random(), l.Floats(lanes)), make([]float32, l.Floats(lanes))
		s := l.Load(tp, carry, lanes)
		for k := range layers {
			for i, part := range []*tensor.Tensor{s.H[k], s.C[k]} {
				from := (2*k + i) * n
				if part.Rows != lanes || part.Cols != hidden || part.Wanted() || !slices.Equal(flat(part), carry[from:from+n]) {
					t.Errorf("layer %d, part %d: %v, wanted %v, or other values", k, i, part, part.Wanted())
				}
			}
		}
		s.Store(back)
		if !slices.Equal(back, carry) {
			t.Error("a state stored is not what was loaded")
		}
		_, s = l.FromVectors(tp, tp.Const(lanes, 4, values(random(), lanes*4)), s, lanes, Dropout{})
		s.Store(back)
		if want := slices.Concat(flat(s.H[0]), flat(s.C[0]), flat(s.H[1]), flat(s.C[1])); !slices.Equal(back, want) {
			t.Error("a state of padded rows is stored wrongly")
		}
	}
}

// TestStateCarriesOn: two windows with the state carried between them are one long window.
func TestStateCarriesOn(t *testing.T) {
	const lanes, steps, in, hidden = 3, 6, 4, 5
	l, tp := NewLSTM("rnn", in, hidden, 2, random()), tensor.NewInference()
	x := values(random(), steps*lanes*in)
	carry := make([]float32, l.Floats(lanes))
	want, end := l.FromVectors(tp, tp.Const(steps*lanes, in, x), l.Load(tp, carry, lanes), lanes, Dropout{})
	var got []float32
	for _, part := range [][]float32{x[:2*lanes*in], x[2*lanes*in:]} {
		h, s := l.FromVectors(tp, tp.Const(len(part)/in, in, part), l.Load(tp, carry, lanes), lanes, Dropout{})
		s.Store(carry)
		got = append(got, flat(h)...)
	}
	last := make([]float32, len(carry))
	end.Store(last)
	closeTo(t, "outputs", got, flat(want))
	closeTo(t, "state", carry, last)
}

// TestTokensAreVectors: rows picked from the table are the products with one-hot inputs, or with embeddings; values
// and all gradients.
func TestTokensAreVectors(t *testing.T) {
	const vocab, embed, hidden, lanes = 6, 3, 5, 2
	ids := []int{5, 0, 3, 3, 1, 5}
	carry := values(random(), 2*2*lanes*hidden)
	for _, oneHot := range []bool{true, false} {
		in, table := embed, Uniform(tensor.NewParam("embed", vocab, embed), 1, random())
		if oneHot {
			in, table = vocab, tensor.NewParam("identity", vocab, vocab)
			for i := range vocab {
				table.Value[i*vocab+i] = 1
			}
			table.Frozen = true
		}
		l := NewLSTM("rnn", in, hidden, 2, random())
		run := func(layers func(tp *tensor.Tape, s State) (*tensor.Tensor, State)) (results [][]float32) {
			tp := tensor.NewTape()
			h, s := layers(tp, l.Load(tp, carry, lanes))
			loss := tensor.Add(tp, tensor.Sum(tp, tensor.Mul(tp, h, h)), tensor.Sum(tp, s.C[0]))
			state := make([]float32, len(carry))
			s.Store(state)
			results = append(results, flat(h), state)
			tp.Backward(loss, 1)
			for _, p := range append(l.Params(), table) {
				results = append(results, tp.ParamGrad(p))
			}
			return results
		}
		vectors := run(func(tp *tensor.Tape, s State) (*tensor.Tensor, State) {
			return l.FromVectors(tp, tensor.Gather(tp, tp.Use(table), ids), s, lanes, Dropout{})
		})
		tokens := run(func(tp *tensor.Tape, s State) (*tensor.Tensor, State) {
			every := tensor.Linear(tp, tp.Use(table), l.Wih[0], l.Bih[0], l.Bhh[0])
			if oneHot {
				every = tensor.Transpose(tp, tp.Use(l.Wih[0]), l.Bih[0], l.Bhh[0])
			}
			return l.FromTokens(tp, every, ids, s, lanes, Dropout{})
		})
		for k := range vectors {
			closeTo(t, fmt.Sprintf("one-hot %v, result %d", oneHot, k), tokens[k], vectors[k])
		}
	}
}

// TestDropoutPlaces: between layers and after the last, and nowhere else; never on a tape for inference.
func TestDropoutPlaces(t *testing.T) {
	const lanes, steps, in, hidden = 4, 8, 4, 16
	x := values(random(), steps*lanes*in)
	for layers := 1; layers <= 3; layers++ {
		l := NewLSTM("rnn", in, hidden, layers, random())
		run := func(tp *tensor.Tape, d Dropout) (out []float32, states [][]float32) {
			h, s := l.FromVectors(tp, tp.Const(steps*lanes, in, x), l.Load(tp, make([]float32, l.Floats(lanes)), lanes), lanes, d)
			for k := range layers {
				states = append(states, slices.Concat(flat(s.H[k]), flat(s.C[k])))
			}
			return flat(h), states
		}
		plain, plainStates := run(tensor.NewTape(), Dropout{})
		if out, _ := run(tensor.NewInference(), Dropout{Between: 0.5, Out: 0.5}); !slices.Equal(out, plain) {
			t.Errorf("%d layers: inference drops out", layers)
		}

		out, states := run(tensor.NewTape(), Dropout{Between: 0.5})
		if same := slices.Equal(out, plain); same != (layers == 1) {
			t.Errorf("%d layers: dropout between them leaves the output alone: %v", layers, same)
		}
		for k := range layers {
			if same := slices.Equal(states[k], plainStates[k]); same != (k == 0) {
				t.Errorf("%d layers: dropout between them leaves the state of layer %d alone: %v", layers, k, same)
			}
		}

		out, states = run(tensor.NewTape(), Dropout{Out: 0.5})
		dropped := 0
		for i, v := range out {
			if v == 0 {
				dropped++
			} else if v != 2*plain[i] {
				t.Fatalf("%d layers: output %d is %g, neither zero nor twice %g", layers, i, v, plain[i])
			}
		}
		if share := float64(dropped) / float64(len(out)); math.Abs(share-0.5) > 0.1 {
			t.Errorf("%d layers: %.2f of the output dropped, want one half", layers, share)
		}
		for k := range layers {
			if !slices.Equal(states[k], plainStates[k]) {
				t.Errorf("%d layers: dropout of the output changes the state of layer %d", layers, k)
			}
		}
	}
}

func TestLSTMGradients(t *testing.T) {
	const lanes, steps, in, hidden = 2, 3, 2, 3
	l := NewLSTM("rnn", in, hidden, 2, random())
	shapes := []gradcheck.Shape{{steps * lanes, in}, {lanes, hidden}, {lanes, hidden}, {lanes, hidden}, {lanes, hidden}}
	for _, d := range []Dropout{{}, {Between: 0.3, Out: 0.3}} {
		gradcheck.Check(t, l.Params(), shapes, func(tp *tensor.Tape, x []*tensor.Tensor) []*tensor.Tensor {
			h, s := l.FromVectors(tp, x[0], State{H: x[1:3], C: x[3:5]}, lanes, d)
			return append(s.C, h) // s.H are views of values, for the next window
		})
	}
}

func closeTo(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if d := got[i] - w; !(max(d, -d) <= 1e-5*max(1, w, -w)) {
			t.Fatalf("%s, element %d: %g, want %g", what, i, got[i], w)
		}
	}
}
