package nn

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

// everyStack runs f for each kind of cell, with and without normalization.
func everyStack(t *testing.T, in, hidden, layers int, f func(t *testing.T, s Stack)) {
	for _, c := range Cells {
		for _, norm := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, norm %v", c.Name(), norm), func(t *testing.T) {
				f(t, Stack{Cell: c, In: in, Hidden: hidden, Layers: layers, Norm: norm})
			})
		}
	}
}

func TestCellNamed(t *testing.T) {
	for _, c := range Cells {
		if got, err := CellNamed(c.Name()); err != nil || got != c {
			t.Errorf("%s: %v, %v", c.Name(), got, err)
		}
	}
	if _, err := CellNamed("elman"); err == nil || !strings.Contains(err.Error(), "lstm or gru") {
		t.Errorf("an unknown cell: %v", err)
	}
}

// TestInit holds parameters to the names, shapes and order of torch.nn.LSTM and GRU, weights to their bounds, and
// biases to zero but for the forget gate.
func TestInit(t *testing.T) {
	const in, hidden = 7, 25
	everyStack(t, in, hidden, 2, func(t *testing.T, s Stack) {
		ps := s.New("rnn", random()).Params()
		var got, want []string
		for _, p := range ps {
			got = append(got, fmt.Sprint(p.Name, p.Shape))
		}
		rows := map[string]int{"lstm": 100, "gru": 75}[s.Cell.Name()]
		for k, cols := range []int{in, hidden} {
			for _, name := range []string{"weight_ih_l%d[%d " + fmt.Sprint(cols) + "]", "weight_hh_l%d[%d 25]", "bias_ih_l%d[%d]", "bias_hh_l%d[%d]"} {
				want = append(want, "rnn."+fmt.Sprintf(name, k, rows))
			}
			if s.Norm {
				want = append(want, fmt.Sprintf("rnn.norm_l%d.weight[25]", k), fmt.Sprintf("rnn.norm_l%d.bias[25]", k))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("parameters are %v, want %v", got, want)
		}
		if n := int64(ps.Count()); s.Weights() != n {
			t.Errorf("%d weights foreseen, are %d", s.Weights(), n)
		}
		for _, p := range ps {
			lowest, highest := slices.Min(p.Value), slices.Max(p.Value)
			switch bound := float32(1 / math.Sqrt(hidden)); {
			case strings.Contains(p.Name, "weight_"):
				if lowest < -bound || highest > bound || lowest > -0.95*bound || highest < 0.95*bound {
					t.Errorf("%s lies in [%g, %g] and should fill ±%g", p.Name, lowest, highest, bound)
				}
			case strings.Contains(p.Name, "bias_ih") && s.Cell == LSTM{}:
				for j, v := range p.Value {
					if forget := j/hidden == 1; forget && v != 1 || !forget && v != 0 {
						t.Errorf("%s[%d] is %g", p.Name, j, v)
					}
				}
			case strings.HasSuffix(p.Name, ".weight"):
				if lowest != 1 || highest != 1 {
					t.Errorf("%s is not one", p.Name)
				}
			default:
				if lowest != 0 || highest != 0 {
					t.Errorf("%s is not zero", p.Name)
				}
			}
		}
		if slices.Equal(ps[1].Value, ps[len(ps)/2+1].Value) {
			t.Error("two layers begin alike")
		}
	})
}

// TestStateLoadsAndStores: carried values are the vectors of the first layer, then of the next, whatever the stride of
// the tensors they come from.
func TestStateLoadsAndStores(t *testing.T) {
	for _, hidden := range []int{3, 260} { // rows of 260 are padded
		everyStack(t, 4, hidden, 2, func(t *testing.T, stack Stack) {
			const lanes, layers = 2, 2
			r := stack.New("rnn", random())
			n, vectors := lanes*hidden, map[string]int{"lstm": 2, "gru": 1}[r.Cell.Name()]
			if got := r.Floats(lanes); got != vectors*layers*n {
				t.Fatalf("%d floats of state, want %d", got, vectors*layers*n)
			}
			tp := tensor.NewTape()
			carry, back := values(random(), r.Floats(lanes)), make([]float32, r.Floats(lanes))
			s := r.Load(tp, carry, lanes)
			for k := range layers {
				for i, part := range s[k] {
					from := (vectors*k + i) * n
					if part.Rows != lanes || part.Cols != hidden || part.Wanted() || !slices.Equal(flat(part), carry[from:from+n]) {
						t.Errorf("layer %d, part %d: %v, wanted %v, or other values", k, i, part, part.Wanted())
					}
				}
			}
			s.Store(back)
			if !slices.Equal(back, carry) {
				t.Error("a state stored is not what was loaded")
			}
			_, s = r.FromVectors(tp, tp.Const(lanes, 4, values(random(), lanes*4)), s, lanes, Dropout{})
			s.Store(back)
			if !slices.Equal(back, flatState(s)) {
				t.Error("a state of padded rows is stored wrongly")
			}
		})
	}
}

func flatState(s State) (x []float32) {
	for _, layer := range s {
		for _, part := range layer {
			x = append(x, flat(part)...)
		}
	}
	return x
}

// TestStateCarriesOn: two windows with the state carried between them are one long window.
func TestStateCarriesOn(t *testing.T) {
	const lanes, steps, in, hidden = 3, 6, 4, 5
	everyStack(t, in, hidden, 2, func(t *testing.T, stack Stack) {
		r, tp := stack.New("rnn", random()), tensor.NewInference()
		x := values(random(), steps*lanes*in)
		carry := make([]float32, r.Floats(lanes))
		want, end := r.FromVectors(tp, tp.Const(steps*lanes, in, x), r.Load(tp, carry, lanes), lanes, Dropout{})
		var got []float32
		for _, part := range [][]float32{x[:2*lanes*in], x[2*lanes*in:]} {
			h, s := r.FromVectors(tp, tp.Const(len(part)/in, in, part), r.Load(tp, carry, lanes), lanes, Dropout{})
			s.Store(carry)
			got = append(got, flat(h)...)
		}
		last := make([]float32, len(carry))
		end.Store(last)
		closeTo(t, "outputs", got, flat(want))
		closeTo(t, "state", carry, last)
	})
}

// TestTokensAreVectors: rows picked from the table are the products with one-hot inputs, or with embeddings; values
// and all gradients.
func TestTokensAreVectors(t *testing.T) {
	const vocab, embed, hidden, lanes = 6, 3, 5, 2
	ids := []int{5, 0, 3, 3, 1, 5}
	for _, oneHot := range []bool{true, false} {
		in, table := embed, Uniform(tensor.NewParam("embed", vocab, embed), 1, random())
		if oneHot {
			in, table = vocab, tensor.NewParam("identity", vocab, vocab)
			for i := range vocab {
				table.Value[i*vocab+i] = 1
			}
			table.Frozen = true
		}
		everyStack(t, in, hidden, 2, func(t *testing.T, stack Stack) {
			r := stack.New("rnn", random())
			for _, l := range r.Layer { // PyTorch's two biases do not mean the same in a GRU
				Uniform(l.Bih, 1, random())
				Uniform(l.Bhh, 0.5, random())
			}
			carry := values(random(), r.Floats(lanes))
			run := func(layers func(tp *tensor.Tape, s State) (*tensor.Tensor, State)) (results [][]float32) {
				tp := tensor.NewTape()
				h, s := layers(tp, r.Load(tp, carry, lanes))
				results = append(results, flat(h), flatState(s))
				loss := tensor.Sum(tp, tensor.Mul(tp, h, h))
				for _, c := range s[0][1:] {
					loss = tensor.Add(tp, loss, tensor.Sum(tp, c))
				}
				tp.Backward(loss, 1)
				for _, p := range append(r.Params(), table) {
					results = append(results, tp.ParamGrad(p))
				}
				return results
			}
			vectors := run(func(tp *tensor.Tape, s State) (*tensor.Tensor, State) {
				return r.FromVectors(tp, tensor.Gather(tp, tp.Use(table), ids), s, lanes, Dropout{})
			})
			tokens := run(func(tp *tensor.Tape, s State) (*tensor.Tensor, State) {
				if oneHot {
					return r.FromTokens(tp, r.Table(tp, nil), ids, s, lanes, Dropout{})
				}
				return r.FromTokens(tp, r.Table(tp, tp.Use(table)), ids, s, lanes, Dropout{})
			})
			for k := range vectors {
				closeTo(t, fmt.Sprintf("one-hot %v, result %d", oneHot, k), tokens[k], vectors[k])
			}
		})
	}
}

func TestRecurrentGradients(t *testing.T) {
	const lanes, steps, in, hidden = 2, 3, 2, 7
	everyStack(t, in, hidden, 2, func(t *testing.T, stack Stack) {
		r := stack.New("rnn", random())
		n := r.Cell.vectors()
		shapes := []gradcheck.Shape{{steps * lanes, in}}
		for range 2 * n {
			shapes = append(shapes, gradcheck.Shape{lanes, hidden})
		}
		for _, d := range []Dropout{{}, {Between: 0.3, Out: 0.3}, {Input: 0.3, Between: 0.3, Out: 0.3, Variational: true}} {
			gradcheck.Check(t, r.Params(), shapes, func(tp *tensor.Tape, x []*tensor.Tensor) (out []*tensor.Tensor) {
				h, s := r.FromVectors(tp, x[0], State{x[1 : 1+n], x[1+n:]}, lanes, d)
				for _, layer := range s { // h are views of values, for the next window
					out = append(out, layer[1:]...)
				}
				return append(out, h)
			})
		}
	})
}

// TestNormIsOutside: what goes on is normalized, what is remembered is not.
func TestNormIsOutside(t *testing.T) {
	const lanes, steps, in, hidden = 2, 4, 3, 40
	for _, c := range Cells {
		plain := Stack{Cell: c, In: in, Hidden: hidden, Layers: 1}.New("rnn", random())
		normed := Stack{Cell: c, In: in, Hidden: hidden, Layers: 1, Norm: true}.New("rnn", random())
		x := values(random(), steps*lanes*in)
		run := func(r *Recurrent) ([]float32, []float32) {
			tp := tensor.NewInference()
			h, s := r.FromVectors(tp, tp.Const(steps*lanes, in, x), r.Load(tp, make([]float32, r.Floats(lanes)), lanes), lanes, Dropout{})
			return flat(h), flatState(s)
		}
		want, state := run(plain)
		got, normedState := run(normed)
		if !slices.Equal(state, normedState) {
			t.Errorf("%s: normalization reaches the state", c.Name())
		}
		tp := tensor.NewInference()
		closeTo(t, c.Name(), got, flat(normed.Layer[0].Norm.Apply(tp, tp.Const(steps*lanes, hidden, want))))
		if slices.Equal(got, want) {
			t.Errorf("%s: nothing was normalized", c.Name())
		}
	}
}

// TestSteps: token by token is the sequence at once, and many states at once have the bits of one after the other.
func TestSteps(t *testing.T) {
	const vocab, embed, hidden, steps = 9, 4, 70, 6
	everyStack(t, embed, hidden, 2, func(t *testing.T, stack Stack) {
		r, table := stack.New("rnn", random()), Uniform(tensor.NewParam("embed", vocab, embed), 1, random())
		for _, p := range r.Params() {
			if len(p.Shape) == 1 {
				Uniform(p, 0.5, random())
			}
		}
		tp := tensor.NewInference()
		responses := r.Table(tp, tp.Use(table))
		stepper := r.Stepper(func(tp *tensor.Tape, tokens []int, s State) State {
			_, after := r.FromTokens(tp, responses, tokens, s, len(tokens), Dropout{})
			return after
		})
		for _, n := range []int{1, 2, 5, 15} {
			if n == 5 {
				stepper.least = 2 // from here on several cores have a part each, where there are several
			}
			ids := make([]int, steps*n)
			for i := range ids {
				ids[i] = (i*i + i/3) % vocab
			}
			h, _ := r.FromTokens(tp, responses, ids, r.Load(tp, make([]float32, r.Floats(n)), n), n, Dropout{})
			single, many := make([][]float32, n), make([][]float32, n)
			for i := range n {
				single[i], many[i] = stepper.Start(), stepper.Start()
			}
			for s := range steps {
				before := slices.Clone(many)
				copies := slices.Clone(many[n-1])
				next := make([][]float32, n)
				stepper.NextBatch(next, many, ids[s*n:(s+1)*n])
				if !slices.Equal(before[n-1], copies) {
					t.Fatal("a state was changed")
				}
				many = next
				outputs := make([]float32, n*hidden)
				stepper.Outputs(outputs, many)
				for i := range n {
					single[i] = stepper.Next(single[i], ids[s*n+i])
					if !slices.Equal(single[i], many[i]) {
						t.Fatalf("%d states, step %d: state %d differs from a single step's", n, s, i)
					}
					closeTo(t, fmt.Sprintf("%d states, step %d, output %d", n, s, i), outputs[i*hidden:(i+1)*hidden], h.Row(s*n+i))
				}
			}
		}
	})
}
