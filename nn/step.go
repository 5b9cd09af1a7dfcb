package nn

import (
	"runtime"
	"sync"

	"inkling/tensor"
)

// A Stepper runs a stack token by token, for decoding: many states, each a token further, as one product a matrix. The
// states are values (Floats(1) long, what Load reads with one lane) that are never changed, and a state's bits do not
// depend on how many others go beside it, since a row of a product does not depend on the rows beside it.
//
// It is the stack itself over sequences of one step, on tapes that record nothing, so a cell needs no second form. A
// few rows are copied for that, beside the weights that a step reads.
//
// Many states are shared out between the cores, each of which takes its part through all layers, so that they meet once a step. Each reads
// all weights; but to share out the columns of a product, so that it reads its part of them, they would have to meet at each.
//
// Any number of goroutines may use one at the same time; it is good as long as what reads a token is.
type Stepper struct {
	stack *Recurrent
	read  Read
	least int       // states that a core is woken for
	desks sync.Pool // of *desk
}

// A part is worth another core if it has products for several times as long as it takes to wake one, which is some ten microseconds, and
// rows enough that their products, and not reading the weights, are what takes the time.
const (
	leastProducts = 2_000_000 // multiplications
	leastRows     = 4
)

// Read takes each lane a token further on a tape that records nothing: by FromTokens, or by FromVectors.
type Read func(tp *tensor.Tape, tokens []int, s State) State

// desk is what one step works on.
type desk struct {
	tape  *tensor.Tape
	carry []float32
}

// Stepper makes one for tokens that are read so.
func (r *Recurrent) Stepper(read Read) *Stepper {
	products := 0
	for _, m := range r.Products(true) {
		products += m[0] * m[1]
	}
	s := &Stepper{stack: r, read: read, least: max(leastRows, leastProducts/max(1, products))}
	s.desks.New = func() any { return &desk{tape: tensor.NewInference()} }
	return s
}

// Start is the state before the first token: zeros.
func (s *Stepper) Start() []float32 { return make([]float32, s.stack.Floats(1)) }

// Next is the state after one more token.
func (s *Stepper) Next(state []float32, token int) []float32 {
	next := [][]float32{state}
	s.NextBatch(next, next, []int{token})
	return next[0]
}

// NextBatch sets dst[i] to the state after states[i] and one more token, tokens[i]. dst may be states.
func (s *Stepper) NextBatch(dst, states [][]float32, tokens []int) {
	n := len(states)
	parts := max(1, min(runtime.GOMAXPROCS(0), n/s.least))
	var wg sync.WaitGroup
	for i := 1; i < parts; i++ {
		from, to := n*i/parts, n*(i+1)/parts
		wg.Go(func() { s.next(dst[from:to], states[from:to], tokens[from:to]) })
	}
	s.next(dst[:n/parts], states[:n/parts], tokens[:n/parts])
	wg.Wait()
}

// next is NextBatch on one core.
func (s *Stepper) next(dst, states [][]float32, tokens []int) {
	n, h := len(states), s.stack.Hidden
	d := s.desks.Get().(*desk)
	defer s.desks.Put(d)
	d.tape.Reset(0, 0, 0)
	floats := s.stack.Floats(1)
	if len(d.carry) < n*floats {
		d.carry = make([]float32, n*floats)
	}
	carry := d.carry[:n*floats]
	for i, state := range states {
		for at := 0; at < floats; at += h { // of one lane the vectors follow one another, of many their lanes do
			copy(carry[at*n+i*h:], state[at:at+h])
		}
	}
	after := s.read(d.tape, tokens, s.stack.Load(d.tape, carry, n))
	for i := range states {
		state := make([]float32, floats)
		rest := state
		for _, layer := range after {
			for _, t := range layer {
				rest = rest[copy(rest, t.Row(i)):]
			}
		}
		dst[i] = state
	}
}

// Outputs sets row i of dst [len(states), H] to what the output layer sees of states[i]: h of the last layer, normalized
// if the stack is.
func (s *Stepper) Outputs(dst []float32, states [][]float32) {
	h, l := s.stack.Hidden, s.stack.Layer[s.stack.Layers-1]
	for i, state := range states {
		last := len(state) - s.stack.Cell.vectors()*h
		copy(dst[i*h:(i+1)*h], state[last:last+h])
	}
	if l.Norm == nil {
		return
	}
	d := s.desks.Get().(*desk)
	defer s.desks.Put(d)
	d.tape.Reset(0, 0, 0)
	y := l.Norm.Apply(d.tape, d.tape.Const(len(states), h, dst))
	for i := range states {
		copy(dst[i*h:(i+1)*h], y.Row(i))
	}
}
