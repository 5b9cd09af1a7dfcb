package train

import (
	"errors"
	"fmt"
	"math"

	"inkling/internal/kernel"
	"inkling/internal/parallel"
	"inkling/nn"
	"inkling/tensor"
)

// piece is a part of a parameter, small enough to share the work of all parameters evenly among
// cores and to stay in cache while it is summed and stepped.
type piece struct {
	param    int
	from, to int
}

const pieceFloats = 1 << 14

// cut makes pieces of the parameters that are sparse, or of those that are not.
func cut(params nn.Params, sparse bool) (ps []piece) {
	for i, p := range params {
		n := len(p.Value)
		for from := 0; p.Sparse == sparse && from < n; from += pieceFloats {
			ps = append(ps, piece{i, from, min(n, from+pieceFloats)})
		}
	}
	return ps
}

// ErrDiverged is what a run ends with whose loss or gradient is no number any more.
var ErrDiverged = errors.New("training has diverged")

// step trains on one batch, or on several successive ones as if they were one. Shards run side by side, each
// on its own tape; their gradients are added in the order of batches and shards, as one chain, so neither the
// number of cores nor scheduling changes a bit.
func (l *loop) step(rate float64) (loss, weight, norm float64, err error) {
	l.freeze(true)
	defer l.freeze(false)
	for k := range l.cfg.Accumulate {
		at := l.state.Step*l.cfg.Accumulate + k
		parallel.For(l.shards, l.shards, func(_, s int) {
			tp := l.tapes[s]
			tp.Reset(l.cfg.Seed, uint64(at), s)
			loss, weight, err := l.loss(tp, at, s)
			if l.errs[s] = err; err != nil {
				return
			}
			tp.Backward(loss, 1)
			l.losses[s], l.weights[s] = float64(loss.Item()), weight
		})
		for _, err := range l.errs {
			if err != nil {
				return 0, 0, 0, err
			}
		}
		for s := range l.shards {
			loss += l.losses[s]
			weight += l.weights[s]
		}
		l.gather(k)
	}
	if weight == 0 {
		return 0, 0, 0, fmt.Errorf("step %d trains on nothing: every target of its batch weighs zero", l.state.Step+1)
	}
	loss /= weight

	for _, q := range l.squares {
		norm += q
	}
	norm += l.rowSquares()
	norm = math.Sqrt(norm) / weight
	if bad := loss + norm; math.IsNaN(bad) || math.IsInf(bad, 0) {
		return 0, 0, 0, fmt.Errorf("step %d: the loss is %g and its gradient's norm %g: %w: begin anew with a lower learning rate than %g, or clip harder; what was saved before is untouched",
			l.state.Step+1, loss, norm, ErrDiverged, rate)
	}
	scale := 1 / weight
	if l.cfg.Clip > 0 && norm > l.cfg.Clip {
		scale *= l.cfg.Clip / norm
	}

	l.countStep()
	t := l.state.Step + 1
	parallel.For(l.workers, len(l.pieces), func(_, i int) {
		p := l.pieces[i]
		if l.rests[p.param] {
			if l.averages != nil {
				l.average(p, t)
			}
			return
		}
		var slots [4][]float32
		for k, slot := range l.slots[p.param] {
			slots[k] = slot[p.from:p.to]
		}
		param := l.params[p.param]
		l.opt.Step(param.Value[p.from:p.to], l.sum[p.param][p.from:p.to], slots[:len(l.slots[p.param])], l.stepsOf(p.param), rate, scale, param.Rows > 1)
		if l.averages != nil {
			l.average(p, t)
		}
	})
	l.stepRows(rate, scale)
	if l.averages != nil {
		parallel.For(l.workers, len(l.sparse), func(_, i int) { l.average(l.sparse[i], t) })
	}
	for i, p := range l.params {
		if !l.rests[i] {
			p.Changed()
		}
	}
	parallel.For(l.workers, len(l.params)*tensor.Packings, func(_, i int) { l.params[i/tensor.Packings].Repack(i % tensor.Packings) })
	return loss, weight, norm, nil
}

// gather adds the gradients of all shards to the sum, which the first of a step's batches begins, and measures
// it with the last.
func (l *loop) gather(k int) {
	if k == 0 {
		l.rows.Reset(0, 0, 0)
	}
	l.rowPieces = l.rowPieces[:0]
	l.gatherRows()
	parallel.For(l.workers, len(l.pieces), func(_, i int) {
		p := l.pieces[i]
		if l.rests[p.param] {
			l.squares[i] = 0
			return
		}
		sum := l.sum[p.param][p.from:p.to]
		for s := range l.shards {
			switch g := l.grads[s][p.param][p.from:p.to]; {
			case k > 0 || s > 0:
				kernel.Add(sum, g)
			case l.cfg.Accumulate > 1: // otherwise it is the sum already
				copy(sum, g)
			}
		}
		if k == l.cfg.Accumulate-1 {
			l.squares[i] = float64(kernel.Dot(sum, sum))
		}
	})
}

// makeTapes makes a tape for each shard and fetches its gradients of the parameters.
func (l *loop) makeTapes() {
	l.tapes = make([]*tensor.Tape, l.shards)
	l.grads = make([][][]float32, l.shards)
	for s := range l.tapes {
		l.tapes[s] = tensor.NewTape()
		l.tapes[s].Precision = l.cfg.Precision
		for _, p := range l.params {
			var grad []float32 // none of a sparse one
			if !p.Sparse {
				grad = l.tapes[s].ParamGrad(p)
			}
			l.grads[s] = append(l.grads[s], grad)
		}
	}
	l.rows = tensor.NewTape()
	l.sum = l.grads[0]
	if l.cfg.Accumulate > 1 { // a tape forgets its gradients from batch to batch
		l.sum = nil
		for _, grad := range l.grads[0] {
			l.sum = append(l.sum, kernel.Floats(len(grad)))
		}
	}
}
