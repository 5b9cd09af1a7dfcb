package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// GRU (Cho et al. 2014, in PyTorch's form) runs one layer over a whole sequence as one op:
//
//	u = b_hh + h_{t−1}·W_hhᵀ
//	r = σ(pre_r + u_r);  z = σ(pre_z + u_z);  n = tanh(pre_n + r·u_n);  h_t = (1−z)·n + z·h_{t−1}
//
// pre [time·lanes, 3H] holds x·W_ihᵀ + b_ih for all steps, row t·lanes+lane, gates in PyTorch's order r, z, n; it is
// consumed: activations, then gradients, are written over it. whh is [3H, H], bhh [3H]. h0 [lanes, H] may be Const
// (carried state, truncated back-propagation) or have a gradient; nil means zero. The result is h_1 … h_T as
// [time·lanes, H].
//
// The reset gate stands between the two parts of n, so what the input says and what the state says are two rows of
// 3H, and so are their gradients: [dr, dz, dn] and [dr, dz, dn·r], two thirds of which are the same. The state's is
// whole, in PyTorch's order, for one step only: then u is one product a step, and so is the gradient of h_{t−1}. Of all
// steps only the third that differs is kept, u_n and later dn·r, and the gradient of W_hh is two large products at
// the end, of the first two thirds of the one and of the other. Rejected: keeping both whole, which makes that one
// product, and takes 8H floats a row instead of 6H (the LSTM has 8H) and, at H = 512, about 4 % more time in float32
// and 10 % in bfloat16; rows of 4H with the common two thirds in the middle, which costs another order of gates for
// W_ih than for W_hh.
func GRU(tp *Tape, pre *Tensor, whh, bhh *Param, h0 *Tensor, lanes int) *Tensor {
	hidden := whh.Cols
	if whh.Rows != 3*hidden || pre.Cols != 3*hidden || lanes < 1 || pre.Rows%lanes != 0 {
		panic(fmt.Sprintf("tensor: GRU of a %v in %d lanes by %s of %d×%d", pre, lanes, whh.Name, whh.Rows, whh.Cols))
	}
	if bhh.Cols != whh.Rows {
		panic(fmt.Sprintf("tensor: GRU with %d outputs and bias %s of %d", whh.Rows, bhh.Name, bhh.Cols))
	}
	steps := pre.Rows / lanes
	wanted := pre.Wanted() || tp.Trains(whh) || tp.Trains(bhh) || h0 != nil && h0.Wanted()

	// Rows [t·lanes, (t+1)·lanes) of hs are the state before step t; un is u_n of all steps, u is of one.
	hs, u := tp.New(pre.Rows+lanes, hidden, false), tp.New(lanes, 3*hidden, false)
	kept := lanes // rows of un; without backward those of one step, again and again
	if wanted {
		kept = pre.Rows
	}
	un := tp.New(kept, hidden, wanted)
	setState(hs, h0, lanes)
	w := whh.Packed(true, tp.Precision)
	for t := range steps {
		at := t * lanes
		for i := range lanes {
			copy(u.Row(i), bhh.Value)
		}
		kernel.MatMul(u.Data, u.Stride, hs.Data[at*hs.Stride:], hs.Stride, lanes, w, true)
		for i := range lanes {
			r := at + i
			kernel.GRUForward(pre.Row(r), u.Row(i), hs.Row(r), un.Row(r%kept), hs.Row(r+lanes))
		}
	}
	h := tp.newTensor(pre.Rows, hidden, hs.Stride, hs.Data[lanes*hs.Stride:], wanted)
	if !wanted {
		return h
	}

	tp.Record(func() {
		if !h.HasGrad() {
			return
		}
		dgates, dun := pre.Consume(), un.Consume()
		w := whh.Packed(false, tp.Precision)
		for t := steps - 1; t >= 0; t-- {
			at := t * lanes
			var dPrev []float32 // the gradient of the state before this step
			stride, more := h.Stride, true
			switch {
			case t > 0: // what comes through time joins what came from above
				dPrev = h.Grad()[(at-lanes)*h.Stride:]
			case h0 != nil && h0.Wanted():
				dPrev, stride = h0.Grad(), h0.Stride
			default:
				dPrev, more = tp.Scratch(lanes*h.Stride), false
			}
			for i := range lanes {
				r := at + i
				kernel.GRUBackward(pre.Row(r), u.Row(i), hs.Row(r), un.Row(r), h.GradRow(r), dPrev[i*stride:i*stride+hidden])
			}
			if more {
				kernel.MatMul(dPrev, stride, u.Data, u.Stride, lanes, w, true)
			}
		}
		if tp.Trains(whh) {
			dw, rows := tp.ParamGrad(whh), 2*hidden
			kernel.MatMulTN(dw, hidden, dgates, pre.Stride, hs.Data, hs.Stride, rows, hidden, pre.Rows, tp.Precision)
			kernel.MatMulTN(dw[rows*hidden:], hidden, dun, un.Stride, hs.Data, hs.Stride, hidden, hidden, pre.Rows, tp.Precision)
		}
		if tp.Trains(bhh) {
			db := tp.ParamGrad(bhh)
			for r := range pre.Rows {
				kernel.Add(db[:2*hidden], pre.GradRow(r)[:2*hidden])
				kernel.Add(db[2*hidden:], un.GradRow(r))
			}
		}
	})
	return h
}
