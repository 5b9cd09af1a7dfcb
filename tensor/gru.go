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
// The reset gate stands between the two parts of n, so what the input says and what the state says are two matrices,
// and so are their gradients: [dr, dz, dn] and [dr, dz, dn·r]. Both are kept whole, in PyTorch's order, although
// two thirds are the same: then h_{t−1} gets its gradient by one product a step, and W_hh by one large product at
// the end, as in [LSTM]. Rejected: rows of 4H with the common two thirds in the middle, which saves that copy (under
// 1 % of the step at H = 512) and costs another order of gates for W_ih than for W_hh; and keeping u_n alone,
// which costs a second, narrower product in each place.
//
// A row keeps 8H floats to train, as many as the LSTM's, at three quarters of its products.
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

	// Rows [t·lanes, (t+1)·lanes) of hs are the state before step t, and of u what it says in that step; for
	// inference the rows of u are those of one step, again and again.
	hs := tp.New(pre.Rows+lanes, hidden, false)
	kept := lanes
	if wanted {
		kept = pre.Rows
	}
	u := tp.New(kept, 3*hidden, wanted)
	setState(hs, h0, lanes)
	w := whh.Packed(true, tp.Precision)
	for t := range steps {
		at := t * lanes
		first := at % kept
		for r := first; r < first+lanes; r++ {
			copy(u.Row(r), bhh.Value)
		}
		kernel.MatMul(u.Data[first*u.Stride:], u.Stride, hs.Data[at*hs.Stride:], hs.Stride, lanes, w, true)
		for i := range lanes {
			kernel.GRUForward(pre.Row(at+i), u.Row(first+i), hs.Row(at+i), hs.Row(at+i+lanes))
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
		pre.Consume()
		du := u.Consume()
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
				kernel.GRUBackward(pre.Row(at+i), u.Row(at+i), hs.Row(at+i), h.GradRow(at+i), dPrev[i*stride:i*stride+hidden])
			}
			if more {
				kernel.MatMul(dPrev, stride, du[at*u.Stride:], u.Stride, lanes, w, true)
			}
		}
		if tp.Trains(whh) {
			kernel.MatMulTN(tp.ParamGrad(whh), hidden, du, u.Stride, hs.Data, hs.Stride, 3*hidden, hidden, pre.Rows, tp.Precision)
		}
		if tp.Trains(bhh) {
			addColumnSums(tp, u, []*Param{bhh})
		}
	})
	return h
}
