package tensor

import (
	"fmt"
	"sync"
	"sync/atomic"

	"inkling/internal/kernel"
)

// A Param is a weight matrix (or a vector: one row) that training changes. Many tapes read it at
// once; only an optimizer writes it, between steps, and says so with Changed.
type Param struct {
	Name       string
	Shape      []int // as PyTorch has it: one or two sizes
	Rows, Cols int
	Value      []float32 // contiguous
	Frozen     bool      // gets no gradient
	Sparse     bool      // its gradient is kept by rows, of those that were touched: where most are not

	version atomic.Uint64
	packed  [4]packing // by transposition and precision
}

type packing struct {
	sync.Mutex
	valid bool
	used  bool // since the last change, or the one before
	kernel.Packed
}

// Packings is how many operands of products a parameter may be packed as.
const Packings = len(Param{}.packed)

// NewParam makes a parameter of zeros of one or two dimensions.
func NewParam(name string, shape ...int) *Param {
	p := &Param{Name: name, Shape: shape}
	switch len(shape) {
	case 1:
		p.Rows, p.Cols = 1, shape[0]
	case 2:
		p.Rows, p.Cols = shape[0], shape[1]
	default:
		panic(fmt.Sprintf("tensor: parameter %s of %d dimensions", name, len(shape)))
	}
	p.Value = kernel.Floats(p.Rows * p.Cols)
	return p
}

// Row is row i of the value.
func (p *Param) Row(i int) []float32 { return p.Value[i*p.Cols : (i+1)*p.Cols] }

// Packed is p as the right operand of a product, or its transpose; packed on first use after a
// change and shared by all who ask.
func (p *Param) Packed(transposed bool, kind kernel.Precision) *kernel.Packed {
	i := int(kind) * 2
	if transposed {
		i++
	}
	k := &p.packed[i]
	k.Lock()
	defer k.Unlock()
	k.used = true
	p.pack(i)
	return &k.Packed
}

// Repack packs p anew as operand i of Packings, if it was used as such before it changed: so that cores can do that side by side
// before a step begins, instead of waiting within it for the first to need it.
func (p *Param) Repack(i int) {
	k := &p.packed[i]
	k.Lock()
	defer k.Unlock()
	if k.used {
		k.used = false
		p.pack(i)
	}
}

func (p *Param) pack(i int) {
	k, kind := &p.packed[i], kernel.Precision(i/2)
	switch {
	case k.valid:
		return
	case i%2 == 1:
		k.PackT(p.Value, p.Cols, p.Cols, p.Rows, kind)
	default:
		k.Pack(p.Value, p.Cols, p.Rows, p.Cols, kind)
	}
	k.valid = true
}

// Version counts the calls of Changed.
func (p *Param) Version() uint64 { return p.version.Load() }

// Changed says that Value was written to. No tape may be using p meanwhile.
func (p *Param) Changed() {
	p.version.Add(1)
	for i := range p.packed {
		p.packed[i].valid = false
	}
}
