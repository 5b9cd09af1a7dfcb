package tensor

import (
	"fmt"

	"inkling/internal/kernel"
)

// LSTM (Hochreiter & Schmidhuber 1997, with the forget gate of Gers 2000) runs one layer over a
// whole sequence as one op:
//
//	i, f, g, o = pre_t + h_{t−1}·W_hhᵀ;  c_t = σ(f)·c_{t−1} + σ(i)·tanh(g);  h_t = σ(o)·tanh(c_t)
//
// pre [time·lanes, 4H] holds x·W_ihᵀ + b_ih + b_hh for all steps, row t·lanes+lane, gates in
// PyTorch's order; it is consumed: activations, then gradients, are written over it. whh is
// [4H, H]. h0 and c0 [lanes, H] may be Const (carried state, truncated back-propagation) or have
// gradients; nil means zero. The results are h_1 … h_T as [time·lanes, H] and c_T as [lanes, H].
//
// Fusing leaves one small product a step (its operand packed once), one pass of the gates over
// each row, and the weight gradient as one large product at the end. Composed of plain ops the
// same thing would store eight matrices a step and make 4·time small weight-gradient products.
func LSTM(tp *Tape, pre *Tensor, whh *Param, h0, c0 *Tensor, lanes int) (h, cLast *Tensor) {
	hidden := whh.Cols
	if whh.Rows != 4*hidden || pre.Cols != 4*hidden || lanes < 1 || pre.Rows%lanes != 0 {
		panic(fmt.Sprintf("tensor: LSTM of a %v in %d lanes by %s of %d×%d", pre, lanes, whh.Name, whh.Rows, whh.Cols))
	}
	steps := pre.Rows / lanes
	wanted := pre.Wanted() || tp.Trains(whh)

	// Rows [t·lanes, (t+1)·lanes) of hs and cs are the state before step t.
	hs, cs := tp.New(pre.Rows+lanes, hidden, false), tp.New(pre.Rows+lanes, hidden, false)
	tanhC := tp.New(pre.Rows, hidden, false)
	setState(hs, h0, lanes)
	setState(cs, c0, lanes)

	w := whh.Packed(true, tp.Precision)
	for t := range steps {
		at := t * lanes
		kernel.MatMul(pre.Data[at*pre.Stride:], pre.Stride, hs.Data[at*hs.Stride:], hs.Stride, lanes, w, true)
		for r := at; r < at+lanes; r++ {
			kernel.LSTMForward(pre.Row(r), cs.Row(r), cs.Row(r+lanes), tanhC.Row(r), hs.Row(r+lanes))
		}
	}
	h = tp.newTensor(pre.Rows, hidden, hs.Stride, hs.Data[lanes*hs.Stride:], wanted)
	cLast = tp.newTensor(lanes, hidden, cs.Stride, cs.Data[pre.Rows*cs.Stride:], wanted)
	if !wanted {
		return h, cLast
	}

	tp.Record(func() {
		if !h.HasGrad() && !cLast.HasGrad() {
			return
		}
		dgates := pre.Consume()
		dc := tp.New(lanes, hidden, false)
		for i := range lanes {
			if cLast.HasGrad() {
				copy(dc.Row(i), cLast.GradRow(i))
			} else {
				clear(dc.Row(i))
			}
		}
		w := whh.Packed(false, tp.Precision)
		for t := steps - 1; t >= 0; t-- {
			at := t * lanes
			for r := at; r < at+lanes; r++ {
				kernel.LSTMBackward(pre.Row(r), cs.Row(r), tanhC.Row(r), h.GradRow(r), dc.Row(r-at))
			}
			switch rows := dgates[at*pre.Stride:]; {
			case t > 0: // the gradient of h_{t−1} through time joins the one from above
				kernel.MatMul(h.Grad()[(at-lanes)*h.Stride:], h.Stride, rows, pre.Stride, lanes, w, true)
			case h0 != nil && h0.Wanted():
				kernel.MatMul(h0.Grad(), h0.Stride, rows, pre.Stride, lanes, w, true)
			}
		}
		if c0 != nil && c0.Wanted() {
			for i := range lanes {
				kernel.Add(c0.GradRow(i), dc.Row(i))
			}
		}
		if tp.Trains(whh) {
			kernel.MatMulTN(tp.ParamGrad(whh), hidden, dgates, pre.Stride, hs.Data, hs.Stride, 4*hidden, hidden, pre.Rows, tp.Precision)
		}
	})
	return h, cLast
}

func setState(dst, src *Tensor, lanes int) {
	if src != nil && (src.Rows != lanes || src.Cols != dst.Cols) {
		panic(fmt.Sprintf("tensor: recurrent state of a %v for %d lanes of %d", src, lanes, dst.Cols))
	}
	for i := range lanes {
		if src == nil {
			clear(dst.Row(i))
		} else {
			copy(dst.Row(i), src.Row(i))
		}
	}
}
