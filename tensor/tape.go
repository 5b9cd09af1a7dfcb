package tensor

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"inkling/internal/kernel"
)

// Precision is the number format of the operands of matrix products.
type Precision = kernel.Precision

// The formats: BFloat16 rounds operands to 8 bits of mantissa, which processors with matrix units
// multiply many times faster. Weights, sums and everything else are float32 in both.
const (
	Float32  = kernel.Float32
	BFloat16 = kernel.BFloat16
)

// HasBFloat16 reports whether BFloat16 is faster than Float32 on this machine.
func HasBFloat16() bool { return kernel.HasBFloat16() }

// A Tape records ops so that Backward can undo them, owns the memory of their results, and owns
// the random stream that they draw from. One goroutine uses it at a time; many tapes share the
// same Params. After the first few steps it allocates next to nothing.
type Tape struct {
	// Precision of the operands of matrix products; sums are always float32.
	Precision Precision

	recording bool
	frozen    bool // within Frozen
	back      []func()
	arena     arena
	ints      lent[[]int]         // of ScratchInts
	packs     lent[kernel.Packed] // of ScratchPacked
	tensors   []*Tensor           // made since Reset: tensors[:used]; the rest wait to be used again
	used      int
	grads     map[*Param][]float32
	rows      map[*Param]*rowGrads // of sparse parameters
	key       uint64               // of the random stream
	drawn     uint64               // elements drawn from it
	pcg       rand.PCG
	rand      *rand.Rand // of pcg; nil before the first use
}

// NewTape makes a tape for training.
func NewTape() *Tape {
	return &Tape{recording: true, grads: map[*Param][]float32{}, rows: map[*Param]*rowGrads{}}
}

// NewInference makes a tape that records nothing and is never random: no gradient, no dropout,
// no sampled loss.
func NewInference() *Tape { return &Tape{} }

// Reset forgets everything recorded, zeroes the gradients of the parameters, and starts the
// random stream of (seed, step, shard). Tensors made before must not be used after.
func (tp *Tape) Reset(seed, step uint64, shard int) {
	clear(tp.back)
	tp.back = tp.back[:0]
	tp.arena.reset()
	tp.ints.used, tp.packs.used = 0, 0
	tp.used = 0
	for _, g := range tp.grads {
		clear(g)
	}
	for _, g := range tp.rows {
		g.reset()
	}
	tp.key, tp.drawn = mix(mix(mix(seed)+step)+uint64(shard)), 0
}

// Recording reports whether gradients will be wanted, which is the same as training.
func (tp *Tape) Recording() bool { return tp.recording }

// Record adds the undoing of an op. It is the only extension point of the tape: back adds to the
// gradients of the op's operands what the gradient of its result says.
func (tp *Tape) Record(back func()) {
	if !tp.recording {
		return
	}
	if tp.frozen {
		undo := back
		back = func() { tp.Frozen(undo) }
	}
	tp.back = append(tp.back, back)
}

// Frozen runs f, in which every parameter is a constant: gradients flow to the operands of its ops, and not to parameters.
func (tp *Tape) Frozen(f func()) {
	was := tp.frozen
	tp.frozen = true
	f()
	tp.frozen = was
}

// Backward adds the gradients of a scalar loss, times scale, to everything it was made from.
func (tp *Tape) Backward(loss *Tensor, scale float32) {
	if loss.Rows != 1 || loss.Cols != 1 {
		panic(fmt.Sprintf("tensor: Backward from a %v, not from a scalar", loss))
	}
	loss.Grad()[0] += scale
	tp.Unwind()
}

// Unwind runs the recorded undoings, last first, from whatever gradients are set.
func (tp *Tape) Unwind() {
	for i := len(tp.back) - 1; i >= 0; i-- {
		tp.back[i]()
	}
	clear(tp.back)
	tp.back = tp.back[:0]
}

// New makes a tensor whose value the caller must fill; wanted says whether its gradient matters,
// commonly x.Wanted() of an operand.
func (tp *Tape) New(rows, cols int, wanted bool) *Tensor {
	stride := Stride(cols)
	return tp.newTensor(rows, cols, stride, tp.arena.take(rows*stride), wanted)
}

// Stride is how far apart New lays rows: those of 256 floats and more are padded, so that they do not all
// fall into the same few sets of the cache.
func Stride(cols int) int {
	if cols < 256 {
		return cols
	}
	return (cols+15)&^15 + 16
}

// Const makes a tensor of a value that gets no gradient. It keeps data, which is rows·cols long.
func (tp *Tape) Const(rows, cols int, data []float32) *Tensor {
	return tp.newTensor(rows, cols, cols, data, false)
}

// Leaf makes a tensor of a value that gets a gradient: an input to differentiate by.
func (tp *Tape) Leaf(rows, cols int, data []float32) *Tensor {
	return tp.newTensor(rows, cols, cols, data, true)
}

// Scratch is memory of the caller's use until Reset; its content is arbitrary.
func (tp *Tape) Scratch(n int) []float32 { return tp.arena.take(n) }

// ScratchInts is an empty slice with room for n, as Scratch is.
func (tp *Tape) ScratchInts(n int) []int {
	s := tp.ints.next()
	*s = slices.Grow((*s)[:0], n)
	return *s
}

// ScratchPacked is an operand of products to pack what changes from step to step, of the caller's use until Reset.
func (tp *Tape) ScratchPacked() *kernel.Packed { return tp.packs.next() }

// Use makes a tensor of a parameter; its gradient adds to the parameter's gradient on this tape.
func (tp *Tape) Use(p *Param) *Tensor {
	t := tp.newTensor(p.Rows, p.Cols, p.Cols, p.Value, tp.Trains(p))
	if t.wanted {
		t.grad = tp.ParamGrad(p)
	}
	return t
}

// Trains reports whether this tape gathers a gradient of p.
func (tp *Tape) Trains(p *Param) bool { return tp.recording && !tp.frozen && !p.Frozen }

// ParamGrad is this tape's gradient of p since Reset, laid out as p.Value. A sparse parameter has none, but RowGrad.
func (tp *Tape) ParamGrad(p *Param) []float32 {
	if p.Sparse {
		panic(fmt.Sprintf("tensor: the whole gradient of %s, which is sparse", p.Name))
	}
	g := tp.grads[p]
	if g == nil {
		g = kernel.Floats(len(p.Value))
		tp.grads[p] = g
	}
	return g
}

func (tp *Tape) newTensor(rows, cols, stride int, data []float32, wanted bool) *Tensor {
	if rows > 0 && len(data) < (rows-1)*stride+cols {
		panic(fmt.Sprintf("tensor: %d values for a %d×%d tensor", len(data), rows, cols))
	}
	if tp.used == len(tp.tensors) {
		tp.tensors = append(tp.tensors, new(Tensor))
	}
	t := tp.tensors[tp.used]
	tp.used++
	*t = Tensor{Rows: rows, Cols: cols, Stride: stride, Data: data, tape: tp, wanted: wanted && tp.recording}
	return t
}

// Floats is the number of float32 that the tape holds for results, and for gradients of parameters.
func (tp *Tape) Floats() (results, gradients int) {
	for _, g := range tp.grads {
		gradients += len(g)
	}
	for _, g := range tp.rows {
		gradients += cap(g.grads) + len(g.place)
	}
	results = tp.arena.size()
	for _, p := range tp.packs.all {
		results += int(p.Bytes() / 4)
	}
	return results, gradients
}

// Rand is a stream of random numbers for an op that draws its own; the next call gives another. It is good until then.
func (tp *Tape) Rand() *rand.Rand {
	if tp.rand == nil {
		tp.rand = rand.New(&tp.pcg)
	}
	tp.pcg.Seed(tp.Random(1))
	return tp.rand
}

// Random is the key of the tape's random stream and the position of n elements never drawn before.
func (tp *Tape) Random(n int) (key, offset uint64) {
	offset = tp.drawn
	tp.drawn += uint64(n)
	return tp.key, offset
}

// mix is the finalizer of splitmix64 (Steele et al. 2014): every input bit reaches every output bit.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
