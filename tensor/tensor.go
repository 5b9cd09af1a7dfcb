// Package tensor is reverse-mode automatic differentiation on matrices of float32: a [Tensor] is
// a value, a [Param] a weight, and a [Tape] remembers how to undo what was done.
//
// An op is one file: check the shapes, compute the value, and, if the tape records, say with
// Tape.Record how the gradient of the result adds to the gradients of the operands. There is
// no interface of ops and no graph to walk. Gradients are always added, never assigned.
package tensor

import "fmt"

// A Tensor is a matrix, row-major, with rows Stride floats apart. It belongs to the tape that
// made it and is valid until that tape's next Reset.
type Tensor struct {
	Rows, Cols, Stride int
	Data               []float32

	tape   *Tape
	grad   []float32 // as Data; nil until a gradient flows
	wanted bool      // whether a gradient is of use to anyone
}

// Row is row i of the value.
func (t *Tensor) Row(i int) []float32 { return t.Data[i*t.Stride : i*t.Stride+t.Cols] }

// Item is the value of a 1×1 tensor.
func (t *Tensor) Item() float32 {
	if t.Rows != 1 || t.Cols != 1 {
		panic(fmt.Sprintf("tensor: Item of a %d×%d tensor", t.Rows, t.Cols))
	}
	return t.Data[0]
}

// Wanted reports whether a gradient of t is of use: t is a weight that trains, a Leaf, or was made from one.
func (t *Tensor) Wanted() bool { return t.wanted }

// HasGrad reports whether any gradient has reached t.
func (t *Tensor) HasGrad() bool { return t.grad != nil }

// Grad is the gradient of t, laid out as Data; zeros when first asked for.
func (t *Tensor) Grad() []float32 {
	if t.grad == nil {
		t.grad = t.tape.arena.take(len(t.Data))
		clear(t.grad)
	}
	return t.grad
}

// GradRow is row i of the gradient.
func (t *Tensor) GradRow(i int) []float32 { return t.Grad()[i*t.Stride : i*t.Stride+t.Cols] }

// Consume lets the gradient of t be written over its value, for an op that needs t no longer: it
// saves the memory and the traffic of a second matrix. The caller assigns, instead of adding,
// so t must have no other reader.
func (t *Tensor) Consume() []float32 {
	if t.grad != nil {
		panic("tensor: Consume of a tensor that has a gradient already")
	}
	t.grad = t.Data
	return t.grad
}

func (t *Tensor) String() string { return fmt.Sprintf("%d×%d tensor", t.Rows, t.Cols) }

func sameShape(op string, a, b *Tensor) {
	if a.Rows != b.Rows || a.Cols != b.Cols {
		panic(fmt.Sprintf("tensor: %s of a %v and a %v", op, a, b))
	}
}
