package train

import (
	"inkling/internal/kernel"
	"inkling/internal/parallel"
	"inkling/tensor"
)

// Sparse parameters have gradients of few of their rows: an embedding of a large vocabulary, of which a step sees some
// words. Only these rows are summed over the shards, measured and stepped; time and memory of a step do not depend on
// the others. The optimizer's slots of a row change when the row does. So with plain sgd without decay and with adagrad
// the weights are those of a dense step, where a gradient of zero changes nothing; with momentum, with decay and in adam
// and rmsprop they are not, since those go on to move a row for which nothing was said (PyTorch's SparseAdam does as is
// done here). Adam's corrections for its first steps count the steps of the run,
// or, with phases, those that the parameter took part in.
//
// Averages of the weights are those of all rows, and so are kept by a pass over all.

// rowPiece is some of the rows that a step touched.
type rowPiece struct {
	param int
	rows  []int
}

// gatherRows adds the shards' gradients of sparse parameters to the sum, in the order of batches and shards. The rows get
// their places in the sum first; then none moves, and pieces of them can be added at once.
func (l *loop) gatherRows() {
	for i, p := range l.params {
		if !p.Sparse || l.rests[i] {
			continue
		}
		for _, tp := range l.tapes {
			for _, row := range tp.TouchedRows(p) {
				l.rows.RowGrad(p, row)
			}
		}
		l.cutRows(i, p)
	}
	parallel.For(l.workers, len(l.rowPieces), func(_, i int) {
		piece := l.rowPieces[i]
		p := l.params[piece.param]
		for _, row := range piece.rows {
			sum := l.rows.RowGrad(p, row)
			for _, tp := range l.tapes {
				if g := tp.TouchedRowGrad(p, row); g != nil {
					kernel.Add(sum, g)
				}
			}
		}
	})
}

// cutRows shares the touched rows of a parameter out.
func (l *loop) cutRows(i int, p *tensor.Param) {
	rows, each := l.rows.TouchedRows(p), max(1, pieceFloats/p.Cols)
	for from := 0; from < len(rows); from += each {
		l.rowPieces = append(l.rowPieces, rowPiece{i, rows[from:min(len(rows), from+each)]})
	}
}

// rowSquares is the sum of the squares of the sparse gradients.
func (l *loop) rowSquares() (sum float64) {
	squares := make([]float64, len(l.rowPieces))
	parallel.For(l.workers, len(squares), func(_, i int) {
		piece := l.rowPieces[i]
		for _, row := range piece.rows {
			g := l.rows.RowGrad(l.params[piece.param], row)
			squares[i] += float64(kernel.Dot(g, g))
		}
	})
	for _, q := range squares {
		sum += q
	}
	return sum
}

// stepRows is the optimizer's step on the rows that were touched.
func (l *loop) stepRows(rate, scale float64) {
	parallel.For(l.workers, len(l.rowPieces), func(_, i int) {
		piece := l.rowPieces[i]
		p, slots := l.params[piece.param], l.slots[piece.param]
		var of [4][]float32
		for _, row := range piece.rows {
			from, to := row*p.Cols, (row+1)*p.Cols
			for k, slot := range slots {
				of[k] = slot[from:to]
			}
			l.opt.Step(p.Value[from:to], l.rows.RowGrad(p, row), of[:len(slots)], l.stepsOf(piece.param), rate, scale, p.Rows > 1)
		}
	})
}
