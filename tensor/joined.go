package tensor

import (
	"fmt"
	"slices"
	"sync"

	"inkling/internal/kernel"
)

// Joined is a matrix of rows of parameters, in any order, that are brought next to each other when a parameter has changed and
// somebody asks: once for all tapes, as [Param.Packed] is packed.
type Joined struct {
	parts []RowsOf

	mu     sync.Mutex
	seen   []uint64 // versions of the parameters that values and bias are of
	values *Param   // [rows, d]
	bias   []float32
}

// RowsOf are rows IDs of W [n, d] and of B [n], their biases. No row is named twice.
type RowsOf struct {
	W, B *Param
	IDs  []int
}

// Join makes one; there is at least one part, and all are of one width.
func Join(parts ...RowsOf) *Joined {
	rows := 0
	for _, p := range parts {
		if p.W.Cols != parts[0].W.Cols || p.B.Cols != p.W.Rows {
			panic(fmt.Sprintf("tensor: Join of %s of %d×%d and %s of %d", p.W.Name, p.W.Rows, p.W.Cols, p.B.Name, p.B.Cols))
		}
		rows += len(p.IDs)
	}
	return &Joined{parts: parts, values: NewParam("joined", rows, parts[0].W.Cols), bias: make([]float32, rows)}
}

// Rows is how many there are.
func (j *Joined) Rows() int { return j.values.Rows }

// Packed is the matrix as the right operand of a product, or its transpose, and the biases of its rows.
func (j *Joined) Packed(transposed bool, kind Precision) (*kernel.Packed, []float32) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.refresh()
	return j.values.Packed(transposed, kind), j.bias
}

// refresh brings rows together if a parameter has changed.
func (j *Joined) refresh() {
	var now []uint64
	for _, p := range j.parts {
		now = append(now, p.W.Version(), p.B.Version())
	}
	if slices.Equal(now, j.seen) {
		return
	}
	j.seen = now
	at, d := 0, j.values.Cols
	for _, p := range j.parts {
		for _, id := range p.IDs {
			copy(j.values.Value[at*d:(at+1)*d], p.W.Row(id))
			j.bias[at] = p.B.Value[id]
			at++
		}
	}
	j.values.Changed()
}

// ScratchFloats is the length of what Linear needs to gather a gradient in.
func (j *Joined) ScratchFloats() int { return j.values.Rows * (j.values.Cols + 1) }

// Linear is y[i,k] = x[i]·row(k) + bias(k), [m, Rows] of x [m, d]. Backward adds to the rows' gradients. On a tape that records it has
// the use of scratch, of ScratchFloats at least, while it goes back: several may share it.
func (j *Joined) Linear(tp *Tape, x *Tensor, scratch []float32) *Tensor {
	n, d := j.values.Rows, j.values.Cols
	if x.Cols != d {
		panic(fmt.Sprintf("tensor: Linear of a %v by joined rows of %d", x, d))
	}
	packed, bias := j.Packed(true, tp.Precision)
	y := tp.New(x.Rows, n, x.Wanted() || j.trains(tp))
	for i := range y.Rows {
		copy(y.Row(i), bias)
	}
	kernel.MatMul(y.Data, y.Stride, x.Data, x.Stride, x.Rows, packed, true)
	if !y.Wanted() {
		return y
	}
	tp.Record(func() {
		if !y.HasGrad() {
			return
		}
		if x.Wanted() {
			packed, _ := j.Packed(false, tp.Precision)
			kernel.MatMul(x.Grad(), x.Stride, y.Grad(), y.Stride, y.Rows, packed, true)
		}
		if j.trains(tp) {
			rows, biases := scratch[:n*d], scratch[n*d:n*(d+1)]
			clear(scratch[:n*(d+1)])
			kernel.MatMulTN(rows, d, y.Grad(), y.Stride, x.Data, x.Stride, n, d, x.Rows, tp.Precision)
			for i := range y.Rows {
				kernel.Add(biases, y.GradRow(i))
			}
			j.scatter(tp, rows, biases)
		}
	})
	return y
}

func (j *Joined) trains(tp *Tape) bool {
	return slices.ContainsFunc(j.parts, func(p RowsOf) bool { return tp.Trains(p.W) || tp.Trains(p.B) })
}

// scatter adds gradients to those of the parameters' rows.
func (j *Joined) scatter(tp *Tape, rows, biases []float32) {
	d := j.values.Cols
	for _, p := range j.parts {
		for k, id := range p.IDs {
			if tp.Trains(p.W) {
				kernel.Add(tp.RowGrad(p.W, id), rows[k*d:(k+1)*d])
			}
			if tp.Trains(p.B) {
				tp.ParamGrad(p.B)[id] += biases[k]
			}
		}
		rows, biases = rows[len(p.IDs)*d:], biases[len(p.IDs):]
	}
}
